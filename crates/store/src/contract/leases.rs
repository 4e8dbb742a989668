//! Who runs a turn, and what another process needs to go on with it.

use std::time::Duration;

use super::StoreUnderTest;
use super::sample::{
    ann, begin, end, item, item_id, key, lease, owner, raw, take_over, thread, thread_id, turn,
    turn_id,
};
use crate::{
    Began, BeginTurn, Continuation, Fingerprint, Held, ProcessId, Result, TakenOver, TurnKey,
    TurnRecord, TurnStatus, Written,
};

const LONG: Duration = Duration::from_hours(1);

/// Two threads with a turn each: the first with a long lease of `process_1`, the second with one that has run out.
async fn two_turns(subject: &StoreUnderTest) -> Result<()> {
    let scope = ann()?;
    for (name, id, length) in [
        ("thr_1", "turn_1", LONG),
        ("thr_2", "turn_2", Duration::ZERO),
    ] {
        let mut first = begin(name, id, 2);
        first.new_thread = Some(thread(name, 1));
        first.lease = lease("process_1", length);
        subject.store.begin_turn(&scope, first).await?;
    }
    Ok(())
}

async fn abandoned(subject: &StoreUnderTest) -> Result<Vec<TurnRecord>> {
    let found = subject.maintenance.abandoned_turns(9).await?;
    Ok(found.into_iter().map(|(_, record)| record).collect())
}

fn quiet(turn: &str) -> Held {
    Held {
        turn: turn_id(turn),
        is_stop_asked: false,
        is_read_elsewhere: false,
    }
}

/// Only a turn whose lease has run out is taken over, and its new holder keeps others away in turn.
pub async fn a_lease_keeps_others_away_until_it_runs_out(subject: &StoreUnderTest) -> Result<()> {
    let scope = ann()?;
    two_turns(subject).await?;
    assert_eq!(abandoned(subject).await?, [turn("thr_2", "turn_2", 2)]);
    assert_eq!(subject.maintenance.abandoned_turns(0).await?, []);
    assert!(!take_over(subject, &scope, "turn_1", 1).await?);
    let second = lease("process_2", LONG);
    let (maintenance, turn) = (&subject.maintenance, turn_id("turn_2"));
    let taken = maintenance.take_over(&scope, &turn, 1, &second).await?;
    assert_eq!(taken, Some(TakenOver::default()));
    assert_eq!(abandoned(subject).await?, []);
    assert!(!take_over(subject, &scope, "turn_2", 2).await?);
    let current = TurnKey {
        attempt: 2,
        ..key("thr_2", "turn_2")
    };
    let ended = end(TurnStatus::Done, 3);
    let ended = subject.store.write_turn(&scope, &current, ended).await?;
    assert_eq!(ended, Written::Stored);
    maintenance.release_all().await?;
    let left = [super::sample::turn("thr_1", "turn_1", 2)];
    assert_eq!(abandoned(subject).await?, left);
    Ok(())
}

/// Another process, another attempt or another owner renews nothing; what is renewed is answered.
pub async fn a_lease_is_renewed_by_its_holder_alone(subject: &StoreUnderTest) -> Result<()> {
    let (scope, maintenance) = (ann()?, &subject.maintenance);
    two_turns(subject).await?;
    let (one, two) = (key("thr_1", "turn_1"), key("thr_2", "turn_2"));
    let later = TurnKey {
        attempt: 2,
        ..two.clone()
    };
    let mine = |keys: &[&TurnKey]| -> Vec<_> {
        let owned = keys.iter().map(|key| (scope.clone(), (*key).clone()));
        owned.collect()
    };
    let stranger = lease("process_2", LONG);
    let all = mine(&[&one, &two]);
    assert_eq!(maintenance.renew_leases(&stranger, &all).await?, []);
    let holder = lease("process_1", LONG);
    let theirs = [(owner("acme", "bob")?, two.clone())];
    assert_eq!(maintenance.renew_leases(&holder, &theirs).await?, []);
    let renewed = mine(&[&later]);
    assert_eq!(maintenance.renew_leases(&holder, &renewed).await?, []);
    assert_eq!(abandoned(subject).await?.len(), 1);
    assert_eq!(maintenance.renew_leases(&holder, &[]).await?, []);
    let gone = key("thr_9", "turn_9");
    let mut renewed = maintenance
        .renew_leases(&holder, &mine(&[&one, &gone, &two]))
        .await?;
    renewed.sort_by(|a, b| a.turn.cmp(&b.turn));
    assert_eq!(renewed, [quiet("turn_1"), quiet("turn_2")]);
    assert_eq!(abandoned(subject).await?, []);
    // A lease can be made shorter, too.
    let short = lease("process_1", Duration::ZERO);
    maintenance.renew_leases(&short, &mine(&[&one])).await?;
    assert_eq!(abandoned(subject).await?.len(), 1);
    Ok(())
}

/// Who gives a turn away frees it for others at once; nobody else can.
pub async fn a_released_turn_is_free_at_once(subject: &StoreUnderTest) -> Result<()> {
    let (scope, maintenance) = (ann()?, &subject.maintenance);
    two_turns(subject).await?;
    let (key, holder) = (key("thr_1", "turn_1"), ProcessId::new("process_1"));
    let later = TurnKey {
        attempt: 2,
        ..key.clone()
    };
    for (scope, key, holder, expected) in [
        (&scope, &key, &ProcessId::new("process_2"), false),
        (&owner("acme", "bob")?, &key, &holder, false),
        (&scope, &later, &holder, false),
        (&scope, &key, &holder, true),
    ] {
        let released = maintenance.release_turn(scope, key, holder).await?;
        assert_eq!(released, expected);
        assert_eq!(abandoned(subject).await?.len(), 1 + usize::from(expected));
    }
    assert!(take_over(subject, &scope, "turn_1", 1).await?);
    assert!(!maintenance.release_turn(&scope, &key, &holder).await?);
    Ok(())
}

/// A process that is the only one frees everything.
pub async fn all_leases_end_for_the_only_process(subject: &StoreUnderTest) -> Result<()> {
    two_turns(subject).await?;
    subject.maintenance.release_all().await?;
    assert_eq!(abandoned(subject).await?.len(), 2);
    assert!(take_over(subject, &ann()?, "turn_1", 1).await?);
    Ok(())
}

/// A stop that was asked for and readers elsewhere are told to the holder, and to the next one.
pub async fn who_runs_a_turn_hears_what_others_want(subject: &StoreUnderTest) -> Result<()> {
    let (scope, store, maintenance) = (ann()?, &subject.store, &subject.maintenance);
    two_turns(subject).await?;
    let holder = ProcessId::new("process_1");
    assert_eq!(maintenance.wanted_turns(&holder).await?, []);
    let (one, two) = (turn_id("turn_1"), turn_id("turn_2"));
    assert!(store.read_elsewhere(&scope, &one, LONG).await?);
    // A reader who soon goes doesn't send others away.
    assert!(store.read_elsewhere(&scope, &one, Duration::ZERO).await?);
    assert!(store.read_elsewhere(&scope, &two, Duration::ZERO).await?);
    let read = Held {
        is_read_elsewhere: true,
        ..quiet("turn_1")
    };
    assert_eq!(
        maintenance.wanted_turns(&holder).await?,
        std::slice::from_ref(&read)
    );
    assert!(store.ask_to_stop(&scope, &two).await?);
    assert!(store.ask_to_stop(&scope, &two).await?);
    let stop = Held {
        is_stop_asked: true,
        ..quiet("turn_2")
    };
    let mut wanted = maintenance.wanted_turns(&holder).await?;
    wanted.sort_by(|a, b| a.turn.cmp(&b.turn));
    assert_eq!(wanted, [read, stop.clone()]);
    let other = lease("process_2", LONG);
    let taken = maintenance.take_over(&scope, &two, 1, &other).await?;
    assert_eq!(taken.map(|taken| taken.is_stop_asked), Some(true));
    let next = ProcessId::new("process_2");
    assert_eq!(maintenance.wanted_turns(&next).await?, [stop]);
    let key = TurnKey {
        attempt: 2,
        ..key("thr_2", "turn_2")
    };
    store
        .write_turn(&scope, &key, end(TurnStatus::Stopped, 3))
        .await?;
    assert_eq!(maintenance.wanted_turns(&next).await?, []);
    assert!(!store.ask_to_stop(&scope, &two).await?);
    assert!(!store.read_elsewhere(&scope, &two, LONG).await?);
    assert!(!store.ask_to_stop(&scope, &turn_id("turn_9")).await?);
    Ok(())
}

/// The continuation goes to who takes over, again and again, and is refused where it is too large.
pub async fn what_a_turn_needs_to_go_on_is_kept_until_its_end(
    subject: &StoreUnderTest,
) -> Result<()> {
    let (scope, store) = (ann()?, &subject.store);
    let continuation = Continuation {
        version: 7,
        data: raw(r#"{"b":[1.50,"\u00e4"],"a":null}"#)?,
    };
    let mut first = begin("thr_1", "turn_1", 2);
    first.new_thread = Some(thread("thr_1", 1));
    first.continuation = Some(continuation.clone());
    store.begin_turn(&scope, first).await?;
    for attempt in [1, 2] {
        let next = lease("process_2", Duration::ZERO);
        let taken = subject
            .maintenance
            .take_over(&scope, &turn_id("turn_1"), attempt, &next)
            .await?;
        let kept = taken.and_then(|taken| taken.continuation);
        assert_eq!(kept, Some(continuation.clone()));
    }
    let mut large = begin("thr_2", "turn_2", 2);
    large.new_thread = Some(thread("thr_2", 1));
    large.continuation = Some(Continuation {
        version: 1,
        data: raw(&format!(
            "\"{}\"",
            "x".repeat(crate::limit::MAX_RECORD_BYTES)
        ))?,
    });
    assert!(store.begin_turn(&scope, large).await.is_err());
    assert_eq!(store.thread(&scope, &thread_id("thr_2")).await?, None);
    Ok(())
}

/// Another request with a key that the owner has used gives the turn that it began, whatever it says.
pub async fn a_request_with_a_known_key_begins_nothing(subject: &StoreUnderTest) -> Result<()> {
    let (scope, store) = (ann()?, &subject.store);
    let request = |key: u8, body: u8| {
        Some(Fingerprint {
            key: (key > 0).then_some([key; 32]),
            body: [body; 32],
        })
    };
    let opening = |thread_name: &str, id: &str, request| BeginTurn {
        turn: TurnRecord {
            request,
            ..turn(thread_name, id, 2)
        },
        new_thread: Some(thread(thread_name, 1)),
        put: vec![item(thread_name, &format!("msg_{id}"), 2, "said")],
        ..begin(thread_name, id, 2)
    };
    let started = Began::Started {
        removed: Vec::new(),
    };
    let first = opening("thr_1", "turn_1", request(1, 1));
    let record = first.turn.clone();
    assert_eq!(store.begin_turn(&scope, first).await?, started);
    let found = store.turn(&scope, &turn_id("turn_1")).await?;
    assert_eq!(found, Some(record.clone()));
    assert_eq!(store.turn_of_key(&scope, &[1; 32]).await?, found);
    assert_eq!(store.turn_of_key(&scope, &[2; 32]).await?, None);
    let stranger = owner("acme", "bob")?;
    assert_eq!(store.turn_of_key(&stranger, &[1; 32]).await?, None);
    for (name, id) in [
        ("thr_2", "turn_2"),
        ("thr_1", "turn_2"),
        ("thr_2", "turn_1"),
    ] {
        let again = opening(name, id, request(1, 2));
        let began = store.begin_turn(&scope, again).await?;
        assert_eq!(began, Began::Repeated(record.clone()));
    }
    assert_eq!(store.thread(&scope, &thread_id("thr_2")).await?, None);
    let (here, unsaid) = (thread_id("thr_1"), item_id("msg_turn_2"));
    assert_eq!(store.item(&scope, &here, &unsaid).await?, None);
    // Requests without a key, with another one, or of another owner are others.
    let others = [
        (scope.clone(), "thr_3", "turn_3", request(0, 1)),
        (scope.clone(), "thr_4", "turn_4", request(0, 1)),
        (scope.clone(), "thr_5", "turn_5", request(2, 1)),
        (owner("acme", "bob")?, "thr_1", "turn_6", request(1, 1)),
        (owner("other", "ann")?, "thr_1", "turn_7", request(1, 1)),
    ];
    for (scope, name, id, request) in others {
        let began = store.begin_turn(&scope, opening(name, id, request)).await?;
        assert_eq!(began, started, "{id}");
    }
    // It is known as long as the turn, also when that has ended.
    let ended = end(TurnStatus::Done, 3);
    store
        .write_turn(&scope, &key("thr_1", "turn_1"), ended)
        .await?;
    let again = opening("thr_2", "turn_2", request(1, 1));
    let began = store.begin_turn(&scope, again).await?;
    let Began::Repeated(there) = began else {
        return Err(crate::StoreError::Failed {
            detail: format!("a repeated request is {began:?}"),
        });
    };
    assert_eq!(
        (there.id, there.status),
        (turn_id("turn_1"), TurnStatus::Done)
    );
    store.delete_thread(&scope, &thread_id("thr_1")).await?;
    let again = opening("thr_2", "turn_2", request(1, 1));
    assert_eq!(store.begin_turn(&scope, again).await?, started);
    Ok(())
}
