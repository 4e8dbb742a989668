//! Messages of the server's own, for the user alone: they are stored and shown, and the model never reads them.

use std::collections::BTreeSet;

use frontdesk_protocol::ThreadEvent;

use super::events;
use super::step::{self, StepData};
use crate::{Turn, TurnError};

/// Different notices that one turn shows; what tools have to say beyond is left out.
const MOST_NOTICES: usize = 8;

/// What tools had to say to the user, each thing once in a turn. What is kept is the gist of it.
#[derive(Debug, Default)]
pub(super) struct Notices(BTreeSet<String>);

impl Notices {
    /// Shows a text, unless the turn has shown it.
    pub(super) async fn tell(&mut self, turn: &mut Turn, text: String) -> Result<(), TurnError> {
        let gist = gist(&text);
        if text.trim().is_empty() || self.0.len() >= MOST_NOTICES || self.0.contains(&gist) {
            return Ok(());
        }
        tell_user(turn, &text).await?;
        self.0.insert(gist);
        Ok(())
    }
}

/// The text without the queries of its links: each call gets a ticket of its own, and says the same.
fn gist(text: &str) -> String {
    let mut parts = text.split('?');
    let mut gist = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        gist.push('?');
        gist.push_str(part.trim_start_matches(|c: char| {
            !c.is_whitespace() && !matches!(c, ')' | '>' | '"' | ']')
        }));
    }
    gist
}

/// One message for the user alone: its step says that the model has nothing to read of it.
pub(super) async fn tell_user(turn: &mut Turn, text: &str) -> Result<(), TurnError> {
    let message = events::message(turn, text);
    let step = StepData::new(Vec::new(), vec![message.id().clone()]);
    turn.queue_step(step::VERSION, step.write()?);
    turn.emit(ThreadEvent::item_done(message)).await
}
