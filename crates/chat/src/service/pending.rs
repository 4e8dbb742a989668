//! `threads.add_client_tool_output` and `threads.add_structured_input`: the user's side of a turn that waits.

use frontdesk_identity::Scope;
use frontdesk_protocol::{
    ClientToolCallItem, ClientToolCallStatus, ItemId, Map, Order, StructuredInput,
    StructuredInputAnswer, StructuredInputItem, StructuredInputStatus, StructuredInputSubmission,
    SubmissionStatus, ThreadEvent, ThreadId, ThreadItem, ThreadsAddClientToolOutput,
    ThreadsAddStructuredInput,
};
use frontdesk_store::PageRequest;

use super::begin::Opening;
use super::{Reply, Service};
use crate::turn::Call;
use crate::{ChatError, RequestContext};

/// Rows that one look into the thread takes.
const SCAN_PAGE: u32 = 100;

impl Service {
    /// The output goes to the last call that is pending, even when something was stored after it.
    /// Older ones that were left behind are removed: nobody can answer them any more.
    pub(super) async fn add_client_tool_output(
        &self,
        params: ThreadsAddClientToolOutput,
        cx: RequestContext,
    ) -> Result<Reply, ChatError> {
        let scope = cx.scope();
        let (_guard, thread) = self.enter(&scope, &params.thread_id).await?;
        let mut calls = self.pending_calls(&scope, &thread.id).await?.into_iter();
        let Some(mut call) = calls.next() else {
            return Err(ChatError::conflict(
                "no client tool call is pending in this thread",
            ));
        };
        call.status = ClientToolCallStatus::Completed;
        call.output = Some(params.result).filter(|output| !output.is_null());
        let mut opening = Opening::of(thread, Call::Respond(None));
        opening.put = vec![ThreadItem::ClientToolCall(call)];
        opening.remove = calls.map(|left_behind| left_behind.id).collect();
        self.begin(opening, cx).await
    }

    /// The thread's pending calls, newest first.
    async fn pending_calls(
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
            calls.extend(page.data.into_iter().filter_map(pending_call));
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
        cx: RequestContext,
    ) -> Result<Reply, ChatError> {
        let scope = cx.scope();
        let (_guard, thread) = self.enter(&scope, &params.thread_id).await?;
        let asked = self
            .pending_input(&scope, &thread.id, &params.item_id)
            .await?;
        let answered = ThreadItem::StructuredInput(answer(asked, &params.input));
        let mut opening = Opening::of(thread, Call::Respond(None));
        opening.put = vec![answered.clone()];
        opening.after = vec![ThreadEvent::item_replaced(answered)];
        self.begin(opening, cx).await
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

fn pending_call(item: ThreadItem) -> Option<ClientToolCallItem> {
    match item {
        ThreadItem::ClientToolCall(call) if call.status == ClientToolCallStatus::Pending => {
            Some(call)
        }
        _ => None,
    }
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
