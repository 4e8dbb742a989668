//! What a server says on its own: progress of running calls, and that its tools have changed.

use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use frontdesk_agent::{Progress, ProgressSink};
use rmcp::model::{
    ClientCapabilities, ClientConfig, Implementation, ProgressNotificationParam, ProgressToken,
};
use rmcp::service::NotificationContext;
use rmcp::{ClientHandler, RoleClient};

/// Takes a connection's notifications. Clones share what they know.
#[derive(Debug, Clone, Default)]
pub(crate) struct Events(Arc<Shared>);

#[derive(Debug, Default)]
struct Shared {
    sinks: Mutex<HashMap<ProgressToken, ProgressSink>>,
    tools_changed: AtomicBool,
}

/// Passes a call's progress on until it is dropped.
#[derive(Debug)]
pub(crate) struct Following {
    shared: Arc<Shared>,
    token: ProgressToken,
}

impl Events {
    pub(crate) fn follow(&self, token: ProgressToken, sink: ProgressSink) -> Following {
        self.0
            .sinks
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .insert(token.clone(), sink);
        Following {
            shared: Arc::clone(&self.0),
            token,
        }
    }

    /// Whether the server has said that its tools changed since this was last asked.
    pub(crate) fn take_tools_changed(&self) -> bool {
        self.0.tools_changed.swap(false, Ordering::AcqRel)
    }
}

impl Drop for Following {
    fn drop(&mut self) {
        self.shared
            .sinks
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .remove(&self.token);
    }
}

impl ClientHandler for Events {
    fn get_info(&self) -> ClientConfig {
        ClientConfig::new(
            ClientCapabilities::default(),
            Implementation::new("frontdesk", env!("CARGO_PKG_VERSION")),
        )
    }

    async fn on_progress(
        &self,
        params: ProgressNotificationParam,
        _context: NotificationContext<RoleClient>,
    ) {
        let sinks = self.0.sinks.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(sink) = sinks.get(&params.progress_token) {
            let total = params.total.filter(|total| *total > 0.0);
            let fraction = total.map(|total| params.progress / total);
            sink.report(Progress {
                message: params.message,
                fraction,
            });
        }
    }

    async fn on_tool_list_changed(&self, _context: NotificationContext<RoleClient>) {
        self.0.tools_changed.store(true, Ordering::Release);
    }
}
