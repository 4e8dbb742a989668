//! Who runs a turn, by the clock of the database.

use frontdesk_identity::Scope;
use frontdesk_store::{
    Continuation, Held, Lease, ProcessId, Result, TakenOver, TurnId, TurnKey, TurnRecord,
};
use sqlx::Row;
use sqlx::sqlite::SqliteRow;

use crate::SqliteStore;
use crate::fault::fault;
use crate::maintenance::OwnedTurnRow;
use crate::row;
use crate::script::Script;
use crate::writer::Job;

pub(crate) async fn abandoned(store: &SqliteStore, limit: u32) -> Result<Vec<(Scope, TurnRecord)>> {
    let rows: Vec<OwnedTurnRow> = sqlx::query_as(
        "select tenant_id, user_id, id, thread_id, status, attempt, created_at, ended_at,
             request_key, request_body
         from turns
         where status = 'running' and (leased_until is null
             or leased_until <= cast(unixepoch('subsec') * 1000000 as integer))
         order by leased_until, id
         limit ?1",
    )
    .bind(limit)
    .fetch_all(&mut *store.reader().await?)
    .await
    .map_err(fault)?;
    rows.into_iter().map(OwnedTurnRow::read).collect()
}

pub(crate) async fn wanted(store: &SqliteStore, holder: &ProcessId) -> Result<Vec<Held>> {
    let rows: Vec<SqliteRow> = sqlx::query(
        "select id, stop_asked,
             coalesce(read_until, 0) > cast(unixepoch('subsec') * 1000000 as integer) as is_read
         from turns
         where holder = ?1 and status = 'running' and (stop_asked = 1
             or read_until > cast(unixepoch('subsec') * 1000000 as integer))",
    )
    .bind(holder.as_str())
    .fetch_all(&mut *store.reader().await?)
    .await
    .map_err(fault)?;
    rows.iter().map(held).collect()
}

fn held(row: &SqliteRow) -> Result<Held> {
    let id: String = row.try_get(0).map_err(fault)?;
    let stop_asked: i64 = row.try_get(1).map_err(fault)?;
    let is_read: i64 = row.try_get(2).map_err(fault)?;
    Ok(Held {
        turn: TurnId::new(id),
        is_stop_asked: stop_asked != 0,
        is_read_elsewhere: is_read != 0,
    })
}

pub(crate) struct TakeOver {
    pub(crate) scope: Scope,
    pub(crate) turn: TurnId,
    pub(crate) from_attempt: u32,
    pub(crate) lease: Lease,
}

impl Job for TakeOver {
    type Output = Option<TakenOver>;

    async fn run(&self, script: &mut Script<'_>) -> Result<Option<TakenOver>> {
        script
            .add(
                "update turns set attempt = attempt + 1, holder = ?,
                     leased_until = cast(unixepoch('subsec') * 1000000 as integer) + ?
                 where tenant_id = ? and user_id = ? and id = ?
                     and attempt = ? and status = 'running' and (leased_until is null
                         or leased_until <= cast(unixepoch('subsec') * 1000000 as integer))
                 returning continuation_version, continuation, stop_asked",
                "turn",
                self.turn.as_str(),
            )
            .bind(self.lease.holder.as_str())
            .bind(row::length(self.lease.length))
            .bind(self.scope.tenant.as_str())
            .bind(self.scope.user.as_str())
            .bind(self.turn.as_str())
            .bind(i64::from(self.from_attempt));
        let taken = script.row().await?;
        let taken = taken.map(|row| taken_over(&self.turn, &row));
        taken.transpose()
    }
}

fn taken_over(turn: &TurnId, row: &SqliteRow) -> Result<TakenOver> {
    let continuation = continuation(row).unwrap_or_else(|error| {
        tracing::error!(%turn, %error, "what was left of a turn can't be read");
        None
    });
    let stop_asked: i64 = row.try_get(2).map_err(fault)?;
    Ok(TakenOver {
        continuation,
        is_stop_asked: stop_asked != 0,
    })
}

fn continuation(row: &SqliteRow) -> Result<Option<Continuation>> {
    let version: Option<i64> = row.try_get(0).map_err(fault)?;
    let data: Option<String> = row.try_get(1).map_err(fault)?;
    let left = version.zip(data);
    let left = left.map(|(version, data)| row::continuation(version, data));
    left.transpose()
}

pub(crate) struct Renew(pub(crate) Lease, pub(crate) Vec<(Scope, TurnKey)>);

impl Job for Renew {
    type Output = Vec<Held>;

    async fn run(&self, script: &mut Script<'_>) -> Result<Vec<Held>> {
        let Self(lease, turns) = self;
        let mut renewed = Vec::new();
        for (scope, key) in turns {
            script
                .add(
                    "update turns
                     set leased_until = cast(unixepoch('subsec') * 1000000 as integer) + ?
                     where tenant_id = ? and user_id = ? and id = ?
                         and attempt = ? and holder = ? and status = 'running'
                     returning id, stop_asked,
                         coalesce(read_until, 0)
                             > cast(unixepoch('subsec') * 1000000 as integer)",
                    "turn",
                    key.turn.as_str(),
                )
                .bind(row::length(lease.length))
                .bind(scope.tenant.as_str())
                .bind(scope.user.as_str())
                .bind(key.turn.as_str())
                .bind(i64::from(key.attempt))
                .bind(lease.holder.as_str());
            renewed.extend(script.row().await?.as_ref().map(held).transpose()?);
        }
        Ok(renewed)
    }
}

pub(crate) struct Release(pub(crate) Scope, pub(crate) TurnKey, pub(crate) ProcessId);

impl Job for Release {
    type Output = bool;

    async fn run(&self, script: &mut Script<'_>) -> Result<bool> {
        let Self(scope, key, holder) = self;
        script
            .add(
                "update turns set leased_until = null
                 where tenant_id = ? and user_id = ? and id = ?
                     and attempt = ? and holder = ? and status = 'running'",
                "turn",
                key.turn.as_str(),
            )
            .bind(scope.tenant.as_str())
            .bind(scope.user.as_str())
            .bind(key.turn.as_str())
            .bind(i64::from(key.attempt))
            .bind(holder.as_str());
        Ok(script.send().await?.changed > 0)
    }
}

pub(crate) struct ReleaseAll;

impl Job for ReleaseAll {
    type Output = ();

    async fn run(&self, script: &mut Script<'_>) -> Result<()> {
        script.add(
            "update turns set leased_until = null where status = 'running'",
            "turns",
            "",
        );
        Ok(())
    }
}
