//! A question to a model beside the conversation: a text in, a text out, within a time.

use std::time::Duration;

use frontdesk_model::{Event, Item, Model, Request, Settings, Usage};
use futures_util::StreamExt;

use super::events::tokens;

/// What a model is asked to make of a text.
#[derive(Debug, Clone, Copy)]
pub(super) struct SideCall {
    /// What it is to do.
    pub(super) instructions: &'static str,
    /// The most tokens that it may write, thinking included.
    pub(super) max_output_tokens: u64,
    /// How long it may take.
    pub(super) deadline: Duration,
}

/// What a model made of a text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Said {
    pub(super) text: String,
    /// What the call used.
    pub(super) tokens: u64,
}

impl SideCall {
    /// Asks the model; the error is for the operator.
    pub(super) async fn ask(self, model: &dyn Model, text: String) -> Result<Said, String> {
        let asked = tokio::time::timeout(self.deadline, self.answer(model, text));
        asked
            .await
            .unwrap_or_else(|_| Err(format!("no answer within {:?}", self.deadline)))
    }

    async fn answer(self, model: &dyn Model, text: String) -> Result<Said, String> {
        let request = Request {
            instructions: Some(self.instructions.to_owned()),
            input: vec![Item::user(text)],
            settings: Settings {
                max_output_tokens: Some(self.max_output_tokens),
                ..Settings::default()
            },
            ..Request::default()
        };
        let stream = model.stream(request).await;
        let mut events = stream.map_err(|error| error.detail)?;
        while let Some(event) = events.next().await {
            match event.map_err(|error| error.detail)? {
                Event::Completed { usage, output } => return Ok(said(usage, &output)),
                Event::Incomplete { reason, .. } => return Err(format!("cut short: {reason}")),
                _ => {}
            }
        }
        Err("the answer has no end".to_owned())
    }
}

fn said(usage: Usage, output: &[Item]) -> Said {
    let texts = output.iter().filter_map(|item| match item {
        Item::Message(message) => Some(message.text()),
        _ => None,
    });
    Said {
        text: texts.collect(),
        tokens: tokens(usage),
    }
}
