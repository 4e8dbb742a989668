//! Logs that are too long to be held in memory whole.

use std::sync::Arc;
use std::time::Duration;

use frontdesk_chat::{Client, Frame, Processes, TurnReader};
use frontdesk_clock::{Clock, SystemClock};
use frontdesk_store::limit::LOG_PAGE_BYTES;
use frontdesk_store::memory::MemoryStore;
use frontdesk_store::{EventId, LogBatch, Maintenance};
use tokio::sync::Semaphore;

use crate::desk::{
    Answering, Desk, PATIENCE, begin_message, context, create, delta, finish_message, kinds,
    read_all, read_until, resuming,
};
use crate::faulty::Faulty;
use crate::process::{options, service};
use crate::reciting::Reciting;

const MANY: usize = 10_000;
/// Events of an answer, and bytes of each.
const DELTAS: usize = 400;
const LONG: usize = 10_000;

/// Says much more than a page of a log has and, once it may, that it is done.
fn telling(gate: &Arc<Semaphore>) -> Arc<Answering> {
    let gate = Arc::clone(gate);
    Answering::with(move |turn, _| {
        let gate = Arc::clone(&gate);
        Box::pin(async move {
            let id = begin_message(turn).await?;
            for _ in 0..DELTAS {
                delta(turn, &id, &"x".repeat(LONG)).await?;
                tokio::time::sleep(Duration::from_millis(10)).await;
            }
            delta(turn, &id, "two").await?;
            gate.acquire().await.unwrap().forget();
            finish_message(turn, id, "done").await
        })
    })
}

fn desks<const N: usize>(store: &Arc<Faulty>, gate: &Arc<Semaphore>) -> [Desk; N] {
    std::array::from_fn(|_| {
        Desk::made_of(store.clone(), store.clone(), telling(gate), |parts| {
            parts.options.processes = Processes::Many;
        })
    })
}

/// Reads to the end, never much at once.
async fn read_in_pages(reader: &mut TurnReader) -> Vec<Frame> {
    let mut frames = Vec::new();
    let read = async {
        while let Some(page) = reader.next().await {
            let bytes: usize = page.iter().map(|frame| frame.json.len()).sum();
            assert!(bytes < 3 * LOG_PAGE_BYTES, "{bytes}");
            frames.extend(page);
        }
    };
    tokio::time::timeout(PATIENCE, read).await.unwrap();
    frames
}

#[tokio::test(start_paused = true)]
async fn a_log_of_any_length_arrives_whole_and_in_pages() {
    let gate = Arc::new(Semaphore::new(0));
    let store = Faulty::new(MANY);
    let [here, elsewhere] = desks(&store, &gate);
    let cx = resuming();
    let (turn, mut reader) = here.begin(create("hi"), &cx).await;
    let mut whole = read_until(&mut reader, crate::desk::is_delta).await;
    let mut readers = Vec::new();
    for desk in [&here, &elsewhere] {
        let mut late = desk.service.events(&cx, &turn, None).await.unwrap();
        let mut seen = Vec::new();
        while seen.len() < whole.len() {
            seen.extend(late.next().await.unwrap());
        }
        assert!(seen == whole, "{} of {}", seen.len(), whole.len());
        readers.push((late, seen));
    }
    gate.add_permits(1);
    whole.extend(read_all(&mut reader).await);
    for (mut late, mut seen) in readers {
        seen.extend(read_in_pages(&mut late).await);
        assert!(seen == whole, "{} of {}", seen.len(), whole.len());
    }
    // It has ended, and is read in the store.
    for from in [0, 1, whole.len() / 2, whole.len() - 1, whole.len()] {
        let after = from.checked_sub(1).and_then(|last| whole[last].id);
        let mut late = elsewhere.service.events(&cx, &turn, after).await.unwrap();
        let read = store.calls.made("turn_log");
        let rest = read_in_pages(&mut late).await;
        assert!(rest == whole[from..], "{} from {from}", rest.len());
        let read = store.calls.made("turn_log") - read;
        assert!(from > 1 || read >= 3, "{read}");
    }
}

#[tokio::test(start_paused = true)]
async fn who_reads_a_log_while_it_is_dropped_is_told() {
    for client in [Client::Resuming, Client::Plain] {
        let gate = Arc::new(Semaphore::new(1));
        let store = Faulty::new(MANY);
        let [desk] = desks(&store, &gate);
        let cx = context("default", "dev", client);
        let (turn, mut reader) = desk.begin(create("hi"), &cx).await;
        read_all(&mut reader).await;
        let mut late = desk.service.events(&cx, &turn, None).await.unwrap();
        late.next().await.unwrap();
        let hour = jiff::SignedDuration::from_hours(1);
        let later = SystemClock.now().checked_add(hour).unwrap();
        assert_eq!(store.drop_logs(later).await.unwrap(), 1);
        let expected = match client {
            Client::Resuming => "frontdesk.reload",
            Client::Plain => "error",
        };
        assert_eq!(kinds(&read_all(&mut late).await), [expected]);
    }
}

/// What isn't in the log of a dead attempt comes never, also where the next attempt isn't on the same page.
#[tokio::test(start_paused = true)]
async fn a_gap_of_an_earlier_attempt_is_not_waited_for() {
    let inner = Arc::new(MemoryStore::new());
    let process = |responder: Arc<Reciting>| {
        let store = Faulty::over(inner.clone(), MANY);
        let service = service(&store, responder, options());
        (store.clone(), Desk { service, store })
    };
    let (_, first) = process(Reciting::hanging_at(6));
    let cx = resuming();
    let (turn, mut reader) = first.begin(create("recite"), &cx).await;
    let seen = read_until(&mut reader, |event| event["update"]["delta"] == "t").await;
    tokio::time::sleep(Duration::from_secs(1)).await;
    let last = seen.last().unwrap().id.unwrap();
    let beyond = EventId {
        seq: last.seq + 2,
        ..last
    };
    let text = "x".repeat(LOG_PAGE_BYTES);
    let batch = LogBatch {
        turn: turn.clone(),
        attempt: beyond.attempt,
        first_seq: beyond.seq,
        last_seq: beyond.seq,
        events: format!("a{{\"type\":\"padding\",\"text\":\"{text}\"}}\n").into(),
    };
    inner.append_logs(&[(cx.scope(), batch)]).await.unwrap();
    let (reads, other) = process(Reciting::whole());
    let mut late = other.service.events(&cx, &turn, None).await.unwrap();
    let before = read_until(&mut late, |event| event["update"]["delta"] == "t").await;
    assert!(before == seen);
    let waiting = tokio::time::timeout(Duration::from_secs(5), late.next()).await;
    assert!(waiting.is_err(), "of a living attempt it is waited for");

    reads.calls.lose("take_over");
    first.service.shutdown(Duration::ZERO).await;
    let (_, _second) = process(Reciting::whole());
    let later = tokio::time::timeout(Duration::from_secs(10), read_all(&mut late)).await;
    let later = later.unwrap();
    assert_eq!(later[0].id, Some(beyond));
    assert_eq!(later[1].id.map(|id| (id.attempt, id.seq)), Some((2, 1)));
}
