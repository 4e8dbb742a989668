//! Turns and their logs.

use async_trait::async_trait;
use bytes::Bytes;
use frontdesk_identity::Scope;
use frontdesk_protocol::ThreadId;
use frontdesk_store::{
    Began, BeginTurn, EventId, LogBatch, Result, TurnId, TurnKey, TurnRecord, TurnStatus,
    TurnWrite, Turns, Written,
};
use sqlx::sqlite::SqliteRow;
use sqlx::{FromRow, Row};

use crate::SqliteStore;
use crate::begin::Begin;
use crate::fault::fault;
use crate::row;
use crate::script::Script;
use crate::write::Write;

#[async_trait]
impl Turns for SqliteStore {
    async fn begin_turn(&self, scope: &Scope, begin: BeginTurn) -> Result<Began> {
        self.write(Begin::new(scope, begin)?).await
    }

    async fn write_turn(&self, scope: &Scope, key: &TurnKey, write: TurnWrite) -> Result<Written> {
        self.write(Write::new(scope, key, write)?).await
    }

    async fn turn(&self, scope: &Scope, turn: &TurnId) -> Result<Option<TurnRecord>> {
        let found: Option<TurnRow> = sqlx::query_as(
            "select id, thread_id, status, attempt, created_at, ended_at
             from turns
             where tenant_id = ?1 and user_id = ?2 and id = ?3",
        )
        .bind(scope.tenant.as_str())
        .bind(scope.user.as_str())
        .bind(turn.as_str())
        .fetch_optional(&mut *self.reader().await?)
        .await
        .map_err(fault)?;
        found.map(TurnRow::read).transpose()
    }

    async fn running_turn(&self, scope: &Scope, thread: &ThreadId) -> Result<Option<TurnId>> {
        let found: Option<String> = sqlx::query_scalar(
            "select id from turns
             where tenant_id = ?1 and user_id = ?2 and thread_id = ?3 and status = 'running'",
        )
        .bind(scope.tenant.as_str())
        .bind(scope.user.as_str())
        .bind(thread.as_str())
        .fetch_optional(&mut *self.reader().await?)
        .await
        .map_err(fault)?;
        Ok(found.map(TurnId::new))
    }

    async fn last_turn(&self, scope: &Scope, thread: &ThreadId) -> Result<Option<TurnRecord>> {
        let found: Option<TurnRow> = sqlx::query_as(
            "select id, thread_id, status, attempt, created_at, ended_at
             from turns
             where tenant_id = ?1 and user_id = ?2 and thread_id = ?3
             order by created_at desc, id desc
             limit 1",
        )
        .bind(scope.tenant.as_str())
        .bind(scope.user.as_str())
        .bind(thread.as_str())
        .fetch_optional(&mut *self.reader().await?)
        .await
        .map_err(fault)?;
        found.map(TurnRow::read).transpose()
    }

    async fn turn_log(
        &self,
        scope: &Scope,
        turn: &TurnId,
        after: Option<EventId>,
    ) -> Result<Vec<LogBatch>> {
        let (attempt, seq) = after.map_or((-1, 0), |after| {
            (i64::from(after.attempt), row::integer(after.seq))
        });
        let rows: Vec<(i64, i64, i64, Vec<u8>)> = sqlx::query_as(
            "select attempt, first_seq, last_seq, events
             from turn_logs
             where tenant_id = ?1 and user_id = ?2 and turn_id = ?3
                 and (attempt, last_seq) > (?4, ?5)
             order by attempt, first_seq",
        )
        .bind(scope.tenant.as_str())
        .bind(scope.user.as_str())
        .bind(turn.as_str())
        .bind(attempt)
        .bind(seq)
        .fetch_all(&mut *self.reader().await?)
        .await
        .map_err(fault)?;
        let batches = rows
            .into_iter()
            .map(|(attempt, first_seq, last_seq, events)| {
                Ok(LogBatch {
                    turn: turn.clone(),
                    attempt: row::number(attempt)?,
                    first_seq: row::number(first_seq)?,
                    last_seq: row::number(last_seq)?,
                    events: Bytes::from(events),
                })
            });
        batches.collect()
    }
}

/// A turn as it is stored.
#[derive(Debug)]
pub(crate) struct TurnRow {
    id: String,
    thread_id: String,
    status: String,
    attempt: i64,
    created_at: i64,
    ended_at: Option<i64>,
}

impl TurnRow {
    pub(crate) fn read(self) -> Result<TurnRecord> {
        Ok(TurnRecord {
            id: TurnId::new(self.id),
            thread_id: ThreadId::new(self.thread_id),
            status: TurnStatus::parse(&self.status).map_err(|error| row::corrupt("turn", error))?,
            attempt: row::number(self.attempt)?,
            created_at: row::time(self.created_at)?,
            ended_at: self.ended_at.map(row::time).transpose()?,
        })
    }
}

impl FromRow<'_, SqliteRow> for TurnRow {
    fn from_row(row: &SqliteRow) -> sqlx::Result<Self> {
        Ok(Self {
            id: row.try_get("id")?,
            thread_id: row.try_get("thread_id")?,
            status: row.try_get("status")?,
            attempt: row.try_get("attempt")?,
            created_at: row.try_get("created_at")?,
            ended_at: row.try_get("ended_at")?,
        })
    }
}

/// Stores a batch of a turn's log, unless as much is there.
pub(crate) fn put_batch(scope: &Scope, batch: &LogBatch, script: &mut Script<'_>) {
    script
        .add(
            "insert into turn_logs
                 (tenant_id, user_id, turn_id, attempt, first_seq, last_seq, events)
             values (?, ?, ?, ?, ?, ?, ?)
             on conflict (turn_id, attempt, first_seq) do update
                 set last_seq = excluded.last_seq, events = excluded.events
                 where excluded.last_seq > turn_logs.last_seq",
            "log of turn",
            batch.turn.as_str(),
        )
        .bind(scope.tenant.as_str())
        .bind(scope.user.as_str())
        .bind(batch.turn.as_str())
        .bind(i64::from(batch.attempt))
        .bind(row::integer(batch.first_seq))
        .bind(row::integer(batch.last_seq))
        .bind(&*batch.events);
}
