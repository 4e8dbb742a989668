//! The store, and what each part of the product may do with it.

use std::sync::Arc;

use frontdesk_store::{Keys, Maintenance, Store, Wakeups};
use frontdesk_store_sqlite::SqliteStore;

use super::End;
use crate::Error;
use crate::config::StoreSection;

/// One store, by what each part of the product may do with it.
#[derive(Clone)]
pub(crate) struct Stores {
    /// For requests: everything takes its owner.
    pub(crate) store: Arc<dyn Store>,
    /// For the process itself.
    pub(crate) maintenance: Arc<dyn Maintenance>,
    /// For processes on the same store.
    pub(crate) wakeups: Arc<dyn Wakeups>,
    /// For finding out who calls.
    pub(crate) keys: Arc<dyn Keys>,
}

impl Stores {
    pub(crate) fn of<S: Store + Maintenance + Wakeups + Keys + 'static>(store: Arc<S>) -> Self {
        Self {
            store: Arc::<S>::clone(&store),
            maintenance: Arc::<S>::clone(&store),
            wakeups: Arc::<S>::clone(&store),
            keys: store,
        }
    }
}

/// The configured store; it is closed at the end.
pub(crate) async fn configured(store: &StoreSection, end: &mut End) -> Result<Stores, Error> {
    let opened = open_store(store).await?;
    end.close_by({
        let opened = Arc::clone(&opened);
        move || {
            let opened = Arc::clone(&opened);
            Box::pin(async move { opened.close().await })
        }
    });
    Ok(Stores::of(opened))
}

/// Opens the configured store.
pub(crate) async fn open_store(store: &StoreSection) -> Result<Arc<SqliteStore>, Error> {
    let path = &store.path.value;
    let opened = SqliteStore::open(path, frontdesk_store_sqlite::Options::default()).await;
    Ok(Arc::new(opened.map_err(|error| Error::Store {
        detail: format!(
            "{} (store.url, from {}): {error}",
            path.display(),
            store.path.origin
        ),
    })?))
}
