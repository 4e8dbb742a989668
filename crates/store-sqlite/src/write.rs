//! The writes of a running turn. The first statement is the fence.

use frontdesk_identity::Scope;
use frontdesk_protocol::ItemId;
use frontdesk_store::{
    LogBatch, Result, Step, TurnEnd, TurnKey, TurnStatus, TurnWrite, Written, form,
};
use sqlx::SqliteConnection;

use crate::fault::fault;
use crate::items::{self, ItemRow};
use crate::threads::PatchRow;
use crate::writer::Job;
use crate::{steps, turns};

pub(crate) struct Write {
    scope: Scope,
    key: TurnKey,
    put: Vec<ItemRow>,
    remove: Vec<ItemId>,
    steps: Vec<Step>,
    thread: Option<PatchRow>,
    log: Vec<LogBatch>,
    end: Option<TurnEnd>,
}

impl Write {
    pub(crate) fn new(scope: &Scope, key: &TurnKey, write: TurnWrite) -> Result<Self> {
        form::check_write(key, &write)?;
        Ok(Self {
            scope: scope.clone(),
            key: key.clone(),
            put: ItemRow::all(&key.thread, &write.put)?,
            remove: write.remove,
            steps: write.steps,
            thread: write
                .thread
                .map(|patch| PatchRow::new(&key.thread, patch))
                .transpose()?,
            log: write.log,
            end: write.end,
        })
    }

    /// Whether the turn runs under the key's attempt; if it is to end, it has ended then.
    async fn pass(&self, conn: &mut SqliteConnection) -> Result<bool> {
        let (status, ended_at) = match &self.end {
            Some(end) => (end.status, Some(end.at.as_microsecond())),
            None => (TurnStatus::Running, None),
        };
        let statement = if self.end.is_some() {
            "update turns set status = ?6, ended_at = ?7
             where tenant_id = ?1 and user_id = ?2 and id = ?3
                 and thread_id = ?4 and attempt = ?5 and status = 'running'
             returning 1"
        } else {
            "select 1 from turns
             where tenant_id = ?1 and user_id = ?2 and id = ?3
                 and thread_id = ?4 and attempt = ?5 and status = ?6"
        };
        let passed: Option<i64> = sqlx::query_scalar(statement)
            .bind(self.scope.tenant.as_str())
            .bind(self.scope.user.as_str())
            .bind(self.key.turn.as_str())
            .bind(self.key.thread.as_str())
            .bind(i64::from(self.key.attempt))
            .bind(status.as_str())
            .bind(ended_at)
            .fetch_optional(conn)
            .await
            .map_err(fault)?;
        Ok(passed.is_some())
    }
}

impl Job for Write {
    type Output = Written;

    async fn run(&self, conn: &mut SqliteConnection) -> Result<Written> {
        if !self.pass(conn).await? {
            return Ok(Written::Gone);
        }
        let (scope, thread) = (&self.scope, &self.key.thread);
        for item in &self.remove {
            items::remove(scope, thread, item, conn).await?;
        }
        for item in &self.put {
            item.put(scope, thread, Some(&self.key.turn), conn).await?;
        }
        for step in &self.steps {
            steps::put(scope, step, conn).await?;
        }
        if let Some(patch) = &self.thread {
            patch.apply(scope, conn).await?;
        }
        for batch in &self.log {
            turns::put_batch(scope, batch, conn).await?;
        }
        Ok(Written::Stored)
    }
}
