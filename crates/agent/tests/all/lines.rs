//! Events as lines, for tests to compare.

use frontdesk_agent::{AgentEvent, Outcome};
use frontdesk_model::Item;

/// An event in a line, with everything that it says.
pub(crate) fn line(event: &AgentEvent) -> String {
    match event {
        AgentEvent::ToolsetUnavailable { toolset } => format!("away {toolset}"),
        AgentEvent::ModelStarted { step, .. } => format!("model {step}"),
        AgentEvent::TextStarted { key } => format!("text {key}"),
        AgentEvent::TextDelta { key, part, delta } => format!("text {key} part {part} + {delta}"),
        AgentEvent::TextDone {
            key,
            text,
            annotations,
        } => {
            format!("text {key} = {text} {}", annotations.len())
        }
        AgentEvent::ReasoningDelta { key, part, delta } => {
            format!("reasoning {key} part {part} + {delta}")
        }
        AgentEvent::ReasoningDone { key, summary } => {
            format!("reasoning {key} = {}", summary.join("|"))
        }
        AgentEvent::StepDone {
            step, items, usage, ..
        } => {
            format!(
                "step {step}: {} items, {} tokens",
                items.len(),
                usage.total_tokens
            )
        }
        AgentEvent::HandedOff { from, to } => format!("handed off {from} -> {to}"),
        AgentEvent::InputReplaced { text } => format!("input = {text}"),
        AgentEvent::Withdrawn { keys } => {
            let keys: Vec<String> = keys.iter().map(ToString::to_string).collect();
            format!("withdrawn {}", keys.join(", "))
        }
        AgentEvent::AnnotationAdded {
            key,
            part,
            annotation,
        } => format!("text {key} part {part} cites {annotation}"),
        AgentEvent::ImagePartial { key, number, data } => format!("image {key} #{number} {data}"),
        AgentEvent::ImageDone {
            key,
            data,
            media_type,
        } => format!(
            "image {key} = {data} {}",
            media_type.as_deref().unwrap_or("-")
        ),
        other => of_call(other),
    }
}

fn of_call(event: &AgentEvent) -> String {
    match event {
        AgentEvent::ToolCalled {
            call_id,
            name,
            title,
        } => {
            format!(
                "called {call_id} {name} {}",
                title.as_deref().unwrap_or("-")
            )
        }
        AgentEvent::ToolArguments { call_id, arguments } => {
            format!("arguments {call_id} {arguments}")
        }
        AgentEvent::ToolProgress { call_id, progress } => format!(
            "progress {call_id} {} {}",
            progress.message.as_deref().unwrap_or("-"),
            progress
                .fraction
                .map_or_else(|| "-".to_owned(), |fraction| fraction.to_string())
        ),
        AgentEvent::ToolResult { call_id, item, .. } => {
            format!("result {call_id} {}", output(item))
        }
        AgentEvent::EffectAhead { call_id } => format!("effect of {call_id} ahead"),
        AgentEvent::ToolFinished {
            call_id,
            name,
            outcome,
            text,
            user_message,
            ..
        } => {
            let outcome = match outcome {
                Outcome::Ok => "ok",
                Outcome::Error => "error",
            };
            let for_user = user_message
                .as_deref()
                .map(|text| format!(" for the user: {text}"));
            let for_user = for_user.unwrap_or_default();
            format!("finished {call_id} {name} {outcome}: {text}{for_user}")
        }
        AgentEvent::ToolArgumentsDelta { call_id, delta } => {
            format!("arguments {call_id} + {delta}")
        }
        AgentEvent::ClientToolCalled { call, agent, title } => format!(
            "client {} {} {} by {agent} {}",
            call.call_id,
            call.name,
            call.arguments,
            title.as_deref().unwrap_or("-")
        ),
        AgentEvent::ApprovalAsked { calls } => {
            let calls = calls.iter().map(|asked| {
                let call = &asked.call;
                let title = asked.title.as_deref().unwrap_or("-");
                format!(
                    "{} {}/{} {title} {}",
                    call.call_id, asked.toolset, asked.tool, call.arguments
                )
            });
            format!("asked: {}", calls.collect::<Vec<_>>().join(", "))
        }
        other => format!("not of a call: {other:?}"),
    }
}

/// A result: the call and the text.
pub(crate) fn output(item: &Item) -> String {
    match item {
        Item::FunctionCallOutput(result) => format!("{}: {}", result.call_id, result.text()),
        other => format!("not a result: {other:?}"),
    }
}
