//! The store, and what each part of the product may do with it.

use std::sync::Arc;

use frontdesk_store::{Keys, Maintenance, Store, StoreError, Wakeups};
use frontdesk_store_sqlite::SqliteStore;

use super::End;
use crate::Error;
use crate::config::{Origin, StorePlace, StoreSection};

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

/// The configured store, opened.
#[derive(Clone)]
pub(crate) enum OpenStore {
    /// In a file.
    Sqlite(Arc<SqliteStore>),
}

impl OpenStore {
    /// Opens it.
    pub(crate) async fn open(store: &StoreSection) -> Result<Self, Error> {
        match &store.place {
            StorePlace::Sqlite(sqlite) => {
                let path = &sqlite.path.value;
                let options = frontdesk_store_sqlite::Options::default();
                let opened = SqliteStore::open(path, options).await;
                let opened = opened.map_err(|error| {
                    failed(&path.display().to_string(), &sqlite.path.origin, &error)
                })?;
                Ok(Self::Sqlite(Arc::new(opened)))
            }
            StorePlace::Postgres(postgres) => {
                let built = StoreError::Failed {
                    detail: "PostgreSQL isn't built yet".to_owned(),
                };
                Err(failed(&postgres.shown, &postgres.url.origin, &built))
            }
        }
    }

    /// What each part of the product may do with it.
    pub(crate) fn stores(&self) -> Stores {
        match self {
            Self::Sqlite(store) => Stores::of(Arc::clone(store)),
        }
    }

    /// Closes it.
    pub(crate) async fn close(&self) {
        match self {
            Self::Sqlite(store) => store.close().await,
        }
    }
}

/// The configured store; it is closed at the end.
pub(super) async fn configured(store: &StoreSection, end: &mut End) -> Result<Stores, Error> {
    let opened = OpenStore::open(store).await?;
    let stores = opened.stores();
    end.close_by(move || {
        let opened = opened.clone();
        Box::pin(async move { opened.close().await })
    });
    Ok(stores)
}

fn failed(place: &str, origin: &Origin, error: &StoreError) -> Error {
    Error::Store {
        detail: format!("{place} (store.url, from {origin}): {error}"),
    }
}
