//! Turns and their logs.

use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use frontdesk_identity::Scope;
use frontdesk_protocol::ThreadId;
use frontdesk_store::limit::{LOG_PAGE_BATCHES, LOG_PAGE_BYTES};
use frontdesk_store::{
    Began, BeginTurn, Entered, EventId, Fingerprint, LogBatch, Result, TurnId, TurnKey, TurnRecord,
    TurnStatus, TurnWrite, Turns, Written,
};
use sqlx::sqlite::SqliteRow;
use sqlx::{FromRow, Row};

use crate::SqliteStore;
use crate::begin::Begin;
use crate::fault::fault;
use crate::row;
use crate::script::Script;
use crate::write::Write;
use crate::writer::Job;

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
            "select id, thread_id, status, attempt, created_at, ended_at, request_key, request_body
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

    async fn thread_with_running(
        &self,
        scope: &Scope,
        thread: &ThreadId,
    ) -> Result<Option<Entered>> {
        self.entered(scope, thread).await
    }

    async fn last_turn(&self, scope: &Scope, thread: &ThreadId) -> Result<Option<TurnRecord>> {
        let found: Option<TurnRow> = sqlx::query_as(
            "select id, thread_id, status, attempt, created_at, ended_at, request_key, request_body
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

    async fn turn_of_key(&self, scope: &Scope, key: &[u8; 32]) -> Result<Option<TurnRecord>> {
        let found: Option<TurnRow> = sqlx::query_as(
            "select id, thread_id, status, attempt, created_at, ended_at, request_key, request_body
             from turns
             where tenant_id = ?1 and user_id = ?2 and request_key = ?3",
        )
        .bind(scope.tenant.as_str())
        .bind(scope.user.as_str())
        .bind(key.as_slice())
        .fetch_optional(&mut *self.reader().await?)
        .await
        .map_err(fault)?;
        found.map(TurnRow::read).transpose()
    }

    async fn ask_to_stop(&self, scope: &Scope, turn: &TurnId) -> Result<bool> {
        self.write(AskToStop(scope.clone(), turn.clone())).await
    }

    async fn read_elsewhere(&self, scope: &Scope, turn: &TurnId, length: Duration) -> Result<bool> {
        let job = ReadElsewhere(scope.clone(), turn.clone(), length);
        self.write(job).await
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
                 and (attempt, first_seq) in (
                     select attempt, first_seq
                     from (
                         select attempt, first_seq,
                             sum(bytes) over (
                                 order by attempt, first_seq
                                 rows between unbounded preceding and 1 preceding
                             ) as bytes_before
                         from (
                             select attempt, first_seq, length(events) as bytes
                             from turn_logs
                             where tenant_id = ?1 and user_id = ?2 and turn_id = ?3
                                 and (attempt, last_seq) > (?4, ?5)
                             order by attempt, first_seq
                             limit ?6
                         )
                     )
                     where coalesce(bytes_before, 0) < ?7
                 )
             order by attempt, first_seq",
        )
        .bind(scope.tenant.as_str())
        .bind(scope.user.as_str())
        .bind(turn.as_str())
        .bind(attempt)
        .bind(seq)
        .bind(i64::from(LOG_PAGE_BATCHES))
        .bind(i64::try_from(LOG_PAGE_BYTES).unwrap_or(i64::MAX))
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
    request_key: Option<Vec<u8>>,
    request_body: Option<Vec<u8>>,
}

impl TurnRow {
    /// The turn in a row that may hold something else, too: its columns' names begin with this.
    pub(crate) fn beside(row: &SqliteRow, prefix: &str) -> sqlx::Result<Self> {
        let name = |column: &str| format!("{prefix}{column}");
        Ok(Self {
            id: row.try_get(name("id").as_str())?,
            thread_id: row.try_get(name("thread_id").as_str())?,
            status: row.try_get(name("status").as_str())?,
            attempt: row.try_get(name("attempt").as_str())?,
            created_at: row.try_get(name("created_at").as_str())?,
            ended_at: row.try_get(name("ended_at").as_str())?,
            request_key: row.try_get(name("request_key").as_str())?,
            request_body: row.try_get(name("request_body").as_str())?,
        })
    }

    pub(crate) fn read(self) -> Result<TurnRecord> {
        Ok(TurnRecord {
            id: TurnId::new(self.id),
            thread_id: ThreadId::new(self.thread_id),
            status: TurnStatus::parse(&self.status).map_err(|error| row::corrupt("turn", error))?,
            attempt: row::number(self.attempt)?,
            created_at: row::time(self.created_at)?,
            ended_at: self.ended_at.map(row::time).transpose()?,
            request: request(self.request_key, self.request_body)?,
        })
    }
}

impl FromRow<'_, SqliteRow> for TurnRow {
    fn from_row(row: &SqliteRow) -> sqlx::Result<Self> {
        Self::beside(row, "")
    }
}

fn request(key: Option<Vec<u8>>, body: Option<Vec<u8>>) -> Result<Option<Fingerprint>> {
    let hash = |bytes: Vec<u8>| {
        <[u8; 32]>::try_from(bytes.as_slice())
            .map_err(|error| row::corrupt("request of a turn", error))
    };
    let Some(body) = body else {
        return Ok(None);
    };
    Ok(Some(Fingerprint {
        key: key.map(hash).transpose()?,
        body: hash(body)?,
    }))
}

/// The key of a request, as it is stored.
pub(crate) fn key_of(request: Option<&Fingerprint>) -> Option<Vec<u8>> {
    Some(request?.key?.to_vec())
}

/// The owner's turn that was begun with the same key.
pub(crate) async fn of_request(
    scope: &Scope,
    turn: &TurnRecord,
    script: &mut Script<'_>,
) -> Result<Option<TurnRecord>> {
    let Some(key) = key_of(turn.request.as_ref()) else {
        return Ok(None);
    };
    script
        .add(
            "select id, thread_id, status, attempt, created_at, ended_at, request_key, request_body
             from turns
             where tenant_id = ? and user_id = ? and request_key = ?",
            "turn",
            turn.id.as_str(),
        )
        .bind(scope.tenant.as_str())
        .bind(scope.user.as_str())
        .bind(key);
    let Some(found) = script.row().await? else {
        return Ok(None);
    };
    let found = TurnRow::from_row(&found).map_err(fault)?;
    Ok(Some(found.read()?))
}

struct AskToStop(Scope, TurnId);

impl Job for AskToStop {
    type Output = bool;

    async fn run(&self, script: &mut Script<'_>) -> Result<bool> {
        script
            .add(
                "update turns set stop_asked = 1
                 where tenant_id = ? and user_id = ? and id = ? and status = 'running'",
                "turn",
                self.1.as_str(),
            )
            .bind(self.0.tenant.as_str())
            .bind(self.0.user.as_str())
            .bind(self.1.as_str());
        Ok(script.send().await?.changed > 0)
    }
}

struct ReadElsewhere(Scope, TurnId, Duration);

impl Job for ReadElsewhere {
    type Output = bool;

    async fn run(&self, script: &mut Script<'_>) -> Result<bool> {
        script
            .add(
                "update turns set read_until = max(coalesce(read_until, 0),
                     cast(unixepoch('subsec') * 1000000 as integer) + ?)
                 where tenant_id = ? and user_id = ? and id = ? and status = 'running'",
                "turn",
                self.1.as_str(),
            )
            .bind(row::length(self.2))
            .bind(self.0.tenant.as_str())
            .bind(self.0.user.as_str())
            .bind(self.1.as_str());
        Ok(script.send().await?.changed > 0)
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
