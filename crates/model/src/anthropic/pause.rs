//! Answers that the provider pauses while its own tools work for long: it is asked to go on, and all of it is one answer.
//!
//! <https://platform.claude.com/docs/en/build-with-claude/handling-stop-reasons#pause-turn>

use std::sync::Arc;

use futures_util::{StreamExt, stream};

use super::Asker;
use super::decode::PAUSED;
use crate::{Error, Event, EventStream, Item, Request, Usage};

/// How often one answer may be paused.
const MAX_PAUSES: usize = 10;

/// Where the history ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Ends {
    /// With somebody's word, or a tool's.
    Said,
    /// In the middle of an answer.
    Paused,
}

/// An answer in several parts.
struct Parts {
    asker: Arc<Asker>,
    request: Request,
    now: Option<EventStream>,
    /// The items of the parts before.
    before: Vec<Item>,
    /// What those used.
    used: Usage,
    pauses: usize,
}

/// The events of the whole answer, whose first part these are.
pub(super) fn whole(asker: Arc<Asker>, request: Request, first: EventStream) -> EventStream {
    let parts = Parts {
        asker,
        request,
        now: Some(first),
        before: Vec::new(),
        used: Usage::default(),
        pauses: 0,
    };
    Box::pin(stream::unfold(parts, |mut parts| async move {
        let next = parts.next().await?;
        Some((next, parts))
    }))
}

impl Parts {
    async fn next(&mut self) -> Option<Result<Event, Error>> {
        loop {
            let event = match self.now.as_mut()?.next().await? {
                Ok(event) => event,
                Err(error) => return Some(Err(error)),
            };
            match event {
                Event::Incomplete {
                    reason,
                    usage,
                    output,
                } if reason == PAUSED && self.pauses < MAX_PAUSES && !output.is_empty() => {
                    self.pauses += 1;
                    self.used = self.used.plus(&usage);
                    self.request.input.extend(output.iter().cloned());
                    self.before.extend(output);
                    match self.asker.ask(&self.request, Ends::Paused).await {
                        Ok(stream) => self.now = Some(stream),
                        Err(error) => {
                            self.now = None;
                            return Some(Err(error));
                        }
                    }
                }
                Event::Started if self.pauses > 0 => {}
                event => return Some(Ok(self.placed(event))),
            }
        }
    }

    /// The event as one of the whole answer.
    fn placed(&mut self, mut event: Event) -> Event {
        match &mut event {
            Event::ItemAdded { index, .. }
            | Event::TextDelta { index, .. }
            | Event::RefusalDelta { index, .. }
            | Event::ReasoningDelta { index, .. }
            | Event::ArgumentsDelta { index, .. }
            | Event::AnnotationAdded { index, .. }
            | Event::ImagePartial { index, .. }
            | Event::ItemDone { index, .. } => *index += self.before.len(),
            Event::Completed { usage, output } | Event::Incomplete { usage, output, .. } => {
                *usage = self.used.plus(usage);
                self.before.append(output);
                *output = std::mem::take(&mut self.before);
            }
            Event::AnsweredBy { .. } | Event::Started | Event::Unknown(_) => {}
        }
        event
    }
}
