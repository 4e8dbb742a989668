//! One user: says something, reads the answer, thinks, says something else; and looks whether all of it is kept.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, Result};
use serde_json::{Value, json};
use tokio::time::{Instant, sleep};

use super::figures::Figures;
use super::random::Random;
use super::reading::{Mood, Reading};
use super::wire::Wire;
use crate::view::{View, text};

/// How long a user thinks at most before the next message.
const THINKING: Duration = Duration::from_secs(4);
/// How long a user stays away at most.
const AWAY: Duration = Duration::from_secs(3);
/// After how many events at most a user does something else than read.
const PATIENCE: u64 = 40;
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
    pub(super) text: String,
    /// The task that it asks to add.
    pub(super) adds: Option<String>,
    pub(super) taken: Taken,
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

    /// Whether everything that this user knows is what the store has.
    pub(super) async fn check(&self) -> Result<()> {
        for view in &self.threads {
            self.compare(view).await?;
        }
        let mut stored = Vec::new();
        for thread in self.wire.threads().await? {
            for item in self.wire.items(&thread).await? {
                if item.get("type") == Some(&json!("user_message")) {
                    stored.push(text(&item));
                }
            }
        }
        for said in &self.said {
            let times = stored.iter().filter(|text| **text == said.text).count();
            let fits = match said.taken {
                Taken::Yes => times == 1,
                Taken::Unknown => times <= 1,
            };
            if !fits {
                self.figures.complain(&format!(
                    "{}: {:?} is stored {times} times",
                    self.wire.user, said.text
                ));
            }
        }
        Ok(())
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
        let (text, adds) = self.message();
        let key = self.random.word();
        let request = request(view.thread.as_deref(), &text);
        let mut said = Said {
            text,
            adds,
            taken: Taken::Unknown,
        };
        let opened = self.wire.say(&request, &key).await;
        if matches!(opened, Ok(Some(_))) {
            said.taken = Taken::Yes;
        }
        self.said.push(said);
        let Some(opened) = opened? else {
            self.figures.count("messages that nobody took");
            return Ok(());
        };
        let turn = opened.turn.clone();
        let known: BTreeSet<String> = answers(&view).collect();
        let mood = self.mood();
        let patience = 1 + self.random.below(PATIENCE);
        let reading = Reading::new(&self.wire, &mut view, mood, patience);
        let read = reading.read(opened).await?;
        self.figures.count("turns");
        let is_answered = answers(&view).any(|id| !known.contains(&id));
        if !(read.failed || read.stopped || is_answered) {
            self.figures.complain(&format!(
                "{}: turn {turn} ended without an answer or an error",
                self.wire.user
            ));
        }
        if read.failed {
            self.figures.count("turns that ended with an error");
        }
        self.compare(&view).await?;
        self.threads.push(view);
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

    /// A message that nobody else sends, and the task that it asks to add.
    fn message(&mut self) -> (String, Option<String>) {
        let word = self.random.word();
        match self.random.below(100) {
            0..40 => (format!("say {word}"), None),
            40..60 => (format!("add {word}"), Some(word)),
            60..80 => (format!("do {word}"), Some(word)),
            _ => (format!("list {word}"), None),
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
