//! An application that recites three verses and can go on after each, and a client that follows it.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use async_trait::async_trait;
use frontdesk_chat::{Frame, Responder, Turn, TurnError, Unfinished};
use frontdesk_protocol::UserMessageItem;
use frontdesk_store::EventId;
use serde_json::Value;
use tokio::sync::Semaphore;

use crate::desk::{begin_message, delta, event, finish_message};

/// What is recited.
pub(crate) const VERSES: [&str; 3] = ["one", "two", "three"];
/// The places at which a reciting can hang: before each of four events of three verses, and at the end.
pub(crate) const PLACES: usize = 13;

/// Recites, and hangs for ever at one place.
#[derive(Debug)]
pub(crate) struct Reciting {
    hangs_at: usize,
    places: AtomicUsize,
    /// A permit says that it hangs.
    pub(crate) hangs: Semaphore,
    /// How often it went on with what another one began.
    pub(crate) went_on: AtomicUsize,
}

impl Reciting {
    pub(crate) fn hanging_at(place: usize) -> Arc<Self> {
        Arc::new(Self {
            hangs_at: place,
            places: AtomicUsize::new(0),
            hangs: Semaphore::new(0),
            went_on: AtomicUsize::new(0),
        })
    }

    pub(crate) fn whole() -> Arc<Self> {
        Self::hanging_at(usize::MAX)
    }

    async fn place(&self) {
        if self.places.fetch_add(1, Ordering::SeqCst) == self.hangs_at {
            self.hangs.add_permits(1);
            std::future::pending::<()>().await;
        }
        tokio::task::yield_now().await;
    }

    async fn recite(&self, turn: &mut Turn, from: usize) -> Result<(), TurnError> {
        for verse in &VERSES[from..] {
            self.place().await;
            let id = begin_message(turn).await?;
            self.place().await;
            delta(turn, &id, &verse[..1]).await?;
            self.place().await;
            delta(turn, &id, &verse[1..]).await?;
            self.place().await;
            let step = serde_json::value::to_raw_value(verse).unwrap();
            turn.queue_step(1, step);
            finish_message(turn, id, verse).await?;
        }
        self.place().await;
        Ok(())
    }
}

#[async_trait]
impl Responder for Reciting {
    async fn respond(
        &self,
        turn: &mut Turn,
        input: Option<UserMessageItem>,
    ) -> Result<(), TurnError> {
        assert!(input.is_some());
        self.recite(turn, 0).await
    }

    async fn go_on(&self, turn: &mut Turn, call: Unfinished) -> Result<(), TurnError> {
        assert!(matches!(call, Unfinished::Respond(Some(_))), "{call:?}");
        self.went_on.fetch_add(1, Ordering::SeqCst);
        let own = turn.id().clone();
        let steps = turn.steps(&[own]).await?;
        let numbers: Vec<u32> = steps.iter().map(|step| step.number).collect();
        assert_eq!(
            numbers,
            (1..=u32::try_from(steps.len()).unwrap()).collect::<Vec<_>>()
        );
        self.recite(turn, steps.len()).await
    }
}

/// What a client shows of a thread.
#[derive(Debug, Default)]
pub(crate) struct View {
    pub(crate) items: Vec<Value>,
    pub(crate) last: Option<EventId>,
    /// Whether it was told to load the thread anew.
    pub(crate) is_stale: bool,
}

impl View {
    pub(crate) fn follow(&mut self, frames: &[Frame]) {
        for frame in frames {
            if let Some(id) = frame.id {
                let last = self.last.replace(id);
                let follows = match last {
                    Some(last) if last.attempt == id.attempt => id.seq == last.seq + 1,
                    // Zero stands before the first one: only what says to load the thread anew does.
                    Some(last) => last.attempt < id.attempt && id.seq <= 1,
                    None => id.seq == 1,
                };
                assert!(follows, "{id} after {last:?}");
            }
            self.apply(&event(frame));
        }
    }

    fn apply(&mut self, event: &Value) {
        let id = |value: &Value| value["id"].as_str().unwrap().to_owned();
        match event["type"].as_str().unwrap() {
            "thread.item.added" | "thread.item.done" => {
                let item = &event["item"];
                self.items.retain(|there| id(there) != id(item));
                self.items.push(item.clone());
            }
            "thread.item.removed" => {
                let removed = event["item_id"].as_str().unwrap();
                let before = self.items.len();
                self.items.retain(|there| id(there) != removed);
                assert!(
                    self.is_stale || self.items.len() < before,
                    "{removed} was not there"
                );
            }
            "frontdesk.reload" => self.is_stale = true,
            _ => {}
        }
    }
}
