//! Finding threads by their titles and messages, with [FTS5](https://www.sqlite.org/fts5.html).
//!
//! The table `words` has a row for each title and each message that has words; `searchable` says whose it is. Words begin
//! with their owner's mark, so a search reads that owner's part of the index alone.

use async_trait::async_trait;
use frontdesk_identity::Scope;
use frontdesk_protocol::{ItemId, Page, ThreadId, ThreadItem};
use frontdesk_store::limit::page_limit;
use frontdesk_store::words::{self, Query, text_of};
use frontdesk_store::{Found, Result, Search, SearchRequest};
use sqlx::sqlite::SqliteRow;
use sqlx::{FromRow, Row};

use crate::SqliteStore;
use crate::fault::fault;
use crate::row;
use crate::script::Script;
use crate::threads::{self, ThreadRow};

#[async_trait]
impl Search for SqliteStore {
    async fn search(&self, scope: &Scope, request: &SearchRequest) -> Result<Option<Page<Found>>> {
        let mut conn = self.reader().await?;
        let cursor = match &request.after {
            None => row::outermost(true),
            Some(after) => match threads::time_of(scope, after.as_str(), &mut conn).await? {
                Some(time) => (time, after.as_str()),
                None => return Ok(None),
            },
        };
        let limit = page_limit(request.limit);
        let rows: Vec<FoundRow> = sqlx::query_as(
            "with found as (
                 select searchable.thread_id, searchable.item_id,
                     row_number() over (
                         partition by searchable.thread_id
                         order by items.created_at desc nulls last, items.id desc) as place
                 from words
                     cross join searchable on searchable.number = words.rowid
                     left join items on items.tenant_id = ?1 and items.user_id = ?2
                         and items.id = searchable.item_id
                 where words match ?3 and searchable.tenant_id = ?1 and searchable.user_id = ?2),
             page as (
                 select threads.id, threads.created_at, threads.title, threads.status,
                     threads.image_domains, threads.metadata, threads.extra, found.item_id
                 from found
                     cross join threads on threads.tenant_id = ?1 and threads.user_id = ?2
                         and threads.id = found.thread_id
                 where found.place = 1 and (threads.created_at, threads.id) < (?4, ?5)
                 order by threads.created_at desc, threads.id desc
                 limit ?6)
             select page.id, page.created_at, page.title, page.status, page.image_domains,
                 page.metadata, page.extra, items.item
             from page
                 left join items on items.tenant_id = ?1 and items.user_id = ?2
                     and items.id = page.item_id
             order by page.created_at desc, page.id desc",
        )
        .bind(scope.tenant.as_str())
        .bind(scope.user.as_str())
        .bind(expression(scope, &request.query))
        .bind(cursor.0)
        .bind(cursor.1)
        .bind(i64::from(limit) + 1)
        .fetch_all(&mut *conn)
        .await
        .map_err(fault)?;
        let found = rows.into_iter().map(|row| row.read(&request.query));
        let found = found.collect::<Result<Vec<Found>>>()?;
        Ok(Some(row::page(found, limit, |found| {
            found.thread.id.as_str()
        })))
    }
}

/// What FTS5 looks for: texts with a word for each term. Terms have no quotes in them.
fn expression(scope: &Scope, query: &Query) -> String {
    let terms = query.marked(scope);
    let terms: Vec<String> = terms.iter().map(|term| format!("\"{term}\" *")).collect();
    terms.join(" AND ")
}

struct FoundRow {
    thread: ThreadRow,
    item: Option<String>,
}

impl FoundRow {
    fn read(self, query: &Query) -> Result<Found> {
        let thread = self.thread.read()?;
        let item: Option<ThreadItem> = self
            .item
            .map(|json| row::record("item", &json))
            .transpose()?;
        let snippet = match &item {
            Some(item) => query.snippet(&text_of(item)),
            None => query.snippet(thread.title.as_deref().unwrap_or_default()),
        };
        Ok(Found {
            thread,
            item: item.map(|item| item.id().clone()),
            snippet,
        })
    }
}

impl FromRow<'_, SqliteRow> for FoundRow {
    fn from_row(row: &SqliteRow) -> sqlx::Result<Self> {
        Ok(Self {
            thread: ThreadRow::from_row(row)?,
            item: row.try_get("item")?,
        })
    }
}

/// Makes an item, which is stored already, findable by its text.
pub(crate) fn put_item(
    scope: &Scope,
    thread: &ThreadId,
    item: &ItemId,
    text: &str,
    script: &mut Script<'_>,
) {
    let words = words::indexed(scope, text);
    if words.is_empty() {
        script
            .add(
                "delete from searchable where tenant_id = ? and user_id = ? and item_id = ?",
                "item",
                item.as_str(),
            )
            .bind(scope.tenant.as_str())
            .bind(scope.user.as_str())
            .bind(item.as_str());
        return;
    }
    script
        .add(
            "insert into searchable (tenant_id, user_id, thread_id, item_id)
             values (?, ?, ?, ?)
             on conflict (tenant_id, user_id, item_id) do nothing",
            "item",
            item.as_str(),
        )
        .bind(scope.tenant.as_str())
        .bind(scope.user.as_str())
        .bind(thread.as_str())
        .bind(item.as_str());
    script
        .add(
            "insert or replace into words (rowid, marked)
             select number, ? from searchable
             where tenant_id = ? and user_id = ? and item_id = ?",
            "item",
            item.as_str(),
        )
        .bind(words.join(" "))
        .bind(scope.tenant.as_str())
        .bind(scope.user.as_str())
        .bind(item.as_str());
}

/// Makes a thread findable by its title, if this is its title.
pub(crate) fn put_title(scope: &Scope, thread: &str, title: Option<&str>, script: &mut Script<'_>) {
    script
        .add(
            "delete from searchable
             where tenant_id = ? and user_id = ? and thread_id = ? and item_id is null
                 and exists (
                     select 1 from threads
                     where tenant_id = searchable.tenant_id and user_id = searchable.user_id
                         and id = searchable.thread_id and title is ?)",
            "thread",
            thread,
        )
        .bind(scope.tenant.as_str())
        .bind(scope.user.as_str())
        .bind(thread)
        .bind(title);
    let words = words::indexed(scope, title.unwrap_or_default());
    if words.is_empty() {
        return;
    }
    script
        .add(
            "insert into searchable (tenant_id, user_id, thread_id, item_id)
             select tenant_id, user_id, id, null from threads
             where tenant_id = ? and user_id = ? and id = ? and title is ?",
            "thread",
            thread,
        )
        .bind(scope.tenant.as_str())
        .bind(scope.user.as_str())
        .bind(thread)
        .bind(title);
    script
        .add(
            "insert or replace into words (rowid, marked)
             select searchable.number, ?
             from searchable
                 join threads on threads.tenant_id = searchable.tenant_id
                     and threads.user_id = searchable.user_id
                     and threads.id = searchable.thread_id
             where searchable.tenant_id = ? and searchable.user_id = ?
                 and searchable.thread_id = ? and searchable.item_id is null
                 and threads.title is ?",
            "thread",
            thread,
        )
        .bind(words.join(" "))
        .bind(scope.tenant.as_str())
        .bind(scope.user.as_str())
        .bind(thread)
        .bind(title);
}
