//! The agent runtime through its public door.

#[cfg(test)]
#[path = "all/agent_tool.rs"]
mod agent_tool;
#[cfg(test)]
#[path = "all/approval.rs"]
mod approval;
#[cfg(test)]
#[path = "all/arguments.rs"]
mod arguments;
#[cfg(test)]
#[path = "all/at_once.rs"]
mod at_once;
#[cfg(test)]
#[path = "all/calls.rs"]
mod calls;
#[cfg(test)]
#[path = "all/checks.rs"]
mod checks;
#[cfg(test)]
#[path = "all/choice.rs"]
mod choice;
#[cfg(test)]
#[path = "all/client_tools.rs"]
mod client_tools;
#[cfg(test)]
#[path = "all/conversation.rs"]
mod conversation;
#[cfg(test)]
#[path = "all/form.rs"]
mod form;
#[cfg(test)]
#[path = "all/going_on.rs"]
mod going_on;
#[cfg(test)]
#[path = "all/guarded_left.rs"]
mod guarded_left;
#[cfg(test)]
#[path = "all/guarded_states.rs"]
mod guarded_states;
#[cfg(test)]
#[path = "all/handoffs.rs"]
mod handoffs;
#[cfg(test)]
#[path = "all/hooks.rs"]
mod hooks;
#[cfg(test)]
#[path = "all/input_guardrails.rs"]
mod input_guardrails;
#[cfg(test)]
#[path = "all/inputs.rs"]
mod inputs;
#[cfg(test)]
#[path = "all/lines.rs"]
mod lines;
#[cfg(test)]
#[path = "all/live.rs"]
mod live;
#[cfg(test)]
#[path = "all/machine.rs"]
mod machine;
#[cfg(test)]
#[path = "all/output_guardrails.rs"]
mod output_guardrails;
#[cfg(test)]
#[path = "all/reading.rs"]
mod reading;
#[cfg(test)]
#[path = "all/ready_guardrails.rs"]
mod ready_guardrails;
#[cfg(test)]
#[path = "all/replay.rs"]
mod replay;
#[cfg(test)]
#[path = "all/scene.rs"]
mod scene;
#[cfg(test)]
#[path = "all/state.rs"]
mod state;
#[cfg(test)]
#[path = "all/stopping.rs"]
mod stopping;
#[cfg(test)]
#[path = "all/tool_guardrails.rs"]
mod tool_guardrails;
#[cfg(test)]
#[path = "all/toolsets.rs"]
mod toolsets;
