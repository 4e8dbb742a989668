//! The end of an owner, and of threads that nobody has used for long.

use frontdesk_identity::{Scope, TenantId};
use frontdesk_store::{Forgotten, Idle, Result, Tenants};
use sqlx::Row;

use crate::SqliteStore;
use crate::fault::fault;
use crate::row;
use crate::script::Script;
use crate::writer::Job;

/// Threads that are deleted in one transaction, so that no other write waits for long.
const THREADS_AT_ONCE: u32 = 50;

/// Deletes all that an owner has.
pub(crate) async fn forget(store: &SqliteStore, scope: &Scope) -> Result<Forgotten> {
    let mut forgotten = Forgotten::default();
    loop {
        let some = store.write(ForgetThreads(scope.clone())).await?;
        forgotten.threads += some.threads;
        forgotten.items += some.items;
        forgotten.turns += some.turns;
        forgotten.feedback += some.feedback;
        forgotten.attachments += some.attachments;
        if some.threads < u64::from(THREADS_AT_ONCE) {
            break;
        }
    }
    let rest = store.write(ForgetRest(scope.clone())).await?;
    Ok(Forgotten {
        attachments: forgotten.attachments + rest.attachments,
        connections: rest.connections,
        days: rest.days,
        keys: rest.keys,
        ..forgotten
    })
}

struct ForgetThreads(Scope);

impl Job for ForgetThreads {
    type Output = Forgotten;

    async fn run(&self, script: &mut Script<'_>) -> Result<Forgotten> {
        let (tenant, user) = (self.0.tenant.as_str(), self.0.user.as_str());
        script
            .add(
                "select id from threads where tenant_id = ? and user_id = ? limit ?",
                "thread",
                "",
            )
            .bind(tenant)
            .bind(user)
            .bind(i64::from(THREADS_AT_ONCE));
        let rows = script.send().await?.rows;
        let threads: sqlx::Result<Vec<String>> = rows.iter().map(|row| row.try_get(0)).collect();
        let threads = threads.map_err(fault)?;
        let named = row::json("threads", &threads)?;
        let mut counts = [0; 4];
        let counted = [
            "select count(*) from items
             where tenant_id = ? and user_id = ?
                 and thread_id in (select value from json_each(?))",
            "select count(*) from turns
             where tenant_id = ? and user_id = ?
                 and thread_id in (select value from json_each(?))",
            "select count(*) from feedback
             where tenant_id = ? and user_id = ?
                 and thread_id in (select value from json_each(?))",
            "select count(*) from attachments
             where tenant_id = ? and user_id = ?
                 and thread_id in (select value from json_each(?))",
        ];
        for (count, statement) in counts.iter_mut().zip(counted) {
            script.add(statement, "owner", user).bind(tenant).bind(user);
            let found = script.bind(named.as_str()).row().await?;
            let rows: Option<i64> = found.map(|row| row.try_get(0)).transpose().map_err(fault)?;
            *count = row::number(rows.unwrap_or_default())?;
        }
        script
            .add(
                "delete from threads
                 where tenant_id = ? and user_id = ? and id in (select value from json_each(?))",
                "owner",
                user,
            )
            .bind(tenant)
            .bind(user)
            .bind(named);
        let [items, turns, feedback, attachments] = counts;
        Ok(Forgotten {
            threads: script.send().await?.changed,
            items,
            turns,
            feedback,
            attachments,
            ..Forgotten::default()
        })
    }
}

struct ForgetRest(Scope);

impl Job for ForgetRest {
    type Output = Forgotten;

    async fn run(&self, script: &mut Script<'_>) -> Result<Forgotten> {
        let mut changed = [0; 5];
        let deletions = [
            "delete from attachments where tenant_id = ? and user_id = ?",
            "delete from connections where tenant_id = ? and user_id = ?",
            "delete from connecting where tenant_id = ? and user_id = ?",
            "delete from usage where tenant_id = ? and user_id = ?",
            "delete from api_keys where tenant_id = ? and user_id = ?",
        ];
        for (changed, statement) in changed.iter_mut().zip(deletions) {
            script
                .add(statement, "owner", self.0.user.as_str())
                .bind(self.0.tenant.as_str())
                .bind(self.0.user.as_str());
            *changed = script.send().await?.changed;
        }
        let [attachments, connections, connecting, days, keys] = changed;
        Ok(Forgotten {
            attachments,
            connections: connections + connecting,
            days,
            keys,
            ..Forgotten::default()
        })
    }
}

/// Deletes threads that were idle for long.
pub(crate) struct DeleteIdle(pub(crate) Idle, pub(crate) u32);

impl Job for DeleteIdle {
    type Output = u64;

    async fn run(&self, script: &mut Script<'_>) -> Result<u64> {
        let since = self.0.since.as_microsecond();
        let tenants = match &self.0.tenants {
            Tenants::Only(tenant) => {
                script.add(
                    "delete from threads where (tenant_id, user_id, id) in (
                         select tenant_id, user_id, id from threads
                         where created_at < ? and tenant_id = ?
                             and not exists (
                                 select 1 from items
                                 where items.tenant_id = threads.tenant_id
                                     and items.user_id = threads.user_id
                                     and items.thread_id = threads.id and items.created_at >= ?)
                             and not exists (
                                 select 1 from turns
                                 where turns.tenant_id = threads.tenant_id
                                     and turns.user_id = threads.user_id
                                     and turns.thread_id = threads.id
                                     and (turns.status = 'running' or turns.created_at >= ?
                                         or turns.ended_at >= ?))
                         order by created_at
                         limit ?)",
                    "thread",
                    "",
                );
                tenant.as_str().to_owned()
            }
            Tenants::AllBut(tenants) => {
                script.add(
                    "delete from threads where (tenant_id, user_id, id) in (
                         select tenant_id, user_id, id from threads
                         where created_at < ?
                             and tenant_id not in (select value from json_each(?))
                             and not exists (
                                 select 1 from items
                                 where items.tenant_id = threads.tenant_id
                                     and items.user_id = threads.user_id
                                     and items.thread_id = threads.id and items.created_at >= ?)
                             and not exists (
                                 select 1 from turns
                                 where turns.tenant_id = threads.tenant_id
                                     and turns.user_id = threads.user_id
                                     and turns.thread_id = threads.id
                                     and (turns.status = 'running' or turns.created_at >= ?
                                         or turns.ended_at >= ?))
                         order by created_at
                         limit ?)",
                    "thread",
                    "",
                );
                let tenants: Vec<&str> = tenants.iter().map(TenantId::as_str).collect();
                row::json("tenants", &tenants)?
            }
        };
        script.bind(since).bind(tenants);
        script.bind(since).bind(since).bind(since);
        script.bind(i64::from(self.1));
        Ok(script.send().await?.changed)
    }
}
