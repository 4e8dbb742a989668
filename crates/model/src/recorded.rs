//! A model that plays a recording: answers as a provider sent them, with its delays and its faults.
//!
//! The answers go through the same decoder, deadlines and retries as those of a live provider, so what a recording
//! shows is what a provider would have shown. It needs no key and keeps nothing between two requests: which answer is
//! next is counted in the request's own history, one for each answer of the model's that it has. A history that was
//! cut, or an answer that failed before it said something, isn't counted.
//!
//! A recording is text: a head, then the answers as server-sent events, copied as they came. Lines that begin with `@`
//! are ours.
//! ```text
//! @dialect openai_chat      # or openai_responses, or anthropic; the one line that must be there
//! @name recorded-model      # the model's name; by default `recorded`
//! @pace 20ms                # the pause before each event; by default none
//! @patience 5s              # how long to wait for a byte; by default as for a live provider
//!
//! @answer                   # to the first request
//! data: {"choices":[{"index":0,"delta":{"content":"Hel"}}]}
//!
//! @delay 200ms
//! data: {"choices":[{"index":0,"delta":{"content":"lo"},"finish_reason":"stop"}]}
//!
//! data: [DONE]
//!
//! @answer                   # to the second one, which isn't taken at once …
//! @status 429 retry-after 1
//! {"error":{"message":"too many requests"}}
//! @again                    # … but when it is asked again, and then breaks off
//! data: {"choices":[{"index":0,"delta":{"content":"Well"}}]}
//!
//! @cut
//! ```
//! `@cut` closes the connection, `@stall` leaves it open and says nothing more, `@unreachable` stands in the place of
//! an answer where nobody is there. A try that fails and has no `@again` after it is the last one.

mod playback;
mod recording;

use std::sync::Arc;

use async_trait::async_trait;
use frontdesk_clock::Ids;

pub(crate) use self::playback::Playback;
pub use self::recording::{Dialect, Recording, RecordingError};
use crate::call::ask;
use crate::decode::Decode;
use crate::openai_responses::{self, KeptAnswers};
use crate::{Error, ErrorKind, EventStream, Item, Model, Request, Role};
use crate::{anthropic, openai_chat};

/// A model that plays a recording.
#[derive(Debug)]
pub struct Recorded {
    recording: Recording,
    ids: Arc<dyn Ids>,
}

impl Recorded {
    /// A model that plays this recording. `ids` gives the calls their ids, in dialects that need it.
    pub fn new(recording: Recording, ids: Arc<dyn Ids>) -> Self {
        Self { recording, ids }
    }

    fn decoder(&self) -> Box<dyn Decode> {
        match self.recording.dialect {
            Dialect::OpenAiResponses => openai_responses::decoder(KeptAnswers::None),
            Dialect::OpenAiChat => openai_chat::decoder(Arc::clone(&self.ids)),
            Dialect::Anthropic => anthropic::decoder(Arc::clone(&self.ids)),
        }
    }
}

#[async_trait]
impl Model for Recorded {
    fn name(&self) -> &str {
        &self.recording.name
    }

    async fn stream(&self, request: Request) -> Result<EventStream, Error> {
        let past = answers(&request.input);
        let Some(answer) = self.recording.answers.get(past) else {
            let there = self.recording.answers.len();
            return Err(Error::new(
                ErrorKind::Failed,
                format!("the recording has {there} answers, and {past} were given"),
            ));
        };
        ask(Box::new(answer.clone()), self.decoder()).await
    }
}

/// How many answers of the model's are in a history.
fn answers(input: &[Item]) -> usize {
    let mut answers = 0;
    let mut in_answer = false;
    for item in input {
        let is_models = match item {
            Item::Message(message) => message.role == Role::Assistant,
            Item::FunctionCall(_) | Item::Reasoning(_) | Item::Other(_) => true,
            Item::FunctionCallOutput(_) => false,
        };
        if is_models && !in_answer {
            answers += 1;
        }
        in_answer = is_models;
    }
    answers
}
