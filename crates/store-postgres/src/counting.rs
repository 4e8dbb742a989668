//! What an owner used on a day is one row, so ends of that owner's turns that come at once wait for each other.
//!
//! They do so here, one after the other, not in the database: there each of them would keep a connection, and the requests
//! of everybody else would wait for one.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use frontdesk_identity::Scope;
use tokio::sync::OwnedMutexGuard;
use tokio::time::timeout;

/// Who counts at the moment.
#[derive(Debug, Default)]
pub(crate) struct Counting(Mutex<HashMap<Scope, Arc<tokio::sync::Mutex<()>>>>);

impl Counting {
    /// Waits until no other end of this owner's turns is being stored by this process, for so long at most: behind a
    /// database that is away nobody waits for all who came before. Others may come when the guard is dropped.
    pub(crate) async fn alone(&self, scope: &Scope, most: Duration) -> Option<OwnedMutexGuard<()>> {
        let owner = {
            let mut owners = self.0.lock().unwrap_or_else(PoisonError::into_inner);
            owners.retain(|_, owner| Arc::strong_count(owner) > 1);
            Arc::clone(owners.entry(scope.clone()).or_default())
        };
        timeout(most, owner.lock_owned()).await.ok()
    }
}
