//! How many bytes an event says that a model reads or writes: what a call costs that is broken off.

use frontdesk_agent::AgentEvent;

/// The bytes of this event; each model call reads `input` at least.
pub(super) fn of_event(event: &AgentEvent, input: usize) -> usize {
    match event {
        AgentEvent::ModelStarted { .. } => input,
        AgentEvent::TextDelta { delta, .. }
        | AgentEvent::ReasoningDelta { delta, .. }
        | AgentEvent::ToolArgumentsDelta { delta, .. } => delta.len(),
        // The deltas were counted; without any, the whole answer is about to be.
        AgentEvent::ToolArguments { .. }
        | AgentEvent::AnnotationAdded { .. }
        | AgentEvent::ImagePartial { .. }
        | AgentEvent::ImageDone { .. }
        | AgentEvent::HandedOff { .. }
        | AgentEvent::InputReplaced { .. }
        | AgentEvent::Withdrawn { .. }
        | AgentEvent::ClientToolCalled { .. }
        | AgentEvent::ToolsetUnavailable { .. }
        | AgentEvent::TextStarted { .. }
        | AgentEvent::TextDone { .. }
        | AgentEvent::ReasoningDone { .. }
        | AgentEvent::ToolCalled { .. }
        | AgentEvent::EffectAhead { .. }
        | AgentEvent::ToolProgress { .. }
        | AgentEvent::StepDone { .. }
        | AgentEvent::ToolResult { .. }
        | AgentEvent::ToolFinished { .. }
        | AgentEvent::ApprovalAsked { .. } => 0,
    }
}
