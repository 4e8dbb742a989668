//! What dropping old logs costs: as much as there is to drop, however many turns there ever were.

use std::time::Duration;

use frontdesk_store::{Maintenance, Result};
use frontdesk_store_postgres::PostgresStore;

use super::database::{schema, sql};
use super::sample::{at, failed};

/// Rows of turns that were read in this schema, as the server counts them when a connection has ended.
async fn read(schema: &str) -> Result<u64> {
    let rows = sql(&format!(
        "select coalesce(seq_tup_read, 0) + coalesce(idx_tup_fetch, 0) from pg_stat_user_tables
         where schemaname = '{schema}' and relname = 'turns'"
    ))
    .await?;
    rows.trim().parse().map_err(failed)
}

#[tokio::test]
async fn dropping_logs_reads_what_is_due_and_not_all_turns_that_ever_were() -> Result<()> {
    let options = schema().await?;
    let name = options.schema.clone();
    PostgresStore::open(options.clone()).await?.close().await;
    sql(&format!(
        r#"set search_path = {name};
        insert into threads
            (tenant_id, user_id, id, created_at, title, status, image_domains, metadata, extra)
        values ('default', 'ann', 'thr', 1, null, '{{"type":"active"}}', null, '{{}}', '{{}}');
        insert into turns
            (tenant_id, user_id, id, thread_id, status, attempt, created_at, ended_at, has_log)
        select 'default', 'ann', 'turn_' || number, 'thr', 'done', 1, 1,
            case when number <= 20000 then 1 when number <= 20003 then 2000000 else 9000000 end,
            number > 20000
        from generate_series(1, 22000) as number;
        insert into turn_logs
            (tenant_id, user_id, turn_id, attempt, first_seq, last_seq, events)
        select 'default', 'ann', id, 1, 1, 1, 'event' from turns where ended_at > 1"#
    ))
    .await?;
    sql(&format!("analyze {name}.turns, {name}.turn_logs")).await?;
    // What came before is counted by now.
    let mut before = read(&name).await?;
    loop {
        tokio::time::sleep(Duration::from_millis(200)).await;
        let now = read(&name).await?;
        if now == before {
            break;
        }
        before = now;
    }
    let store = PostgresStore::open(options).await?;
    assert_eq!(store.drop_logs(at(3)).await?, 3);
    store.close().await;
    let counted = async {
        loop {
            let now = read(&name).await?;
            if now > before {
                return Result::Ok(now - before);
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    let counted = tokio::time::timeout(Duration::from_secs(30), counted).await;
    let rows = counted.map_err(failed)??;
    assert!(rows < 100, "{rows} rows of turns were read for 3 logs");
    Ok(())
}
