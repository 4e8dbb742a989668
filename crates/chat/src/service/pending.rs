//! `threads.add_client_tool_output` and `threads.add_structured_input`: the user's side of a turn that waits.

use frontdesk_identity::Scope;
use frontdesk_protocol::{
    ClientToolCallItem, ClientToolCallStatus, ItemId, Map, Order, StructuredInput,
    StructuredInputAnswer, StructuredInputItem, StructuredInputStatus, StructuredInputSubmission,
    SubmissionStatus, ThreadEvent, ThreadId, ThreadItem, ThreadsAddClientToolOutput,
    ThreadsAddStructuredInput,
};
use frontdesk_store::PageRequest;
use serde_json::Value;

use super::asked::Asked;
use super::begin::Opening;
use super::{Reply, Service};
use crate::ChatError;
use crate::turn::Call;

/// Rows that one look into the thread takes.
const SCAN_PAGE: u32 = 100;

impl Service {
    /// The output goes to the call that the client names by its `call_id` or its item's `item_id`; else to the last one
    /// that is pending, even when something was stored after it. Then older ones that were left behind are removed:
    /// nobody can answer them any more.
    pub(super) async fn add_client_tool_output(
        &self,
        params: ThreadsAddClientToolOutput,
        asked: &Asked,
    ) -> Result<Reply, ChatError> {
        let scope = &asked.scope;
        let (_guard, ground) = self.enter(asked, &params.thread_id).await?;
        let calls = self.client_calls(scope, &params.thread_id).await?;
        let (mut call, left_behind) = answered(calls, &params.extra)?;
        call.status = ClientToolCallStatus::Completed;
        call.output = Some(params.result).filter(|output| !output.is_null());
        let mut opening = Opening::of(ground, Call::Respond(None));
        opening.put = vec![ThreadItem::ClientToolCall(call)];
        opening.remove = left_behind;
        self.begin(opening, asked).await
    }

    /// The calls of the page's tools in the thread, newest first.
    async fn client_calls(
        &self,
        scope: &Scope,
        thread: &ThreadId,
    ) -> Result<Vec<ClientToolCallItem>, ChatError> {
        let mut calls = Vec::new();
        let mut seen = 0;
        let mut after = None;
        while seen < self.options().limits.pending_scan {
            let request = PageRequest {
                limit: SCAN_PAGE,
                order: Order::Desc,
                after,
            };
            let Some(page) = self.store().items(scope, thread, &request).await? else {
                break;
            };
            calls.extend(page.data.into_iter().filter_map(client_call));
            seen += SCAN_PAGE;
            after = page.after;
            if !page.has_more {
                break;
            }
        }
        Ok(calls)
    }

    pub(super) async fn add_structured_input(
        &self,
        params: ThreadsAddStructuredInput,
        asked: &Asked,
    ) -> Result<Reply, ChatError> {
        let scope = &asked.scope;
        let (_guard, ground) = self.enter(asked, &params.thread_id).await?;
        let input = self
            .pending_input(scope, &params.thread_id, &params.item_id)
            .await?;
        let answered = ThreadItem::StructuredInput(answer(input, &params.input));
        let mut opening = Opening::of(ground, Call::Respond(None));
        opening.put = vec![answered.clone()];
        opening.after = vec![ThreadEvent::item_replaced(answered)];
        self.begin(opening, asked).await
    }

    async fn pending_input(
        &self,
        scope: &Scope,
        thread: &ThreadId,
        id: &ItemId,
    ) -> Result<StructuredInputItem, ChatError> {
        match self.item(scope, thread, id).await? {
            ThreadItem::StructuredInput(input)
                if input.status == StructuredInputStatus::Pending =>
            {
                Ok(input)
            }
            ThreadItem::StructuredInput(_) => Err(ChatError::conflict("this was answered already")),
            _ => Err(ChatError::BadRequest {
                field: "params.item_id".to_owned(),
                message: "asks for no input".to_owned(),
            }),
        }
    }
}

fn client_call(item: ThreadItem) -> Option<ClientToolCallItem> {
    match item {
        ThreadItem::ClientToolCall(call) => Some(call),
        _ => None,
    }
}

/// The call that an output is for, and those that it leaves behind.
fn answered(
    calls: Vec<ClientToolCallItem>,
    named: &Map,
) -> Result<(ClientToolCallItem, Vec<ItemId>), ChatError> {
    let is_pending = |call: &ClientToolCallItem| call.status == ClientToolCallStatus::Pending;
    let call_id = named.get("call_id").and_then(Value::as_str);
    let item_id = named.get("item_id").and_then(Value::as_str);
    if call_id.is_none() && item_id.is_none() {
        let mut pending = calls.into_iter().filter(is_pending);
        let none = || ChatError::conflict("no client tool call is pending in this thread");
        let call = pending.next().ok_or_else(none)?;
        return Ok((call, pending.map(|left_behind| left_behind.id).collect()));
    }
    let is_named = |call: &ClientToolCallItem| {
        call_id.is_none_or(|id| call.call_id == id)
            && item_id.is_none_or(|id| call.id.as_str() == id)
    };
    let (mut pending, settled): (Vec<_>, Vec<_>) =
        calls.into_iter().filter(is_named).partition(is_pending);
    // The newest stands first.
    if !pending.is_empty() {
        return Ok((pending.swap_remove(0), Vec::new()));
    }
    if settled.is_empty() {
        return Err(ChatError::NotFound {
            what: "client tool call",
        });
    }
    Err(ChatError::conflict("this call was answered already"))
}

/// The item with the answers kept in it. A question without an answer counts as skipped;
/// one that takes a single choice keeps the first; answers to other questions are left out.
fn answer(
    mut item: StructuredInputItem,
    submission: &StructuredInputSubmission,
) -> StructuredInputItem {
    for question in &mut item.inputs {
        match question {
            StructuredInput::MultipleChoice(choice) => {
                let most = if choice.multiple { usize::MAX } else { 1 };
                choice.answer = Some(answer_to(&choice.id, submission, most));
            }
            StructuredInput::Freeform(freeform) => {
                freeform.answer = Some(answer_to(&freeform.id, submission, usize::MAX));
            }
            StructuredInput::Other(_) => {}
        }
    }
    item.status = match submission.status {
        SubmissionStatus::Answered => StructuredInputStatus::Answered,
        SubmissionStatus::Skipped => StructuredInputStatus::Skipped,
    };
    item
}

fn answer_to(
    question: &str,
    submission: &StructuredInputSubmission,
    most: usize,
) -> StructuredInputAnswer {
    let given = submission.answers.get(question);
    let values = given
        .filter(|given| submission.status == SubmissionStatus::Answered && !given.skipped)
        .map(|given| given.values.iter().take(most).cloned().collect::<Vec<_>>())
        .unwrap_or_default();
    StructuredInputAnswer {
        skipped: values.is_empty(),
        values,
        extra: Map::new(),
    }
}
