//! The statements of plain turns with nothing around, for benches: so many first messages, then so many follow-ups, so many
//! at once, of a database that is empty. `DATABASE_URL` says where; how long each took goes to standard output.
#![expect(
    clippy::print_stdout,
    reason = "a command line program speaks on its standard streams"
)]

use std::error::Error;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use bytes::Bytes;
use frontdesk_identity::{Scope, Secret, TenantId, UserId};
use frontdesk_protocol::{
    AssistantContent, AssistantMessageItem, InferenceOptions, ItemId, Map, TextContent, ThreadId,
    ThreadItem, ThreadMetadata, Timestamp, UserContent, UserMessageItem,
};
use frontdesk_store::{
    After, Began, BeginTurn, Continuation, Fingerprint, Items, Lease, LogBatch, ProcessId, Step,
    TurnEnd, TurnId, TurnKey, TurnRecord, TurnStatus, TurnWrite, Turns, Written,
};
use frontdesk_store_postgres::{Options, PostgresStore};
use serde_json::json;
use serde_json::value::{RawValue, to_raw_value};
use tokio::task::JoinSet;

type Outcome<T> = Result<T, Box<dyn Error + Send + Sync>>;

/// How many users take turns.
const USERS: usize = 256;
/// Events of a turn with twenty deltas, and their bytes.
const EVENTS: u64 = 27;
const EVENT_BYTES: usize = 180;
/// Items that a follow-up message is answered from, at most.
const HISTORY: u32 = 200;

/// Which message of a thread.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Message {
    First,
    FollowUp,
}

#[tokio::main]
async fn main() -> Outcome<()> {
    let mut arguments = std::env::args().skip(1);
    let mut number = || -> Outcome<usize> { Ok(arguments.next().ok_or("a number")?.parse()?) };
    let (turns, at_once) = (number()?, number()?);
    let url = Secret::new(std::env::var("DATABASE_URL")?);
    let store = Arc::new(PostgresStore::open(Options::new(url)).await?);
    // The threads of another run on the same database are others.
    let first = usize::try_from(std::process::id())? * 10_000_000;
    all(&store, Message::First, first + turns, turns / 10, at_once).await?;
    let created = all(&store, Message::First, first, turns, at_once).await?;
    let added = all(&store, Message::FollowUp, first, turns, at_once).await?;
    println!(
        "{}",
        json!({
            "turns": turns,
            "first": created.as_secs_f64(),
            "follow_up": added.as_secs_f64(),
        })
    );
    store.close().await;
    Ok(())
}

async fn all(
    store: &Arc<PostgresStore>,
    message: Message,
    first: usize,
    turns: usize,
    at_once: usize,
) -> Outcome<Duration> {
    let next = Arc::new(AtomicUsize::new(0));
    let mut tasks = JoinSet::new();
    let began = Instant::now();
    for _ in 0..at_once {
        let (store, next) = (Arc::clone(store), Arc::clone(&next));
        tasks.spawn(async move {
            loop {
                let number = next.fetch_add(1, Ordering::Relaxed);
                if number >= turns {
                    return Ok(());
                }
                turn(&store, message, first + number).await?;
            }
        });
    }
    while let Some(ended) = tasks.join_next().await {
        let outcome: Outcome<()> = ended?;
        outcome?;
    }
    Ok(began.elapsed())
}

async fn turn(store: &PostgresStore, message: Message, number: usize) -> Outcome<()> {
    let scope = Scope {
        tenant: TenantId::single(),
        user: UserId::new(format!("user-{}", number % USERS))?,
    };
    let order = message as u8;
    let key = TurnKey {
        thread: ThreadId::new(format!("thr_{number:032}")),
        turn: TurnId::new(format!("turn_{number:031}{order}")),
        attempt: 1,
    };
    let mut opening = beginning(&key, message, number)?;
    if message == Message::FollowUp {
        let found = store.thread_with_running(&scope, &key.thread).await?;
        opening.after = After::Seen(found.ok_or("no thread")?.last_turn);
    }
    let began = store.begin_turn(&scope, opening).await?;
    if !matches!(began, Began::Started { .. }) {
        return Err(format!("not begun: {began:?}").into());
    }
    if message == Message::FollowUp {
        store
            .recent_with_steps(&scope, &key.thread, HISTORY)
            .await?;
    }
    match store.write_turn(&scope, &key, end(&key, number)?).await? {
        Written::Stored => Ok(()),
        Written::Gone => Err("a turn is gone".into()),
    }
}

fn beginning(key: &TurnKey, message: Message, number: usize) -> Outcome<BeginTurn> {
    let said = UserMessageItem {
        id: ItemId::new(format!("msg_{}", key.turn)),
        thread_id: key.thread.clone(),
        created_at: at(number)?,
        content: vec![UserContent::Text(TextContent {
            text: "Say the words.".to_owned(),
            extra: Map::new(),
        })],
        attachments: Vec::new(),
        quoted_text: None,
        inference_options: InferenceOptions::default(),
        extra: Map::new(),
    };
    let mut thread = ThreadMetadata::new(key.thread.clone(), at(number)?);
    thread.title = Some("Say the words.".to_owned());
    Ok(BeginTurn {
        turn: TurnRecord {
            id: key.turn.clone(),
            thread_id: key.thread.clone(),
            status: TurnStatus::Running,
            attempt: key.attempt,
            created_at: at(number)?,
            ended_at: None,
            request: Some(Fingerprint {
                key: None,
                body: [7; 32],
            }),
        },
        new_thread: (message == Message::First).then_some(thread),
        after: After::Any,
        trim: None,
        put: vec![ThreadItem::UserMessage(said)],
        remove: Vec::new(),
        attachments: Vec::new(),
        lease: Lease {
            holder: ProcessId::new("prc_of_a_bench"),
            length: Duration::from_secs(15),
        },
        continuation: Some(Continuation {
            version: 1,
            data: filled(400)?,
        }),
    })
}

fn end(key: &TurnKey, number: usize) -> Outcome<TurnWrite> {
    let words: Vec<String> = (1..=20).map(|word| format!("word {word:02} ")).collect();
    let answer = AssistantMessageItem {
        id: ItemId::new(format!("ans_{}", key.turn)),
        thread_id: key.thread.clone(),
        created_at: at(number)?,
        content: vec![AssistantContent::new(words.concat())],
        extra: Map::new(),
    };
    Ok(TurnWrite {
        put: vec![ThreadItem::AssistantMessage(answer)],
        steps: vec![Step {
            turn: key.turn.clone(),
            number: 1,
            version: 1,
            data: filled(400)?,
        }],
        log: vec![LogBatch {
            turn: key.turn.clone(),
            attempt: key.attempt,
            first_seq: 1,
            last_seq: EVENTS,
            events: Bytes::from(vec![b'e'; EVENT_BYTES * usize::try_from(EVENTS)?]),
        }],
        end: Some(TurnEnd {
            status: TurnStatus::Done,
            at: at(number)?,
            tokens: 30,
        }),
        ..TurnWrite::default()
    })
}

fn filled(bytes: usize) -> Outcome<Box<RawValue>> {
    Ok(to_raw_value(&"x".repeat(bytes))?)
}

/// Later ones later.
fn at(number: usize) -> Outcome<Timestamp> {
    Ok(Timestamp::from_microsecond(i64::try_from(number)?)?)
}
