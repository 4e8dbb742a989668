//! What users think of items.

use std::collections::BTreeSet;

use async_trait::async_trait;
use frontdesk_identity::Scope;
use frontdesk_protocol::{FeedbackKind, ItemId, ThreadId, Timestamp};
use frontdesk_store::limit::page_limit;
use frontdesk_store::{Feedback, Feedbacks, ItemFeedback, Result};
use sqlx::postgres::PgRow;

use crate::PostgresStore;
use crate::row;
use crate::text::stored;

const POSITIVE: &str = "positive";
const NEGATIVE: &str = "negative";

#[async_trait]
impl Feedback for PostgresStore {
    async fn give_feedback(
        &self,
        scope: &Scope,
        thread: &ThreadId,
        items: &[ItemId],
        kind: FeedbackKind,
        at: Timestamp,
    ) -> Result<bool> {
        let items: BTreeSet<&ItemId> = items.iter().collect();
        let items: Vec<_> = items.iter().map(|item| stored(item.as_str())).collect();
        let statement = sqlx::query(
            "with here as (
                 select id from items
                 where tenant_id = $1 and user_id = $2 and thread_id = $3 and id = any($4)
                 for key share
             ), whole as (
                 select 1 where (select count(*) from here) = cardinality($4)
             ), given as (
                 insert into feedback (tenant_id, user_id, item_id, thread_id, kind, given_at)
                 select $1, $2, here.id, $3, $5, $6 from here, whole
                 on conflict (tenant_id, user_id, item_id) do update
                     set kind = excluded.kind, given_at = excluded.given_at
             )
             select 1 from whole",
        )
        .bind(scope.tenant.as_str())
        .bind(scope.user.as_str())
        .bind(stored(thread.as_str()))
        .bind(items)
        .bind(kind_of(kind))
        .bind(at.as_microsecond());
        Ok(self.row(statement).await?.is_some())
    }

    async fn feedback(&self, scope: &Scope, thread: &ThreadId) -> Result<Vec<ItemFeedback>> {
        let statement = sqlx::query(
            "select item_id, thread_id, kind, given_at from feedback
             where tenant_id = $1 and user_id = $2 and thread_id = $3
             order by item_id",
        )
        .bind(scope.tenant.as_str())
        .bind(scope.user.as_str())
        .bind(stored(thread.as_str()));
        let rows = self.rows(statement).await?;
        rows.iter().map(given).collect()
    }
}

/// A kind, as it is stored.
pub(crate) fn kind_of(kind: FeedbackKind) -> &'static str {
    match kind {
        FeedbackKind::Positive => POSITIVE,
        FeedbackKind::Negative => NEGATIVE,
    }
}

#[async_trait]
impl Feedbacks for PostgresStore {
    async fn all_feedback(
        &self,
        after: Option<&(Scope, ItemFeedback)>,
        limit: u32,
    ) -> Result<Vec<(Scope, ItemFeedback)>> {
        let (at, tenant, user, item) = match after {
            None => (i64::MIN, "", "", ""),
            Some((scope, given)) => (
                given.at.as_microsecond(),
                scope.tenant.as_str(),
                scope.user.as_str(),
                given.item.as_str(),
            ),
        };
        let statement = sqlx::query(
            "select tenant_id, user_id, item_id, thread_id, kind, given_at from feedback
             where (given_at, tenant_id, user_id, item_id) > ($1, $2, $3, $4)
             order by given_at, tenant_id, user_id, item_id
             limit $5",
        )
        .bind(at)
        .bind(tenant)
        .bind(user)
        .bind(stored(item))
        .bind(i64::from(page_limit(limit)));
        let rows = self.rows(statement).await?;
        let all = rows.iter().map(|row| Ok((row::scope(row)?, given(row)?)));
        all.collect()
    }
}

fn given(row: &PgRow) -> Result<ItemFeedback> {
    Ok(ItemFeedback {
        thread: ThreadId::new(row::text(row, "thread_id")?),
        item: ItemId::new(row::text(row, "item_id")?),
        kind: match row::column(row, "kind")? {
            POSITIVE => FeedbackKind::Positive,
            NEGATIVE => FeedbackKind::Negative,
            other => return Err(row::corrupt("feedback", other)),
        },
        at: row::time(row::column(row, "given_at")?)?,
    })
}
