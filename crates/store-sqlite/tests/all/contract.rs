//! The contract suite on SQLite.

use frontdesk_store::contract::StoreUnderTest;
use frontdesk_store::{Result, StoreError};
use frontdesk_store_sqlite::{Options, SqliteStore};

async fn make() -> Result<StoreUnderTest> {
    let folder = tempfile::tempdir().map_err(|error| StoreError::Failed {
        detail: error.to_string(),
    })?;
    let store = SqliteStore::open(folder.path().join("store.db"), Options::default()).await?;
    Ok(StoreUnderTest::new(store, folder))
}

frontdesk_store::contract_tests!(make);
