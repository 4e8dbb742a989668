//! A schema of its own for each test.

use frontdesk_identity::Secret;
use frontdesk_store::{Result, StoreError};
use frontdesk_store_postgres::Options;
use frontdesk_testkit::postgres::Postgres;

/// The server of this program.
pub(super) async fn server() -> Result<&'static Postgres> {
    let server = Postgres::shared().await;
    server.map_err(|error| StoreError::Unavailable {
        detail: format!("{error:#}"),
    })
}

/// A schema that isn't made yet.
pub(super) async fn schema() -> Result<Options> {
    let server = server().await?;
    Ok(Options {
        schema: server.new_schema(),
        connections: 4,
        ..Options::new(Secret::new(server.url()))
    })
}

/// What statements of the administrator print.
pub(super) async fn sql(statements: &str) -> Result<String> {
    let printed = server().await?.sql(statements).await;
    printed.map_err(|error| StoreError::Failed {
        detail: format!("{error:#}"),
    })
}
