//! Archives: what is read from one place and restored at another is the same; and the end of an owner.

use frontdesk_identity::{Scope, TenantId};
use frontdesk_protocol::{
    AttachmentId, FeedbackKind, Order, ThreadItem, ThreadMetadata, Timestamp,
};

use super::StoreUnderTest;
use super::sample::{
    ann, at, attachment, attachment_id, batch, begin, end, item, item_id, key, owner, page, raw,
    step, thread, thread_id, turn, turn_id,
};
use crate::{
    ApiKey, Entry, Fingerprint, Forgotten, Idle, ItemFeedback, KeyId, Line, ObjectName, Result,
    SealedConnection, Step, StoreError, StoredFile, StoredItem, Tenants, TurnId, TurnRecord,
    TurnStatus, TurnWrite, UtcDay,
};

/// A time that isn't a whole second.
fn odd(micros: i64) -> Timestamp {
    Timestamp::from_microsecond(micros).unwrap_or_default()
}

fn api_key(id: &str, scope: &Scope) -> ApiKey {
    ApiKey {
        id: KeyId::new(id),
        tenant: scope.tenant.clone(),
        user: Some(scope.user.clone()),
        hash: [7; 32],
        label: "a \"label\"\n".to_owned(),
        created_at: odd(1_000_001),
        expires_at: None,
        revoked_at: Some(at(9)),
    }
}

/// Something of every kind, in the order in which an archive has it.
pub(super) fn sample(scope: &Scope, mark: &str) -> Result<Vec<Entry>> {
    let name = |kind: &str| format!("{kind}_{mark}");
    let (id, turn_name) = (name("thr"), name("turn"));
    let mut there = thread(&id, 1);
    there.created_at = odd(1_234_567);
    there.title = Some("Title \u{1f680}".to_owned());
    let ended = TurnRecord {
        status: TurnStatus::Waiting,
        attempt: 3,
        created_at: odd(2_000_003),
        ended_at: Some(odd(2_000_004)),
        request: Some(Fingerprint {
            key: Some([mark.len().try_into().unwrap_or(9); 32]),
            body: [255; 32],
        }),
        ..turn(&id, &turn_name, 2)
    };
    let said = Step {
        data: raw("{ \"b\": 1.0,\n \"a\": [1e2, 12345678901234567890] }")?,
        ..step(&turn_name, 4, "")?
    };
    let mut mine = item(&id, &name("msg"), 3, "text\u{2028}");
    mine.set_created_at(odd(3_000_001));
    let file = StoredFile {
        object: ObjectName::new(name("obj")),
        size: 12,
        media_type: "text/plain".to_owned(),
        sha256: [16; 32],
        preview_type: Some("image/webp".to_owned()),
    };
    let scope = || scope.clone();
    Ok(vec![
        Entry::Thread(scope(), there),
        Entry::Turn(scope(), ended),
        Entry::Step(scope(), said),
        Entry::Item(
            scope(),
            StoredItem {
                item: mine,
                turn: Some(turn_id(&turn_name)),
            },
        ),
        Entry::Item(
            scope(),
            StoredItem {
                item: item(&id, &name("other"), 4, ""),
                turn: None,
            },
        ),
        Entry::Feedback(
            scope(),
            ItemFeedback {
                thread: thread_id(&id),
                item: item_id(&name("msg")),
                kind: FeedbackKind::Negative,
                at: odd(4_000_001),
            },
        ),
        Entry::Attachment(scope(), attachment(&name("atc"), Some(&id)), Some(file)),
        Entry::Attachment(scope(), attachment(&name("unsent"), None), None),
        Entry::Connection(
            scope(),
            SealedConnection {
                server: name("mail"),
                sealed: vec![0, 255, 16],
                created_at: odd(5_000_001),
                updated_at: odd(5_000_002),
            },
        ),
        Entry::Usage(scope(), UtcDay::from_number(20_000), 77),
        Entry::Key(api_key(&name("key"), &scope())),
    ])
}

/// All that an owner has, read a row at a time, in the order of [`sample`].
pub(super) async fn read(subject: &StoreUnderTest, scope: &Scope) -> Result<Vec<Entry>> {
    let (store, archive) = (&subject.store, &subject.archive);
    let mut entries = Vec::new();
    let mut last: Option<ThreadMetadata> = None;
    loop {
        let after = last.as_ref().map(|last| (last.created_at, &last.id));
        let Some(there) = archive.threads_of(scope, after, 1).await?.pop() else {
            break;
        };
        let id = there.id.clone();
        last = Some(there.clone());
        entries.push(Entry::Thread(scope.clone(), there));
        let mut after: Option<TurnId> = None;
        while let [one] = &*archive.turns_of(scope, &id, after.as_ref(), 1).await? {
            after = Some(one.id.clone());
            entries.push(Entry::Turn(scope.clone(), one.clone()));
            let steps = store
                .steps(scope, &id, std::slice::from_ref(&one.id))
                .await?;
            entries.extend(
                steps
                    .into_iter()
                    .map(|step| Entry::Step(scope.clone(), step)),
            );
        }
        let mut last: Option<ThreadItem> = None;
        loop {
            let after = last.as_ref().map(|last| (last.created_at(), last.id()));
            let Some(one) = archive.stored_items(scope, &id, after, 1).await?.pop() else {
                break;
            };
            last = Some(one.item.clone());
            entries.push(Entry::Item(scope.clone(), one));
        }
        let given = store.feedback(scope, &id).await?;
        entries.extend(
            given
                .into_iter()
                .map(|one| Entry::Feedback(scope.clone(), one)),
        );
    }
    let mut after: Option<AttachmentId> = None;
    while let [(one, file)] = &*archive.attachments_of(scope, after.as_ref(), 1).await? {
        after = Some(one.id().clone());
        entries.push(Entry::Attachment(scope.clone(), one.clone(), file.clone()));
    }
    for one in store.connections(scope).await? {
        let sealed = store.load_connection(scope, &one.server).await?;
        let connection = SealedConnection {
            server: one.server,
            sealed: sealed.unwrap_or_default(),
            created_at: one.created_at,
            updated_at: one.updated_at,
        };
        entries.push(Entry::Connection(scope.clone(), connection));
    }
    let days = archive.days_used(scope).await?.into_iter();
    entries.extend(days.map(|(day, tokens)| Entry::Usage(scope.clone(), day, tokens)));
    let (tenant, mut last) = (Some(&scope.tenant), None::<ApiKey>);
    loop {
        let after = last.as_ref().map(|last| (last.created_at, &last.id));
        let Some(key) = archive.keys_of(tenant, after, 1).await?.pop() else {
            return Ok(entries);
        };
        if key.user.as_ref() == Some(&scope.user) {
            entries.push(Entry::Key(key.clone()));
        }
        assert_ne!(last.as_ref(), Some(&key), "a key comes behind itself");
        last = Some(key);
    }
}

async fn owners(subject: &StoreUnderTest) -> Result<Vec<Scope>> {
    let mut owners: Vec<Scope> = Vec::new();
    loop {
        let last = owners.last();
        let tenant = last.map_or("", |scope| scope.tenant.as_str());
        let user = last.map_or("", |scope| scope.user.as_str());
        match subject.archive.owner_after(tenant, user).await? {
            Some(next) => owners.push(next),
            None => return Ok(owners),
        }
    }
}

fn others() -> Result<[Scope; 2]> {
    Ok([owner("acme", "bob")?, owner("other", "ann")?])
}

/// What is restored is read again as it was, also by way of lines; and restoring it again changes nothing.
pub async fn an_archive_is_restored_as_it_was(subject: &StoreUnderTest) -> Result<()> {
    let (scope, [bob, other]) = (ann()?, others()?);
    let mut lines = Vec::new();
    for (owner, mark) in [(&scope, "1"), (&bob, "22"), (&other, "333")] {
        for entry in sample(owner, mark)? {
            let line = Line::Entry(Box::new(entry));
            let text = line.write().map_err(failed)?;
            assert!(!text.contains('\n'), "one line: {text}");
            assert_eq!(Line::read(&text).map_err(failed)?, line);
            lines.push(line);
        }
    }
    let entries = lines.into_iter().filter_map(|line| match line {
        Line::Entry(entry) => Some(*entry),
        Line::First | Line::Last(_) => None,
    });
    let entries: Vec<Entry> = entries.collect();
    let all = u64::try_from(entries.len()).unwrap_or_default();
    assert_eq!(subject.archive.restore(&entries).await?, all);
    assert_eq!(
        owners(subject).await?,
        [scope.clone(), bob.clone(), other.clone()]
    );
    for (owner, mark) in [(&scope, "1"), (&bob, "22"), (&other, "333")] {
        assert_eq!(read(subject, owner).await?, sample(owner, mark)?);
    }
    assert_eq!(subject.archive.restore(&entries).await?, 0);
    assert_eq!(read(subject, &scope).await?, sample(&scope, "1")?);
    Ok(())
}

/// Threads and items are listed on behind one that was deleted meanwhile.
pub async fn an_archive_goes_on_behind_what_was_deleted(subject: &StoreUnderTest) -> Result<()> {
    let (store, archive, scope) = (&subject.store, &subject.archive, ann()?);
    for (name, second) in [("thr_c", 1), ("thr_b", 2), ("thr_d", 2), ("thr_a", 3)] {
        store.create_thread(&scope, thread(name, second)).await?;
    }
    let items = [("msg_c", 1), ("msg_b", 2), ("msg_d", 2), ("msg_a", 3)];
    let items = items.map(|(id, second)| item("thr_a", id, second, ""));
    store
        .put_items(&scope, &thread_id("thr_a"), items.into())
        .await?;
    assert!(store.delete_thread(&scope, &thread_id("thr_b")).await?);
    let mut removing = begin("thr_a", "turn_1", 4);
    removing.remove = vec![item_id("msg_b")];
    store.begin_turn(&scope, removing).await?;
    let talked = thread_id("thr_a");
    for (limit, expected) in [(1, &["d"][..]), (9, &["d", "a"])] {
        let after = Some((at(2), &thread_id("thr_b")));
        let threads = archive.threads_of(&scope, after, limit).await?;
        let ids: Vec<&str> = threads.iter().map(|one| one.id.as_str()).collect();
        let ids: Vec<&str> = ids.iter().map(|id| id.trim_start_matches("thr_")).collect();
        assert_eq!(ids, expected);
        let after = Some((at(2), &item_id("msg_b")));
        let items = archive.stored_items(&scope, &talked, after, limit).await?;
        let ids: Vec<&str> = items.iter().map(|one| one.item.id().as_str()).collect();
        let ids: Vec<&str> = ids.iter().map(|id| id.trim_start_matches("msg_")).collect();
        assert_eq!(ids, expected);
    }
    Ok(())
}

/// What has an id that is there, or belongs to what isn't there or is another owner's, is left out and changes nothing.
pub async fn what_is_there_is_not_restored_over(subject: &StoreUnderTest) -> Result<()> {
    let (scope, [bob, other]) = (ann()?, others()?);
    subject.archive.restore(&sample(&scope, "1")?).await?;
    let mut changed = sample(&scope, "1")?;
    for entry in &mut changed {
        match entry {
            Entry::Thread(_, thread) => thread.title = None,
            Entry::Turn(_, turn) => turn.status = TurnStatus::Failed,
            Entry::Step(_, step) => step.version = 9,
            Entry::Item(_, stored) => {
                stored.item = item("thr_1", stored.item.id().as_str(), 9, "x");
            }
            Entry::Feedback(_, given) => given.kind = FeedbackKind::Positive,
            Entry::Attachment(_, attachment, _) => attachment.set_thread_id(None),
            Entry::Connection(_, connection) => connection.sealed = vec![1],
            Entry::Usage(_, _, tokens) => *tokens = 1,
            Entry::Key(key) => key.label = String::new(),
        }
    }
    assert_eq!(subject.archive.restore(&changed).await?, 0);
    assert_eq!(read(subject, &scope).await?, sample(&scope, "1")?);
    // Keys are found by their ids alone, so another owner's can't have the same.
    for stranger in [&bob, &other] {
        let theirs = sample(stranger, "1")?
            .into_iter()
            .filter(|entry| matches!(entry, Entry::Step(..) | Entry::Key(_)));
        let mut theirs: Vec<Entry> = theirs.collect();
        assert_eq!(subject.archive.restore(&theirs).await?, 0);
        theirs.insert(0, Entry::Thread(stranger.clone(), thread("thr_1", 1)));
        assert_eq!(
            subject.archive.restore(&theirs).await?,
            1,
            "the thread alone"
        );
        let lost = sample(stranger, "9")?.into_iter().filter(|entry| {
            matches!(
                entry,
                Entry::Turn(..) | Entry::Step(..) | Entry::Item(..) | Entry::Feedback(..)
            ) || matches!(entry, Entry::Attachment(_, one, _) if one.thread_id().is_some())
        });
        let lost: Vec<Entry> = lost.collect();
        assert_eq!(lost.len(), 6);
        assert_eq!(subject.archive.restore(&lost).await?, 0);
    }
    assert_eq!(read(subject, &scope).await?, sample(&scope, "1")?);
    let running = Entry::Turn(scope.clone(), turn("thr_1", "turn_9", 9));
    let refused = subject.archive.restore(&[running]).await;
    assert!(
        matches!(refused, Err(StoreError::Failed { .. })),
        "{refused:?}"
    );
    Ok(())
}

/// Check 20: all that a user has goes, a running turn with it, and nobody else's goes.
pub async fn check_20_a_user_is_forgotten_whole(subject: &StoreUnderTest) -> Result<()> {
    let (scope, [bob, other]) = (ann()?, others()?);
    for (owner, mark) in [(&scope, "1"), (&bob, "22"), (&other, "333")] {
        subject.archive.restore(&sample(owner, mark)?).await?;
    }
    let store = &subject.store;
    let mut running = begin("thr_2", "turn_run", 5);
    running.new_thread = Some(thread("thr_2", 5));
    running.put = vec![item("thr_2", "msg_run", 5, "")];
    store.begin_turn(&scope, running).await?;
    let write = TurnWrite {
        steps: vec![step("turn_run", 1, "seen")?],
        log: vec![batch("turn_run", 1, 2)],
        ..TurnWrite::default()
    };
    let in_turn = key("thr_2", "turn_run");
    store.write_turn(&scope, &in_turn, write).await?;

    let expected = Forgotten {
        threads: 2,
        items: 3,
        turns: 2,
        feedback: 1,
        attachments: 2,
        connections: 1,
        days: 1,
        keys: 1,
    };
    assert_eq!(subject.archive.forget(&scope).await?, expected);
    assert_eq!(read(subject, &scope).await?, []);
    assert_eq!(owners(subject).await?, [bob.clone(), other.clone()]);
    assert_eq!(store.turn(&scope, &turn_id("turn_run")).await?, None);
    assert_eq!(
        store.turn_log(&scope, &turn_id("turn_run"), None).await?,
        []
    );
    assert_eq!(
        store.attachment(&scope, &attachment_id("atc_1")).await?,
        None
    );
    let late = store
        .write_turn(&scope, &in_turn, end(TurnStatus::Done, 9))
        .await?;
    assert_eq!(late, crate::Written::Gone);
    for (owner, mark) in [(&bob, "22"), (&other, "333")] {
        assert_eq!(read(subject, owner).await?, sample(owner, mark)?);
    }
    assert_eq!(subject.archive.forget(&scope).await?, Forgotten::default());
    Ok(())
}

/// Threads without activity go, with all that belongs to them; those in which something happened or runs stay.
pub async fn check_20_idle_threads_are_deleted(subject: &StoreUnderTest) -> Result<()> {
    let (scope, [bob, other]) = (ann()?, others()?);
    let store = &subject.store;
    for (owner, mark) in [(&scope, "1"), (&bob, "22"), (&other, "333")] {
        subject.archive.restore(&sample(owner, mark)?).await?;
    }
    store.create_thread(&scope, thread("empty", 1)).await?;
    store.create_thread(&scope, thread("talked", 1)).await?;
    let late = vec![item("talked", "late", 50, "")];
    store.put_items(&scope, &thread_id("talked"), late).await?;
    for (id, turn) in [("runs", "turn_a"), ("ended", "turn_b")] {
        store.create_thread(&scope, thread(id, 1)).await?;
        store.begin_turn(&scope, begin(id, turn, 2)).await?;
    }
    store
        .write_turn(&scope, &key("ended", "turn_b"), end(TurnStatus::Done, 60))
        .await?;
    store.create_thread(&scope, thread("new", 50)).await?;

    let idle = |tenants: Tenants, second: i64| Idle {
        tenants,
        since: at(second),
    };
    let acme = || scope.tenant.clone();
    let delete =
        async |idle: Idle, limit: u32| subject.maintenance.delete_idle_threads(&idle, limit).await;
    let nobody = TenantId::new("nobody").map_err(failed)?;
    assert_eq!(delete(idle(Tenants::Only(nobody), 50), 9).await?, 0);
    assert_eq!(delete(idle(Tenants::Only(acme()), 1), 9).await?, 0);
    let but_acme = || Tenants::AllBut([acme()].into());
    assert_eq!(delete(idle(but_acme(), 50), 9).await?, 1);
    assert_eq!(store.thread(&other, &thread_id("thr_333")).await?, None);
    assert_eq!(delete(idle(Tenants::Only(acme()), 50), 1).await?, 1);
    assert_eq!(delete(idle(Tenants::Only(acme()), 50), 9).await?, 2);
    let left = store.threads(&scope, &page(9, Order::Asc, None)).await?;
    let left = left.unwrap_or_default().data.into_iter();
    let left: Vec<String> = left.map(|thread| thread.id.to_string()).collect();
    assert_eq!(left, ["ended", "runs", "talked", "new"]);
    assert_eq!(
        store.attachment(&scope, &attachment_id("atc_1")).await?,
        None
    );
    assert_eq!(store.turn(&scope, &turn_id("turn_1")).await?, None);
    let all = Tenants::AllBut([].into());
    assert_eq!(delete(idle(all, 1_000), 9).await?, 3, "all but what runs");
    Ok(())
}

fn failed(error: impl std::fmt::Display) -> StoreError {
    StoreError::Failed {
        detail: error.to_string(),
    }
}
