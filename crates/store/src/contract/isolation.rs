//! Owners: a user in a tenant. Nobody else's data is read, changed or hinted at.

use std::time::Duration;

use frontdesk_identity::Scope;
use frontdesk_protocol::{Attachment, Order, Page, ThreadItem, ThreadMetadata};

use super::StoreUnderTest;
use super::sample::{
    ann, at, attachment, attachment_id, batch, begin, end, item, item_id, key, owner, page, step,
    take_over, thread, thread_id, turn_id,
};
use crate::{
    Began, Connection, Entered, LogBatch, Result, Step, Store, StoredItem, ThreadPatch, Trim,
    TurnId, TurnRecord, TurnStatus, TurnWrite, UtcDay, Written,
};

/// All that can be read with the ids of [`fill`].
#[derive(Debug, PartialEq, Default)]
struct Everything {
    thread: Option<ThreadMetadata>,
    threads: Option<Page<ThreadMetadata>>,
    item: Option<ThreadItem>,
    items: Option<Page<ThreadItem>>,
    recent_items: Vec<StoredItem>,
    items_of_turn: Vec<ThreadItem>,
    steps: Vec<Step>,
    attachments: [Option<Attachment>; 2],
    turn: Option<TurnRecord>,
    recent_with_steps: (Vec<StoredItem>, Vec<Step>),
    running_turn: Option<TurnId>,
    thread_with_running: Option<Entered>,
    last_turn: Option<TurnRecord>,
    turn_log: Vec<LogBatch>,
    connection: Option<Vec<u8>>,
    connections: Vec<Connection>,
    tokens_used: u64,
}

async fn everything(store: &dyn Store, scope: &Scope) -> Result<Everything> {
    let (thread, turn) = (thread_id("thr_1"), turn_id("turn_1"));
    let all = page(9, Order::Asc, None);
    Ok(Everything {
        thread: store.thread(scope, &thread).await?,
        threads: store.threads(scope, &all).await?,
        item: store.item(scope, &thread, &item_id("msg_1")).await?,
        items: store.items(scope, &thread, &all).await?,
        recent_items: store.recent_items(scope, &thread, 9).await?,
        items_of_turn: store.items_of_turn(scope, &thread, &turn).await?,
        steps: store
            .steps(scope, &thread, std::slice::from_ref(&turn))
            .await?,
        attachments: [
            store.attachment(scope, &attachment_id("atc_1")).await?,
            store.attachment(scope, &attachment_id("atc_2")).await?,
        ],
        turn: store.turn(scope, &turn).await?,
        recent_with_steps: store.recent_with_steps(scope, &thread, 9).await?,
        running_turn: store.running_turn(scope, &thread).await?,
        thread_with_running: store.thread_with_running(scope, &thread).await?,
        last_turn: store.last_turn(scope, &thread).await?,
        turn_log: store.turn_log(scope, &turn, None).await?,
        connection: store.load_connection(scope, "mail").await?,
        connections: store.connections(scope).await?,
        tokens_used: store.tokens_used(scope, UtcDay::of(at(1))).await?,
    })
}

async fn fill(store: &dyn Store, scope: &Scope) -> Result<()> {
    let mut first = begin("thr_1", "turn_1", 5);
    first.new_thread = Some(thread("thr_1", 5));
    first.put = vec![
        item("thr_1", "msg_1", 5, "mine"),
        item("thr_1", "msg_2", 6, "mine"),
    ];
    first.attachments = vec![attachment("atc_1", None)];
    assert_eq!(
        store.begin_turn(scope, first).await?,
        Began::Started {
            removed: Vec::new()
        }
    );
    store
        .put_attachment(scope, attachment("atc_2", None))
        .await?;
    store
        .save_connection(scope, "mail", b"sealed", at(5))
        .await?;
    store.create_thread(scope, thread("thr_0", 1)).await?;
    store.begin_turn(scope, begin("thr_0", "turn_0", 1)).await?;
    let mut used = end(TurnStatus::Done, 2);
    if let Some(end) = &mut used.end {
        end.tokens = 9;
    }
    store
        .write_turn(scope, &key("thr_0", "turn_0"), used)
        .await?;
    let write = TurnWrite {
        steps: vec![step("turn_1", 1, "mine")?],
        log: vec![batch("turn_1", 1, 3)],
        ..TurnWrite::default()
    };
    assert_eq!(
        store
            .write_turn(scope, &key("thr_1", "turn_1"), write)
            .await?,
        Written::Stored
    );
    Ok(())
}

/// Another user of the tenant, and a user of the same name in another tenant.
fn others() -> Result<[Scope; 2]> {
    Ok([owner("acme", "bob")?, owner("other", "ann")?])
}

/// With another owner's ids, every read finds nothing.
pub async fn another_owner_reads_nothing(subject: &StoreUnderTest) -> Result<()> {
    let store = &*subject.store;
    fill(store, &ann()?).await?;
    let nothing = Everything {
        threads: Some(Page::default()),
        ..Everything::default()
    };
    for other in others()? {
        assert_eq!(everything(store, &other).await?, nothing);
        let after_thread = page(9, Order::Asc, Some("thr_1"));
        let after_item = page(9, Order::Asc, Some("msg_1"));
        assert_eq!(store.threads(&other, &after_thread).await?, None);
        // Not even where the owner has a thread of that name.
        store.create_thread(&other, thread("thr_1", 1)).await?;
        assert_eq!(
            store
                .items(&other, &thread_id("thr_1"), &after_item)
                .await?,
            None
        );
        let steps = store
            .steps(&other, &thread_id("thr_1"), &[turn_id("turn_1")])
            .await?;
        assert_eq!(steps, []);
        assert_eq!(
            store.recent_items(&other, &thread_id("thr_1"), 9).await?,
            []
        );
        assert_eq!(
            store
                .recent_with_steps(&other, &thread_id("thr_1"), 9)
                .await?,
            (vec![], vec![])
        );
        assert_eq!(store.running_turn(&other, &thread_id("thr_1")).await?, None);
        assert_eq!(
            store
                .thread_with_running(&other, &thread_id("thr_1"))
                .await?,
            Some(Entered {
                thread: thread("thr_1", 1),
                running: None,
                newest: None,
                last_turn: None,
            })
        );
    }
    Ok(())
}

/// With another owner's ids, every write finds nothing and changes nothing.
pub async fn another_owner_changes_nothing(subject: &StoreUnderTest) -> Result<()> {
    let (store, scope, id) = (&*subject.store, ann()?, thread_id("thr_1"));
    fill(store, &scope).await?;
    let before = everything(store, &scope).await?;
    assert_eq!(before.items.as_ref().map(|page| page.data.len()), Some(2));
    for other in others()? {
        let title = ThreadPatch {
            title: Some(Some("theirs".to_owned())),
            ..Default::default()
        };
        assert_eq!(store.update_thread(&other, &id, title.clone()).await?, None);
        assert!(!store.delete_thread(&other, &id).await?);
        let put = vec![item("thr_1", "msg_1", 5, "theirs")];
        assert!(!store.put_items(&other, &id, put.clone()).await?);
        assert!(
            !store
                .delete_attachment(&other, &attachment_id("atc_1"))
                .await?
        );
        assert!(!store.remove_connection(&other, "mail").await?);

        let mut next = begin("thr_1", "turn_2", 7);
        next.trim = Some(Trim::From(item_id("msg_1")));
        next.put = put.clone();
        next.remove = vec![item_id("msg_2")];
        assert_eq!(store.begin_turn(&other, next).await?, Began::NoThread);

        let write = TurnWrite {
            put,
            remove: vec![item_id("msg_2")],
            steps: vec![step("turn_1", 2, "theirs")?],
            thread: Some(title),
            log: vec![batch("turn_1", 4, 5)],
            ..end(TurnStatus::Done, 9)
        };
        let outcome = store
            .write_turn(&other, &key("thr_1", "turn_1"), write)
            .await?;
        assert_eq!(outcome, Written::Gone);
        assert!(!take_over(subject, &other, "turn_1", 1).await?);
        assert!(!store.ask_to_stop(&other, &turn_id("turn_1")).await?);
        let long = Duration::from_hours(1);
        assert!(
            !store
                .read_elsewhere(&other, &turn_id("turn_1"), long)
                .await?
        );
        assert_eq!(everything(store, &scope).await?, before);
    }
    Ok(())
}

/// The same ids in the hands of two owners are two things.
pub async fn owners_may_have_the_same_ids(subject: &StoreUnderTest) -> Result<()> {
    let (store, scope) = (&*subject.store, ann()?);
    fill(store, &scope).await?;
    let before = everything(store, &scope).await?;
    for (number, other) in others()?.into_iter().enumerate() {
        let turn = format!("turn_other_{number}");
        let mut first = begin("thr_1", &turn, 8);
        first.new_thread = Some(thread("thr_1", 8));
        first.put = vec![item("thr_1", "msg_1", 8, "theirs")];
        first.attachments = vec![attachment("atc_1", None)];
        assert_eq!(
            store.begin_turn(&other, first).await?,
            Began::Started {
                removed: Vec::new()
            }
        );
        let write = TurnWrite {
            remove: vec![item_id("msg_2")],
            put: vec![item("thr_1", "msg_3", 9, "theirs")],
            ..end(TurnStatus::Done, 9)
        };
        let outcome = store
            .write_turn(&other, &key("thr_1", &turn), write)
            .await?;
        assert_eq!(outcome, Written::Stored);
        store
            .put_attachment(&other, attachment("atc_2", None))
            .await?;
        store
            .save_connection(&other, "mail", b"theirs", at(8))
            .await?;
        let theirs = store
            .item(&other, &thread_id("thr_1"), &item_id("msg_1"))
            .await?;
        assert_eq!(theirs, Some(item("thr_1", "msg_1", 8, "theirs")));
        assert_eq!(everything(store, &scope).await?, before);

        let mut trimmed = begin("thr_1", &format!("{turn}_again"), 10);
        trimmed.trim = Some(Trim::From(item_id("msg_1")));
        let removed = vec![item_id("msg_1"), item_id("msg_3")];
        assert_eq!(
            store.begin_turn(&other, trimmed).await?,
            Began::Started { removed }
        );
        assert!(
            store
                .delete_attachment(&other, &attachment_id("atc_2"))
                .await?
        );
        assert!(store.delete_thread(&other, &thread_id("thr_1")).await?);
        assert!(store.remove_connection(&other, "mail").await?);
        assert_eq!(everything(store, &scope).await?, before);
    }
    Ok(())
}
