//! Attachments.

use super::StoreUnderTest;
use super::sample::{ann, attachment, attachment_id, begin, thread, thread_id};
use crate::{Began, Result, StoreError};

/// An attachment may be stored again until it belongs to a thread, and then for that thread only.
pub async fn an_attachment_keeps_to_its_thread(subject: &StoreUnderTest) -> Result<()> {
    let (scope, store, id) = (ann()?, &subject.store, attachment_id("atc_1"));
    assert_eq!(store.attachment(&scope, &id).await?, None);
    for name in ["thr_1", "thr_2"] {
        store.create_thread(&scope, thread(name, 1)).await?;
    }
    for _ in 0..2 {
        store
            .put_attachment(&scope, attachment("atc_1", None))
            .await?;
        assert_eq!(
            store.attachment(&scope, &id).await?,
            Some(attachment("atc_1", None))
        );
    }
    let mut first = begin("thr_1", "turn_1", 2);
    first.attachments = vec![
        attachment("atc_1", None),
        attachment("atc_2", Some("thr_2")),
    ];
    let started = Began::Started {
        removed: Vec::new(),
    };
    assert_eq!(store.begin_turn(&scope, first).await?, started);
    let linked = Some(attachment("atc_1", Some("thr_1")));
    assert_eq!(store.attachment(&scope, &id).await?, linked);
    let second = store.attachment(&scope, &attachment_id("atc_2")).await?;
    assert_eq!(
        second,
        Some(attachment("atc_2", Some("thr_1"))),
        "the turn's thread counts"
    );

    store
        .put_attachment(&scope, attachment("atc_1", Some("thr_1")))
        .await?;
    for thread in [None, Some("thr_2"), Some("thr_3")] {
        let outcome = store
            .put_attachment(&scope, attachment("atc_1", thread))
            .await;
        assert!(
            matches!(outcome, Err(StoreError::Conflict { .. })),
            "{thread:?}"
        );
    }
    let outcome = store
        .put_attachment(&scope, attachment("atc_3", Some("thr_3")))
        .await;
    assert!(matches!(outcome, Err(StoreError::Conflict { .. })));
    let mut elsewhere = begin("thr_2", "turn_2", 3);
    elsewhere.attachments = vec![attachment("atc_1", None)];
    let outcome = store.begin_turn(&scope, elsewhere).await;
    assert!(matches!(outcome, Err(StoreError::Conflict { .. })));
    assert_eq!(store.running_turn(&scope, &thread_id("thr_2")).await?, None);
    assert_eq!(store.attachment(&scope, &id).await?, linked);

    assert!(store.delete_attachment(&scope, &id).await?);
    assert!(!store.delete_attachment(&scope, &id).await?);
    assert_eq!(store.attachment(&scope, &id).await?, None);
    Ok(())
}
