//! Turns.

use std::time::Duration;

use async_trait::async_trait;
use frontdesk_identity::Scope;
use frontdesk_protocol::ThreadId;
use frontdesk_store::{
    Began, BeginTurn, Entered, EventId, Fingerprint, LogBatch, Result, TurnId, TurnKey, TurnRecord,
    TurnStatus, TurnWrite, Turns, Written,
};
use sqlx::postgres::PgRow;

use crate::PostgresStore;
use crate::begin::Begin;
use crate::row;
use crate::text::stored;
use crate::write::Write;

#[async_trait]
impl Turns for PostgresStore {
    async fn begin_turn(&self, scope: &Scope, begin: BeginTurn) -> Result<Began> {
        Begin::new(scope, begin)?.run(self).await
    }

    async fn write_turn(&self, scope: &Scope, key: &TurnKey, write: TurnWrite) -> Result<Written> {
        Write::new(scope, key, write)?.run(self).await
    }

    async fn turn(&self, scope: &Scope, turn: &TurnId) -> Result<Option<TurnRecord>> {
        let statement = sqlx::query(
            "select id, thread_id, status, attempt, created_at, ended_at, request_key, request_body
             from turns
             where tenant_id = $1 and user_id = $2 and id = $3",
        )
        .bind(scope.tenant.as_str())
        .bind(scope.user.as_str())
        .bind(stored(turn.as_str()));
        let found = self.row(statement).await?;
        found.as_ref().map(turn_of).transpose()
    }

    async fn running_turn(&self, scope: &Scope, thread: &ThreadId) -> Result<Option<TurnId>> {
        let statement = sqlx::query(
            "select id from turns
             where tenant_id = $1 and user_id = $2 and thread_id = $3 and status = 'running'",
        )
        .bind(scope.tenant.as_str())
        .bind(scope.user.as_str())
        .bind(stored(thread.as_str()));
        let found = self.row(statement).await?;
        let id = found.map(|row| row::text(&row, "id")).transpose()?;
        Ok(id.map(TurnId::new))
    }

    async fn thread_with_running(
        &self,
        scope: &Scope,
        thread: &ThreadId,
    ) -> Result<Option<Entered>> {
        self.entered(scope, thread).await
    }

    async fn last_turn(&self, scope: &Scope, thread: &ThreadId) -> Result<Option<TurnRecord>> {
        let statement = sqlx::query(
            "select id, thread_id, status, attempt, created_at, ended_at, request_key, request_body
             from turns
             where tenant_id = $1 and user_id = $2 and thread_id = $3
             order by created_at desc, id desc
             limit 1",
        )
        .bind(scope.tenant.as_str())
        .bind(scope.user.as_str())
        .bind(stored(thread.as_str()));
        let found = self.row(statement).await?;
        found.as_ref().map(turn_of).transpose()
    }

    async fn turn_of_key(&self, scope: &Scope, key: &[u8; 32]) -> Result<Option<TurnRecord>> {
        let statement = sqlx::query(
            "select id, thread_id, status, attempt, created_at, ended_at, request_key, request_body
             from turns
             where tenant_id = $1 and user_id = $2 and request_key = $3",
        )
        .bind(scope.tenant.as_str())
        .bind(scope.user.as_str())
        .bind(key.as_slice());
        let found = self.row(statement).await?;
        found.as_ref().map(turn_of).transpose()
    }

    async fn ask_to_stop(&self, scope: &Scope, turn: &TurnId) -> Result<bool> {
        let statement = sqlx::query(
            "update turns set stop_asked = true
             where tenant_id = $1 and user_id = $2 and id = $3 and status = 'running'",
        )
        .bind(scope.tenant.as_str())
        .bind(scope.user.as_str())
        .bind(stored(turn.as_str()));
        Ok(self.run(statement).await? > 0)
    }

    async fn read_elsewhere(&self, scope: &Scope, turn: &TurnId, length: Duration) -> Result<bool> {
        let statement = sqlx::query(
            "update turns set read_until
                 = greatest(read_until, clock_timestamp() + $4 * interval '1 microsecond')
             where tenant_id = $1 and user_id = $2 and id = $3 and status = 'running'",
        )
        .bind(scope.tenant.as_str())
        .bind(scope.user.as_str())
        .bind(stored(turn.as_str()))
        .bind(row::length(length));
        Ok(self.run(statement).await? > 0)
    }

    async fn turn_log(
        &self,
        scope: &Scope,
        turn: &TurnId,
        after: Option<EventId>,
    ) -> Result<Vec<LogBatch>> {
        self.log(scope, turn, after).await
    }
}

/// The turn that a row is.
pub(crate) fn turn_of(row: &PgRow) -> Result<TurnRecord> {
    turn_beside(row, "")
}

/// The turn in a row that holds something else, too: its columns' names begin with this.
pub(crate) fn turn_beside(row: &PgRow, prefix: &str) -> Result<TurnRecord> {
    let name = |column: &str| format!("{prefix}{column}");
    let status: &str = row::column(row, &name("status"))?;
    let ended_at: Option<i64> = row::column(row, &name("ended_at"))?;
    Ok(TurnRecord {
        id: TurnId::new(row::text(row, &name("id"))?),
        thread_id: ThreadId::new(row::text(row, &name("thread_id"))?),
        status: TurnStatus::parse(status).map_err(|error| row::corrupt("turn", error))?,
        attempt: row::number(row::column(row, &name("attempt"))?)?,
        created_at: row::time(row::column(row, &name("created_at"))?)?,
        ended_at: ended_at.map(row::time).transpose()?,
        request: request(
            row::column(row, &name("request_key"))?,
            row::column(row, &name("request_body"))?,
        )?,
    })
}

fn request(key: Option<&[u8]>, body: Option<&[u8]>) -> Result<Option<Fingerprint>> {
    let hash = |bytes: &[u8]| {
        <[u8; 32]>::try_from(bytes).map_err(|error| row::corrupt("request of a turn", error))
    };
    let Some(body) = body else {
        return Ok(None);
    };
    Ok(Some(Fingerprint {
        key: key.map(hash).transpose()?,
        body: hash(body)?,
    }))
}
