//! A process that can die: a service on a runtime of its own, which ends with everything that runs on it.

use std::future::Future;
use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::Duration;

use frontdesk_chat::{
    ChatError, Options, Parts, Processes, Reply, RequestContext, Responder, Service, TurnReader,
};
use frontdesk_clock::{RandomIds, SystemClock};
use frontdesk_protocol::Request;
use frontdesk_store::{EventId, Maintenance, Store, TurnId, Wakeups};
use serde_json::Value;
use tokio::runtime::{Builder, Handle};
use tokio::sync::oneshot;

/// A service among others on one store.
pub(crate) struct Process {
    pub(crate) service: Service,
    handle: Handle,
    kill: oneshot::Sender<()>,
    thread: JoinHandle<()>,
}

/// What is usual for one process of several.
pub(crate) fn options() -> Options {
    Options {
        processes: Processes::Many,
        log_interval: Duration::from_millis(50),
        ..Options::default()
    }
}

/// A service over this store.
pub(crate) fn service<S>(store: &Arc<S>, responder: Arc<dyn Responder>, options: Options) -> Service
where
    S: Store + Maintenance + Wakeups + 'static,
{
    Service::new(Parts {
        store: store.clone(),
        maintenance: store.clone(),
        wakeups: store.clone(),
        responder,
        uploads: None,
        clock: Arc::new(SystemClock),
        ids: Arc::new(RandomIds),
        options,
    })
}

impl Process {
    pub(crate) fn start<S>(store: &Arc<S>, responder: Arc<dyn Responder>, options: Options) -> Self
    where
        S: Store + Maintenance + Wakeups + 'static,
    {
        let runtime = Builder::new_current_thread().enable_all().build().unwrap();
        let handle = runtime.handle().clone();
        let service = {
            let _inside = runtime.enter();
            service(store, responder, options)
        };
        let (kill, killed) = oneshot::channel();
        let thread = std::thread::spawn(move || {
            let _ = runtime.block_on(killed);
        });
        Self {
            service,
            handle,
            kill,
            thread,
        }
    }

    /// Ends it as a process ends that is killed: nothing of it does anything more.
    pub(crate) fn kill(self) {
        drop(self.kill);
        self.thread.join().unwrap();
    }

    /// Does something in the process.
    pub(crate) async fn run<T, F>(&self, work: F) -> T
    where
        T: Send + 'static,
        F: Future<Output = T> + Send + 'static,
    {
        self.handle.spawn(work).await.unwrap()
    }

    pub(crate) async fn begin(&self, request: Value, cx: RequestContext) -> (TurnId, TurnReader) {
        let service = self.service.clone();
        let begun = async move {
            let request = Request::parse(&serde_json::to_vec(&request).unwrap()).unwrap();
            service.handle(request, cx).await
        };
        match self.run(begun).await {
            Ok(Reply::Stream {
                turn: Some(turn),
                reader,
            }) => (turn, reader),
            Ok(_) => panic!("no stream"),
            Err(error) => panic!("{error}: {:?}", error.detail()),
        }
    }

    pub(crate) async fn events(
        &self,
        cx: RequestContext,
        turn: TurnId,
        after: Option<EventId>,
    ) -> Result<TurnReader, ChatError> {
        let service = self.service.clone();
        self.run(async move { service.events(&cx, &turn, after).await })
            .await
    }
}
