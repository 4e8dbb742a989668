//! How a run ended, as the user sees it and as the log has it.

use frontdesk_agent::{Ended, RunError, RunOutcome};
use frontdesk_model::Item;
use frontdesk_protocol::ThreadEvent;
use serde_json::Value;

use super::events::{Events, message, structured};
use super::narrate;
use super::notices::tell_user;
use crate::{Turn, TurnError};

/// What the user reads when an answer hasn't the form that it has to have.
const INVALID_OUTPUT: &str =
    "The answer didn't come in the form that it has to have. Please try again.";

/// Shows how a run ended.
pub(super) async fn finish(
    mut events: Events<'_>,
    outcome: Result<RunOutcome, RunError>,
) -> Result<(), TurnError> {
    match outcome {
        Ok(outcome) => {
            events.count_rest(outcome.usage);
            events.log(&outcome);
            end(events, outcome).await
        }
        // The turn settles what a stopped answer leaves open.
        Err(RunError::Stopped) => {
            let stopped = || TurnError::other("the run was stopped");
            Err(events.take_failure().unwrap_or_else(stopped))
        }
        Err(error) => {
            events.close().await?;
            let turn = events.into_turn();
            // What the provider failed at is nothing that the user used.
            turn.count_tokens(0);
            tracing::warn!(turn = %turn.id(), error = error.detail(), "the agent's run failed");
            tell_user(turn, error.user_message()).await?;
            Err(TurnError::Stream { allow_retry: true })
        }
    }
}

async fn end(mut events: Events<'_>, outcome: RunOutcome) -> Result<(), TurnError> {
    if let Ended::InvalidOutput { detail } = &outcome.ended {
        events.close().await?;
        tracing::warn!(turn = %events.into_turn().id(), detail, "an answer has not its form");
        return Err(TurnError::Custom {
            message: INVALID_OUTPUT.to_owned(),
            allow_retry: true,
        });
    }
    let said = match outcome.ended {
        Ended::AnsweredByTool { call_id } => result_of(&call_id, outcome.new_items).map(structured),
        Ended::Blocked { message } => Some(message),
        ended => narrate::ending(&ended, events.speech()).map(str::to_owned),
    };
    let Some(text) = said else {
        return events.conclude().await;
    };
    events.close().await?;
    say(events.into_turn(), &text);
    Ok(())
}

/// What a call gave.
fn result_of(call_id: &str, items: Vec<Item>) -> Option<String> {
    let mut outputs = items.into_iter().rev().filter_map(|item| match item {
        Item::FunctionCallOutput(result) if result.call_id == call_id => Some(result.output),
        _ => None,
    });
    outputs.next().map(|output| match output {
        Value::String(text) => text,
        other => other.to_string(),
    })
}

/// One message of the assistant that isn't the model's, with which the turn ends.
pub(super) fn say(turn: &mut Turn, text: &str) {
    let message = message(turn, text);
    turn.conclude(ThreadEvent::item_done(message));
}
