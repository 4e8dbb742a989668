//! Whatever a text or a number is, it comes back.

use frontdesk_protocol::{Attachment, Map, ThreadItem};
use serde_json::json;

use super::StoreUnderTest;
use super::sample::{
    ann, attachment, attachment_id, begin, end, item, item_id, key, page, thread, thread_id,
    turn_id,
};
use crate::{Result, StoredItem, ThreadPatch, TurnStatus, TurnWrite};

/// Texts that a back end may not be able to hold as they are.
const TEXTS: [&str; 7] = [
    "plain",
    "a\0b",
    "\0",
    "\u{1}\u{1}\u{2}",
    "\\u0000 \\\0",
    "\u{fffd}\u{feff}\u{10ffff}",
    "'\"$1;--\n",
];

/// Numbers that are easily written otherwise, beside a text.
fn fields(text: &str) -> Map {
    let numbers = json!([
        1,
        1.0,
        -1.5,
        1e16,
        1e300,
        2.5e-9,
        0.1,
        u64::MAX,
        i64::MIN,
        null,
        true
    ]);
    let mut fields = Map::new();
    fields.insert("numbers".to_owned(), numbers);
    fields.insert(text.to_owned(), json!({ text: [text] }));
    fields
}

fn said(thread: &str, id: &str, second: i64, text: &str) -> ThreadItem {
    let mut said = item(thread, id, second, text);
    if let ThreadItem::SdkHiddenContext(item) = &mut said {
        item.extra = fields(text);
    }
    said
}

/// Items, threads and attachments come back as they were, and ids are ids whatever is in them.
pub async fn any_text_and_number_is_kept(subject: &StoreUnderTest) -> Result<()> {
    let (scope, store) = (ann()?, &subject.store);
    for (number, text) in TEXTS.into_iter().enumerate() {
        let (name, turn) = (format!("thr_{text}"), format!("turn_{text}"));
        let (id, message) = (thread_id(&name), format!("msg_{text}"));
        assert_eq!(store.thread(&scope, &id).await?, None);
        let mut opened = thread(&name, 1);
        opened.title = Some(text.to_owned());
        opened.metadata = fields(text);
        opened.allowed_image_domains = Some(vec![text.to_owned()]);
        let mut first = begin(&name, &turn, 2);
        first.new_thread = Some(opened.clone());
        first.put = vec![said(&name, &message, 2, text)];
        let atc = format!("atc_{text}");
        first.attachments = vec![attachment(&atc, None)];
        store.begin_turn(&scope, first).await?;
        let write = TurnWrite {
            put: vec![said(&name, &format!("answer_{text}"), 3, text)],
            thread: Some(ThreadPatch {
                title: Some(Some(format!("{text}{text}"))),
                title_was: Some(Some(text.to_owned())),
                ..ThreadPatch::default()
            }),
            ..end(TurnStatus::Done, 4)
        };
        store.write_turn(&scope, &key(&name, &turn), write).await?;

        opened.title = Some(format!("{text}{text}"));
        assert_eq!(store.thread(&scope, &id).await?, Some(opened));
        let stored = |item| StoredItem {
            item,
            turn: Some(turn_id(&turn)),
        };
        let expected = [
            stored(said(&name, &message, 2, text)),
            stored(said(&name, &format!("answer_{text}"), 3, text)),
        ];
        assert_eq!(store.recent_items(&scope, &id, 9).await?, expected);
        let found = store.item(&scope, &id, &item_id(&message)).await?;
        assert_eq!(found.as_ref(), expected.first().map(|stored| &stored.item));
        let found: Option<Attachment> = store.attachment(&scope, &attachment_id(&atc)).await?;
        assert_eq!(found, Some(attachment(&atc, Some(&name))));
        let asked = page(99, frontdesk_protocol::Order::Asc, None);
        let all = store.threads(&scope, &asked).await?;
        assert_eq!(all.map(|page| page.data.len()), Some(number + 1));
    }
    Ok(())
}

/// An item that is removed and stored in one write is a new one.
pub async fn an_item_removed_and_put_is_a_new_one(subject: &StoreUnderTest) -> Result<()> {
    let (scope, store, id) = (ann()?, &subject.store, thread_id("thr_1"));
    store.create_thread(&scope, thread("thr_1", 1)).await?;
    for name in ["msg_1", "msg_2", "msg_3"] {
        let old = vec![item("thr_1", name, 1, "old")];
        store.put_items(&scope, &id, old).await?;
    }
    let mut first = begin("thr_1", "turn_1", 5);
    first.remove = vec![item_id("msg_1"), item_id("msg_3")];
    first.put = vec![item("thr_1", "msg_1", 5, "new")];
    store.begin_turn(&scope, first).await?;
    let write = TurnWrite {
        remove: vec![item_id("msg_2")],
        put: vec![item("thr_1", "msg_2", 6, "new")],
        ..end(TurnStatus::Done, 7)
    };
    let key = key("thr_1", "turn_1");
    store.write_turn(&scope, &key, write.clone()).await?;
    let new = |name: &str, second: i64| StoredItem {
        item: item("thr_1", name, second, "new"),
        turn: Some(turn_id("turn_1")),
    };
    let expected = [new("msg_1", 5), new("msg_2", 6)];
    assert_eq!(store.recent_items(&scope, &id, 9).await?, expected);
    // Not after the end.
    store.write_turn(&scope, &key, write).await?;
    assert_eq!(store.recent_items(&scope, &id, 9).await?, expected);
    Ok(())
}
