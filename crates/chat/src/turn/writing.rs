//! Whether a turn is just being stored.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

/// Whether something is being stored right now: nobody drops the recorder's future in the middle of it.
#[derive(Debug, Clone, Default)]
pub(crate) struct Writing(Arc<Marks>);

#[derive(Debug, Default)]
struct Marks {
    under_way: AtomicBool,
    give_way: AtomicBool,
}

pub(super) struct UnderWay(Writing);

impl Drop for UnderWay {
    fn drop(&mut self) {
        self.0.set(false);
    }
}

impl Writing {
    pub(crate) fn is_under_way(&self) -> bool {
        self.0.under_way.load(Ordering::Acquire)
    }

    fn set(&self, is_under_way: bool) {
        self.0.under_way.store(is_under_way, Ordering::Release);
    }

    pub(super) fn begin(&self) -> UnderWay {
        self.set(true);
        UnderWay(self.clone())
    }

    pub(crate) fn ask_to_give_way(&self) {
        self.0.give_way.store(true, Ordering::Release);
    }

    /// Where everything stored is shown, whoever waits to end the work may.
    pub(super) async fn give_way(&self) {
        if self.0.give_way.load(Ordering::Acquire) {
            tokio::task::yield_now().await;
        }
    }
}
