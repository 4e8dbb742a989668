//! The bytes of attachments: drafts, what keeps them, and what they leave behind.

use std::collections::BTreeSet;
use std::time::Duration;

use frontdesk_protocol::{Attachment, ItemId, Map, ThreadItem, UserMessageItem};

use super::StoreUnderTest;
use super::sample::{
    ann, at, attachment, attachment_id, begin, end, item, item_id, key, owner, thread, thread_id,
};
use crate::{Began, Kept, ObjectName, Result, StoreError, StoredFile, Trim, TurnStatus};

const LONG: Duration = Duration::from_hours(1);
const MANY: u32 = 100;

fn object(name: &str) -> ObjectName {
    ObjectName::new(name)
}

fn file(name: &str) -> StoredFile {
    StoredFile {
        object: object(name),
        size: 5,
        media_type: "text/plain".to_owned(),
        sha256: [7; 32],
        preview_type: Some("image/png".to_owned()),
    }
}

/// An attachment with a file whose object is named so.
async fn with_file(subject: &StoreUnderTest, id: &str, name: &str) -> Result<()> {
    let (scope, store) = (ann()?, &subject.store);
    store.put_attachment(&scope, attachment(id, None)).await?;
    let files = &subject.files;
    files.draft_object(&scope, &object(name), LONG).await?;
    let kept = files.keep_file(&scope, attachment(id, None), file(name));
    assert_eq!(kept.await?, Kept::Stored);
    Ok(())
}

fn message(thread: &str, id: &str, second: i64, attachments: &[&str]) -> ThreadItem {
    let attachments = attachments.iter().map(|id| attachment(id, Some(thread)));
    ThreadItem::UserMessage(UserMessageItem {
        id: item_id(id),
        thread_id: thread_id(thread),
        created_at: at(second),
        content: Vec::new(),
        attachments: attachments.collect(),
        quoted_text: None,
        inference_options: frontdesk_protocol::InferenceOptions::default(),
        extra: Map::new(),
    })
}

async fn due(subject: &StoreUnderTest) -> Result<BTreeSet<String>> {
    let due = subject.file_upkeep.due_objects(MANY).await?;
    let names = due
        .into_iter()
        .map(|(_, object)| object.as_str().to_owned());
    Ok(names.collect())
}

fn names(names: &[&str]) -> BTreeSet<String> {
    names.iter().map(|&name| name.to_owned()).collect()
}

/// A draft is due when its time is over; bytes that an attachment has are not, and are given once.
pub async fn an_attachment_is_given_bytes_once(subject: &StoreUnderTest) -> Result<()> {
    let (scope, files) = (ann()?, &subject.files);
    let id = attachment_id("atc_1");
    let given = |name: &str| files.keep_file(&scope, attachment("atc_1", None), file(name));
    files.draft_object(&scope, &object("one"), LONG).await?;
    assert_eq!(given("one").await?, Kept::Gone, "no attachment");
    subject
        .store
        .put_attachment(&scope, attachment("atc_1", None))
        .await?;
    assert_eq!(given("two").await?, Kept::Gone, "no draft");
    assert_eq!(files.file(&scope, &id).await?, None);
    assert_eq!(due(subject).await?, names(&[]));

    let mut changed = attachment("atc_1", None);
    if let Attachment::File(file) = &mut changed {
        "text/markdown".clone_into(&mut file.mime_type);
    }
    let kept = files.keep_file(&scope, changed.clone(), file("one"));
    assert_eq!(kept.await?, Kept::Stored);
    assert_eq!(files.file(&scope, &id).await?, Some(file("one")));
    let there = subject.store.attachment(&scope, &id).await?;
    assert_eq!(there, Some(changed));

    for (name, length) in [("three", Duration::ZERO), ("four", LONG)] {
        files.draft_object(&scope, &object(name), length).await?;
        assert_eq!(given(name).await?, Kept::Already(file("one")), "{name}");
    }
    for name in ["one", "four"] {
        let again = files.draft_object(&scope, &object(name), LONG).await;
        assert!(matches!(again, Err(StoreError::Conflict { .. })), "{name}");
    }
    assert_eq!(due(subject).await?, names(&["three"]));
    let gone = [(scope.clone(), object("three"))];
    subject.file_upkeep.forget_objects(&gone).await?;
    assert_eq!(due(subject).await?, names(&[]));
    Ok(())
}

/// However an attachment goes, its object is due at once.
pub async fn a_deleted_attachment_leaves_its_object_due(subject: &StoreUnderTest) -> Result<()> {
    let (scope, store) = (ann()?, &subject.store);
    for (id, name) in [("atc_1", "alone"), ("atc_2", "sent"), ("atc_3", "kept")] {
        with_file(subject, id, name).await?;
    }
    let mut first = begin("thr_1", "turn_1", 2);
    first.new_thread = Some(thread("thr_1", 1));
    first.put = vec![message("thr_1", "msg_1", 2, &["atc_2"])];
    first.attachments = vec![attachment("atc_2", None)];
    store.begin_turn(&scope, first).await?;
    assert_eq!(subject.files.unsent_attachments(&scope).await?, 2);

    assert!(
        store
            .delete_attachment(&scope, &attachment_id("atc_1"))
            .await?
    );
    assert_eq!(due(subject).await?, names(&["alone"]));
    assert!(store.delete_thread(&scope, &thread_id("thr_1")).await?);
    assert_eq!(due(subject).await?, names(&["alone", "sent"]));
    let sent = subject.files.file(&scope, &attachment_id("atc_2")).await?;
    assert_eq!(sent, None);
    assert_eq!(subject.file_upkeep.due_objects(1).await?.len(), 1);
    Ok(())
}

/// What was never sent goes after a while, with its object; what was sent stays.
pub async fn attachments_that_were_never_sent_are_dropped(subject: &StoreUnderTest) -> Result<()> {
    let (scope, store) = (ann()?, &subject.store);
    for (id, name) in [("atc_1", "one"), ("atc_2", "two"), ("atc_3", "sent")] {
        with_file(subject, id, name).await?;
    }
    store
        .put_attachment(&scope, attachment("atc_4", None))
        .await?;
    let mut first = begin("thr_1", "turn_1", 2);
    first.new_thread = Some(thread("thr_1", 1));
    first.attachments = vec![attachment("atc_3", None)];
    store.begin_turn(&scope, first).await?;

    let upkeep = &subject.file_upkeep;
    assert_eq!(upkeep.drop_unsent(LONG, MANY).await?, 0);
    assert_eq!(upkeep.drop_unsent(Duration::ZERO, 2).await?, 2);
    assert_eq!(upkeep.drop_unsent(Duration::ZERO, MANY).await?, 1);
    assert_eq!(upkeep.drop_unsent(Duration::ZERO, MANY).await?, 0);
    assert_eq!(due(subject).await?, names(&["one", "two"]));
    assert_eq!(subject.files.unsent_attachments(&scope).await?, 0);
    let sent = store.attachment(&scope, &attachment_id("atc_3")).await?;
    assert!(sent.is_some());
    Ok(())
}

/// What a trim removes takes the attachments that nothing names any more with it.
pub async fn a_trim_takes_the_attachments_that_only_it_named(
    subject: &StoreUnderTest,
) -> Result<()> {
    let (scope, store) = (ann()?, &subject.store);
    for id in ["atc_1", "atc_2", "atc_3", "atc_4"] {
        with_file(subject, id, id).await?;
    }
    let sent = [("msg_1", "atc_1"), ("msg_2", "atc_2"), ("msg_3", "atc_3")];
    store.create_thread(&scope, thread("thr_1", 1)).await?;
    for (number, (name, attached)) in (1_i64..).zip(sent) {
        let turn = format!("turn_{number}");
        let mut next = begin("thr_1", &turn, number * 10);
        next.put = vec![message("thr_1", name, number * 10, &["atc_1", attached])];
        next.attachments = vec![attachment(attached, None)];
        store.begin_turn(&scope, next).await?;
        let done = end(TurnStatus::Done, number * 10 + 1);
        store.write_turn(&scope, &key("thr_1", &turn), done).await?;
    }
    let mut edited = begin("thr_1", "turn_4", 40);
    edited.trim = Some(Trim::From(item_id("msg_2")));
    edited.put = vec![message("thr_1", "msg_4", 40, &["atc_3"])];
    edited.attachments = vec![attachment("atc_3", Some("thr_1"))];
    let removed: Vec<ItemId> = ["msg_2", "msg_3"].map(item_id).into();
    let began = store.begin_turn(&scope, edited).await?;
    assert_eq!(began, Began::Started { removed });
    assert_eq!(due(subject).await?, names(&["atc_2"]));
    for (id, is_there) in [
        ("atc_1", true),
        ("atc_2", false),
        ("atc_3", true),
        ("atc_4", true),
    ] {
        let found = store.attachment(&scope, &attachment_id(id)).await?;
        assert_eq!(found.is_some(), is_there, "{id}");
    }
    Ok(())
}

/// Another owner neither sees nor touches files, and may use the same names.
pub async fn files_are_their_owners_alone(subject: &StoreUnderTest) -> Result<()> {
    let (scope, store, files) = (ann()?, &subject.store, &subject.files);
    with_file(subject, "atc_1", "one").await?;
    files.draft_object(&scope, &object("draft"), LONG).await?;
    for other in [owner("acme", "bob")?, owner("other", "ann")?] {
        let id = attachment_id("atc_1");
        assert_eq!(files.file(&other, &id).await?, None);
        assert_eq!(files.unsent_attachments(&other).await?, 0);
        let theirs = || files.keep_file(&other, attachment("atc_1", None), file("draft"));
        assert_eq!(theirs().await?, Kept::Gone, "no attachment");
        store
            .put_attachment(&other, attachment("atc_1", None))
            .await?;
        assert_eq!(theirs().await?, Kept::Gone, "another's draft");
        files.draft_object(&other, &object("one"), LONG).await?;
        let kept = files.keep_file(&other, attachment("atc_1", None), file("one"));
        assert_eq!(kept.await?, Kept::Stored);
        assert!(store.delete_attachment(&other, &id).await?);
        assert_eq!(files.file(&scope, &id).await?, Some(file("one")));
        let left = [(other.clone(), object("one"))];
        assert_eq!(subject.file_upkeep.due_objects(MANY).await?, left);
        subject.file_upkeep.forget_objects(&left).await?;
    }
    // A plain item names nothing.
    store.create_thread(&scope, thread("thr_1", 1)).await?;
    let plain = vec![item("thr_1", "msg_1", 1, "plain")];
    assert!(store.put_items(&scope, &thread_id("thr_1"), plain).await?);
    Ok(())
}
