//! Leases, by a clock that the test moves: they are kept, they run out, and others are heard meanwhile.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use async_trait::async_trait;
use frontdesk_chat::{
    Options, Parts, RequestContext, Responder, Service, Turn, TurnError, Unfinished,
};
use frontdesk_clock::{RandomIds, SystemClock};
use frontdesk_protocol::{ThreadId, UserMessageItem};
use frontdesk_store::memory::MemoryStore;
use frontdesk_store::{
    After, Began, BeginTurn, Continuation, EventId, Lease, LogBatch, Maintenance, ProcessId, Step,
    TurnId, TurnKey, TurnRecord, TurnStatus, TurnWrite, Turns, Written,
};
use serde_json::value::to_raw_value;
use tokio::time::Instant;

use crate::desk::{
    Answering, Desk, PATIENCE, create, event, hanging, is_delta, kinds, read_all, read_until,
    resuming, thread_of,
};
use crate::faulty::Faulty;
use crate::logged::Logged;
use crate::process::{options, service};
use crate::reciting::{Reciting, View};
use crate::upkeep::Upkeep;

/// As long as a lease lasts by default.
const LEASE: Duration = Duration::from_secs(15);

/// A service whose upkeep can be cut off.
fn cut_off(
    store: &Arc<MemoryStore>,
    upkeep: &Arc<Upkeep>,
    responder: Arc<dyn Responder>,
) -> Service {
    Service::new(Parts {
        store: store.clone(),
        maintenance: upkeep.clone(),
        wakeups: store.clone(),
        responder,
        uploads: None,
        clock: Arc::new(SystemClock),
        ids: Arc::new(RandomIds),
        options: options(),
    })
}

fn desk(service: &Service, store: &Arc<MemoryStore>) -> Desk {
    Desk {
        service: service.clone(),
        store: store.clone(),
    }
}

async fn record(store: &MemoryStore, cx: &RequestContext, turn: &TurnId) -> TurnRecord {
    store.turn(&cx.scope(), turn).await.unwrap().unwrap()
}

#[tokio::test(start_paused = true)]
async fn a_lease_is_kept_while_its_process_lives() {
    let (store, cx) = (Arc::new(MemoryStore::new()), resuming());
    let first = service(&store, hanging(), options());
    let second = service(&store, Reciting::whole(), options());
    let (turn, mut reader) = desk(&first, &store).begin(create("hi"), &cx).await;
    read_until(&mut reader, is_delta).await;
    tokio::time::sleep(LEASE * 5).await;
    let found = record(&store, &cx, &turn).await;
    assert_eq!((found.status, found.attempt), (TurnStatus::Running, 1));
    assert_eq!(second.recover().await.unwrap(), 0, "it isn't alone");
    first.stop(&cx, &turn).await.unwrap();
    let found = record(&store, &cx, &turn).await;
    assert_eq!((found.status, found.attempt), (TurnStatus::Stopped, 1));
}

#[tokio::test(start_paused = true)]
async fn a_process_that_is_cut_off_loses_its_turns_and_its_readers_follow_them() {
    let (store, cx) = (Arc::new(MemoryStore::new()), resuming());
    let upkeep = Upkeep::of(&store);
    let hangs = Reciting::hanging_at(6);
    let first = cut_off(&store, &upkeep, hangs.clone());
    let reciting = Reciting::whole();
    let second = service(&store, reciting.clone(), options());
    let (turn, mut reader) = desk(&first, &store).begin(create("recite"), &cx).await;
    let mut view = View::default();
    let is_hanging = |event: &serde_json::Value| event["update"]["delta"] == "t";
    view.follow(&read_until(&mut reader, is_hanging).await);
    tokio::time::sleep(LEASE).await;
    upkeep.cut();
    let cut = Instant::now();
    view.follow(&read_all(&mut reader).await);
    // Not before it has run out, and soon after.
    assert!(cut.elapsed() > LEASE * 2 / 3, "{:?}", cut.elapsed());
    assert!(
        cut.elapsed() < LEASE + Duration::from_secs(4),
        "{:?}",
        cut.elapsed()
    );
    assert_eq!(reciting.went_on.load(Ordering::SeqCst), 1);
    let found = record(&store, &cx, &turn).await;
    assert_eq!((found.status, found.attempt), (TurnStatus::Done, 2));
    assert!(!view.is_stale);
    let items = desk(&second, &store).items(&found.thread_id, &cx).await;
    assert_eq!(view.items, items);
}

#[tokio::test(start_paused = true)]
async fn a_turn_whose_end_is_about_to_be_known_is_not_called_lost() {
    let (logged, cx) = (Logged::here(), resuming());
    let store = Faulty::new(10_000);
    let silent = Answering::with(|_, _| Box::pin(async { Ok(()) }));
    let desk = Desk {
        service: service(&store, silent, options()),
        store: store.clone(),
    };
    store.answers.close_gate();
    let (turn, mut reader) = desk.begin(create("hi"), &cx).await;
    // By then leases were renewed.
    tokio::time::sleep(LEASE / 2).await;
    assert_eq!(store.calls.made("renew_leases"), 1);
    let record = store.turn(&cx.scope(), &turn).await.unwrap().unwrap();
    assert_eq!((record.status, record.attempt), (TurnStatus::Done, 1));
    store.answers.open_gate();
    read_all(&mut reader).await;
    assert_eq!(logged.lines_with("lost"), [""; 0]);
}

#[tokio::test(start_paused = true)]
async fn what_is_deleted_elsewhere_ends_here() {
    let (store, cx) = (Arc::new(MemoryStore::new()), resuming());
    let first = service(&store, hanging(), options());
    let second = service(&store, Reciting::whole(), options());
    let (_, mut reader) = desk(&first, &store).begin(create("hi"), &cx).await;
    let thread = thread_of(&read_until(&mut reader, is_delta).await);
    let delete = serde_json::json!({"type": "threads.delete", "params": {"thread_id": thread}});
    desk(&second, &store).json(delete, &cx).await;
    let deleted = Instant::now();
    assert_eq!(kinds(&read_all(&mut reader).await), ["error"]);
    assert!(deleted.elapsed() < LEASE, "{:?}", deleted.elapsed());
}

#[tokio::test(start_paused = true)]
async fn what_is_read_elsewhere_is_stored_at_once() {
    let (store, cx) = (Arc::new(MemoryStore::new()), resuming());
    let slow = Options {
        log_interval: Duration::from_hours(1),
        ..options()
    };
    let first = service(&store, hanging(), slow);
    let (turn, mut reader) = desk(&first, &store).begin(create("hi"), &cx).await;
    let seen = read_until(&mut reader, is_delta).await;
    tokio::time::sleep(Duration::from_secs(5)).await;
    let log = async || store.turn_log(&cx.scope(), &turn, None).await.unwrap();
    assert_eq!(log().await, []);
    let mut wakeups = frontdesk_store::Wakeups::listen(store.as_ref());
    let length = Duration::from_secs(6);
    let noted = store.read_elsewhere(&cx.scope(), &turn, length).await;
    assert!(noted.unwrap());
    let woken = tokio::time::timeout(Duration::from_secs(1), wakeups.recv()).await;
    let turns = vec![turn.clone()];
    assert_eq!(
        woken.unwrap().unwrap(),
        frontdesk_store::Wakeup::Turns(turns)
    );
    let last = log().await.last().map(LogBatch::last);
    assert_eq!(last, seen.last().unwrap().id);
}

/// A turn in the store that nobody runs, of this age.
async fn abandoned(
    store: &MemoryStore,
    attempt: u32,
    age: Duration,
    continuation: Option<Continuation>,
) {
    let thread = ThreadId::new("thr_1");
    let clock = &SystemClock as &dyn frontdesk_clock::Clock;
    let made = clock.now() - age;
    let new = frontdesk_protocol::ThreadMetadata::new(thread.clone(), made);
    let opening = BeginTurn {
        turn: TurnRecord {
            id: TurnId::new("turn_1"),
            thread_id: thread,
            status: TurnStatus::Running,
            attempt: 1,
            created_at: made,
            ended_at: None,
            request: None,
        },
        new_thread: Some(new),
        after: After::Any,
        trim: None,
        put: Vec::new(),
        remove: Vec::new(),
        attachments: Vec::new(),
        lease: Lease {
            holder: ProcessId::new("gone"),
            length: Duration::ZERO,
        },
        continuation,
    };
    let scope = resuming().scope();
    let lease = opening.lease.clone();
    let began = store.begin_turn(&scope, opening).await.unwrap();
    assert!(matches!(began, Began::Started { .. }));
    for from in 1..attempt {
        let turn = TurnId::new("turn_1");
        let taken = store.take_over(&scope, &turn, from, &lease).await;
        assert!(taken.unwrap().is_some());
    }
}

/// What a process leaves of a turn that answers nothing in particular.
async fn left() -> Continuation {
    let (store, cx) = (Arc::new(MemoryStore::new()), resuming());
    let first = service(&store, hanging(), options());
    let (turn, mut reader) = desk(&first, &store).begin(create("hi"), &cx).await;
    read_until(&mut reader, is_delta).await;
    store.release_all().await.unwrap();
    let lease = Lease {
        holder: ProcessId::new("thief"),
        length: LEASE,
    };
    let taken = store.take_over(&cx.scope(), &turn, 1, &lease).await;
    let left = taken.unwrap().unwrap().continuation.unwrap();
    let mut data: serde_json::Value = serde_json::from_str(left.data.get()).unwrap();
    data["calls_for"] = serde_json::json!({"answer": {}});
    Continuation {
        data: to_raw_value(&data).unwrap(),
        ..left
    }
}

/// Is called for nothing.
struct NeverAsked;

#[async_trait]
impl Responder for NeverAsked {
    async fn respond(&self, _: &mut Turn, _: Option<UserMessageItem>) -> Result<(), TurnError> {
        unreachable!()
    }

    async fn go_on(&self, _: &mut Turn, _: Unfinished) -> Result<(), TurnError> {
        unreachable!()
    }
}

#[tokio::test(start_paused = true)]
async fn what_a_turn_did_of_which_nothing_is_known_is_not_offered_to_be_done_again() {
    let (store, cx) = (Arc::new(MemoryStore::new()), resuming());
    abandoned(&store, 1, Duration::ZERO, None).await;
    let turn = TurnId::new("turn_1");
    let key = TurnKey {
        thread: ThreadId::new("thr_1"),
        turn: turn.clone(),
        attempt: 1,
    };
    let step = Step {
        turn: turn.clone(),
        number: 1,
        version: 1,
        data: to_raw_value("?").unwrap(),
    };
    let write = TurnWrite {
        steps: vec![step],
        ..TurnWrite::default()
    };
    let written = store.write_turn(&cx.scope(), &key, write).await.unwrap();
    assert_eq!(written, Written::Stored);
    let second = service(&store, Reciting::whole(), options());
    let mut reader = second.events(&cx, &turn, None).await.unwrap();
    let told = read_all(&mut reader).await;
    let last = event(told.last().unwrap());
    assert_eq!(
        (&last["type"], &last["allow_retry"]),
        (&"error".into(), &false.into())
    );
}

#[tokio::test(start_paused = true)]
async fn at_worst_a_turn_ends_as_interrupted() {
    let known = left().await;
    let unknown = Continuation {
        version: known.version + 1,
        ..known.clone()
    };
    let unreadable = Continuation {
        data: to_raw_value("?").unwrap(),
        ..known.clone()
    };
    let asks = Answering::with(|_, _| Box::pin(async { unreachable!() }));
    let (new, old) = (Duration::ZERO, Options::default().turn_deadline);
    let cases = [
        ("nothing is known", 1, new, None),
        ("it is of another release", 1, new, Some(unknown)),
        ("it is unreadable", 1, new, Some(unreadable)),
        ("it was taken up too often", 5, new, Some(known.clone())),
        (
            "it is older than a turn may become",
            1,
            old,
            Some(known.clone()),
        ),
    ];
    let given_up = cases.map(|case| (case, Arc::new(NeverAsked) as Arc<dyn Responder>));
    let case = ("nothing can go on with it", 1, new, Some(known));
    let cases = given_up.into_iter().chain([(case, asks as _)]);
    for ((case, attempt, age, continuation), responder) in cases {
        let (store, cx) = (Arc::new(MemoryStore::new()), resuming());
        abandoned(&store, attempt, age, continuation).await;
        let second = service(&store, responder, options());
        let turn = TurnId::new("turn_1");
        let after = None::<EventId>;
        let mut reader = second.events(&cx, &turn, after).await.unwrap();
        let told = tokio::time::timeout(PATIENCE, read_all(&mut reader)).await;
        let told = told.unwrap();
        let last = event(told.last().unwrap());
        assert_eq!(
            (&last["type"], &last["allow_retry"]),
            (&"error".into(), &true.into()),
            "{case}"
        );
        let found = record(&store, &cx, &turn).await;
        assert_eq!(
            (found.status, found.attempt),
            (TurnStatus::Interrupted, attempt + 1),
            "{case}"
        );
    }
}
