//! Words in the database: what it takes, and what it is told later.

use frontdesk_identity::Scope;
use frontdesk_protocol::{ThreadId, ThreadMetadata};
use frontdesk_store::words::Query;
use frontdesk_store::{Items, Maintenance, Result, Search, SearchRequest, StoreError, Threads};
use frontdesk_store_postgres::PostgresStore;

use super::database::{schema, sql};
use super::sample::{ann, at, failed, says};

/// The threads that are found, and in each the item.
pub(super) async fn found(
    store: &PostgresStore,
    scope: &Scope,
    query: &str,
) -> Result<Vec<(String, Option<String>)>> {
    let query = Query::parse(query).ok_or_else(|| failed("no word"))?;
    let request = SearchRequest {
        query,
        limit: 50,
        after: None,
    };
    let page = store.search(scope, &request).await?.unwrap_or_default();
    let found = page.data.into_iter();
    let named = found.map(|one| (one.thread.id.to_string(), one.item.map(|id| id.to_string())));
    Ok(named.collect())
}

#[tokio::test]
async fn a_character_with_any_number_of_marks_is_kept_readable() -> Result<()> {
    let options = schema().await?;
    let name = options.schema.clone();
    let store = PostgresStore::open(options).await?;
    let (scope, thread) = (ann()?, ThreadId::new("thr_1"));
    let voiced = format!("か{}", "\u{3099}".repeat(700));
    let mut titled = ThreadMetadata::new(thread.clone(), at(1));
    titled.title = Some(voiced.clone());
    store.create_thread(&scope, titled).await?;
    let item = says("thr_1", "msg_1", 2, &voiced);
    store.put_items(&scope, &thread, vec![item]).await?;
    for table in ["threads", "items"] {
        sql(&format!("select words::text from {name}.{table}")).await?;
    }
    let expected = [("thr_1".to_owned(), Some("msg_1".to_owned()))];
    assert_eq!(found(&store, &scope, &voiced).await?, expected);
    Ok(())
}

#[tokio::test]
async fn what_was_stored_without_words_is_found_when_it_is_indexed() -> Result<()> {
    let options = schema().await?;
    let name = options.schema.clone();
    let store = PostgresStore::open(options).await?;
    let scope = ann()?;
    for number in 1..=3 {
        let id = ThreadId::new(format!("thr_{number}\0"));
        let mut titled = ThreadMetadata::new(id.clone(), at(number));
        titled.title = Some("walnut\0tree".to_owned());
        store.create_thread(&scope, titled).await?;
        let text = "almond\0 1e2";
        let item = says(id.as_str(), &format!("msg_{number}"), 9, text);
        store.put_items(&scope, &id, vec![item]).await?;
    }
    let threads = |number: i64| format!("thr_{number}\0");
    let titles = [3, 2, 1].map(|number| (threads(number), None));
    let items = [3, 2, 1].map(|number| (threads(number), Some(format!("msg_{number}"))));
    assert_eq!(found(&store, &scope, "walnut tree").await?, titles);
    assert_eq!(found(&store, &scope, "almond").await?, items);
    for table in ["threads", "items"] {
        sql(&format!("update {name}.{table} set words = null")).await?;
    }
    assert_eq!(found(&store, &scope, "walnut").await?, []);
    assert_eq!(found(&store, &scope, "almond").await?, []);
    let mut pieces = Vec::new();
    loop {
        match store.index_older(2).await? {
            0 => break,
            piece => pieces.push(piece),
        }
    }
    assert_eq!(pieces, [4, 2]);
    assert_eq!(found(&store, &scope, "walnut tree").await?, titles);
    assert_eq!(found(&store, &scope, "almond").await?, items);
    Ok(())
}

#[tokio::test]
async fn what_is_too_long_for_an_index_is_not_shown() -> Result<()> {
    let store = PostgresStore::open(schema().await?).await?;
    let (scope, thread) = (ann()?, ThreadId::new("thr_1"));
    let made = ThreadMetadata::new(thread.clone(), at(1));
    store.create_thread(&scope, made).await?;
    let parts = (0..2_000_u32).map(|number| format!("{:08x}", number.wrapping_mul(2_654_435_761)));
    let long: String = parts.collect();
    let item = says("thr_1", &long, 2, "");
    let refused = store.put_items(&scope, &thread, vec![item]);
    let expected = "PostgreSQL refused it with 54000".to_owned();
    assert_eq!(refused.await, Err(StoreError::Failed { detail: expected }));
    Ok(())
}
