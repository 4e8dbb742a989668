//! Tools that the user approved for a whole thread: kept in the thread's metadata, which no client sees or writes.

use std::collections::BTreeSet;

use frontdesk_agent::{ApprovedTool, AskedCall, Because};
use frontdesk_protocol::ThreadMetadata;
use serde_json::Value;

use crate::Turn;

/// Where in the metadata they are.
const KEY: &str = "frontdesk.approved";

/// Tools that a thread keeps; of more, the oldest ask again.
const MOST_TOOLS: usize = 64;

/// Bytes of a name of a toolset or tool that is kept.
const NAME_BYTES: usize = 512;

/// The tools that don't ask any more in this thread.
pub(in super::super) fn approved(thread: &ThreadMetadata) -> BTreeSet<ApprovedTool> {
    list(thread).into_iter().collect()
}

/// Whether the user may approve this call's tool for the whole thread.
pub(super) fn may_be_remembered(asked: &AskedCall) -> bool {
    let fits = |name: &String| name.len() <= NAME_BYTES;
    asked.because == Because::Marked && fits(&asked.toolset) && fits(&asked.tool)
}

/// Keeps the tools of these calls. They are stored with the turn's next event.
pub(super) fn remember<'a>(turn: &mut Turn, calls: impl IntoIterator<Item = &'a AskedCall>) {
    let mut tools = list(turn.thread());
    for asked in calls {
        let tool = ApprovedTool {
            toolset: asked.toolset.clone(),
            tool: asked.tool.clone(),
        };
        tools.retain(|kept| *kept != tool);
        tools.push(tool);
    }
    tools.drain(..tools.len().saturating_sub(MOST_TOOLS));
    if let Ok(tools) = serde_json::to_value(tools) {
        turn.thread_mut().metadata.insert(KEY.to_owned(), tools);
    }
}

/// Oldest first. What can't be read approves nothing.
fn list(thread: &ThreadMetadata) -> Vec<ApprovedTool> {
    match thread.metadata.get(KEY) {
        Some(Value::Array(tools)) => tools
            .iter()
            .filter_map(|tool| serde_json::from_value(tool.clone()).ok())
            .collect(),
        _ => Vec::new(),
    }
}
