//! What users have used, by day.

use async_trait::async_trait;
use frontdesk_identity::Scope;
use frontdesk_protocol::Timestamp;
use frontdesk_store::{Result, Usage, UtcDay, form};

use crate::PostgresStore;
use crate::maintenance::SWEPT_AT_ONCE;
use crate::row;

#[async_trait]
impl Usage for PostgresStore {
    async fn tokens_used(&self, scope: &Scope, day: UtcDay) -> Result<u64> {
        let statement = sqlx::query(
            "select tokens from usage where tenant_id = $1 and user_id = $2 and day = $3",
        )
        .bind(scope.tenant.as_str())
        .bind(scope.user.as_str())
        .bind(day.number());
        match self.row(statement).await? {
            Some(row) => row::number(row::column(&row, "tokens")?),
            None => Ok(0),
        }
    }

    async fn add_tokens(&self, scope: &Scope, day: UtcDay, tokens: u64) -> Result<()> {
        let tokens = form::counted_tokens(tokens);
        if tokens == 0 {
            return Ok(());
        }
        let statement = sqlx::query(
            "insert into usage (tenant_id, user_id, day, tokens)
             values ($1, $2, $3, $4)
             on conflict (tenant_id, user_id, day) do update
                 set tokens = usage.tokens + excluded.tokens",
        )
        .bind(scope.tenant.as_str())
        .bind(scope.user.as_str())
        .bind(day.number())
        .bind(row::integer(tokens));
        self.run(statement).await?;
        Ok(())
    }
}

impl PostgresStore {
    /// Forgets some of the days that are long past, and says how many.
    pub(crate) async fn forget_days(&self, now: Timestamp) -> Result<u64> {
        let statement = sqlx::query(
            "delete from usage where (tenant_id, user_id, day) in (
                 select tenant_id, user_id, day from usage where day <= $1 limit $2)",
        )
        .bind(form::forgotten_day(now).number())
        .bind(row::integer(SWEPT_AT_ONCE));
        Ok(self.run(statement).await?)
    }
}
