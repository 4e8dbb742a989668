//! The end of an owner, and of threads that nobody has used for long.

use frontdesk_identity::{Scope, TenantId};
use frontdesk_store::{Forgotten, Idle, Result, Tenants};

use crate::PostgresStore;
use crate::fault::Tried;
use crate::row;

/// Threads that are deleted in one transaction, so that nobody waits for long.
const THREADS_AT_ONCE: u32 = 50;

impl PostgresStore {
    /// Deletes all that an owner has.
    pub(crate) async fn forget_all(&self, scope: &Scope) -> Result<Forgotten> {
        let mut forgotten = Forgotten::default();
        loop {
            let some = self.forget_threads(scope).await?;
            forgotten.threads += some.threads;
            forgotten.items += some.items;
            forgotten.turns += some.turns;
            forgotten.feedback += some.feedback;
            forgotten.attachments += some.attachments;
            if some.threads == 0 {
                break;
            }
        }
        let rest = self.forget_rest(scope).await?;
        Ok(Forgotten {
            attachments: forgotten.attachments + rest.attachments,
            connections: rest.connections,
            days: rest.days,
            keys: rest.keys,
            ..forgotten
        })
    }

    async fn forget_threads(&self, scope: &Scope) -> Result<Forgotten> {
        let statement = || {
            sqlx::query(
                "with gone as (
                     select id from threads where tenant_id = $1 and user_id = $2
                     limit $3
                     for update
                 ), deleted as (
                     delete from threads using gone
                     where tenant_id = $1 and user_id = $2 and threads.id = gone.id
                     returning threads.id
                 )
                 select
                     (select count(*) from deleted) as threads,
                     (select count(*) from items
                         where tenant_id = $1 and user_id = $2
                             and thread_id in (select id from gone)) as items,
                     (select count(*) from turns
                         where tenant_id = $1 and user_id = $2
                             and thread_id in (select id from gone)) as turns,
                     (select count(*) from feedback
                         where tenant_id = $1 and user_id = $2
                             and thread_id in (select id from gone)) as feedback,
                     (select count(*) from attachments
                         where tenant_id = $1 and user_id = $2
                             and thread_id in (select id from gone)) as attachments",
            )
            .bind(scope.tenant.as_str())
            .bind(scope.user.as_str())
            .bind(i64::from(THREADS_AT_ONCE))
        };
        let mut attempts = 1;
        let row = loop {
            match self.row(statement()).await {
                Err(fault) if fault.may_pass(attempts) => attempts += 1,
                outcome => break outcome?,
            }
        };
        let Some(row) = row else {
            return Ok(Forgotten::default());
        };
        let count = |name: &str| row::number(row::column(&row, name)?);
        Ok(Forgotten {
            threads: count("threads")?,
            items: count("items")?,
            turns: count("turns")?,
            feedback: count("feedback")?,
            attachments: count("attachments")?,
            ..Forgotten::default()
        })
    }

    async fn forget_rest(&self, scope: &Scope) -> Result<Forgotten> {
        let statement = sqlx::query(
            "with attachments as (
                 delete from attachments where tenant_id = $1 and user_id = $2 returning 1
             ), connections as (
                 delete from connections where tenant_id = $1 and user_id = $2 returning 1
             ), connecting as (
                 delete from connecting where tenant_id = $1 and user_id = $2 returning 1
             ), usage as (
                 delete from usage where tenant_id = $1 and user_id = $2 returning 1
             ), keys as (
                 delete from api_keys where tenant_id = $1 and user_id = $2 returning 1
             )
             select
                 (select count(*) from attachments) as attachments,
                 (select count(*) from connections) as connections,
                 (select count(*) from connecting) as connecting,
                 (select count(*) from usage) as days,
                 (select count(*) from keys) as keys",
        )
        .bind(scope.tenant.as_str())
        .bind(scope.user.as_str());
        let Some(row) = self.row(statement).await? else {
            return Ok(Forgotten::default());
        };
        let count = |name: &str| row::number::<u64>(row::column(&row, name)?);
        Ok(Forgotten {
            attachments: count("attachments")?,
            connections: count("connections")? + count("connecting")?,
            days: count("days")?,
            keys: count("keys")?,
            ..Forgotten::default()
        })
    }

    /// Deletes threads that were idle for long. They are locked first and looked at again then, so that none goes in
    /// which a turn just begins.
    pub(crate) async fn delete_idle(&self, idle: &Idle, limit: u32) -> Result<u64> {
        let mut attempts = 1;
        loop {
            match self.delete_idle_once(idle, limit).await {
                Err(fault) if fault.may_pass(attempts) => attempts += 1,
                outcome => return Ok(outcome?),
            }
        }
    }

    async fn delete_idle_once(&self, idle: &Idle, limit: u32) -> Tried<u64> {
        let since = idle.since.as_microsecond();
        let (only, but): (Option<&str>, Vec<&str>) = match &idle.tenants {
            Tenants::Only(tenant) => (Some(tenant.as_str()), Vec::new()),
            Tenants::AllBut(tenants) => (None, tenants.iter().map(TenantId::as_str).collect()),
        };
        let mut transaction = self.begin().await?;
        let locked = sqlx::query(
            "select tenant_id, user_id, id from threads
             where created_at < $1 and ($2::text is null or tenant_id = $2)
                 and tenant_id <> all($3::text[])
                 and not exists (
                     select from items
                     where items.tenant_id = threads.tenant_id and items.user_id = threads.user_id
                         and items.thread_id = threads.id and items.created_at >= $1)
                 and not exists (
                     select from turns
                     where turns.tenant_id = threads.tenant_id and turns.user_id = threads.user_id
                         and turns.thread_id = threads.id
                         and (turns.status = 'running' or turns.created_at >= $1
                             or turns.ended_at >= $1))
             order by created_at
             limit $4
             for update skip locked",
        )
        .bind(since)
        .bind(only)
        .bind(but)
        .bind(i64::from(limit));
        let rows = transaction.rows(locked).await?;
        let column = |name: &str| -> Tried<Vec<String>> {
            let names = rows.iter().map(|row| sqlx::Row::try_get(row, name));
            Ok(names.collect::<sqlx::Result<_>>()?)
        };
        let deleted = sqlx::query(
            "delete from threads
             using unnest($2::text[], $3::text[], $4::text[]) as old (tenant_id, user_id, id)
             where threads.tenant_id = old.tenant_id and threads.user_id = old.user_id
                 and threads.id = old.id
                 and not exists (
                     select from items
                     where items.tenant_id = old.tenant_id and items.user_id = old.user_id
                         and items.thread_id = old.id and items.created_at >= $1)
                 and not exists (
                     select from turns
                     where turns.tenant_id = old.tenant_id and turns.user_id = old.user_id
                         and turns.thread_id = old.id
                         and (turns.status = 'running' or turns.created_at >= $1
                             or turns.ended_at >= $1))",
        )
        .bind(since)
        .bind(column("tenant_id")?)
        .bind(column("user_id")?)
        .bind(column("id")?);
        let deleted = transaction.run(deleted).await?;
        transaction.commit().await?;
        Ok(deleted)
    }
}
