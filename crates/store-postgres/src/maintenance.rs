//! The upkeep of the store, across owners.

use async_trait::async_trait;
use frontdesk_identity::Scope;
use frontdesk_protocol::Timestamp;
use frontdesk_store::{
    Held, Idle, Lease, LogBatch, Maintenance, ProcessId, Result, TakenOver, TurnId, TurnKey,
    TurnRecord,
};

use crate::PostgresStore;
use crate::leases::owned_turn;
use crate::row;

/// The most turns whose logs are dropped by one statement, so that no other write waits for long.
const DROPPED_AT_ONCE: u64 = 200;

/// The most rows of a table that are swept by one statement, so that no other write waits for long.
pub(crate) const SWEPT_AT_ONCE: u64 = 1_000;

#[async_trait]
impl Maintenance for PostgresStore {
    async fn append_logs(&self, batches: &[(Scope, LogBatch)]) -> Result<()> {
        for (_, batch) in batches {
            frontdesk_store::form::check_batch(batch)?;
        }
        self.append(batches).await
    }

    async fn running_turns(&self) -> Result<Vec<(Scope, TurnRecord)>> {
        let statement = sqlx::query(
            "select tenant_id, user_id, id, thread_id, status, attempt, created_at, ended_at,
                 request_key, request_body
             from turns
             where status = 'running'
             order by created_at, id",
        );
        let rows = self.rows(statement).await?;
        rows.iter().map(owned_turn).collect()
    }

    async fn abandoned_turns(&self, limit: u32) -> Result<Vec<(Scope, TurnRecord)>> {
        self.abandoned(limit).await
    }

    async fn take_over(
        &self,
        scope: &Scope,
        turn: &TurnId,
        from_attempt: u32,
        lease: &Lease,
    ) -> Result<Option<TakenOver>> {
        self.take(scope, turn, from_attempt, lease).await
    }

    async fn renew_leases(&self, lease: &Lease, turns: &[(Scope, TurnKey)]) -> Result<Vec<Held>> {
        if turns.is_empty() {
            return Ok(Vec::new());
        }
        self.renew(lease, turns).await
    }

    async fn wanted_turns(&self, holder: &ProcessId) -> Result<Vec<Held>> {
        self.wanted(holder).await
    }

    async fn release_turn(&self, scope: &Scope, key: &TurnKey, holder: &ProcessId) -> Result<bool> {
        self.release(scope, key, holder).await
    }

    async fn release_all(&self) -> Result<()> {
        let statement =
            sqlx::query("update turns set leased_until = null where status = 'running'");
        self.run(statement).await?;
        Ok(())
    }

    async fn drop_logs(&self, ended_before: Timestamp) -> Result<u64> {
        let mut dropped = 0;
        loop {
            let (due, turns) = self.drop_some_logs(ended_before).await?;
            dropped += turns;
            if due < DROPPED_AT_ONCE {
                return Ok(dropped);
            }
        }
    }

    async fn sweep(&self, now: Timestamp) -> Result<()> {
        while self.forget_days(now).await? >= SWEPT_AT_ONCE {}
        while self.forget_ways(now).await? >= SWEPT_AT_ONCE {}
        Ok(())
    }

    async fn delete_idle_threads(&self, idle: &Idle, limit: u32) -> Result<u64> {
        self.delete_idle(idle, limit).await
    }

    async fn index_older(&self, limit: u32) -> Result<u64> {
        self.index_some(limit).await
    }

    async fn ping(&self) -> Result<()> {
        self.row(sqlx::query("select 1 from threads limit 1"))
            .await?;
        Ok(())
    }
}

impl PostgresStore {
    /// Drops the logs of some turns that are due, and says how many were and how many of them had one. Which are due is
    /// read from an index of the turns that may have a log, and they are marked where they were found: of all others none
    /// is looked at.
    async fn drop_some_logs(&self, ended_before: Timestamp) -> Result<(u64, u64)> {
        let statement = sqlx::query(
            "with due as (
                 select ctid, tenant_id, user_id, id
                 from turns
                 where has_log and ended_at < $1
                 order by ended_at
                 limit $2
                 for no key update skip locked
             ), dropped as (
                 delete from turn_logs using due
                 where turn_logs.tenant_id = due.tenant_id
                     and turn_logs.user_id = due.user_id and turn_logs.turn_id = due.id
                 returning turn_logs.tenant_id, turn_logs.user_id, turn_logs.turn_id
             ), marked as (
                 update turns set has_log = false
                 where ctid = any(array(select ctid from due))
             )
             select (select count(*) from due) as due,
                 count(distinct (tenant_id, user_id, turn_id)) as turns
             from dropped",
        )
        .bind(ended_before.as_microsecond())
        .bind(row::integer(DROPPED_AT_ONCE));
        match self.row(statement).await? {
            Some(row) => Ok((
                row::number(row::column(&row, "due")?)?,
                row::number(row::column(&row, "turns")?)?,
            )),
            None => Ok((0, 0)),
        }
    }
}
