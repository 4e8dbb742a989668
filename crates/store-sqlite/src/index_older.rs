//! Makes findable what an earlier version stored, a piece at a time.

use frontdesk_identity::{Scope, TenantId, UserId};
use frontdesk_protocol::{ItemId, ThreadId, ThreadItem};
use frontdesk_store::Result;
use frontdesk_store::words::text_of;
use sqlx::Row;
use sqlx::sqlite::SqliteRow;

use crate::fault::fault;
use crate::script::Script;
use crate::writer::Job;
use crate::{row, search};

/// At most so many threads, and as many items.
pub(crate) struct IndexOlder(pub(crate) u32);

impl Job for IndexOlder {
    type Output = u64;

    async fn run(&self, script: &mut Script<'_>) -> Result<u64> {
        let threads = self.titles(script).await?;
        let items = self.items(script).await?;
        Ok(threads.saturating_add(items))
    }
}

impl IndexOlder {
    async fn titles(&self, script: &mut Script<'_>) -> Result<u64> {
        script
            .add(
                "select tenant_id, user_id, id, title from threads where indexed = 0 limit ?",
                "thread",
                "",
            )
            .bind(i64::from(self.0));
        let rows = script.send().await?.rows;
        for row in &rows {
            let (scope, id) = named(row)?;
            let title: Option<String> = row.try_get(3).map_err(fault)?;
            search::put_title(&scope, &id, title.as_deref(), script);
            script
                .add(
                    "update threads set indexed = 1
                     where tenant_id = ? and user_id = ? and id = ?",
                    "thread",
                    &id,
                )
                .bind(scope.tenant.as_str())
                .bind(scope.user.as_str())
                .bind(id.as_str());
            script.relieve().await?;
        }
        Ok(u64::try_from(rows.len()).unwrap_or(u64::MAX))
    }

    async fn items(&self, script: &mut Script<'_>) -> Result<u64> {
        script
            .add(
                "select tenant_id, user_id, id, thread_id, item from items where indexed = 0 limit ?",
                "item",
                "",
            )
            .bind(i64::from(self.0));
        let rows = script.send().await?.rows;
        for row in &rows {
            let (scope, id) = named(row)?;
            let thread = ThreadId::new(row.try_get::<String, _>(3).map_err(fault)?);
            let json: String = row.try_get(4).map_err(fault)?;
            // What can't be read isn't found; whoever reads it is told.
            let item: Result<ThreadItem> = row::record("item", &json);
            let text = item.map_or_else(|_| String::new(), |item| text_of(&item));
            search::put_item(&scope, &thread, &ItemId::new(id.as_str()), &text, script);
            script
                .add(
                    "update items set indexed = 1
                     where tenant_id = ? and user_id = ? and id = ?",
                    "item",
                    &id,
                )
                .bind(scope.tenant.as_str())
                .bind(scope.user.as_str())
                .bind(id.as_str());
            script.relieve().await?;
        }
        Ok(u64::try_from(rows.len()).unwrap_or(u64::MAX))
    }
}

/// The owner and the id of a row.
fn named(found: &SqliteRow) -> Result<(Scope, String)> {
    let corrupt = |error| row::corrupt("owner", error);
    let tenant: String = found.try_get(0).map_err(fault)?;
    let user: String = found.try_get(1).map_err(fault)?;
    let scope = Scope {
        tenant: TenantId::new(tenant).map_err(corrupt)?,
        user: UserId::new(user).map_err(corrupt)?,
    };
    Ok((scope, found.try_get(2).map_err(fault)?))
}
