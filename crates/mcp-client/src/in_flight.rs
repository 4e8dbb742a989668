//! A request on its way. Whoever gives up waiting for it drops this, and the server is told.

use futures_util::FutureExt;
use rmcp::RoleClient;
use rmcp::model::{CancelledNotification, CancelledNotificationParam, RequestId};
use rmcp::service::Peer;

const REASON: &str = "the caller no longer waits";

/// Cancels the request when it is dropped before [`InFlight::landed`].
#[derive(Debug)]
pub(crate) struct InFlight<'a> {
    peer: &'a Peer<RoleClient>,
    id: Option<RequestId>,
}

impl<'a> InFlight<'a> {
    pub(crate) fn new(peer: &'a Peer<RoleClient>, id: RequestId) -> Self {
        Self { peer, id: Some(id) }
    }

    /// There is an answer; nothing is left to cancel.
    pub(crate) fn landed(mut self) {
        self.id = None;
    }
}

impl Drop for InFlight<'_> {
    fn drop(&mut self) {
        let Some(id) = self.id.take() else { return };
        let params = CancelledNotificationParam::new(Some(id), Some(REASON.to_owned()));
        let notice = self
            .peer
            .send_notification(CancelledNotification::new(params).into());
        // The first poll puts it into the connection's queue; nobody waits for it to be sent.
        // A full queue loses it, and then the server notices from the closed response.
        let _queued = tokio::task::coop::unconstrained(notice).now_or_never();
    }
}
