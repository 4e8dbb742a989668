//! One user: says something, reads the answer, thinks, says something else; and looks whether all of it is kept.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, Result};
use serde_json::{Value, json};
use tokio::time::{Instant, sleep};

use super::figures::Figures;
use super::random::Random;
use super::reading::{Mood, Read, Reading};
use super::rereading::reread;
use super::speech::Wish;
use super::wire::Wire;
use crate::view::{View, text};

/// How long a user thinks at most before the next message.
const THINKING: Duration = Duration::from_secs(4);
/// How long a user stays away at most.
const AWAY: Duration = Duration::from_secs(3);
/// After how many events at most a user does something else than read.
const PATIENCE: u64 = 40;
/// How many turns in a hundred are read again from their beginning.
const REREADS: u64 = 10;
/// How long it may take until a client's view and the store agree.
const AGREE: Duration = Duration::from_secs(3);

/// A user and all that the user knows.
pub(super) struct User {
    wire: Wire,
    random: Random,
    figures: Arc<Figures>,
    threads: Vec<View>,
    said: Vec<Said>,
}

/// A message.
#[derive(Debug, Clone)]
pub(super) struct Said {
    pub(super) wish: Wish,
    /// A word that no other message has.
    pub(super) word: String,
    pub(super) taken: Taken,
    /// How it was answered, where that was read to its end.
    pub(super) answer: Option<Answer>,
}

/// An answer that was read to its end.
#[derive(Debug, Clone)]
pub(super) struct Answer {
    pub(super) turn: String,
    /// Whether it ended with an error.
    pub(super) failed: bool,
    /// Whether its user stopped it.
    pub(super) stopped: bool,
}

/// Whether a message was taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Taken {
    Yes,
    /// Nobody said so.
    Unknown,
}

impl User {
    pub(super) fn new(wire: Wire, random: Random, figures: Arc<Figures>) -> Self {
        Self {
            wire,
            random,
            figures,
            threads: Vec::new(),
            said: Vec::new(),
        }
    }

    /// Talks until then. What must not be is complained of, and the talk goes on in another thread.
    pub(super) async fn talk(&mut self, until: Instant) {
        while Instant::now() < until {
            sleep(self.random.time(THINKING)).await;
            if let Err(error) = self.turn().await {
                self.figures
                    .complain(&format!("{}: {error:#}", self.wire.user));
            }
        }
    }

    /// Whether every thread is what this user knows, and what was said in all of them: each message's text with the
    /// texts that answered it, once for each time that it is stored.
    pub(super) async fn check(&self) -> Result<Vec<(String, Vec<String>)>> {
        for view in &self.threads {
            self.compare(view).await?;
        }
        let mut spoken = Vec::new();
        for thread in self.wire.threads().await? {
            let from = spoken.len();
            for item in self.wire.items(&thread).await? {
                match item.get("type").and_then(Value::as_str) {
                    Some("user_message") => spoken.push((text(&item), Vec::new())),
                    Some("assistant_message") if spoken.len() > from => {
                        if let Some((_, answers)) = spoken.last_mut() {
                            answers.push(text(&item));
                        }
                    }
                    _ => {}
                }
            }
        }
        Ok(spoken)
    }

    pub(super) fn name(&self) -> &str {
        &self.wire.user
    }

    pub(super) fn said(&self) -> &[Said] {
        &self.said
    }

    async fn turn(&mut self) -> Result<()> {
        let old = self.threads.len() as u64;
        // A new thread, or one of those that there are.
        let at = if old == 0 || self.random.chance(20) {
            None
        } else {
            usize::try_from(self.random.below(old)).ok()
        };
        let mut view = at.map_or_else(View::default, |at| self.threads.swap_remove(at));
        let (wish, word) = (Wish::any(&mut self.random), self.random.word());
        let key = self.random.word();
        let request = request(view.thread.as_deref(), &wish.message(&word));
        let opened = self.wire.say(&request, &key).await;
        self.said.push(Said {
            wish,
            word,
            taken: match opened {
                Ok(Some(_)) => Taken::Yes,
                _ => Taken::Unknown,
            },
            answer: None,
        });
        let Some(opened) = opened? else {
            self.figures.count("messages that nobody took");
            return Ok(());
        };
        let known: BTreeSet<String> = answers(&view).collect();
        let mood = self.mood();
        let patience = 1 + self.random.below(PATIENCE);
        let reading = Reading::new(&self.wire, &mut view, mood, patience);
        let read = reading.read(opened).await?;
        self.figures.count("turns");
        let is_answered = answers(&view).any(|id| !known.contains(&id));
        if !(read.failed || read.stopped || read.is_cut || is_answered) {
            self.figures.complain(&format!(
                "{}: turn {} ended without an answer or an error",
                self.wire.user, read.turn
            ));
        }
        if read.failed {
            self.figures.count("turns that ended with an error");
        }
        if read.is_cut && view.thread.is_none() {
            return Ok(());
        }
        self.compare(&view).await?;
        if !self.wire.is_plain && self.random.chance(REREADS) {
            self.read_again(&read, &view).await?;
        }
        if let Some(said) = self.said.last_mut()
            && !read.is_cut
        {
            said.answer = Some(Answer {
                turn: read.turn,
                failed: read.failed,
                stopped: read.stopped,
            });
        }
        self.threads.push(view);
        Ok(())
    }

    async fn read_again(&self, read: &Read, view: &View) -> Result<()> {
        self.figures.count("second readings");
        if let Some(difference) = reread(&self.wire, read, view).await? {
            self.figures.complain(&format!(
                "{}: turn {} read again: {difference}",
                self.wire.user, read.turn
            ));
        }
        Ok(())
    }

    async fn compare(&self, view: &View) -> Result<()> {
        let thread = view.thread.as_deref().context("a thread without id")?;
        let until = Instant::now() + AGREE;
        loop {
            let items = self.wire.items(thread).await?;
            let Some(difference) = view.difference(&items)? else {
                return Ok(());
            };
            if Instant::now() > until {
                self.figures.complain(&format!(
                    "{}: thread {thread} is not what its client sees: {difference}",
                    self.wire.user
                ));
                return Ok(());
            }
            self.figures.count("views that agreed a little later");
            sleep(AGREE / 5).await;
        }
    }

    fn mood(&mut self) -> Mood {
        match self.random.below(100) {
            0..12 => Mood::Away(self.random.time(AWAY)),
            12..24 => Mood::Reload,
            24..32 => Mood::Stop,
            _ => Mood::Steady,
        }
    }
}

/// The ids of what was answered.
fn answers(view: &View) -> impl Iterator<Item = String> {
    let items = view
        .done()
        .filter(|item| item.get("type") != Some(&json!("user_message")));
    items.filter_map(|item| item.get("id")?.as_str().map(str::to_owned))
}

fn request(thread: Option<&str>, text: &str) -> Value {
    let input = json!({
        "content": [{"type": "input_text", "text": text}],
        "attachments": [],
        "inference_options": {},
    });
    match thread {
        None => json!({"type": "threads.create", "params": {"input": input}}),
        Some(thread) => json!({
            "type": "threads.add_user_message",
            "params": {"thread_id": thread, "input": input},
        }),
    }
}
