//! What users think of items.

use async_trait::async_trait;
use frontdesk_identity::{Scope, TenantId, UserId};
use frontdesk_protocol::{FeedbackKind, ItemId, ThreadId, Timestamp};
use frontdesk_store::limit::page_limit;
use frontdesk_store::{Feedback, Feedbacks, ItemFeedback, Result};

use crate::SqliteStore;
use crate::fault::fault;
use crate::items::time_of;
use crate::row;
use crate::script::Script;
use crate::writer::Job;

const POSITIVE: &str = "positive";
const NEGATIVE: &str = "negative";

type Row = (String, String, String, String, String, i64);

#[async_trait]
impl Feedback for SqliteStore {
    async fn give_feedback(
        &self,
        scope: &Scope,
        thread: &ThreadId,
        items: &[ItemId],
        kind: FeedbackKind,
        at: Timestamp,
    ) -> Result<bool> {
        self.write(Give {
            scope: scope.clone(),
            thread: thread.clone(),
            items: items.to_vec(),
            kind,
            at,
        })
        .await
    }

    async fn feedback(&self, scope: &Scope, thread: &ThreadId) -> Result<Vec<ItemFeedback>> {
        let rows: Vec<Row> = sqlx::query_as(
            "select tenant_id, user_id, item_id, thread_id, kind, given_at from feedback
             where tenant_id = ?1 and user_id = ?2 and thread_id = ?3
             order by item_id",
        )
        .bind(scope.tenant.as_str())
        .bind(scope.user.as_str())
        .bind(thread.as_str())
        .fetch_all(&mut *self.reader().await?)
        .await
        .map_err(fault)?;
        rows.into_iter().map(|row| Ok(read(row)?.1)).collect()
    }
}

#[async_trait]
impl Feedbacks for SqliteStore {
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
        let rows: Vec<Row> = sqlx::query_as(
            "select tenant_id, user_id, item_id, thread_id, kind, given_at from feedback
             where (given_at, tenant_id, user_id, item_id) > (?1, ?2, ?3, ?4)
             order by given_at, tenant_id, user_id, item_id
             limit ?5",
        )
        .bind(at)
        .bind(tenant)
        .bind(user)
        .bind(item)
        .bind(i64::from(page_limit(limit)))
        .fetch_all(&mut *self.reader().await?)
        .await
        .map_err(fault)?;
        rows.into_iter().map(read).collect()
    }
}

fn read((tenant, user, item, thread, kind, at): Row) -> Result<(Scope, ItemFeedback)> {
    let scope = Scope {
        tenant: TenantId::new(tenant).map_err(|error| row::corrupt("tenant", error))?,
        user: UserId::new(user).map_err(|error| row::corrupt("user", error))?,
    };
    let kind = match kind.as_str() {
        POSITIVE => FeedbackKind::Positive,
        NEGATIVE => FeedbackKind::Negative,
        other => return Err(row::corrupt("feedback", other)),
    };
    let given = ItemFeedback {
        thread: ThreadId::new(thread),
        item: ItemId::new(item),
        kind,
        at: row::time(at)?,
    };
    Ok((scope, given))
}

/// A kind, as it is stored.
pub(crate) fn kind_of(kind: FeedbackKind) -> &'static str {
    match kind {
        FeedbackKind::Positive => POSITIVE,
        FeedbackKind::Negative => NEGATIVE,
    }
}

struct Give {
    scope: Scope,
    thread: ThreadId,
    items: Vec<ItemId>,
    kind: FeedbackKind,
    at: Timestamp,
}

impl Job for Give {
    type Output = bool;

    async fn run(&self, script: &mut Script<'_>) -> Result<bool> {
        script.send().await?;
        for item in &self.items {
            let found = time_of(&self.scope, &self.thread, item.as_str(), script.conn()).await?;
            if found.is_none() {
                return Ok(false);
            }
        }
        for item in &self.items {
            self.give(item, script);
            script.relieve().await?;
        }
        Ok(true)
    }
}

impl Give {
    fn give(&self, item: &ItemId, script: &mut Script<'_>) {
        script
            .add(
                "insert into feedback (tenant_id, user_id, item_id, thread_id, kind, given_at)
                 values (?, ?, ?, ?, ?, ?)
                 on conflict (tenant_id, user_id, item_id) do update
                     set kind = excluded.kind, given_at = excluded.given_at",
                "feedback on",
                item.as_str(),
            )
            .bind(self.scope.tenant.as_str())
            .bind(self.scope.user.as_str())
            .bind(item.as_str())
            .bind(self.thread.as_str())
            .bind(kind_of(self.kind))
            .bind(self.at.as_microsecond());
    }
}
