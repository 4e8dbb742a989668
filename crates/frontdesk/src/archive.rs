//! Archives of a store, and the end of a user: what the operator does with everything that is stored.
//!
//! An archive is lines of JSON, in an order of its own: equal stores give equal archives. It is written and read a piece
//! at a time, so its size doesn't matter.

mod export;
mod import;

use std::sync::Arc;

use frontdesk_identity::{Scope, TenantId, UserId};
use frontdesk_store::{Archive, Forgotten, Store, StoreError};

use crate::Error;
use crate::assemble::OpenStore;
use crate::config::{Config, StorePlace};

pub use export::{ExportedKeys, Selection};
pub use import::Imported;

/// A store, as archives are made of it. The server may run on it at the same time: what is written meanwhile may be in
/// an archive or not.
pub struct Archiver {
    opened: OpenStore,
    store: Arc<dyn Store>,
    archive: Arc<dyn Archive>,
}

/// Whether a store may be a new one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Expected {
    /// It has to be there.
    There,
    /// It is made where there is none.
    Anything,
}

impl Archiver {
    /// Opens the store that the configuration names.
    pub async fn open(config: &Config, expected: Expected) -> Result<Self, Error> {
        if let (StorePlace::Sqlite(sqlite), Expected::There) = (&config.store.place, expected)
            && !sqlite.path.value.is_file()
        {
            let path = &sqlite.path.value;
            return Err(Error::data(
                path,
                "no store is here; pass --data-dir or --config",
            ));
        }
        let dir = &config.server.data_dir.value;
        std::fs::create_dir_all(dir).map_err(|error| Error::data(dir, error))?;
        let opened = OpenStore::open(&config.store).await?;
        let stores = opened.stores();
        Ok(Self {
            store: stores.store,
            archive: opened.archive(),
            opened,
        })
    }

    /// Deletes all that a user has, their keys included, and says how much that was. A turn of theirs that runs is
    /// stopped by the server that runs it as soon as it notices.
    pub async fn forget(&self, tenant: TenantId, user: UserId) -> Result<Forgotten, Error> {
        let scope = Scope { tenant, user };
        self.archive.forget(&scope).await.map_err(failed)
    }

    /// Closes the store.
    pub async fn close(self) {
        self.opened.close().await;
    }
}

fn failed(error: impl Into<StoreError>) -> Error {
    Error::Store {
        detail: error.into().to_string(),
    }
}
