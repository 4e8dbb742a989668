//! The upkeep of the store, across owners.

use async_trait::async_trait;
use frontdesk_identity::{Scope, TenantId, UserId};
use frontdesk_protocol::Timestamp;
use frontdesk_store::{
    Held, Idle, Lease, LogBatch, Maintenance, ProcessId, Result, TakenOver, TurnId, TurnKey,
    TurnRecord, form,
};
use sqlx::sqlite::SqliteRow;
use sqlx::{FromRow, Row};

use crate::SqliteStore;
use crate::fault::fault;
use crate::forget::DeleteIdle;
use crate::index_older::IndexOlder;
use crate::leases::{self, Release, ReleaseAll, Renew, TakeOver};
use crate::row;
use crate::script::Script;
use crate::turns::TurnRow;
use crate::writer::Job;
use crate::{connections, usage};

#[async_trait]
impl Maintenance for SqliteStore {
    async fn append_logs(&self, batches: &[(Scope, LogBatch)]) -> Result<()> {
        if batches.is_empty() {
            return Ok(());
        }
        for (_, batch) in batches {
            form::check_batch(batch)?;
        }
        self.write(AppendLogs(batches.to_vec())).await
    }

    async fn running_turns(&self) -> Result<Vec<(Scope, TurnRecord)>> {
        let rows: Vec<OwnedTurnRow> = sqlx::query_as(
            "select tenant_id, user_id, id, thread_id, status, attempt, created_at, ended_at,
                 request_key, request_body
             from turns
             where status = 'running'
             order by created_at, id",
        )
        .fetch_all(&mut *self.reader().await?)
        .await
        .map_err(fault)?;
        rows.into_iter().map(OwnedTurnRow::read).collect()
    }

    async fn abandoned_turns(&self, limit: u32) -> Result<Vec<(Scope, TurnRecord)>> {
        leases::abandoned(self, limit).await
    }

    async fn take_over(
        &self,
        scope: &Scope,
        turn: &TurnId,
        from_attempt: u32,
        lease: &Lease,
    ) -> Result<Option<TakenOver>> {
        self.write(TakeOver {
            scope: scope.clone(),
            turn: turn.clone(),
            from_attempt,
            lease: lease.clone(),
        })
        .await
    }

    async fn renew_leases(&self, lease: &Lease, turns: &[(Scope, TurnKey)]) -> Result<Vec<Held>> {
        if turns.is_empty() {
            return Ok(Vec::new());
        }
        self.write(Renew(lease.clone(), turns.to_vec())).await
    }

    async fn wanted_turns(&self, holder: &ProcessId) -> Result<Vec<Held>> {
        leases::wanted(self, holder).await
    }

    async fn release_turn(&self, scope: &Scope, key: &TurnKey, holder: &ProcessId) -> Result<bool> {
        let job = Release(scope.clone(), key.clone(), holder.clone());
        self.write(job).await
    }

    async fn release_all(&self) -> Result<()> {
        self.write(ReleaseAll).await
    }

    async fn drop_logs(&self, ended_before: Timestamp) -> Result<u64> {
        let mut dropped = 0;
        loop {
            let turns = self.write(DropLogs(ended_before)).await?;
            dropped += turns;
            if turns < DROPPED_AT_ONCE {
                return Ok(dropped);
            }
        }
    }

    async fn sweep(&self, now: Timestamp) -> Result<()> {
        while self.write(Sweep(now)).await? == Swept::Partly {}
        Ok(())
    }

    async fn delete_idle_threads(&self, idle: &Idle, limit: u32) -> Result<u64> {
        self.write(DeleteIdle(idle.clone(), limit)).await
    }

    async fn index_older(&self, limit: u32) -> Result<u64> {
        self.write(IndexOlder(limit)).await
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
pub(crate) struct OwnedTurnRow {
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
    pub(crate) fn read(self) -> Result<(Scope, TurnRecord)> {
        let corrupt = |error| row::corrupt("owner of a turn", error);
        let scope = Scope {
            tenant: TenantId::new(self.tenant_id).map_err(corrupt)?,
            user: UserId::new(self.user_id).map_err(corrupt)?,
        };
        Ok((scope, self.turn.read()?))
    }
}

struct AppendLogs(Vec<(Scope, LogBatch)>);

impl Job for AppendLogs {
    type Output = ();

    async fn run(&self, script: &mut Script<'_>) -> Result<()> {
        for batches in self.0.chunks(APPENDED_AT_ONCE) {
            append(batches, script);
            script.relieve().await?;
        }
        Ok(())
    }
}

/// The number of batches that one statement appends; where there are fewer, the rest names no turn.
const APPENDED_AT_ONCE: usize = 8;

fn append(batches: &[(Scope, LogBatch)], script: &mut Script<'_>) {
    script.add(
        "insert into turn_logs (tenant_id, user_id, turn_id, attempt, first_seq, last_seq, events)
         select turns.tenant_id, turns.user_id, turns.id, turns.attempt,
             batch.column5, batch.column6, batch.column7
         from (values
             (?, ?, ?, ?, ?, ?, ?), (?, ?, ?, ?, ?, ?, ?), (?, ?, ?, ?, ?, ?, ?),
             (?, ?, ?, ?, ?, ?, ?), (?, ?, ?, ?, ?, ?, ?), (?, ?, ?, ?, ?, ?, ?),
             (?, ?, ?, ?, ?, ?, ?), (?, ?, ?, ?, ?, ?, ?)) as batch
             join turns on turns.tenant_id = batch.column1 and turns.user_id = batch.column2
                 and turns.id = batch.column3 and turns.attempt = batch.column4
         where true
         on conflict (turn_id, attempt, first_seq) do update
             set last_seq = excluded.last_seq, events = excluded.events
             where excluded.last_seq > turn_logs.last_seq",
        "log of turn",
        batches.first().map_or("", |(_, batch)| batch.turn.as_str()),
    );
    for number in 0..APPENDED_AT_ONCE {
        let scope = batches.get(number).map(|(scope, _)| scope);
        let batch = batches.get(number).map(|(_, batch)| batch);
        script
            .bind(scope.map(|scope| scope.tenant.as_str()))
            .bind(scope.map(|scope| scope.user.as_str()))
            .bind(batch.map(|batch| batch.turn.as_str()))
            .bind(batch.map(|batch| i64::from(batch.attempt)))
            .bind(batch.map(|batch| row::integer(batch.first_seq)))
            .bind(batch.map(|batch| row::integer(batch.last_seq)))
            .bind(batch.map(|batch| &*batch.events));
    }
}

/// The most turns whose logs are dropped in one transaction, so that no other write waits for long.
const DROPPED_AT_ONCE: u64 = 200;

struct DropLogs(Timestamp);

impl Job for DropLogs {
    type Output = u64;

    async fn run(&self, script: &mut Script<'_>) -> Result<u64> {
        script
            .add(
                "select distinct turn_logs.turn_id
                 from turn_logs
                     cross join turns on turns.id = turn_logs.turn_id
                 where turns.ended_at < ?
                 limit ?",
                "log",
                "",
            )
            .bind(self.0.as_microsecond())
            .bind(row::integer(DROPPED_AT_ONCE));
        let turns: sqlx::Result<Vec<String>> = script
            .send()
            .await?
            .rows
            .iter()
            .map(|row| row.try_get(0))
            .collect();
        let turns = turns.map_err(fault)?;
        script
            .add(
                "delete from turn_logs where turn_id in (select value from json_each(?))",
                "log",
                "",
            )
            .bind(row::json("turns", &turns)?);
        row::number(i64::try_from(turns.len()).unwrap_or(i64::MAX))
    }
}

struct Sweep(Timestamp);

/// The most rows of a table that are swept in one transaction, so that no other write waits for long.
pub(crate) const SWEPT_AT_ONCE: u64 = 1_000;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Swept {
    Wholly,
    Partly,
}

impl Job for Sweep {
    type Output = Swept;

    async fn run(&self, script: &mut Script<'_>) -> Result<Swept> {
        usage::sweep(self.0, script);
        let days = script.send().await?.changed;
        connections::sweep(self.0, script);
        let ways = script.send().await?.changed;
        Ok(if days.max(ways) < SWEPT_AT_ONCE {
            Swept::Wholly
        } else {
            Swept::Partly
        })
    }
}
