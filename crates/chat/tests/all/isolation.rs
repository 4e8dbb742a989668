//! Another user and another tenant find nothing and change nothing, by any request kind.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use frontdesk_chat::{
    Audio, ChatError, Client, NewUpload, RequestContext, Responder, Turn, TurnError, TurnReader,
    Uploads,
};
use frontdesk_protocol::{
    Action, Attachment, FeedbackKind, FileAttachment, ItemId, Map, Operation, Request,
    SyncCustomActionResponse, ThreadEvent, ThreadId, ThreadItem, ThreadMetadata,
    TranscriptionResult, UserMessageItem, WidgetItem,
};
use frontdesk_store::TurnId;
use serde_json::{Value, json};

use crate::desk::{
    Desk, PATIENCE, begin_message, context, create, delta, event, input, is_delta, read_all,
    read_until, thread_of,
};

/// Every kind of request. The match fails to compile when there is a further one.
const KINDS: [&str; 16] = {
    const fn all(operation: &Operation) {
        match operation {
            Operation::ThreadsCreate(_)
            | Operation::ThreadsAddUserMessage(_)
            | Operation::ThreadsAddClientToolOutput(_)
            | Operation::ThreadsAddStructuredInput(_)
            | Operation::ThreadsRetryAfterItem(_)
            | Operation::ThreadsCustomAction(_)
            | Operation::ThreadsSyncCustomAction(_)
            | Operation::ThreadsGetById(_)
            | Operation::ThreadsList(_)
            | Operation::ThreadsUpdate(_)
            | Operation::ThreadsDelete(_)
            | Operation::ItemsList(_)
            | Operation::ItemsFeedback(_)
            | Operation::AttachmentsCreate(_)
            | Operation::AttachmentsDelete(_)
            | Operation::InputTranscribe(_) => {}
        }
    }
    let _: fn(&Operation) = all;
    [
        "attachments.create",
        "attachments.delete",
        "input.transcribe",
        "items.feedback",
        "items.list",
        "threads.add_client_tool_output",
        "threads.add_structured_input",
        "threads.add_user_message",
        "threads.create",
        "threads.custom_action",
        "threads.delete",
        "threads.get_by_id",
        "threads.list",
        "threads.retry_after_item",
        "threads.sync_custom_action",
        "threads.update",
    ]
};

/// An application that notes for whom it does anything, and leaves everything open that can be.
#[derive(Debug, Default)]
struct Office {
    served: Mutex<Vec<String>>,
}

impl Office {
    fn note(&self, what: &str, cx: &RequestContext) {
        let scope = cx.scope();
        let line = format!("{what} for {} of {}", scope.user, scope.tenant);
        self.served.lock().unwrap().push(line);
    }
}

fn open_items(turn: &Turn) -> Vec<ThreadItem> {
    let base = |id: &str| {
        json!({
            "id": id,
            "thread_id": turn.thread_id(),
            "created_at": turn.now().to_string(),
        })
    };
    let bodies = [
        (
            "wdg_1",
            json!({"type": "widget", "widget": {"type": "Card", "children": []}}),
        ),
        (
            "si_1",
            json!({
                "type": "structured_input",
                "status": "pending",
                "inputs": [{"type": "freeform", "id": "q", "question": "Why?"}],
            }),
        ),
        (
            "tc_1",
            json!({
                "type": "client_tool_call",
                "status": "pending",
                "call_id": "call_1",
                "name": "look",
                "arguments": {},
            }),
        ),
    ];
    let items = bodies.into_iter().map(|(id, mut body)| {
        let base = base(id);
        body.as_object_mut()
            .unwrap()
            .extend(base.as_object().unwrap().clone());
        serde_json::from_value(body).unwrap()
    });
    items.collect()
}

#[async_trait]
impl Responder for Office {
    async fn respond(
        &self,
        turn: &mut Turn,
        input: Option<UserMessageItem>,
    ) -> Result<(), TurnError> {
        self.note("respond", turn.context());
        let text = input.map(|input| input.content[0].text().to_owned());
        if text.as_deref() == Some("leave everything open") {
            for item in open_items(turn) {
                turn.emit(ThreadEvent::item_done(item)).await?;
            }
            return Ok(());
        }
        if text.as_deref() == Some("say nothing") {
            return Ok(());
        }
        let id = begin_message(turn).await?;
        delta(turn, &id, "two").await?;
        std::future::pending().await
    }

    async fn action(
        &self,
        turn: &mut Turn,
        _: Action,
        _: Option<WidgetItem>,
    ) -> Result<(), TurnError> {
        self.note("action", turn.context());
        Ok(())
    }

    async fn sync_action(
        &self,
        cx: &RequestContext,
        _: &ThreadMetadata,
        _: Action,
        _: Option<WidgetItem>,
    ) -> Result<SyncCustomActionResponse, ChatError> {
        self.note("sync action", cx);
        Ok(SyncCustomActionResponse::default())
    }

    async fn feedback(
        &self,
        cx: &RequestContext,
        _: &ThreadId,
        _: &[ItemId],
        _: FeedbackKind,
    ) -> Result<(), ChatError> {
        self.note("feedback", cx);
        Ok(())
    }

    async fn transcribe(
        &self,
        cx: &RequestContext,
        _: Audio,
    ) -> Result<TranscriptionResult, ChatError> {
        self.note("transcribe", cx);
        Ok(serde_json::from_value(json!({"text": "hello"})).unwrap())
    }
}

#[async_trait]
impl Uploads for Office {
    async fn create(
        &self,
        upload: NewUpload,
        cx: &RequestContext,
    ) -> Result<Attachment, ChatError> {
        self.note("upload", cx);
        Ok(Attachment::File(FileAttachment {
            id: upload.id,
            name: upload.name,
            mime_type: upload.mime_type,
            upload_descriptor: None,
            thread_id: None,
            metadata: None,
            extra: Map::new(),
        }))
    }

    async fn delete(&self, _: &Attachment, cx: &RequestContext) -> Result<(), ChatError> {
        self.note("delete", cx);
        Ok(())
    }
}

/// What one user has: a thread with everything open, one that is being answered, and a loose attachment.
struct Belongings {
    open: ThreadId,
    running: ThreadId,
    turns: [TurnId; 2],
    message: String,
    attachments: [String; 2],
    _reader: TurnReader,
}

async fn attach(desk: &Desk, cx: &RequestContext) -> String {
    let params = json!({"name": "a.txt", "size": 1, "mime_type": "text/plain"});
    let made = json!({"type": "attachments.create", "params": params});
    desk.json(made, cx).await["id"].as_str().unwrap().to_owned()
}

async fn move_in(desk: &Desk, cx: &RequestContext) -> Belongings {
    let attachments = [attach(desk, cx).await, attach(desk, cx).await];
    let mut first = create("leave everything open");
    first["params"]["input"]["attachments"] = json!([attachments[0]]);
    let (waiting, mut reader) = desk.begin(first, cx).await;
    let frames = read_all(&mut reader).await;
    let (answering, mut reader) = desk.begin(create("go on"), cx).await;
    let seen = read_until(&mut reader, is_delta).await;
    let last = seen.last().unwrap().id.unwrap();
    let stored = async {
        loop {
            let log = desk.store.turn_log(&cx.scope(), &answering, None).await;
            if log
                .unwrap()
                .last()
                .is_some_and(|batch| batch.last() >= last)
            {
                return;
            }
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(PATIENCE, stored).await.unwrap();
    Belongings {
        open: thread_of(&frames),
        running: thread_of(&seen),
        turns: [waiting, answering],
        message: event(&frames[1])["item"]["id"].as_str().unwrap().to_owned(),
        attachments,
        _reader: reader,
    }
}

/// Everything that can be asked of a thread, with ids of its items.
fn requests(thread: &ThreadId, message: &str) -> Vec<Value> {
    let of = |kind: &str, more: Value| {
        let mut params = more;
        params["thread_id"] = json!(thread);
        json!({"type": kind, "params": params})
    };
    let mut replacing = json!({"input": input("hi")});
    replacing["replaces"] = json!(message);
    let answers = json!({"status": "answered", "answers": {"q": {"values": ["x"]}}});
    vec![
        of("threads.get_by_id", json!({})),
        of("threads.update", json!({"title": "mine"})),
        of("threads.delete", json!({})),
        of("threads.add_user_message", json!({"input": input("hi")})),
        of("threads.add_client_tool_output", json!({"result": 1})),
        of("threads.custom_action", json!({"action": {"type": "x"}})),
        of(
            "threads.sync_custom_action",
            json!({"action": {"type": "x"}}),
        ),
        of("items.list", json!({})),
        of("items.list", json!({"after": message})),
        of("threads.add_user_message", replacing),
        of("threads.retry_after_item", json!({"item_id": message})),
        of(
            "threads.add_structured_input",
            json!({"item_id": "si_1", "input": answers}),
        ),
        of(
            "threads.custom_action",
            json!({"item_id": "wdg_1", "action": {"type": "x"}}),
        ),
        of(
            "threads.sync_custom_action",
            json!({"item_id": "wdg_1", "action": {"type": "x"}}),
        ),
        of(
            "items.feedback",
            json!({"item_ids": [message], "kind": "positive"}),
        ),
    ]
}

/// Those of them that name an item, with a thread of one's own.
fn requests_in_own_thread(own: &ThreadId, message: &str) -> Vec<Value> {
    requests(own, message).split_off(9)
}

fn kind(request: &Value) -> &'static str {
    let request = Request::parse(&serde_json::to_vec(request).unwrap()).unwrap();
    request.operation.kind()
}

/// What somebody tries who knows all of another's ids.
async fn try_everything(desk: &Desk, of: &Belongings, own: &ThreadId, other: &RequestContext) {
    let mut walked = BTreeSet::new();
    let mut refused: Vec<Value> = [&of.open, &of.running]
        .into_iter()
        .flat_map(|thread| requests(thread, &of.message))
        .chain(requests_in_own_thread(own, &of.message))
        .collect();
    for id in &of.attachments {
        let delete = json!({"type": "attachments.delete", "params": {"attachment_id": id}});
        let mut sent = create("hi");
        sent["params"]["input"]["attachments"] = json!([id]);
        let mut added = json!({"type": "threads.add_user_message"});
        added["params"] = json!({"thread_id": own, "input": sent["params"]["input"]});
        refused.extend([delete, sent, added]);
    }
    for request in refused {
        walked.insert(kind(&request));
        let status = desk.refused(request.clone(), other).await;
        assert_eq!(status, 404, "{request}");
    }
    for turn in &of.turns {
        let events = desk.service.events(other, turn, None).await;
        assert_eq!(events.err().unwrap().status(), 404);
        let stop = desk.service.stop(other, turn).await;
        assert_eq!(stop.unwrap_err().status(), 404);
    }
    let list = json!({"type": "threads.list", "params": {}});
    walked.insert(kind(&list));
    let found = desk.json(list, other).await;
    assert_eq!(found["data"].as_array().unwrap().len(), 1, "{found}");
    for cursor in [&of.open, &of.running] {
        let after = json!({"type": "threads.list", "params": {"after": cursor}});
        assert_eq!(desk.refused(after, other).await, 400);
    }
    let after = json!({"thread_id": own, "after": of.message});
    let after = json!({"type": "items.list", "params": after});
    assert_eq!(desk.refused(after, other).await, 400);

    // What they may do does something to what is theirs alone.
    let speech = json!({"audio_base64": "AAAA", "mime_type": "audio/webm"});
    let speech = json!({"type": "input.transcribe", "params": speech});
    walked.insert(kind(&speech));
    desk.json(speech, other).await;
    let attachment = attach(desk, other).await;
    walked.insert("attachments.create");
    let delete = json!({"type": "attachments.delete", "params": {"attachment_id": attachment}});
    desk.json(delete, other).await;
    assert_eq!(walked.into_iter().collect::<Vec<_>>(), KINDS);
}

#[tokio::test]
async fn check_02_other_users_and_tenants_find_nothing_and_change_nothing() {
    let office = Arc::new(Office::default());
    let uploads: Arc<dyn Uploads> = office.clone();
    let desk = Desk::built(office.clone(), |parts| parts.uploads = Some(uploads));
    let ann = context("default", "ann", Client::Resuming);
    let others = [
        context("default", "other", Client::Resuming),
        context("elsewhere", "ann", Client::Resuming),
    ];
    let mut own = Vec::new();
    for other in &others {
        let (_, mut reader) = desk.begin(create("say nothing"), other).await;
        own.push(thread_of(&read_all(&mut reader).await));
    }
    let belongings = move_in(&desk, &ann).await;
    office.served.lock().unwrap().clear();
    let before = format!("{:#?}", desk.store);
    assert!(before.contains("si_1") && before.contains("wdg_1") && before.contains("tc_1"));
    for (other, own) in others.iter().zip(&own) {
        try_everything(&desk, &belongings, own, other).await;
        assert_eq!(format!("{:#?}", desk.store), before);
    }
    let served = office.served.lock().unwrap().clone();
    let expected = ["other of default", "ann of elsewhere"]
        .map(|who| ["transcribe", "upload", "delete"].map(|what| format!("{what} for {who}")));
    assert_eq!(served, expected.concat());

    // To their owner all of these ids mean something.
    let deletion = |request: &Value| request["type"] == "threads.delete";
    let (last, first): (Vec<Value>, Vec<Value>) = requests(&belongings.open, &belongings.message)
        .into_iter()
        .partition(deletion);
    for request in first.into_iter().chain(last) {
        let status = desk.ask(request.clone(), &ann).await.err();
        let status = status.map(|refused| refused.status());
        assert!(matches!(status, None | Some(409)), "{request}: {status:?}");
    }
    desk.service.stop(&ann, &belongings.turns[1]).await.unwrap();
}
