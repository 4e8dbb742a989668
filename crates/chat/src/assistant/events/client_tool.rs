//! A tool of the user's own page ▸ the item that the page answers, which ends the turn.

use frontdesk_agent::ToolCall;
use frontdesk_protocol::{ClientToolCallItem, ClientToolCallStatus, Map, ThreadEvent, ThreadItem};

use crate::Turn;

/// Ends the turn with the call. Its output comes with the next turn, under the same call id.
pub(super) fn call(turn: &mut Turn, call: ToolCall) {
    let item = ClientToolCallItem {
        id: turn.new_item_id("tc"),
        thread_id: turn.thread_id().clone(),
        created_at: turn.now(),
        status: ClientToolCallStatus::Pending,
        // They were checked before; what a model writes in place of nothing is nothing.
        arguments: serde_json::from_str(&call.arguments).unwrap_or_default(),
        call_id: call.call_id,
        name: call.name,
        output: None,
        extra: Map::new(),
    };
    turn.wait_for_user();
    turn.conclude(ThreadEvent::item_done(ThreadItem::ClientToolCall(item)));
}
