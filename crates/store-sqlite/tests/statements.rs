//! Every statement of the store is executed by the contract suite.

#[cfg(test)]
mod statements {
    use std::path::Path;

    use frontdesk_store::contract::StoreUnderTest;
    use frontdesk_store::{Result, StoreError};
    use frontdesk_store_sqlite::{Options, SqliteStore};
    use frontdesk_testkit::statements::Executed;

    const SOURCES: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/src");
    /// What only a database of an earlier version needs, which `file.rs` tries.
    const OF_EARLIER_VERSIONS: [&str; 3] = [
        "backup.rs: vacuum into ?1",
        "index_older.rs: update items set indexed = 1 where tenant_id = ? and user_id = ? and id = ?",
        "index_older.rs: update threads set indexed = 1 where tenant_id = ? and user_id = ? and id = ?",
    ];

    async fn make() -> Result<StoreUnderTest> {
        let folder = tempfile::tempdir().map_err(failed)?;
        let store = SqliteStore::open(folder.path().join("store.db"), Options::default()).await?;
        Ok(StoreUnderTest::new(store, folder))
    }

    fn failed(error: impl std::fmt::Display) -> StoreError {
        StoreError::Failed {
            detail: error.to_string(),
        }
    }

    frontdesk_store::contract_suite!(make);

    #[tokio::test]
    async fn the_contract_suite_executes_every_statement() -> Result<()> {
        let executed = Executed::watch().map_err(failed)?;
        Box::pin(whole_suite()).await?;
        let missing = executed.missing(Path::new(SOURCES)).map_err(failed)?;
        assert_eq!(missing, OF_EARLIER_VERSIONS);
        Ok(())
    }
}
