//! One turn as its client reads it: connection after connection, until it is over and all of it was read.

use std::time::Duration;

use anyhow::{Context, Result, bail};
use serde_json::Value;
use tokio::time::{Instant, sleep};

use super::wire::{Opened, Wire};
use crate::clients::Event;
use crate::view::{Next, Place, View};

/// How long a turn may take from its beginning to its end.
const LONGEST: Duration = Duration::from_secs(150);
const GLANCE: Duration = Duration::from_millis(200);

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
    begun: Instant,
    news: Instant,
    stopped: Option<Instant>,
    /// Whether an error told how the turn ended.
    failed: bool,
    asked_to_reload: bool,
}

/// What a turn came to, as its reader knows.
pub(super) struct Read {
    pub(super) failed: bool,
    pub(super) stopped: bool,
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
            begun: Instant::now(),
            news: Instant::now(),
            stopped: None,
            failed: false,
            asked_to_reload: false,
        }
    }

    /// Reads to the end.
    pub(super) async fn read(mut self, opened: Opened) -> Result<Read> {
        self.turn.clone_from(&opened.turn);
        let told = self.all_of_it(opened).await;
        told.with_context(|| format!("turn {} after {}", self.turn, self.place))?;
        if let Some(stopped) = self.stopped {
            self.wire.figures.stop(stopped.elapsed());
        }
        Ok(Read {
            failed: self.failed,
            stopped: self.stopped.is_some(),
        })
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
            let opened = self.wire.resume(&self.turn, self.place).await?;
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
        if self.stopped.is_none() {
            self.wire.figures.gap(self.news.elapsed());
        }
        self.news = Instant::now();
        match &event.id {
            Some(id) => self.place.advance(id)?,
            None if event.kind() == "frontdesk.reload" => {}
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

    /// What the user does once the patience has run out; then nothing more.
    async fn leave(&mut self) -> Result<()> {
        match std::mem::replace(&mut self.mood, Mood::Steady) {
            Mood::Steady => {}
            Mood::Away(time) => {
                self.wire.figures.count("walks away");
                sleep(time).await;
                self.news = Instant::now();
            }
            Mood::Reload => {
                self.wire.figures.count("pages loaded anew");
                self.load().await?;
                self.place = Place::default();
            }
            Mood::Stop => {
                self.wire.figures.count("stops");
                self.stopped = Some(Instant::now());
                self.wire.stop(&self.turn).await?;
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
