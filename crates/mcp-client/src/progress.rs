//! Progress of running calls, passed on as it comes. What lies behind the transport handles each notification by itself:
//! in any order, and some only when their call has ended. So it is taken where they still are in order.

use std::borrow::Cow;
use std::collections::HashMap;
use std::sync::{Arc, Weak};

use frontdesk_agent::{Progress, ProgressSink};
use rmcp::RoleClient;
use rmcp::model::{
    ClientJsonRpcMessage, ClientRequest, GetExtensions, GetMeta, JsonRpcMessage,
    ProgressNotificationParam, ProgressToken, ServerJsonRpcMessage, ServerNotification,
};
use rmcp::transport::Transport;

/// Takes a request's progress for as long as somebody keeps it; travels with the request down to the transport, which
/// is the first to know both it and the request's token.
#[derive(Debug, Clone)]
struct Follower(Weak<ProgressSink>);

/// Has a request's progress passed on until what this gives is dropped.
pub(crate) fn follow(request: &mut ClientRequest, sink: &ProgressSink) -> Arc<ProgressSink> {
    let sink = Arc::new(sink.clone());
    let follower = Follower(Arc::downgrade(&sink));
    request.extensions_mut().insert(follower);
    sink
}

/// A transport that passes progress on before it gives the message after it.
pub(crate) struct InOrder<T> {
    transport: T,
    followers: HashMap<ProgressToken, Follower>,
}

impl<T> InOrder<T> {
    pub(crate) fn new(transport: T) -> Self {
        Self {
            transport,
            followers: HashMap::new(),
        }
    }

    fn sent(&mut self, message: &ClientJsonRpcMessage) {
        let JsonRpcMessage::Request(request) = message else {
            return;
        };
        let follower: Option<&Follower> = request.request.extensions().get();
        let token = request.request.get_meta().get_progress_token();
        if let (Some(follower), Some(token)) = (follower, token) {
            self.followers
                .retain(|_, Follower(sink)| sink.strong_count() > 0);
            self.followers.insert(token, follower.clone());
        }
    }

    fn received(&self, message: &ServerJsonRpcMessage) {
        let JsonRpcMessage::Notification(notification) = message else {
            return;
        };
        if let ServerNotification::ProgressNotification(progress) = &notification.notification {
            self.report(&progress.params);
        }
    }

    fn report(&self, params: &ProgressNotificationParam) {
        let follower = self.followers.get(&params.progress_token);
        if let Some(sink) = follower.and_then(|Follower(sink)| sink.upgrade()) {
            let total = params.total.filter(|total| *total > 0.0);
            sink.report(Progress {
                message: params.message.clone(),
                fraction: total.map(|total| params.progress / total),
            });
        }
    }
}

impl<T: Transport<RoleClient>> Transport<RoleClient> for InOrder<T> {
    type Error = T::Error;

    fn name() -> Cow<'static, str> {
        T::name()
    }

    fn send(
        &mut self,
        message: ClientJsonRpcMessage,
    ) -> impl Future<Output = Result<(), T::Error>> + Send + 'static {
        self.sent(&message);
        self.transport.send(message)
    }

    async fn receive(&mut self) -> Option<ServerJsonRpcMessage> {
        let message = self.transport.receive().await?;
        self.received(&message);
        Some(message)
    }

    fn close(&mut self) -> impl Future<Output = Result<(), T::Error>> + Send {
        self.transport.close()
    }
}
