//! One turn as its client reads it: connection after connection, until it is over and all of it was read.

use std::collections::BTreeMap;
use std::time::Duration;

use anyhow::{Context, Result, bail};
use serde_json::Value;
use tokio::time::{Instant, sleep};

use super::delays::{Gap, Stop};
use super::trouble::{Moment, now, since};
use super::wire::{Opened, Wire};
use crate::clients::Event;
use crate::view::{Next, Place, View};

/// How long a turn may take from its beginning to its end.
const LONGEST: Duration = Duration::from_secs(150);
/// How long a turn may go on whose reader is gone: it can be taken over once.
const LEFT_ALONE: Duration = Duration::from_secs(40);
const GLANCE: Duration = Duration::from_millis(200);
/// How many steps are noted between two events.
const TRAIL: usize = 20;

/// What a user does in the middle of an answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Mood {
    /// Reads on.
    Steady,
    /// Closes the laptop, and opens it later.
    Away(Duration),
    /// Loads the page anew: what was read is forgotten.
    Reload,
    /// Stops the answer.
    Stop,
}

/// A turn that is being read.
pub(super) struct Reading<'a> {
    wire: &'a Wire,
    view: &'a mut View,
    turn: String,
    place: Place,
    /// What the user does, and after how many events.
    mood: Mood,
    patience: u64,
    /// What was read under each id.
    told: BTreeMap<String, Value>,
    begun: Instant,
    /// When the last news came, and of which attempt.
    news: (Moment, u64),
    /// What was done since.
    trail: Vec<String>,
    stopped: bool,
    /// Whether an error told how the turn ended.
    failed: bool,
    asked_to_reload: bool,
}

/// What a turn came to, as its reader knows.
pub(super) struct Read {
    pub(super) turn: String,
    /// The events by their ids.
    pub(super) told: BTreeMap<String, Value>,
    pub(super) failed: bool,
    pub(super) stopped: bool,
    /// Whether a plain client has lost its stream, and so knows nothing of the end.
    pub(super) is_cut: bool,
}

/// How one connection ended.
enum End {
    /// In good order.
    Clean {
        /// Whether anything came.
        any: bool,
    },
    Broken,
    /// The user has left it.
    Left,
}

impl<'a> Reading<'a> {
    pub(super) fn new(wire: &'a Wire, view: &'a mut View, mood: Mood, patience: u64) -> Self {
        Self {
            wire,
            view,
            turn: String::new(),
            place: Place::default(),
            mood,
            patience,
            told: BTreeMap::new(),
            begun: Instant::now(),
            news: (now(), 1),
            trail: Vec::new(),
            stopped: false,
            failed: false,
            asked_to_reload: false,
        }
    }

    /// Reads to the end.
    pub(super) async fn read(mut self, opened: Opened) -> Result<Read> {
        self.turn.clone_from(&opened.turn);
        let told = if self.wire.is_plain {
            self.at_once(opened).await
        } else {
            self.all_of_it(opened).await.map(|()| false)
        };
        let is_cut = told.with_context(|| format!("turn {} after {}", self.turn, self.place))?;
        Ok(Read {
            turn: self.turn,
            told: self.told,
            failed: self.failed,
            stopped: self.stopped,
            is_cut,
        })
    }

    /// Reads the one stream that a plain client has of a turn. Where that breaks, or the user leaves it, the thread is
    /// loaded once nothing runs in it any more. Tells whether that was so.
    async fn at_once(&mut self, opened: Opened) -> Result<bool> {
        let is_repeated = opened.is_repeated;
        let end = self
            .connection(opened, "events read by plain clients")
            .await?;
        // What a failed turn takes back, it takes back from clients alone that resume. A message that is sent again meets
        // the turn that was stopped when its first stream broke.
        if !self.failed && !is_repeated && matches!(end, End::Clean { .. }) {
            return Ok(false);
        }
        self.wire
            .figures
            .count("plain streams that were cut or left");
        let until = Instant::now() + LEFT_ALONE;
        while self.still_runs().await? && Instant::now() < until {
            sleep(GLANCE).await;
        }
        self.load().await?;
        Ok(true)
    }

    async fn all_of_it(&mut self, opened: Opened) -> Result<()> {
        let mut end = self.connection(opened, "events read at once").await?;
        // Nothing came, and the thread names the turn no more.
        let mut is_over = false;
        loop {
            match end {
                End::Clean { any: false } if is_over => return Ok(()),
                End::Clean { .. } => is_over = !self.still_runs().await?,
                End::Broken => {
                    self.wire.figures.count("connections that broke");
                    self.step("broke");
                    is_over = false;
                }
                End::Left => {
                    self.leave().await?;
                    is_over = false;
                }
            }
            if self.begun.elapsed() > LONGEST {
                bail!("not over after {LONGEST:?}");
            }
            if !is_over {
                sleep(GLANCE).await;
            }
            self.wire.figures.count("reconnects");
            self.step("comes back");
            let opened = self.wire.resume(&self.turn, self.place).await?;
            self.step("reads on");
            end = self.connection(opened, "events read by resuming").await?;
        }
    }

    async fn connection(&mut self, mut opened: Opened, counted: &'static str) -> Result<End> {
        let mut any = false;
        loop {
            let frame = match opened.reader.next().await {
                Ok(Some(frame)) => frame,
                Ok(None) => return Ok(End::Clean { any }),
                Err(_) => return Ok(End::Broken),
            };
            any = true;
            self.wire.figures.count(counted);
            let data: Value = serde_json::from_str(&frame.data)?;
            self.event(&Event { id: frame.id, data }).await?;
            self.patience = self.patience.saturating_sub(1);
            if self.patience == 0 && self.mood != Mood::Steady {
                return Ok(End::Left);
            }
        }
    }

    async fn event(&mut self, event: &Event) -> Result<()> {
        match &event.id {
            Some(id) => {
                self.place.advance(id)?;
                if event.kind() != "frontdesk.reload" {
                    self.hear(id, &event.data)?;
                }
            }
            // Not stored: the turn goes on elsewhere, or nothing can be stored.
            None if self.wire.is_plain && event.kind() == "error" => {}
            None => bail!("an event without id: {}", event.data),
        }
        self.failed |= event.kind() == "error";
        match self.view.apply(event) {
            Ok(Next::Read) => Ok(()),
            Ok(Next::Reload) => {
                self.wire.figures.count("reloads that were asked for");
                self.asked_to_reload = true;
                self.load().await
            }
            // Where the reader began in the middle, it hasn't seen all of a text.
            Err(_) if self.asked_to_reload => Ok(()),
            Err(error) => Err(error),
        }
    }

    fn step(&mut self, what: &str) {
        if self.trail.len() < TRAIL {
            self.trail
                .push(format!("{what} {}", since(self.news.0, now())));
        }
    }

    /// Notes what an event says, and how long it took to come. An id stands for one event, however often it is read.
    fn hear(&mut self, id: &str, data: &Value) -> Result<()> {
        let (last, attempt) = self.news;
        self.news = (now(), self.place.attempt());
        if !self.stopped {
            self.wire.figures.delays.gap(Gap {
                turn: self.turn.clone(),
                from: last,
                until: self.news.0,
                attempts: (attempt, self.news.1),
                trail: self.trail.join(", "),
            });
        }
        self.trail.clear();
        match self.told.insert(id.to_owned(), data.clone()) {
            Some(before) if before != *data => bail!("{id} was {before}, and then {data}"),
            _ => Ok(()),
        }
    }

    /// What the user does once the patience has run out; then nothing more.
    async fn leave(&mut self) -> Result<()> {
        match std::mem::replace(&mut self.mood, Mood::Steady) {
            Mood::Steady => {}
            Mood::Away(time) => {
                self.wire.figures.count("walks away");
                sleep(time).await;
                self.news.0 = now();
            }
            Mood::Reload => {
                self.wire.figures.count("pages loaded anew");
                self.load().await?;
                self.place = Place::default();
                self.news.0 = now();
            }
            Mood::Stop => {
                self.wire.figures.count("stops");
                self.stopped = true;
                let sent = self.wire.stop(&self.turn).await?;
                self.wire.figures.delays.stop(Stop {
                    turn: self.turn.clone(),
                    sent,
                    attempt: self.news.1,
                });
            }
        }
        Ok(())
    }

    async fn load(&mut self) -> Result<()> {
        if let Some(thread) = self.view.thread.clone() {
            let items = self.wire.items(&thread).await?;
            self.view.load(&items)?;
        }
        Ok(())
    }

    /// Whether the thread says that the turn goes on. One that was interrupted is named, too, and has said so.
    async fn still_runs(&self) -> Result<bool> {
        let Some(thread) = &self.view.thread else {
            return Ok(false);
        };
        let named = self.wire.named(thread).await?;
        Ok(named.as_deref() == Some(&self.turn) && !self.failed)
    }
}
