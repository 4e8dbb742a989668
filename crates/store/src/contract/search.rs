//! Finding threads by title and text.

use frontdesk_identity::Scope;
use frontdesk_protocol::{
    AssistantContent, AssistantMessageItem, InferenceOptions, ItemId, Map, TextContent, ThreadId,
    ThreadItem, ThreadMetadata, UserContent, UserMessageItem,
};

use super::StoreUnderTest;
use super::sample::{
    ann, at, attachment, begin, end, item, item_id, key, owner, thread, thread_id,
};
use crate::words::Query;
use crate::{
    Found, Result, SearchRequest, Store, StoreError, ThreadPatch, Trim, TurnStatus, TurnWrite,
};

fn asks(thread: &str, id: &str, second: i64, text: &str) -> ThreadItem {
    ThreadItem::UserMessage(UserMessageItem {
        id: item_id(id),
        thread_id: thread_id(thread),
        created_at: at(second),
        content: vec![UserContent::Text(TextContent {
            text: text.to_owned(),
            ..TextContent::default()
        })],
        attachments: Vec::new(),
        quoted_text: None,
        inference_options: InferenceOptions::default(),
        extra: Map::new(),
    })
}

fn says(thread: &str, id: &str, second: i64, text: &str) -> ThreadItem {
    ThreadItem::AssistantMessage(AssistantMessageItem {
        id: item_id(id),
        thread_id: thread_id(thread),
        created_at: at(second),
        content: vec![AssistantContent::new(text)],
        extra: Map::new(),
    })
}

fn titled(id: &str, second: i64, title: &str) -> ThreadMetadata {
    ThreadMetadata {
        title: Some(title.to_owned()),
        ..thread(id, second)
    }
}

fn request(query: &str, limit: u32, after: Option<&str>) -> Result<SearchRequest> {
    let query = Query::parse(query).ok_or_else(|| StoreError::Failed {
        detail: format!("no word in {query}"),
    })?;
    Ok(SearchRequest {
        query,
        limit,
        after: after.map(ThreadId::new),
    })
}

/// What is found, as thread, item and snippet.
async fn found(
    store: &dyn Store,
    scope: &Scope,
    query: &str,
) -> Result<Vec<(String, Option<String>, String)>> {
    let page = store.search(scope, &request(query, 50, None)?).await?;
    let rows = page.map(|page| page.data).unwrap_or_default();
    let told = |found: Found| {
        let item = found.item.as_ref().map(ItemId::to_string);
        (found.thread.id.to_string(), item, found.snippet)
    };
    Ok(rows.into_iter().map(told).collect())
}

fn row(thread: &str, item: Option<&str>, snippet: &str) -> (String, Option<String>, String) {
    (
        thread.to_owned(),
        item.map(str::to_owned),
        snippet.to_owned(),
    )
}

async fn put(store: &dyn Store, scope: &Scope, items: Vec<ThreadItem>) -> Result<()> {
    for item in items {
        let thread = item.thread_id().clone();
        assert!(store.put_items(scope, &thread, vec![item]).await?);
    }
    Ok(())
}

/// Titles and messages in any script are found; what a query is made of is data.
pub async fn threads_are_found_by_title_and_text(subject: &StoreUnderTest) -> Result<()> {
    let (scope, store) = (ann()?, &*subject.store);
    store
        .create_thread(
            &scope,
            titled("thr_1", 1, "Fragen zur Haftpflichtversicherung"),
        )
        .await?;
    store.create_thread(&scope, thread("thr_2", 2)).await?;
    store
        .create_thread(&scope, titled("thr_3", 3, "旅行"))
        .await?;
    let mut with_file = asks("thr_2", "msg_2", 5, "as you see here");
    if let ThreadItem::UserMessage(message) = &mut with_file {
        message.attachments = vec![attachment("atc_1", None)];
    }
    let items = vec![
        asks("thr_1", "msg_1", 4, "When is my premium due? 🚀"),
        with_file,
        says("thr_2", "msg_3", 6, "Your premium is due\non Friday."),
        asks("thr_3", "msg_4", 7, "東京都の天気は?"),
        item("thr_3", "hidden", 8, "premium secret"),
    ];
    put(store, &scope, items).await?;
    let premium_1 = row("thr_1", Some("msg_1"), "When is my premium due? 🚀");
    let premium_2 = row("thr_2", Some("msg_3"), "Your premium is due on Friday.");
    let weather = row("thr_3", Some("msg_4"), "東京都の天気は?");
    let both = vec![premium_2.clone(), premium_1.clone()];
    let title = row("thr_1", None, "Fragen zur Haftpflichtversicherung");
    let name = attachment("atc_1", None).name().to_owned();
    let file = row("thr_2", Some("msg_2"), &format!("as you see here {name}"));
    let cases = [
        ("premium", both.clone()),
        ("PREM du", both),
        ("friday premium", vec![premium_2]),
        ("🚀", vec![premium_1]),
        ("天気", vec![weather.clone()]),
        ("京", vec![weather]),
        ("旅行", vec![row("thr_3", None, "旅行")]),
        ("versicherung", vec![title]),
        (&name, vec![file]),
        ("secret", Vec::new()),
        ("premium NOT friday", Vec::new()),
        ("\"premium\" AND (", Vec::new()),
        ("x' or 1=1 --", Vec::new()),
    ];
    for (query, expected) in cases {
        assert_eq!(found(store, &scope, query).await?, expected, "{query}");
    }
    for odd in ["premium*", "premium -", "pre^mium:", "due\u{0}?"] {
        store.search(&scope, &request(odd, 9, None)?).await?;
    }
    for other in [owner("acme", "bob")?, owner("other", "ann")?] {
        assert_eq!(found(store, &other, "premium").await?, []);
    }
    Ok(())
}

/// What was changed is found as it is now, and what was deleted no more, in whatever way it went.
pub async fn what_changed_is_found_as_it_is(subject: &StoreUnderTest) -> Result<()> {
    let (scope, store) = (ann()?, &*subject.store);
    let mut first = begin("thr_1", "turn_1", 1);
    first.new_thread = Some(titled("thr_1", 1, "apples"));
    first.put = vec![asks("thr_1", "msg_1", 1, "pears")];
    store.begin_turn(&scope, first).await?;
    let retitle = |title: Option<&str>| ThreadPatch {
        title: Some(title.map(str::to_owned)),
        ..ThreadPatch::default()
    };
    let late = ThreadPatch {
        title_was: Some(None),
        ..retitle(Some("plums"))
    };
    let write = TurnWrite {
        put: vec![
            says("thr_1", "msg_1", 2, "figs"),
            says("thr_1", "msg_2", 3, "dates"),
            says("thr_1", "msg_3", 4, "limes"),
            says("thr_1", "msg_4", 5, "olives"),
        ],
        thread: Some(late),
        ..end(TurnStatus::Done, 6)
    };
    store
        .write_turn(&scope, &key("thr_1", "turn_1"), write)
        .await?;
    for (word, there) in [
        ("apples", true),
        ("plums", false),
        ("pears", false),
        ("figs", true),
        ("dates", true),
    ] {
        let rows = found(store, &scope, word).await?;
        assert_eq!(!rows.is_empty(), there, "{word}");
    }
    let id = thread_id("thr_1");
    store
        .update_thread(&scope, &id, retitle(Some("plums")))
        .await?;
    put(store, &scope, vec![says("thr_1", "msg_2", 3, "")]).await?;
    let mut second = begin("thr_1", "turn_2", 7);
    second.trim = Some(Trim::From(item_id("msg_4")));
    second.remove = vec![item_id("msg_3")];
    store.begin_turn(&scope, second).await?;
    for (word, there) in [
        ("apples", false),
        ("plums", true),
        ("dates", false),
        ("limes", false),
        ("olives", false),
        ("figs", true),
    ] {
        let rows = found(store, &scope, word).await?;
        assert_eq!(!rows.is_empty(), there, "{word}");
    }
    store.update_thread(&scope, &id, retitle(None)).await?;
    assert_eq!(found(store, &scope, "plums").await?, []);
    assert_eq!(subject.maintenance.index_older(9).await?, 0);
    store.delete_thread(&scope, &id).await?;
    assert_eq!(found(store, &scope, "figs").await?, []);
    store
        .create_thread(&scope, titled("thr_1", 9, "figs"))
        .await?;
    assert_eq!(
        found(store, &scope, "figs").await?,
        [row("thr_1", None, "figs")]
    );
    Ok(())
}

/// Each thread that is found comes once, the newest first, whatever the size of pages.
pub async fn what_is_found_comes_in_pages(subject: &StoreUnderTest) -> Result<()> {
    let (scope, store) = (ann()?, &*subject.store);
    let ids = ["f", "b", "k", "a", "c", "m", "d"];
    for (at, id) in ids.iter().enumerate() {
        // Times are equal for most.
        let second = if at < 2 { 9 } else { 5 };
        let title = if at % 2 == 0 { "melon" } else { "other" };
        store
            .create_thread(&scope, titled(id, second, title))
            .await?;
        let items = (0..3).map(|n| asks(id, &format!("{id}_{n}"), 9, "a melon"));
        put(store, &scope, items.collect()).await?;
    }
    store
        .create_thread(&scope, titled("z", 7, "nothing"))
        .await?;
    let expected = ["f", "b", "m", "k", "d", "c", "a"];
    for limit in 1..=8 {
        let mut shown = Vec::new();
        let mut after: Option<String> = None;
        loop {
            let request = request("melon", limit, after.as_deref())?;
            let page = store.search(&scope, &request).await?;
            let page = page.unwrap_or_default();
            assert!(page.data.len() <= limit as usize);
            for found in &page.data {
                let newest = item_id(&format!("{}_2", found.thread.id));
                assert_eq!(found.item, Some(newest));
                shown.push(found.thread.id.to_string());
            }
            assert_eq!(page.has_more, page.after.is_some());
            after = page.after;
            if after.is_none() {
                break;
            }
        }
        assert_eq!(shown, expected, "pages of {limit}");
    }
    // A cursor is a place, and one that isn't there is none.
    let from = store
        .search(&scope, &request("melon", 9, Some("z"))?)
        .await?;
    assert_eq!(from.map(|page| page.data.len()), Some(5));
    let nowhere = request("melon", 9, Some("thr_9"))?;
    assert_eq!(store.search(&scope, &nowhere).await?, None);
    Ok(())
}
