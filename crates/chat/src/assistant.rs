//! The built-in responder: history ▸ agent ▸ ChatKit events.
//!
//! It knows tools only as toolsets of the agent, and keeps nothing between turns:
//! stored items and steps are its only memory.

mod events;
mod history;
mod instructions;
mod narrate;
mod notices;
mod step;
mod title;

use std::sync::Arc;

use async_trait::async_trait;
use frontdesk_agent::{Agent, RunContext, RunError};
use frontdesk_protocol::{ThreadEvent, ThreadId, UserMessageItem};

pub use instructions::{InstructionsError, InstructionsTemplate};

use crate::{RequestContext, Responder, Turn, TurnError};
use events::Events;
use notices::tell_user;

/// Items of the thread that the model reads again.
pub const HISTORY_ITEMS: u32 = 40;

/// What the assistant's tools and instructions know of a request.
#[derive(Debug, Clone)]
pub struct TurnContext {
    /// The request that began the turn.
    pub request: RequestContext,
    /// The thread.
    pub thread: ThreadId,
    /// Today's date in UTC, as `2026-01-31`.
    pub date: String,
}

/// Answers with an agent.
#[derive(Debug)]
pub struct Assistant {
    agent: Arc<Agent<TurnContext>>,
}

impl Assistant {
    /// An assistant that answers with this agent.
    pub fn new(agent: Arc<Agent<TurnContext>>) -> Self {
        Self { agent }
    }
}

#[async_trait]
impl Responder for Assistant {
    fn title(&self, first: &UserMessageItem) -> Option<String> {
        title::of_message(first)
    }

    async fn respond(
        &self,
        turn: &mut Turn,
        input: Option<UserMessageItem>,
    ) -> Result<(), TurnError> {
        if turn.thread().title.is_none() {
            turn.thread_mut().title = input.as_ref().and_then(title::of_message);
        }
        let history = history::load(turn, input.as_ref()).await?;
        let context = RunContext {
            principal: Arc::clone(&turn.context().principal),
            credentials: turn.context().credentials.clone(),
            context: Arc::new(TurnContext {
                request: turn.context().clone(),
                thread: turn.thread_id().clone(),
                date: turn.now().strftime("%Y-%m-%d").to_string(),
            }),
            cancel: turn.cancelled(),
        };
        let mut events = Events::new(turn);
        let outcome = frontdesk_agent::run(&self.agent, history, context, &mut events).await;
        match outcome {
            Ok(outcome) => {
                events.close().await?;
                match narrate::ending(&outcome.ended, events.speech()) {
                    Some(text) => say(turn, text).await,
                    None => Ok(()),
                }
            }
            // The turn settles what a stopped answer leaves open.
            Err(RunError::Stopped) => {
                let stopped = || TurnError::other("the run was stopped");
                Err(events.take_failure().unwrap_or_else(stopped))
            }
            Err(error) => {
                events.close().await?;
                tracing::warn!(turn = %turn.id(), error = error.detail(), "the agent's run failed");
                tell_user(turn, error.user_message()).await?;
                Err(TurnError::Stream { allow_retry: true })
            }
        }
    }
}

/// One message of the assistant that isn't the model's.
async fn say(turn: &mut Turn, text: &str) -> Result<(), TurnError> {
    let message = events::message(turn, text);
    turn.emit(ThreadEvent::item_done(message)).await
}
