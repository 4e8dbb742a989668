//! Every statement of the store is executed by the contract suite.

#[cfg(test)]
mod statements {
    use std::path::Path;

    use frontdesk_identity::Secret;
    use frontdesk_store::contract::StoreUnderTest;
    use frontdesk_store::{Result, StoreError};
    use frontdesk_store_postgres::{Options, PostgresStore};
    use frontdesk_testkit::postgres::Postgres;
    use frontdesk_testkit::statements::Executed;

    const SOURCES: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/src");
    /// What only rows of an earlier version need, which `searching.rs` tries.
    const OF_EARLIER_VERSIONS: [&str; 2] = [
        "search.rs: update items set words = array_to_tsvector(string_to_array(new.words, ' ')) \
         from unnest($1::text[], $2::text[], $3::text[], $4::text[]) as new (tenant_id, user_id, id, words) \
         where items.tenant_id = new.tenant_id and items.user_id = new.user_id and items.id = new.id \
         and items.words is null",
        "search.rs: update threads set words = array_to_tsvector(string_to_array(new.words, ' ')) \
         from unnest($1::text[], $2::text[], $3::text[], $4::text[]) as new (tenant_id, user_id, id, words) \
         where threads.tenant_id = new.tenant_id and threads.user_id = new.user_id and threads.id = new.id \
         and threads.words is null",
    ];
    /// What builds indexes of migrations to come, which `migrate.rs` tries.
    const OF_INDEXES: [&str; 3] = [
        "migrate.rs: drop index concurrently {index}",
        "migrate.rs: select quote_ident(relname) from pg_index join pg_class on pg_class.oid = indexrelid \
         join pg_namespace on pg_namespace.oid = relnamespace where nspname = $1 and not indisvalid \
         and relname = any (regexp_split_to_array($2, '\\s+'))",
        "migrate.rs: select set_config('lock_timeout', $1, false)",
    ];
    /// What is asked after fifteen seconds of silence, which the suite may or may not live to see.
    const AFTER_SILENCE: &str = "listener.rs: select 1";

    async fn make() -> Result<StoreUnderTest> {
        let server = Postgres::shared().await.map_err(failed)?;
        let options = Options {
            schema: server.new_schema(),
            connections: 4,
            ..Options::new(Secret::new(server.url()))
        };
        let store = PostgresStore::open(options).await?;
        Ok(StoreUnderTest::new(store, ()))
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
        let mut missing = executed.missing(Path::new(SOURCES)).map_err(failed)?;
        missing.retain(|statement| statement != AFTER_SILENCE);
        assert_eq!(missing, [&OF_INDEXES[..], &OF_EARLIER_VERSIONS].concat());
        Ok(())
    }
}
