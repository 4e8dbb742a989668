//! Finding threads by their titles and messages.
//!
//! What a text is found by is taken apart before and stored as it is, so nothing depends on a text search configuration.
//! Words begin with their owner's mark, so a search reads that owner's part of the index alone.

use async_trait::async_trait;
use frontdesk_identity::Scope;
use frontdesk_protocol::{Page, ThreadItem};
use frontdesk_store::limit::page_limit;
use frontdesk_store::words::{self, Query, text_of};
use frontdesk_store::{Found, Result, Search, SearchRequest};
use sqlx::postgres::PgRow;

use crate::PostgresStore;
use crate::text::stored;
use crate::{row, threads};

#[async_trait]
impl Search for PostgresStore {
    async fn search(&self, scope: &Scope, request: &SearchRequest) -> Result<Option<Page<Found>>> {
        let (time, id) = match &request.after {
            None => row::outermost(true),
            Some(after) => match self.time_of_thread(scope, after.as_str()).await? {
                Some(time) => (time, after.as_str()),
                None => return Ok(None),
            },
        };
        let limit = page_limit(request.limit);
        let statement = sqlx::query(
            "with found as (
                 select distinct on (thread_id) thread_id, id
                 from items
                 where tenant_id = $1 and user_id = $2 and words @@ $3::tsquery
                 order by thread_id, created_at desc, id desc
             )
             select threads.id, threads.created_at, threads.title, threads.status::text,
                 threads.image_domains::text, threads.metadata::text, threads.extra::text,
                 coalesce(items.as_written::text, items.item::text) as item
             from threads
                 left join found on found.thread_id = threads.id
                 left join items on items.tenant_id = $1 and items.user_id = $2
                     and items.id = found.id
             where threads.tenant_id = $1 and threads.user_id = $2
                 and (threads.created_at, threads.id) < ($4, $5)
                 and (found.id is not null or threads.words @@ $3::tsquery)
             order by threads.created_at desc, threads.id desc
             limit $6",
        )
        .bind(scope.tenant.as_str())
        .bind(scope.user.as_str())
        .bind(expression(scope, &request.query))
        .bind(time)
        .bind(stored(id))
        .bind(i64::from(limit) + 1);
        let rows = self.rows(statement).await?;
        let found = rows.iter().map(|row| found(row, &request.query));
        let found = found.collect::<Result<Vec<Found>>>()?;
        Ok(Some(row::page(found, limit, |found| {
            found.thread.id.as_str()
        })))
    }
}

/// What a `tsquery` looks for: texts with a word for each term. Terms have no quotes and no backslashes in them.
fn expression(scope: &Scope, query: &Query) -> String {
    let terms = query.marked(scope);
    let terms: Vec<String> = terms.iter().map(|term| format!("'{term}':*")).collect();
    terms.join(" & ")
}

fn found(row: &PgRow, query: &Query) -> Result<Found> {
    let thread = threads::read(row)?;
    let item: Option<&str> = row::column(row, "item")?;
    let item: Option<ThreadItem> = item.map(|json| row::record("item", json)).transpose()?;
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

/// The words of a text as a statement takes them: parted by spaces, to be made a `tsvector` by
/// `array_to_tsvector(string_to_array(…, ' '))`.
pub(crate) fn words_of(scope: &Scope, text: &str) -> String {
    words::indexed(scope, text).join(" ")
}

impl PostgresStore {
    /// Makes findable what an earlier version stored.
    pub(crate) async fn index_some(&self, limit: u32) -> Result<u64> {
        let statement = sqlx::query(
            "select tenant_id, user_id, id, title from threads where words is null limit $1",
        )
        .bind(i64::from(limit));
        let mut rows = Unindexed::default();
        for row in self.rows(statement).await? {
            let title: Option<String> = row::column(&row, "title")?;
            let title = title.map(crate::text::read);
            rows.add(&row, title.as_deref().unwrap_or_default())?;
        }
        let update = "update threads set words = array_to_tsvector(string_to_array(new.words, ' '))
             from unnest($1::text[], $2::text[], $3::text[], $4::text[])
                 as new (tenant_id, user_id, id, words)
             where threads.tenant_id = new.tenant_id and threads.user_id = new.user_id
                 and threads.id = new.id and threads.words is null";
        let threads = rows.store(self, update).await?;
        let statement = sqlx::query(
            "select tenant_id, user_id, id, coalesce(as_written::text, item::text) as item
             from items where words is null limit $1",
        )
        .bind(i64::from(limit));
        let mut rows = Unindexed::default();
        for row in self.rows(statement).await? {
            // What can't be read isn't found; whoever reads it is told.
            let item: Result<ThreadItem> = row::record("item", row::column(&row, "item")?);
            rows.add(
                &row,
                &item.map_or_else(|_| String::new(), |item| text_of(&item)),
            )?;
        }
        let update = "update items set words = array_to_tsvector(string_to_array(new.words, ' '))
             from unnest($1::text[], $2::text[], $3::text[], $4::text[])
                 as new (tenant_id, user_id, id, words)
             where items.tenant_id = new.tenant_id and items.user_id = new.user_id
                 and items.id = new.id and items.words is null";
        Ok(threads + rows.store(self, update).await?)
    }
}

/// Rows that can't be found yet, column by column.
#[derive(Default)]
struct Unindexed {
    tenants: Vec<String>,
    users: Vec<String>,
    ids: Vec<String>,
    words: Vec<String>,
}

impl Unindexed {
    fn add(&mut self, row: &PgRow, text: &str) -> Result<()> {
        let scope = row::scope(row)?;
        self.words.push(words_of(&scope, text));
        self.tenants.push(scope.tenant.as_str().to_owned());
        self.users.push(scope.user.as_str().to_owned());
        self.ids.push(row::column(row, "id")?);
        Ok(())
    }

    /// Stores their words, and says how many they are.
    async fn store(&self, store: &PostgresStore, update: &'static str) -> Result<u64> {
        if self.ids.is_empty() {
            return Ok(0);
        }
        let statement = sqlx::query(update)
            .bind(&self.tenants)
            .bind(&self.users)
            .bind(&self.ids)
            .bind(&self.words);
        store.run(statement).await?;
        Ok(u64::try_from(self.ids.len()).unwrap_or(u64::MAX))
    }
}
