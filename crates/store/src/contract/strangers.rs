//! Every method that takes an owner, in the hands of another one, beside what [`isolation`](super::isolation) tries.

use std::time::Duration;

use frontdesk_protocol::FeedbackKind;

use super::StoreUnderTest;
use super::archive::{read, sample};
use super::sample::{
    ann, at, attachment, attachment_id, begin, item_id, key, owner, thread, thread_id,
};
use crate::words::Query;
use crate::{
    Connecting, Forgotten, Kept, ObjectName, ProcessId, Result, SearchRequest, StoreError,
    StoredFile, UtcDay,
};

fn file(object: &str) -> StoredFile {
    StoredFile {
        object: ObjectName::new(object),
        size: 1,
        media_type: "text/plain".to_owned(),
        sha256: [1; 32],
        preview_type: None,
    }
}

/// With another owner's ids nothing is found, and whatever is done is done to one's own.
pub async fn a_stranger_finds_and_changes_nothing(subject: &StoreUnderTest) -> Result<()> {
    let (scope, store, archive) = (ann()?, &subject.store, &subject.archive);
    archive.restore(&sample(&scope, "1")?).await?;
    store.create_thread(&scope, thread("runs", 5)).await?;
    store
        .begin_turn(&scope, begin("runs", "turn_run", 5))
        .await?;
    let before = read(subject, &scope).await?;
    let (id, unsent) = (thread_id("thr_1"), attachment_id("unsent_1"));
    let hour = Duration::from_hours(1);
    for (number, stranger) in [owner("acme", "bob")?, owner("other", "ann")?]
        .iter()
        .enumerate()
    {
        let request = SearchRequest {
            query: Query::parse("title").ok_or_else(no_word)?,
            limit: 9,
            after: None,
        };
        let found = store.search(stranger, &request).await?;
        assert_eq!(found.map(|page| page.data), Some(Vec::new()));
        let beyond = SearchRequest {
            after: Some(id.clone()),
            ..request
        };
        assert_eq!(store.search(stranger, &beyond).await?, None);
        assert_eq!(store.feedback(stranger, &id).await?, []);
        let (items, kind) = ([item_id("msg_1")], FeedbackKind::Positive);
        assert!(
            !store
                .give_feedback(stranger, &id, &items, kind, at(9))
                .await?
        );
        assert_eq!(store.turn_of_key(stranger, &[1; 32]).await?, None);
        let way = Connecting {
            server: "mail_1".to_owned(),
            state_hash: [u8::try_from(number).unwrap_or_default(); 32],
            sealed: vec![9],
            expires_at: at(99),
        };
        store.begin_connecting(stranger, way).await?;
        store
            .add_tokens(stranger, UtcDay::from_number(20_000), 5)
            .await?;

        let files = &subject.files;
        assert_eq!(files.file(stranger, &attachment_id("atc_1")).await?, None);
        assert_eq!(files.unsent_attachments(stranger).await?, 0);
        // The name of another owner's object is a name like any other.
        files
            .draft_object(stranger, &ObjectName::new("obj_1"), hour)
            .await?;
        let kept = files.keep_file(stranger, attachment("unsent_1", None), file("obj_1"));
        assert_eq!(kept.await?, Kept::Gone);

        assert_eq!(archive.threads_of(stranger, None, 9).await?, []);
        assert_eq!(archive.turns_of(stranger, &id, None, 9).await?, []);
        assert_eq!(archive.stored_items(stranger, &id, None, 9).await?, []);
        assert_eq!(archive.attachments_of(stranger, None, 9).await?, []);
        let days = archive.days_used(stranger).await?;
        assert_eq!(days, [(UtcDay::from_number(20_000), 5)], "their own");
        let (running, holder) = (key("runs", "turn_run"), ProcessId::new("process_1"));
        let maintenance = &subject.maintenance;
        assert!(
            !maintenance
                .release_turn(stranger, &running, &holder)
                .await?
        );
        let theirs = Forgotten {
            connections: 1,
            days: 1,
            ..Forgotten::default()
        };
        assert_eq!(archive.forget(stranger).await?, theirs);
        assert_eq!(read(subject, &scope).await?, before);
    }
    assert_eq!(subject.files.unsent_attachments(&scope).await?, 1);
    assert!(store.attachment(&scope, &unsent).await?.is_some());
    Ok(())
}

fn no_word() -> StoreError {
    StoreError::Failed {
        detail: "no word".to_owned(),
    }
}
