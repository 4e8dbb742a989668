//! What has to be ended after the chat, in the order in which it was begun.

use futures_util::future::BoxFuture;
use tokio_util::sync::CancellationToken;

type Closer = Box<dyn Fn() -> BoxFuture<'static, ()> + Send + Sync>;

/// See the module.
#[derive(Default)]
pub(crate) struct End {
    calls: CancellationToken,
    closers: Vec<Closer>,
}

impl End {
    /// Is cancelled first: calls that still run.
    pub(crate) fn calls(&self) -> CancellationToken {
        self.calls.clone()
    }

    /// Adds something to close.
    pub(crate) fn close_by(
        &mut self,
        close: impl Fn() -> BoxFuture<'static, ()> + Send + Sync + 'static,
    ) {
        self.closers.push(Box::new(close));
    }

    /// Ends everything. Ending twice changes nothing.
    pub(crate) async fn end(&self) {
        self.calls.cancel();
        for close in &self.closers {
            close().await;
        }
    }
}
