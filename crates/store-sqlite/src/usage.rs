//! What users have used, by day.

use async_trait::async_trait;
use frontdesk_identity::Scope;
use frontdesk_protocol::Timestamp;
use frontdesk_store::{Result, Usage, UtcDay, form};

use crate::SqliteStore;
use crate::fault::fault;
use crate::maintenance::SWEPT_AT_ONCE;
use crate::row;
use crate::script::Script;
use crate::writer::Job;

#[async_trait]
impl Usage for SqliteStore {
    async fn tokens_used(&self, scope: &Scope, day: UtcDay) -> Result<u64> {
        let found: Option<i64> = sqlx::query_scalar(
            "select tokens from usage
             where tenant_id = ?1 and user_id = ?2 and day = ?3",
        )
        .bind(scope.tenant.as_str())
        .bind(scope.user.as_str())
        .bind(day.number())
        .fetch_optional(&mut *self.reader().await?)
        .await
        .map_err(fault)?;
        found.map_or(Ok(0), row::number)
    }

    async fn add_tokens(&self, scope: &Scope, day: UtcDay, tokens: u64) -> Result<()> {
        let scope = scope.clone();
        self.write(Add { scope, day, tokens }).await
    }
}

struct Add {
    scope: Scope,
    day: UtcDay,
    tokens: u64,
}

impl Job for Add {
    type Output = ();

    async fn run(&self, script: &mut Script<'_>) -> Result<()> {
        add(&self.scope, self.day, self.tokens, script);
        Ok(())
    }
}

/// Adds what a turn used to its owner's day.
pub(crate) fn add(scope: &Scope, day: UtcDay, tokens: u64, script: &mut Script<'_>) {
    let tokens = form::counted_tokens(tokens);
    if tokens == 0 {
        return;
    }
    script
        .add(
            "insert into usage (tenant_id, user_id, day, tokens)
             values (?, ?, ?, ?)
             on conflict (tenant_id, user_id, day) do update
                 set tokens = usage.tokens + excluded.tokens",
            "usage",
            "",
        )
        .bind(scope.tenant.as_str())
        .bind(scope.user.as_str())
        .bind(day.number())
        .bind(row::integer(tokens));
}

/// Forgets days that are long past.
pub(crate) fn sweep(now: Timestamp, script: &mut Script<'_>) {
    script
        .add(
            "delete from usage where (tenant_id, user_id, day) in (
                 select tenant_id, user_id, day from usage where day <= ? limit ?)",
            "usage",
            "",
        )
        .bind(form::forgotten_day(now).number())
        .bind(row::integer(SWEPT_AT_ONCE));
}
