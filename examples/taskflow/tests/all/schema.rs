//! Tasks in a schema of their own of the tests' PostgreSQL.

use std::sync::Arc;

use frontdesk_clock::Clock;
use frontdesk_identity::Secret;
use frontdesk_taskflow::Tasks;
use frontdesk_testkit::postgres::Postgres;

use super::desk::Result;

/// What has to live as long as the tasks.
pub(crate) type Place = ();

pub(crate) async fn open(clock: Arc<dyn Clock>) -> Result<(Tasks, Place)> {
    let postgres = Postgres::shared().await?;
    // A name that has to be quoted.
    let schema = format!("Flow \"{}\"", postgres.new_schema());
    let tasks = Tasks::connect(&Secret::new(postgres.url()), &schema, clock).await?;
    Ok((tasks, ()))
}
