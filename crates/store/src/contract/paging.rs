//! Pages: ordered by (time, id), stable when times are equal.

use frontdesk_identity::Scope;
use frontdesk_protocol::{Order, Page, ThreadItem, ThreadMetadata};

use super::StoreUnderTest;
use super::sample::{ann, at, item, item_id, page, thread, thread_id};
use crate::limit::MAX_PAGE;
use crate::{Result, Store, StoredItem};

/// Ids and seconds: many with the same time, stored in another order than they come in.
const ROWS: [(&str, i64); 11] = [
    ("f", 20),
    ("b", 20),
    ("k", 10),
    ("a", 20),
    ("j", 10),
    ("c", 20),
    ("e", 30),
    ("i", 20),
    ("d", 20),
    ("h", 20),
    ("g", 20),
];

const OLDEST_FIRST: [&str; 11] = ["j", "k", "a", "b", "c", "d", "f", "g", "h", "i", "e"];

/// More rows than all pages together show.
const MOST_SHOWN: usize = 1_000;

fn expected(order: Order) -> Vec<String> {
    let mut ids: Vec<String> = OLDEST_FIRST.iter().map(|&id| id.to_owned()).collect();
    match order {
        Order::Asc => {}
        Order::Desc => ids.reverse(),
    }
    ids
}

async fn fill(store: &dyn Store, scope: &Scope) -> Result<()> {
    store.create_thread(scope, thread("thr_1", 1)).await?;
    let items = ROWS
        .iter()
        .map(|(id, second)| item("thr_1", id, *second, id))
        .collect();
    assert!(store.put_items(scope, &thread_id("thr_1"), items).await?);
    Ok(())
}

/// Adds the page's ids and gives the cursor of the next page.
fn take<T>(
    page: Option<Page<T>>,
    id: impl Fn(&T) -> &str,
    limit: usize,
    ids: &mut Vec<String>,
) -> Option<String> {
    assert!(page.is_some(), "the cursor of the page before is there");
    let page = page?;
    assert!(page.data.len() <= limit);
    ids.extend(page.data.iter().map(|row| id(row).to_owned()));
    assert_eq!(page.has_more, page.after.is_some());
    assert!(page.after.is_none() || page.after.as_ref() == ids.last());
    assert!(ids.len() < MOST_SHOWN, "the pages come to no end");
    page.after
}

fn thread_name(thread: &ThreadMetadata) -> &str {
    thread.id.as_str()
}

fn item_name(item: &ThreadItem) -> &str {
    item.id().as_str()
}

/// Pages of any size, in both orders, show each thread and each item once and in order.
pub async fn paging_is_stable_when_times_are_equal(subject: &StoreUnderTest) -> Result<()> {
    let (items_owner, threads_owner) = (ann()?, super::sample::owner("acme", "bob")?);
    let store = &subject.store;
    fill(&**store, &items_owner).await?;
    for (id, second) in ROWS {
        store
            .create_thread(&threads_owner, thread(id, second))
            .await?;
    }
    for order in [Order::Asc, Order::Desc] {
        for limit in 1..=12 {
            let mut items = Vec::new();
            let mut threads = Vec::new();
            let mut after = None;
            loop {
                let request = page(limit, order, after.as_deref());
                let found = store
                    .items(&items_owner, &thread_id("thr_1"), &request)
                    .await?;
                after = take(found, item_name, 12.min(limit as usize), &mut items);
                if after.is_none() {
                    break;
                }
            }
            loop {
                let request = page(limit, order, after.as_deref());
                let found = store.threads(&threads_owner, &request).await?;
                after = take(found, thread_name, 12.min(limit as usize), &mut threads);
                if after.is_none() {
                    break;
                }
            }
            assert_eq!(items, expected(order), "items in pages of {limit}");
            assert_eq!(threads, expected(order), "threads in pages of {limit}");
        }
    }
    Ok(())
}

/// What is added or removed between pages, before or after the cursor, neither hides nor repeats another row.
pub async fn paging_shows_each_row_once_while_others_are_added(
    subject: &StoreUnderTest,
) -> Result<()> {
    let store = &subject.store;
    for (owner, order) in [("asc", Order::Asc), ("desc", Order::Desc)] {
        for limit in 1..=4 {
            let scope = super::sample::owner("acme", &format!("{owner}{limit}"))?;
            fill(&**store, &scope).await?;
            let mut shown = Vec::new();
            let mut after = None;
            for round in 0.. {
                let request = page(limit, order, after.as_deref());
                let found = store.items(&scope, &thread_id("thr_1"), &request).await?;
                after = take(found, item_name, limit as usize, &mut shown);
                if after.is_none() {
                    break;
                }
                // Of the same time as most, and before or after all of them by id.
                let added = if round < 3 { 20 } else { 5 };
                let ids = [
                    format!("!{round}"),
                    format!("g{round}"),
                    format!("z{round}"),
                ];
                let items = ids
                    .iter()
                    .map(|id| item("thr_1", id, added, "added"))
                    .collect();
                store.put_items(&scope, &thread_id("thr_1"), items).await?;
            }
            let mut unique = shown.clone();
            unique.sort();
            unique.dedup();
            assert_eq!(unique.len(), shown.len(), "nothing comes twice: {shown:?}");
            shown.retain(|id| id.len() == 1);
            assert_eq!(shown, expected(order), "pages of {limit}");
        }
    }
    Ok(())
}

/// A cursor that names nothing, or something elsewhere, gives no page.
pub async fn a_cursor_that_is_not_there_is_no_page(subject: &StoreUnderTest) -> Result<()> {
    let (scope, store, id) = (ann()?, &subject.store, thread_id("thr_1"));
    assert_eq!(
        store.threads(&scope, &page(5, Order::Asc, None)).await?,
        Some(Page::default())
    );
    assert_eq!(
        store
            .threads(&scope, &page(5, Order::Asc, Some("thr_1")))
            .await?,
        None
    );
    fill(&**store, &scope).await?;
    store.create_thread(&scope, thread("thr_2", 1)).await?;
    let elsewhere = vec![item("thr_2", "elsewhere", 20, "")];
    store
        .put_items(&scope, &thread_id("thr_2"), elsewhere)
        .await?;
    for after in ["nothing", "elsewhere", ""] {
        let request = page(5, Order::Desc, Some(after));
        assert_eq!(store.items(&scope, &id, &request).await?, None, "{after}");
        assert_eq!(store.threads(&scope, &request).await?, None, "{after}");
    }
    let first = page(5, Order::Asc, None);
    assert_eq!(
        store.items(&scope, &thread_id("thr_3"), &first).await?,
        None
    );
    store.create_thread(&scope, thread("thr_4", 1)).await?;
    assert_eq!(
        store.items(&scope, &thread_id("thr_4"), &first).await?,
        Some(Page::default())
    );
    Ok(())
}

/// A page has one row at least and [`MAX_PAGE`] at most, whatever is asked for.
pub async fn a_page_is_clamped(subject: &StoreUnderTest) -> Result<()> {
    let (scope, store, id) = (ann()?, &subject.store, thread_id("thr_1"));
    store.create_thread(&scope, thread("thr_1", 1)).await?;
    let items = (0..=MAX_PAGE)
        .map(|n| item("thr_1", &format!("msg_{n:04}"), 1, ""))
        .collect();
    store.put_items(&scope, &id, items).await?;
    for (limit, rows) in [(0, 1), (u32::MAX, MAX_PAGE)] {
        let found = store
            .items(&scope, &id, &page(limit, Order::Asc, None))
            .await?;
        let (length, more) = found
            .map(|page| (page.data.len(), page.has_more))
            .unwrap_or_default();
        assert_eq!((length, more), (rows as usize, true));
        assert_eq!(
            store.recent_items(&scope, &id, limit).await?.len(),
            rows as usize
        );
    }
    Ok(())
}

/// The newest items by (time, id), oldest first.
pub async fn the_newest_items_come_oldest_first(subject: &StoreUnderTest) -> Result<()> {
    let (scope, store, id) = (ann()?, &subject.store, thread_id("thr_1"));
    fill(&**store, &scope).await?;
    for limit in 1..=12 {
        let newest = OLDEST_FIRST
            .iter()
            .skip(OLDEST_FIRST.len().saturating_sub(limit));
        let newest: Vec<StoredItem> = newest
            .map(|id| {
                let second = ROWS
                    .iter()
                    .find(|(row, _)| row == id)
                    .map_or(0, |(_, second)| *second);
                StoredItem {
                    item: item("thr_1", id, second, id),
                    turn: None,
                }
            })
            .collect();
        let limit = u32::try_from(limit).unwrap_or(u32::MAX);
        assert_eq!(store.recent_items(&scope, &id, limit).await?, newest);
    }
    let one = store.item(&scope, &id, &item_id("j")).await?;
    assert_eq!(one.map(|item| item.created_at()), Some(at(10)));
    Ok(())
}
