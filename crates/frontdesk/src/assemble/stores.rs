//! The store, and what each part of the product may do with it.

use std::sync::Arc;

use frontdesk_store::{Archive, FileUpkeep, Files, Keys, Maintenance, Store, StoreError, Wakeups};
use frontdesk_store_postgres::PostgresStore;
use frontdesk_store_sqlite::SqliteStore;

use super::End;
use crate::Error;
use crate::config::{Origin, PostgresSection, StorePlace, StoreSection};

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
    /// What requests know of attachments' bytes.
    pub(crate) files: Arc<dyn Files>,
    /// The upkeep of it.
    pub(crate) file_upkeep: Arc<dyn FileUpkeep>,
}

impl Stores {
    pub(crate) fn of<S>(store: Arc<S>) -> Self
    where
        S: Store + Maintenance + Wakeups + Keys + Files + FileUpkeep + 'static,
    {
        Self {
            store: Arc::<S>::clone(&store),
            maintenance: Arc::<S>::clone(&store),
            wakeups: Arc::<S>::clone(&store),
            keys: Arc::<S>::clone(&store),
            files: Arc::<S>::clone(&store),
            file_upkeep: store,
        }
    }
}

/// The configured store, opened.
#[derive(Clone)]
pub(crate) enum OpenStore {
    /// In a file.
    Sqlite(Arc<SqliteStore>),
    /// In a database.
    Postgres(Arc<PostgresStore>),
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
                let opened = PostgresStore::open(postgres_options(postgres)).await;
                let opened = opened
                    .map_err(|error| failed(&postgres.shown, &postgres.url.origin, &error))?;
                Ok(Self::Postgres(Arc::new(opened)))
            }
        }
    }

    /// What each part of the product may do with it.
    pub(crate) fn stores(&self) -> Stores {
        match self {
            Self::Sqlite(store) => Stores::of(Arc::clone(store)),
            Self::Postgres(store) => Stores::of(Arc::clone(store)),
        }
    }

    /// What the operator carries elsewhere.
    pub(crate) fn archive(&self) -> Arc<dyn Archive> {
        match self {
            Self::Sqlite(store) => Arc::<SqliteStore>::clone(store),
            Self::Postgres(store) => Arc::<PostgresStore>::clone(store),
        }
    }

    /// Closes it.
    pub(crate) async fn close(&self) {
        match self {
            Self::Sqlite(store) => store.close().await,
            Self::Postgres(store) => store.close().await,
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

fn postgres_options(section: &PostgresSection) -> frontdesk_store_postgres::Options {
    let mut options = frontdesk_store_postgres::Options::new(section.url.value.clone());
    options.listen_url = section.listen_url.as_ref().map(|url| url.value.clone());
    options.root_certificate = section
        .tls_root_file
        .as_ref()
        .map(|file| file.value.clone());
    if let Some(schema) = &section.schema {
        options.schema.clone_from(&schema.value);
    }
    if let Some(pool) = &section.pool {
        options.connections = pool.value;
    }
    if let Some(timeout) = &section.acquire_timeout {
        options.acquire_timeout = timeout.value;
    }
    if let Some(timeout) = &section.statement_timeout {
        options.statement_timeout = timeout.value;
    }
    if let Some(timeout) = &section.lock_timeout {
        options.lock_timeout = timeout.value;
    }
    options
}

fn failed(place: &str, origin: &Origin, error: &StoreError) -> Error {
    Error::Store {
        detail: format!("{place} (store.url, from {origin}): {error}"),
    }
}
