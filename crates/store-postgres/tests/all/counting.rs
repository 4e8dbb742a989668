//! Turns of one owner that end at once, and what that leaves for others.

use std::future::pending;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use frontdesk_identity::{Scope, TenantId, UserId};
use frontdesk_protocol::ThreadId;
use frontdesk_store::{Items, Result, Turns, Usage, UtcDay, Written};
use frontdesk_store_postgres::{Options, PostgresStore};
use tokio::task::JoinSet;

use super::database::schema;
use super::sample::{ann, at, begin, end, failed, key};
use super::waiting::{WAITS, connected, perform, until};

/// More than there are connections.
const TURNS: u32 = 6;

#[tokio::test]
async fn ends_of_one_owner_leave_connections_for_others() -> Result<()> {
    let options = Options {
        connections: 2,
        acquire_timeout: Duration::from_mins(1),
        ..schema().await?
    };
    let schema = options.schema.clone();
    let store = Arc::new(PostgresStore::open(options).await?);
    let ann = ann()?;
    store.begin_turn(&ann, begin("thr_0")).await?;
    store.write_turn(&ann, &key("thr_0"), end("thr_0")?).await?;
    let mut other = connected().await?;
    let counts = format!("begin; update {schema}.usage set tokens = tokens");
    perform(&mut other, counts).await?;

    let mut ends = JoinSet::new();
    for number in 1..=TURNS {
        let name = format!("thr_{number}");
        store.begin_turn(&ann, begin(&name)).await?;
        let (store, scope) = (Arc::clone(&store), ann.clone());
        let write = end(&name)?;
        ends.spawn(async move { store.write_turn(&scope, &key(&name), write).await });
    }
    until(&mut other, WAITS, pin!(pending::<()>())).await?;
    let bob = Scope {
        tenant: TenantId::single(),
        user: UserId::new("bob").map_err(failed)?,
    };
    let found = store.recent_items(&bob, &ThreadId::new("thr_1"), 1).await?;
    assert_eq!(found, []);

    perform(&mut other, "commit".to_owned()).await?;
    while let Some(written) = ends.join_next().await {
        assert_eq!(written.map_err(failed)??, Written::Stored);
    }
    let used = store.tokens_used(&ann, UtcDay::of(at(3))).await?;
    assert_eq!(used, 30 * u64::from(TURNS + 1));
    Ok(())
}
