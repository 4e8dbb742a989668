//! Who runs a turn, by the clock of the database.

use frontdesk_identity::Scope;
use frontdesk_store::{
    Continuation, Held, Lease, ProcessId, Result, TakenOver, TurnId, TurnKey, TurnRecord,
};
use sqlx::postgres::PgRow;

use crate::PostgresStore;
use crate::row;
use crate::store::Statement;
use crate::text::stored;
use crate::turns::turn_of;

impl PostgresStore {
    pub(crate) async fn abandoned(&self, limit: u32) -> Result<Vec<(Scope, TurnRecord)>> {
        let statement = sqlx::query(
            "select tenant_id, user_id, id, thread_id, status, attempt, created_at, ended_at,
                 request_key, request_body
             from turns
             where status = 'running' and (leased_until is null or leased_until <= clock_timestamp())
             order by leased_until nulls first, id
             limit $1",
        )
        .bind(i64::from(limit));
        let rows = self.rows(statement).await?;
        rows.iter().map(owned_turn).collect()
    }

    pub(crate) async fn wanted(&self, holder: &ProcessId) -> Result<Vec<Held>> {
        let statement = sqlx::query(
            "select id, stop_asked,
                 coalesce(read_until > clock_timestamp(), false) as is_read
             from turns
             where holder = $1 and status = 'running'
                 and (stop_asked or read_until > clock_timestamp())",
        )
        .bind(stored(holder.as_str()));
        let rows = self.logs.rows(statement).await?;
        rows.iter().map(held).collect()
    }

    pub(crate) async fn take(
        &self,
        scope: &Scope,
        turn: &TurnId,
        from_attempt: u32,
        lease: &Lease,
    ) -> Result<Option<TakenOver>> {
        let statement = sqlx::query(
            "update turns set attempt = attempt + 1, holder = $5,
                 leased_until = clock_timestamp() + $6 * interval '1 microsecond'
             where tenant_id = $1 and user_id = $2 and id = $3
                 and attempt = $4 and status = 'running'
                 and (leased_until is null or leased_until <= clock_timestamp())
             returning continuation_version, continuation, stop_asked",
        )
        .bind(scope.tenant.as_str())
        .bind(scope.user.as_str())
        .bind(stored(turn.as_str()))
        .bind(i64::from(from_attempt))
        .bind(stored(lease.holder.as_str()))
        .bind(row::length(lease.length));
        let taken = self.row(statement).await?;
        let taken = taken.map(|row| taken_over(turn, &row));
        taken.transpose()
    }

    pub(crate) async fn renew(
        &self,
        lease: &Lease,
        turns: &[(Scope, TurnKey)],
    ) -> Result<Vec<Held>> {
        let mut attempts = 1;
        loop {
            match self.leases.rows(renewal(lease, turns)).await {
                Ok(rows) => return rows.iter().map(held).collect(),
                Err(fault) if fault.may_pass(attempts) => attempts += 1,
                Err(fault) => return Err(fault.into()),
            }
        }
    }

    pub(crate) async fn release(
        &self,
        scope: &Scope,
        key: &TurnKey,
        holder: &ProcessId,
    ) -> Result<bool> {
        let statement = sqlx::query(
            "update turns set leased_until = null
             where tenant_id = $1 and user_id = $2 and id = $3
                 and attempt = $4 and holder = $5 and status = 'running'",
        )
        .bind(scope.tenant.as_str())
        .bind(scope.user.as_str())
        .bind(stored(key.turn.as_str()))
        .bind(i64::from(key.attempt))
        .bind(stored(holder.as_str()));
        Ok(self.logs.run(statement).await? > 0)
    }
}

/// The turns are locked in one order by all that lock several, so that none waits for another in a circle.
fn renewal<'q>(lease: &'q Lease, turns: &'q [(Scope, TurnKey)]) -> Statement<'q> {
    let tenants: Vec<&str> = turns
        .iter()
        .map(|(scope, _)| scope.tenant.as_str())
        .collect();
    let users: Vec<&str> = turns.iter().map(|(scope, _)| scope.user.as_str()).collect();
    let ids: Vec<_> = turns
        .iter()
        .map(|(_, key)| stored(key.turn.as_str()))
        .collect();
    let attempts: Vec<i64> = turns
        .iter()
        .map(|(_, key)| i64::from(key.attempt))
        .collect();
    sqlx::query(
        "with mine as (
             select turns.tenant_id, turns.user_id, turns.id
             from turns
                 join unnest($1::text[], $2::text[], $3::text[], $4::bigint[])
                     as asked (tenant_id, user_id, id, attempt)
                     on turns.tenant_id = asked.tenant_id and turns.user_id = asked.user_id
                         and turns.id = asked.id and turns.attempt = asked.attempt
             where turns.holder = $5 and turns.status = 'running'
             order by turns.tenant_id, turns.user_id, turns.id
             for no key update of turns
         )
         update turns set leased_until = clock_timestamp() + $6 * interval '1 microsecond'
         from mine
         where turns.tenant_id = mine.tenant_id and turns.user_id = mine.user_id
             and turns.id = mine.id
         returning turns.id, turns.stop_asked,
             coalesce(turns.read_until > clock_timestamp(), false) as is_read",
    )
    .bind(tenants)
    .bind(users)
    .bind(ids)
    .bind(attempts)
    .bind(stored(lease.holder.as_str()))
    .bind(row::length(lease.length))
}

/// The turn that a row is, with its owner.
pub(crate) fn owned_turn(row: &PgRow) -> Result<(Scope, TurnRecord)> {
    Ok((row::scope(row)?, turn_of(row)?))
}

fn held(row: &PgRow) -> Result<Held> {
    Ok(Held {
        turn: TurnId::new(row::text(row, "id")?),
        is_stop_asked: row::column(row, "stop_asked")?,
        is_read_elsewhere: row::column(row, "is_read")?,
    })
}

fn taken_over(turn: &TurnId, row: &PgRow) -> Result<TakenOver> {
    let continuation = continuation(row).unwrap_or_else(|error| {
        tracing::error!(%turn, %error, "what was left of a turn can't be read");
        None
    });
    Ok(TakenOver {
        continuation,
        is_stop_asked: row::column(row, "stop_asked")?,
    })
}

fn continuation(row: &PgRow) -> Result<Option<Continuation>> {
    let version: Option<i32> = row::column(row, "continuation_version")?;
    let data: Option<String> = row::column(row, "continuation")?;
    let left = version.zip(data);
    let left = left.map(|(version, data)| row::continuation(i64::from(version), data));
    left.transpose()
}
