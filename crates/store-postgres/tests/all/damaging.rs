//! Records that can't be read, and what goes on without them.

use std::time::Duration;

use frontdesk_store::{Lease, Maintenance, ProcessId, Result, TakenOver, Turns};
use frontdesk_store_postgres::PostgresStore;

use super::database::{schema, sql};
use super::sample::{ann, begin, key};

#[tokio::test]
async fn a_turn_is_taken_over_without_what_cannot_be_read() -> Result<()> {
    let options = schema().await?;
    let schema = options.schema.clone();
    let store = PostgresStore::open(options).await?;
    store.begin_turn(&ann()?, begin("thr_1")).await?;
    let lease = Lease {
        holder: ProcessId::new("process_1"),
        length: Duration::ZERO,
    };
    for (left, attempt) in [("1, '{'", 1), ("70000, '{}'", 2)] {
        sql(&format!(
            "update {schema}.turns set (continuation_version, continuation) = ({left})"
        ))
        .await?;
        let turn = key("thr_1").turn;
        let taken = store.take_over(&ann()?, &turn, attempt, &lease).await?;
        assert_eq!(taken, Some(TakenOver::default()), "{left}");
    }
    Ok(())
}
