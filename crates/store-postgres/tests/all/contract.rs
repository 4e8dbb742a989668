//! The contract suite on PostgreSQL.

use frontdesk_store::Result;
use frontdesk_store::contract::StoreUnderTest;
use frontdesk_store_postgres::PostgresStore;

use super::database::schema;

async fn make() -> Result<StoreUnderTest> {
    let store = PostgresStore::open(schema().await?).await?;
    Ok(StoreUnderTest::new(store, ()))
}

frontdesk_store::contract_tests!(make);
