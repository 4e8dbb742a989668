//! Threads by themselves.

use frontdesk_protocol::{Map, Order, ThreadStatus};

use super::StoreUnderTest;
use super::sample::{
    ann, attachment, attachment_id, batch, begin, item, item_id, key, page, step, thread,
    thread_id, turn_id,
};
use crate::{Result, ThreadPatch, TurnWrite};

/// A thread comes back as it was stored, with fields that we don't know.
pub async fn a_thread_is_kept_whole(subject: &StoreUnderTest) -> Result<()> {
    let (scope, store) = (ann()?, &subject.store);
    let mut kept = thread("thr_1", 5);
    kept.title = Some("Ünïcode".to_owned());
    kept.status = ThreadStatus::locked(Some("too long".to_owned()));
    kept.allowed_image_domains = Some(vec!["example.com".to_owned()]);
    kept.metadata.insert("project".to_owned(), 7.into());
    kept.extra.insert("later".to_owned(), true.into());
    store.create_thread(&scope, kept.clone()).await?;
    store.create_thread(&scope, thread("thr_2", 5)).await?;
    assert_eq!(store.thread(&scope, &kept.id).await?, Some(kept));
    assert_eq!(
        store.thread(&scope, &thread_id("thr_2")).await?,
        Some(thread("thr_2", 5))
    );
    assert_eq!(store.thread(&scope, &thread_id("thr_3")).await?, None);
    Ok(())
}

/// A patch changes the fields that it names, and no others.
pub async fn a_patch_changes_what_it_names(subject: &StoreUnderTest) -> Result<()> {
    let (scope, store, id) = (ann()?, &subject.store, thread_id("thr_1"));
    let mut expected = thread("thr_1", 5);
    expected.title = Some("first".to_owned());
    expected.allowed_image_domains = Some(Vec::new());
    expected.extra.insert("later".to_owned(), true.into());
    store.create_thread(&scope, expected.clone()).await?;
    let mut metadata = Map::new();
    metadata.insert("a".to_owned(), 1.into());
    let none = ThreadPatch::default();
    let patches = [
        none.clone(),
        ThreadPatch {
            title: Some(Some("second".to_owned())),
            ..none.clone()
        },
        ThreadPatch {
            title: Some(Some("late".to_owned())),
            title_was: Some(Some("first".to_owned())),
            status: Some(ThreadStatus::active()),
            ..none.clone()
        },
        ThreadPatch {
            title: Some(Some("third".to_owned())),
            title_was: Some(Some("second".to_owned())),
            ..none.clone()
        },
        ThreadPatch {
            title: Some(Some("of nothing".to_owned())),
            title_was: Some(None),
            ..none.clone()
        },
        ThreadPatch {
            status: Some(ThreadStatus::closed(None)),
            ..none.clone()
        },
        ThreadPatch {
            metadata: Some(metadata),
            ..none.clone()
        },
        ThreadPatch {
            allowed_image_domains: Some(None),
            ..none.clone()
        },
        ThreadPatch {
            title: Some(None),
            status: Some(ThreadStatus::active()),
            ..none.clone()
        },
    ];
    let mut titles = Vec::new();
    for patch in patches {
        patch.clone().apply(&mut expected);
        let changed = store.update_thread(&scope, &id, patch).await?;
        assert_eq!(changed.as_ref(), Some(&expected));
        assert_eq!(store.thread(&scope, &id).await?, changed);
        titles.push(expected.title.clone());
    }
    let [first, second, third] = ["first", "second", "third"].map(|title| Some(title.to_owned()));
    let renamed = [
        &first, &second, &second, &third, &third, &third, &third, &third, &None,
    ];
    assert!(titles.iter().eq(renamed), "{titles:?}");
    assert_eq!(
        store
            .update_thread(&scope, &thread_id("thr_2"), none)
            .await?,
        None
    );
    Ok(())
}

/// With a thread go its items, turns, steps, logs and attachments, and nothing of other threads.
pub async fn a_deleted_thread_takes_everything_with_it(subject: &StoreUnderTest) -> Result<()> {
    let (scope, store) = (ann()?, &subject.store);
    for (thread, turn, it, file) in [
        ("thr_1", "turn_1", "msg_1", "atc_1"),
        ("thr_2", "turn_2", "msg_2", "atc_2"),
    ] {
        let mut first = begin(thread, turn, 5);
        first.new_thread = Some(super::sample::thread(thread, 5));
        first.put = vec![item(thread, it, 5, "hello")];
        first.attachments = vec![attachment(file, None)];
        store.begin_turn(&scope, first).await?;
        let write = TurnWrite {
            steps: vec![step(turn, 1, "seen")?],
            log: vec![batch(turn, 1, 2)],
            ..TurnWrite::default()
        };
        store.write_turn(&scope, &key(thread, turn), write).await?;
    }
    assert!(store.delete_thread(&scope, &thread_id("thr_1")).await?);
    assert!(!store.delete_thread(&scope, &thread_id("thr_1")).await?);

    let one = thread_id("thr_1");
    assert_eq!(store.thread(&scope, &one).await?, None);
    assert_eq!(store.item(&scope, &one, &item_id("msg_1")).await?, None);
    assert_eq!(
        store
            .items(&scope, &one, &page(9, Order::Asc, None))
            .await?,
        None
    );
    assert_eq!(store.recent_items(&scope, &one, 9).await?, []);
    assert_eq!(store.turn(&scope, &turn_id("turn_1")).await?, None);
    assert_eq!(store.running_turn(&scope, &one).await?, None);
    assert_eq!(store.steps(&scope, &one, &[turn_id("turn_1")]).await?, []);
    assert_eq!(store.turn_log(&scope, &turn_id("turn_1"), None).await?, []);
    assert_eq!(
        store.attachment(&scope, &attachment_id("atc_1")).await?,
        None
    );

    let two = thread_id("thr_2");
    assert_eq!(store.recent_items(&scope, &two, 9).await?.len(), 1);
    assert_eq!(
        store.running_turn(&scope, &two).await?,
        Some(turn_id("turn_2"))
    );
    assert_eq!(
        store.steps(&scope, &two, &[turn_id("turn_2")]).await?.len(),
        1
    );
    assert_eq!(
        store.turn_log(&scope, &turn_id("turn_2"), None).await?,
        [batch("turn_2", 1, 2)]
    );
    assert!(
        store
            .attachment(&scope, &attachment_id("atc_2"))
            .await?
            .is_some()
    );

    // The ids are free again.
    let mut again = begin("thr_1", "turn_1", 6);
    again.new_thread = Some(thread("thr_1", 6));
    store.begin_turn(&scope, again).await?;
    assert_eq!(store.turn_log(&scope, &turn_id("turn_1"), None).await?, []);
    Ok(())
}
