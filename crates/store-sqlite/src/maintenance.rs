//! The upkeep of the store, across owners.

use async_trait::async_trait;
use frontdesk_identity::{Scope, TenantId, UserId};
use frontdesk_protocol::Timestamp;
use frontdesk_store::{LogBatch, Maintenance, Result, TurnId, TurnRecord, form};
use sqlx::sqlite::SqliteRow;
use sqlx::{FromRow, Row, SqliteConnection};

use crate::SqliteStore;
use crate::fault::fault;
use crate::row;
use crate::turns::TurnRow;
use crate::writer::Job;

#[async_trait]
impl Maintenance for SqliteStore {
    async fn append_logs(&self, batches: &[LogBatch]) -> Result<()> {
        if batches.is_empty() {
            return Ok(());
        }
        for batch in batches {
            form::check_batch(batch)?;
        }
        self.write(AppendLogs(batches.to_vec())).await
    }

    async fn running_turns(&self) -> Result<Vec<(Scope, TurnRecord)>> {
        let rows: Vec<OwnedTurnRow> = sqlx::query_as(
            "select tenant_id, user_id, id, thread_id, status, attempt, created_at, ended_at
             from turns
             where status = 'running'
             order by created_at, id",
        )
        .fetch_all(&mut *self.reader().await?)
        .await
        .map_err(fault)?;
        rows.into_iter().map(OwnedTurnRow::read).collect()
    }

    async fn take_over(&self, scope: &Scope, turn: &TurnId, from_attempt: u32) -> Result<bool> {
        let (scope, turn) = (scope.clone(), turn.clone());
        self.write(TakeOver {
            scope,
            turn,
            from_attempt,
        })
        .await
    }

    async fn drop_logs(&self, ended_before: Timestamp) -> Result<u64> {
        self.write(DropLogs(ended_before)).await
    }

    async fn ping(&self) -> Result<()> {
        sqlx::query("select 1 from threads limit 1")
            .fetch_optional(&mut *self.reader().await?)
            .await
            .map_err(fault)?;
        Ok(())
    }
}

#[derive(Debug)]
struct OwnedTurnRow {
    tenant_id: String,
    user_id: String,
    turn: TurnRow,
}

impl FromRow<'_, SqliteRow> for OwnedTurnRow {
    fn from_row(row: &SqliteRow) -> sqlx::Result<Self> {
        Ok(Self {
            tenant_id: row.try_get("tenant_id")?,
            user_id: row.try_get("user_id")?,
            turn: TurnRow::from_row(row)?,
        })
    }
}

impl OwnedTurnRow {
    fn read(self) -> Result<(Scope, TurnRecord)> {
        let corrupt = |error| row::corrupt("owner of a turn", error);
        let scope = Scope {
            tenant: TenantId::new(self.tenant_id).map_err(corrupt)?,
            user: UserId::new(self.user_id).map_err(corrupt)?,
        };
        Ok((scope, self.turn.read()?))
    }
}

struct AppendLogs(Vec<LogBatch>);

impl Job for AppendLogs {
    type Output = ();

    async fn run(&self, conn: &mut SqliteConnection) -> Result<()> {
        for batches in self.0.chunks(APPENDED_AT_ONCE) {
            append(batches, conn).await?;
        }
        Ok(())
    }
}

/// The number of batches that one statement appends; a parameter that isn't bound is null and names no turn.
const APPENDED_AT_ONCE: usize = 8;

async fn append(batches: &[LogBatch], conn: &mut SqliteConnection) -> Result<()> {
    let mut statement = sqlx::query(
        "insert into turn_logs (tenant_id, user_id, turn_id, attempt, first_seq, last_seq, events)
         select turns.tenant_id, turns.user_id, turns.id, turns.attempt,
             batch.column3, batch.column4, batch.column5
         from (values
             (?, ?, ?, ?, ?), (?, ?, ?, ?, ?), (?, ?, ?, ?, ?), (?, ?, ?, ?, ?),
             (?, ?, ?, ?, ?), (?, ?, ?, ?, ?), (?, ?, ?, ?, ?), (?, ?, ?, ?, ?)) as batch
             join turns on turns.id = batch.column1 and turns.attempt = batch.column2
         where true
         on conflict (turn_id, attempt, first_seq) do nothing",
    );
    for batch in batches {
        statement = statement
            .bind(batch.turn.as_str())
            .bind(i64::from(batch.attempt))
            .bind(row::integer(batch.first_seq))
            .bind(row::integer(batch.last_seq))
            .bind(&*batch.events);
    }
    statement.execute(conn).await.map_err(fault)?;
    Ok(())
}

struct TakeOver {
    scope: Scope,
    turn: TurnId,
    from_attempt: u32,
}

impl Job for TakeOver {
    type Output = bool;

    async fn run(&self, conn: &mut SqliteConnection) -> Result<bool> {
        let done = sqlx::query(
            "update turns set attempt = attempt + 1
             where tenant_id = ?1 and user_id = ?2 and id = ?3
                 and attempt = ?4 and status = 'running'",
        )
        .bind(self.scope.tenant.as_str())
        .bind(self.scope.user.as_str())
        .bind(self.turn.as_str())
        .bind(i64::from(self.from_attempt))
        .execute(conn)
        .await
        .map_err(fault)?;
        Ok(done.rows_affected() > 0)
    }
}

struct DropLogs(Timestamp);

impl Job for DropLogs {
    type Output = u64;

    async fn run(&self, conn: &mut SqliteConnection) -> Result<u64> {
        let turns: i64 = sqlx::query_scalar(
            "select count(distinct turn_logs.turn_id)
             from turn_logs
                 join turns on turns.id = turn_logs.turn_id
             where turns.ended_at < ?1",
        )
        .bind(self.0.as_microsecond())
        .fetch_one(&mut *conn)
        .await
        .map_err(fault)?;
        sqlx::query(
            "delete from turn_logs
             where turn_id in (select id from turns where ended_at < ?1)",
        )
        .bind(self.0.as_microsecond())
        .execute(conn)
        .await
        .map_err(fault)?;
        row::number(turns)
    }
}
