//! Items.

use async_trait::async_trait;
use frontdesk_identity::Scope;
use frontdesk_protocol::{ItemId, Page, ThreadId, ThreadItem};
use frontdesk_store::limit::{MAX_PAGE, page_limit};
use frontdesk_store::words::text_of;
use frontdesk_store::{Items, PageRequest, Result, Step, StoredItem, TurnId, form};
use sqlx::SqliteConnection;

use crate::SqliteStore;
use crate::fault::fault;
use crate::script::Script;
use crate::writer::Job;
use crate::{row, search, steps};

#[async_trait]
impl Items for SqliteStore {
    async fn item(
        &self,
        scope: &Scope,
        thread: &ThreadId,
        item: &ItemId,
    ) -> Result<Option<ThreadItem>> {
        let found: Option<(i64, String)> = sqlx::query_as(
            "select created_at, item from items
             where tenant_id = ?1 and user_id = ?2 and id = ?4 and thread_id = ?3",
        )
        .bind(scope.tenant.as_str())
        .bind(scope.user.as_str())
        .bind(thread.as_str())
        .bind(item.as_str())
        .fetch_optional(&mut *self.reader().await?)
        .await
        .map_err(fault)?;
        found.map(|(time, json)| read(time, &json)).transpose()
    }

    async fn items(
        &self,
        scope: &Scope,
        thread: &ThreadId,
        request: &PageRequest,
    ) -> Result<Option<Page<ThreadItem>>> {
        let mut conn = self.reader().await?;
        let descending = form::newest_first(request.order);
        let cursor = match &request.after {
            None => row::outermost(descending),
            Some(after) => match time_of(scope, thread, after, &mut conn).await? {
                Some(time) => (time, after.as_str()),
                None => return Ok(None),
            },
        };
        let limit = page_limit(request.limit);
        let statement = if descending {
            "select created_at, item from items
             where tenant_id = ?1 and user_id = ?2 and thread_id = ?3
                 and (created_at, id) < (?4, ?5)
             order by created_at desc, id desc
             limit ?6"
        } else {
            "select created_at, item from items
             where tenant_id = ?1 and user_id = ?2 and thread_id = ?3
                 and (created_at, id) > (?4, ?5)
             order by created_at, id
             limit ?6"
        };
        let rows: Vec<(i64, String)> = sqlx::query_as(statement)
            .bind(scope.tenant.as_str())
            .bind(scope.user.as_str())
            .bind(thread.as_str())
            .bind(cursor.0)
            .bind(cursor.1)
            .bind(i64::from(limit) + 1)
            .fetch_all(&mut *conn)
            .await
            .map_err(fault)?;
        if rows.is_empty() && request.after.is_none() && !exists(scope, thread, &mut conn).await? {
            return Ok(None);
        }
        let items = rows
            .iter()
            .map(|(time, json)| read(*time, json))
            .collect::<Result<Vec<_>>>()?;
        Ok(Some(row::page(items, limit, |item| item.id().as_str())))
    }

    async fn recent_items(
        &self,
        scope: &Scope,
        thread: &ThreadId,
        limit: u32,
    ) -> Result<Vec<StoredItem>> {
        let rows: Vec<(Option<String>, i64, String)> = sqlx::query_as(
            "select turn_id, created_at, item from items
             where tenant_id = ?1 and user_id = ?2 and thread_id = ?3
             order by created_at desc, id desc
             limit ?4",
        )
        .bind(scope.tenant.as_str())
        .bind(scope.user.as_str())
        .bind(thread.as_str())
        .bind(i64::from(page_limit(limit)))
        .fetch_all(&mut *self.reader().await?)
        .await
        .map_err(fault)?;
        let stored = rows.into_iter().rev().map(|(turn, time, json)| {
            Ok(StoredItem {
                item: read(time, &json)?,
                turn: turn.map(TurnId::new),
            })
        });
        stored.collect()
    }

    async fn items_of_turn(
        &self,
        scope: &Scope,
        thread: &ThreadId,
        turn: &TurnId,
    ) -> Result<Vec<ThreadItem>> {
        let rows: Vec<(i64, String)> = sqlx::query_as(
            "select created_at, item from items
             where tenant_id = ?1 and user_id = ?2 and thread_id = ?3 and turn_id = ?4
             order by created_at desc, id desc
             limit ?5",
        )
        .bind(scope.tenant.as_str())
        .bind(scope.user.as_str())
        .bind(thread.as_str())
        .bind(turn.as_str())
        .bind(i64::from(MAX_PAGE))
        .fetch_all(&mut *self.reader().await?)
        .await
        .map_err(fault)?;
        let stored = rows.into_iter().rev();
        stored.map(|(time, json)| read(time, &json)).collect()
    }

    async fn recent_with_steps(
        &self,
        scope: &Scope,
        thread: &ThreadId,
        limit: u32,
    ) -> Result<(Vec<StoredItem>, Vec<Step>)> {
        self.past_of(scope, thread, limit).await
    }

    async fn steps(&self, scope: &Scope, thread: &ThreadId, turns: &[TurnId]) -> Result<Vec<Step>> {
        let mut conn = self.reader().await?;
        steps::of_turns(scope, thread, turns, &mut conn).await
    }

    async fn put_items(
        &self,
        scope: &Scope,
        thread: &ThreadId,
        items: Vec<ThreadItem>,
    ) -> Result<bool> {
        let items = ItemRow::all(thread, &items)?;
        self.write(PutItems {
            scope: scope.clone(),
            thread: thread.clone(),
            items,
        })
        .await
    }
}

/// An item as it is stored.
#[derive(Debug)]
pub(crate) struct ItemRow {
    id: ItemId,
    created_at: i64,
    json: String,
    text: String,
}

impl ItemRow {
    /// Items of one thread.
    pub(crate) fn all(thread: &ThreadId, items: &[ThreadItem]) -> Result<Vec<Self>> {
        let row = |item: &ThreadItem| {
            Ok(Self {
                id: item.id().clone(),
                created_at: item.created_at().as_microsecond(),
                json: form::item_json(thread, item)?,
                text: text_of(item),
            })
        };
        items.iter().map(row).collect()
    }

    /// Stores the item. One that is there keeps its time, which is why reading takes the column's, and its turn.
    pub(crate) fn put(
        &self,
        scope: &Scope,
        thread: &ThreadId,
        turn: Option<&TurnId>,
        script: &mut Script<'_>,
    ) {
        // An item of another thread gets no thread then, which it may not.
        script
            .add(
                "insert into items
                     (tenant_id, user_id, id, thread_id, turn_id, created_at, item, indexed)
                 values (?, ?, ?, ?, ?, ?, ?, 1)
                 on conflict (tenant_id, user_id, id) do update set
                     thread_id = iif(items.thread_id = excluded.thread_id, items.thread_id, null),
                     item = excluded.item, indexed = 1",
                "item",
                self.id.as_str(),
            )
            .bind(scope.tenant.as_str())
            .bind(scope.user.as_str())
            .bind(self.id.as_str())
            .bind(thread.as_str())
            .bind(turn.map(TurnId::as_str))
            .bind(self.created_at)
            .bind(self.json.as_str());
        search::put_item(scope, thread, &self.id, &self.text, script);
    }
}

pub(crate) fn remove(scope: &Scope, thread: &ThreadId, item: &ItemId, script: &mut Script<'_>) {
    script
        .add(
            "delete from items
             where tenant_id = ? and user_id = ? and thread_id = ? and id = ?",
            "item",
            item.as_str(),
        )
        .bind(scope.tenant.as_str())
        .bind(scope.user.as_str())
        .bind(thread.as_str())
        .bind(item.as_str());
}

/// The time of an item of this thread.
pub(crate) async fn time_of(
    scope: &Scope,
    thread: &ThreadId,
    item: &str,
    conn: &mut SqliteConnection,
) -> Result<Option<i64>> {
    sqlx::query_scalar(
        "select created_at from items
         where tenant_id = ?1 and user_id = ?2 and id = ?4 and thread_id = ?3",
    )
    .bind(scope.tenant.as_str())
    .bind(scope.user.as_str())
    .bind(thread.as_str())
    .bind(item)
    .fetch_optional(conn)
    .await
    .map_err(fault)
}

async fn exists(scope: &Scope, thread: &ThreadId, conn: &mut SqliteConnection) -> Result<bool> {
    let found: Option<i64> = sqlx::query_scalar(
        "select 1 from threads where tenant_id = ?1 and user_id = ?2 and id = ?3",
    )
    .bind(scope.tenant.as_str())
    .bind(scope.user.as_str())
    .bind(thread.as_str())
    .fetch_optional(conn)
    .await
    .map_err(fault)?;
    Ok(found.is_some())
}

pub(crate) fn read(time: i64, json: &str) -> Result<ThreadItem> {
    let mut item: ThreadItem = row::record("item", json)?;
    item.set_created_at(row::time(time)?);
    Ok(item)
}

struct PutItems {
    scope: Scope,
    thread: ThreadId,
    items: Vec<ItemRow>,
}

impl Job for PutItems {
    type Output = bool;

    async fn run(&self, script: &mut Script<'_>) -> Result<bool> {
        script.send().await?;
        if !exists(&self.scope, &self.thread, script.conn()).await? {
            return Ok(false);
        }
        for item in &self.items {
            item.put(&self.scope, &self.thread, None, script);
            script.relieve().await?;
        }
        Ok(true)
    }
}
