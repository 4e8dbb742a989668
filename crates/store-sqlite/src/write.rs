//! The writes of a running turn. The first statement is the fence.

use frontdesk_identity::Scope;
use frontdesk_protocol::ItemId;
use frontdesk_store::{LogBatch, Result, Step, TurnEnd, TurnKey, TurnWrite, UtcDay, Written, form};

use crate::items::{self, ItemRow};
use crate::script::Script;
use crate::threads::PatchRow;
use crate::writer::Job;
use crate::{steps, turns, usage};

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
    async fn pass(&self, script: &mut Script<'_>) -> Result<bool> {
        let turn = self.key.turn.as_str();
        match &self.end {
            Some(end) => script
                .add(
                    "update turns set status = ?, ended_at = ?,
                         continuation_version = null, continuation = null
                     where tenant_id = ? and user_id = ? and id = ?
                         and thread_id = ? and attempt = ? and status = 'running'
                     returning 1",
                    "turn",
                    turn,
                )
                .bind(end.status.as_str())
                .bind(end.at.as_microsecond()),
            None => script.add(
                "select 1 from turns
                 where tenant_id = ? and user_id = ? and id = ?
                     and thread_id = ? and attempt = ? and status = 'running'",
                "turn",
                turn,
            ),
        };
        script
            .bind(self.scope.tenant.as_str())
            .bind(self.scope.user.as_str())
            .bind(turn)
            .bind(self.key.thread.as_str())
            .bind(i64::from(self.key.attempt));
        Ok(script.row().await?.is_some())
    }
}

impl Job for Write {
    type Output = Written;

    async fn run(&self, script: &mut Script<'_>) -> Result<Written> {
        if !self.pass(script).await? {
            return Ok(Written::Gone);
        }
        let (scope, thread) = (&self.scope, &self.key.thread);
        for item in &self.remove {
            items::remove(scope, thread, item, script);
            script.relieve().await?;
        }
        for item in &self.put {
            item.put(scope, thread, Some(&self.key.turn), script);
            script.relieve().await?;
        }
        for step in &self.steps {
            steps::put(scope, step, script);
            script.relieve().await?;
        }
        if let Some(patch) = &self.thread {
            patch.apply(scope, script);
        }
        for batch in &self.log {
            turns::put_batch(scope, batch, script);
            script.relieve().await?;
        }
        if let Some(end) = &self.end {
            // A turn ends once, so this is added once.
            usage::add(scope, UtcDay::of(end.at), end.tokens, script);
        }
        Ok(Written::Stored)
    }
}
