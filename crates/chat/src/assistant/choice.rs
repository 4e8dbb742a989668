//! What the user chose for a message: a model and a tool, of those that the configuration offers.

use std::collections::BTreeMap;

use frontdesk_agent::RunOptions;
use frontdesk_model::ToolChoice;
use frontdesk_protocol::InferenceOptions;

use super::AssistantOptions;
use crate::ChatError;

/// Ids that a refusal names.
const MOST_NAMED: usize = 20;

/// Refuses a choice that isn't offered.
pub(super) fn admit(
    options: &AssistantOptions,
    wishes: &InferenceOptions,
) -> Result<(), ChatError> {
    if let Some(model) = &wishes.model {
        offered("model", model, &options.models)?;
    }
    if let Some(tool) = &wishes.tool_choice {
        offered("tool_choice.id", &tool.id, &options.tools)?;
    }
    Ok(())
}

/// What a run is to do about it. What isn't offered any more when a message is answered anew counts as not chosen.
pub(super) fn run_options(options: &AssistantOptions, wishes: &InferenceOptions) -> RunOptions {
    let model = wishes.model.as_ref().and_then(|id| options.models.get(id));
    let tool = wishes.tool_choice.as_ref();
    let tool = tool.and_then(|tool| options.tools.get(&tool.id));
    RunOptions {
        model: model.cloned(),
        tool_choice: tool.cloned().map(ToolChoice::Tool),
        ..RunOptions::default()
    }
}

fn offered<T>(field: &str, id: &str, offers: &BTreeMap<String, T>) -> Result<(), ChatError> {
    if offers.contains_key(id) {
        return Ok(());
    }
    let ids: Vec<&str> = offers.keys().map(String::as_str).take(MOST_NAMED).collect();
    let message = if ids.is_empty() {
        "there is nothing to choose from; leave it out".to_owned()
    } else {
        let more = if offers.len() > ids.len() {
            ", …"
        } else {
            ""
        };
        format!("must be one of: {}{more}", ids.join(", "))
    };
    Err(ChatError::BadRequest {
        field: format!("params.input.inference_options.{field}"),
        message,
    })
}
