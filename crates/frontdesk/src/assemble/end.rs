//! What has to be ended after the chat, in the order in which it was begun.

use futures_util::future::BoxFuture;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

type Closer = Box<dyn Fn() -> BoxFuture<'static, ()> + Send + Sync>;

/// See the module.
#[derive(Default)]
pub(crate) struct End {
    calls: CancellationToken,
    tasks: TaskTracker,
    closers: Vec<Closer>,
}

impl End {
    /// Is cancelled first: calls that still run, and upkeep.
    pub(crate) fn calls(&self) -> CancellationToken {
        self.calls.clone()
    }

    /// Runs something that ends when [`calls`](Self::calls) is cancelled.
    pub(crate) fn run(&self, task: impl Future<Output = ()> + Send + 'static) {
        self.tasks.spawn(task);
    }

    /// For tasks that are let finish, so each has to have an end of its own.
    pub(crate) fn tasks(&self) -> TaskTracker {
        self.tasks.clone()
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
        self.tasks.close();
        self.tasks.wait().await;
        for close in &self.closers {
            close().await;
        }
    }
}
