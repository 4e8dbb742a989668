//! Items.

use std::collections::BTreeMap;

use async_trait::async_trait;
use frontdesk_identity::Scope;
use frontdesk_protocol::{ItemId, Page, ThreadId, ThreadItem};
use frontdesk_store::limit::{MAX_PAGE, page_limit};
use frontdesk_store::words::text_of;
use frontdesk_store::{Items, PageRequest, Result, Step, StoreError, StoredItem, TurnId, form};
use sqlx::postgres::PgRow;

use crate::PostgresStore;
use crate::fault::Fault;
use crate::row;
use crate::search::words_of;
use crate::text::{Json, read, stored};

#[async_trait]
impl Items for PostgresStore {
    async fn item(
        &self,
        scope: &Scope,
        thread: &ThreadId,
        item: &ItemId,
    ) -> Result<Option<ThreadItem>> {
        let statement = sqlx::query(
            "select created_at, coalesce(as_written::text, item::text) as item from items
             where tenant_id = $1 and user_id = $2 and id = $4 and thread_id = $3",
        )
        .bind(scope.tenant.as_str())
        .bind(scope.user.as_str())
        .bind(stored(thread.as_str()))
        .bind(stored(item.as_str()));
        self.row(statement).await?.as_ref().map(item_of).transpose()
    }

    async fn items(
        &self,
        scope: &Scope,
        thread: &ThreadId,
        request: &PageRequest,
    ) -> Result<Option<Page<ThreadItem>>> {
        let descending = form::newest_first(request.order);
        let (time, id) = match &request.after {
            None => row::outermost(descending),
            Some(after) => match self.time_of_item(scope, thread, after).await? {
                Some(time) => (time, after.as_str()),
                None => return Ok(None),
            },
        };
        let limit = page_limit(request.limit);
        let statement = if descending {
            "select created_at, coalesce(as_written::text, item::text) as item from items
             where tenant_id = $1 and user_id = $2 and thread_id = $3
                 and (created_at, id) < ($4, $5)
             order by created_at desc, id desc
             limit $6"
        } else {
            "select created_at, coalesce(as_written::text, item::text) as item from items
             where tenant_id = $1 and user_id = $2 and thread_id = $3
                 and (created_at, id) > ($4, $5)
             order by created_at, id
             limit $6"
        };
        let statement = sqlx::query(statement)
            .bind(scope.tenant.as_str())
            .bind(scope.user.as_str())
            .bind(stored(thread.as_str()))
            .bind(time)
            .bind(stored(id))
            .bind(i64::from(limit) + 1);
        let rows = self.rows(statement).await?;
        if rows.is_empty() && request.after.is_none() && !self.has_thread(scope, thread).await? {
            return Ok(None);
        }
        let items = rows.iter().map(item_of).collect::<Result<Vec<_>>>()?;
        Ok(Some(row::page(items, limit, |item| item.id().as_str())))
    }

    async fn recent_items(
        &self,
        scope: &Scope,
        thread: &ThreadId,
        limit: u32,
    ) -> Result<Vec<StoredItem>> {
        let statement = sqlx::query(
            "select turn_id, created_at, coalesce(as_written::text, item::text) as item from items
             where tenant_id = $1 and user_id = $2 and thread_id = $3
             order by created_at desc, id desc
             limit $4",
        )
        .bind(scope.tenant.as_str())
        .bind(scope.user.as_str())
        .bind(stored(thread.as_str()))
        .bind(i64::from(page_limit(limit)));
        let rows = self.rows(statement).await?;
        rows.iter().rev().map(stored_item_of).collect()
    }

    async fn items_of_turn(
        &self,
        scope: &Scope,
        thread: &ThreadId,
        turn: &TurnId,
    ) -> Result<Vec<ThreadItem>> {
        let statement = sqlx::query(
            "select created_at, coalesce(as_written::text, item::text) as item from items
             where tenant_id = $1 and user_id = $2 and thread_id = $3 and turn_id = $4
             order by created_at desc, id desc
             limit $5",
        )
        .bind(scope.tenant.as_str())
        .bind(scope.user.as_str())
        .bind(stored(thread.as_str()))
        .bind(stored(turn.as_str()))
        .bind(i64::from(MAX_PAGE));
        let rows = self.rows(statement).await?;
        rows.iter().rev().map(item_of).collect()
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
        self.steps_of(scope, thread, turns).await
    }

    async fn put_items(
        &self,
        scope: &Scope,
        thread: &ThreadId,
        items: Vec<ThreadItem>,
    ) -> Result<bool> {
        let new = ItemRows::new(scope, thread, &items)?;
        let mut attempts = 1;
        loop {
            match self.row(put(scope, thread, &new)).await {
                Ok(row) => return Ok(row.is_some()),
                Err(fault) if fault.may_pass(attempts) => attempts += 1,
                Err(fault) => return Err(new.refused(fault)),
            }
        }
    }
}

/// Stores items in a thread. It gives a row if the thread is there.
fn put<'q>(
    scope: &'q Scope,
    thread: &'q ThreadId,
    new: &'q ItemRows,
) -> crate::store::Statement<'q> {
    sqlx::query(
        "with thread as (
             select 1 from threads
             where tenant_id = $1 and user_id = $2 and id = $3
             for key share
         ), put as (
             insert into items
                 (tenant_id, user_id, id, thread_id, turn_id, created_at, item, as_written, words)
             select $1, $2, new.id, $3, null, new.created_at, new.item::jsonb,
                 new.as_written::json, array_to_tsvector(string_to_array(new.words, ' '))
             from thread, unnest($4::text[], $5::bigint[], $6::text[], $7::text[], $8::text[])
                 as new (id, created_at, item, as_written, words)
             on conflict (tenant_id, user_id, id) do update set
                 thread_id = case when items.thread_id = excluded.thread_id
                     then items.thread_id end,
                 item = excluded.item, as_written = excluded.as_written, words = excluded.words
         )
         select 1 from thread",
    )
    .bind(scope.tenant.as_str())
    .bind(scope.user.as_str())
    .bind(stored(thread.as_str()))
    .bind(&new.ids)
    .bind(&new.created_at)
    .bind(&new.items)
    .bind(&new.as_written)
    .bind(&new.words)
}

impl PostgresStore {
    /// The time of an item of this thread.
    async fn time_of_item(
        &self,
        scope: &Scope,
        thread: &ThreadId,
        item: &str,
    ) -> Result<Option<i64>> {
        let statement = sqlx::query(
            "select created_at from items
             where tenant_id = $1 and user_id = $2 and id = $4 and thread_id = $3",
        )
        .bind(scope.tenant.as_str())
        .bind(scope.user.as_str())
        .bind(stored(thread.as_str()))
        .bind(stored(item));
        let found = self.row(statement).await?;
        found.map(|row| row::column(&row, "created_at")).transpose()
    }

    async fn has_thread(&self, scope: &Scope, thread: &ThreadId) -> Result<bool> {
        let statement =
            sqlx::query("select 1 from threads where tenant_id = $1 and user_id = $2 and id = $3")
                .bind(scope.tenant.as_str())
                .bind(scope.user.as_str())
                .bind(stored(thread.as_str()));
        Ok(self.row(statement).await?.is_some())
    }
}

/// An item that is there keeps its time, which is why reading takes the column's.
fn item_of(row: &PgRow) -> Result<ThreadItem> {
    let mut item: ThreadItem = row::record("item", row::column(row, "item")?)?;
    item.set_created_at(row::time(row::column(row, "created_at")?)?);
    Ok(item)
}

/// An item with its turn.
pub(crate) fn stored_item_of(row: &PgRow) -> Result<StoredItem> {
    let turn: Option<String> = row::column(row, "turn_id")?;
    Ok(StoredItem {
        item: item_of(row)?,
        turn: turn.map(|turn| TurnId::new(read(turn))),
    })
}

/// Items as they are stored, column by column; each id once.
///
/// They are stored by a statement that leaves an item of another thread without its thread, which fails.
#[derive(Debug, Default)]
pub(crate) struct ItemRows {
    pub(crate) ids: Vec<String>,
    pub(crate) created_at: Vec<i64>,
    pub(crate) items: Vec<String>,
    pub(crate) as_written: Vec<Option<String>>,
    /// What each is found by.
    pub(crate) words: Vec<String>,
}

impl ItemRows {
    /// Items of one thread. Of those that come twice the time of the first and the content of the last counts.
    pub(crate) fn new(scope: &Scope, thread: &ThreadId, items: &[ThreadItem]) -> Result<Self> {
        let mut places = BTreeMap::new();
        let mut rows = Self::default();
        for item in items {
            let json = Json::new(form::item_json(thread, item)?);
            let words = words_of(scope, &text_of(item));
            let place = *places.entry(item.id()).or_insert(rows.ids.len());
            let there = rows.items.get_mut(place);
            if let Some((there, written)) = there.zip(rows.as_written.get_mut(place)) {
                *there = json.binary;
                *written = json.as_written;
                if let Some(there) = rows.words.get_mut(place) {
                    *there = words;
                }
            } else {
                rows.ids.push(stored(item.id().as_str()).into_owned());
                rows.created_at.push(item.created_at().as_microsecond());
                rows.items.push(json.binary);
                rows.as_written.push(json.as_written);
                rows.words.push(words);
            }
        }
        Ok(rows)
    }

    /// The failure to store them.
    pub(crate) fn refused(&self, fault: Fault) -> StoreError {
        match self.ids.as_slice() {
            [id] => fault.of_write("item", id),
            ids => fault.of_write("one of the items", &ids.join(", ")),
        }
    }
}
