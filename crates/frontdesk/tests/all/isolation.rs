//! Users and tenants of one site: no request kind and no route shows or changes what another has.

use std::collections::BTreeSet;
use std::sync::Arc;

use frontdesk_identity::{Scope, TenantId, UserId};
use frontdesk_protocol::{Operation, Request};
use frontdesk_store::Connections;
use frontdesk_store::memory::MemoryStore;
use frontdesk_testkit::issuer::Issuer;
use reqwest::StatusCode;
use reqwest::multipart::{Form, Part};
use serde_json::{Value, json};

use super::client::{Visitor, answer, events, events_until, message};
use super::site::{Site, signed_in_by, token};

/// What the owner says, and what the script answers.
const SAID: [&str; 2] = ["hello", "Hello there"];
/// A server at which accounts are connected, and no tools for the assistant.
const NOTES: [(&str, &str); 3] = [
    ("FRONTDESK__MCP__NOTES__URL", "http://127.0.0.1:9/mcp"),
    ("FRONTDESK__MCP__NOTES__AUTH", "oauth"),
    ("FRONTDESK__AGENT__ASSISTANT__MCP", ","),
];
/// The routes that show or change what somebody has.
const WALKED: [&str; 8] = [
    "/chatkit",
    "/chatkit/files",
    "/chatkit/files/{attachment}",
    "/chatkit/search",
    "/chatkit/turns/{turn}/events",
    "/chatkit/turns/{turn}/stop",
    "/connect",
    "/connect/{server}/disconnect",
];
/// The others: the same for everybody, or open to who has a ticket or a state that was given to one user, which the
/// tests of connecting try. The tool server at `/mcp` is another's: `tool_server.rs` and TaskFlow's own tests try it.
const NOBODYS: [&str; 12] = [
    "/",
    "/.well-known/jwks.json",
    "/chatkit.js",
    "/connect/callback/{server}",
    "/connect/client.json",
    "/connect/page.css",
    "/connect/{server}",
    "/embed",
    "/healthz",
    "/page.css",
    "/readyz",
    "/ui/{*path}",
];
/// Kinds of request that name nothing, so that they make or show something of the caller's own.
const NAMING_NOTHING: [&str; 4] = [
    "threads.create",
    "threads.list",
    "attachments.create",
    "input.transcribe",
];

/// Something that an owner has, and something that the other one has.
struct Theirs {
    thread: String,
    item: String,
    turn: String,
    /// An attachment that wasn't sent yet.
    file: String,
    /// A thread of the other one.
    own: String,
}

/// Every kind of request, aimed at the owner's things in every place that takes an id.
fn requests(theirs: &Theirs) -> Vec<(&'static str, Value)> {
    let Theirs {
        thread,
        item,
        own,
        file,
        ..
    } = theirs;
    let input = message("hello");
    let mut with_file = message("what now");
    with_file["attachments"] = json!([file]);
    let answers = json!({ "status": "skipped", "answers": {} });
    let action = json!({ "type": "go", "payload": {} });
    let mut requests = vec![
        ("threads.create", json!({ "input": message("what now") })),
        ("threads.list", json!({})),
        ("threads.list", json!({ "after": thread })),
        ("threads.get_by_id", json!({ "thread_id": thread })),
        (
            "threads.update",
            json!({ "thread_id": thread, "title": "mine" }),
        ),
        ("threads.delete", json!({ "thread_id": thread })),
        (
            "threads.add_user_message",
            json!({ "thread_id": thread, "input": input }),
        ),
        (
            "threads.add_user_message",
            json!({ "thread_id": own, "input": input, "replaces": item }),
        ),
        (
            "threads.add_client_tool_output",
            json!({ "thread_id": thread, "result": {} }),
        ),
        ("items.list", json!({ "thread_id": thread })),
        ("items.list", json!({ "thread_id": own, "after": item })),
        ("attachments.delete", json!({ "attachment_id": item })),
        ("attachments.delete", json!({ "attachment_id": file })),
        (
            "threads.add_user_message",
            json!({ "thread_id": own, "input": with_file }),
        ),
        (
            "attachments.create",
            json!({ "name": "a.txt", "size": 1, "mime_type": "text/plain" }),
        ),
        (
            "input.transcribe",
            json!({ "audio_base64": "AAAA", "mime_type": "audio/wav" }),
        ),
    ];
    for place in [thread, own] {
        requests.extend([
            (
                "threads.add_structured_input",
                json!({ "thread_id": place, "item_id": item, "input": answers }),
            ),
            (
                "threads.retry_after_item",
                json!({ "thread_id": place, "item_id": item }),
            ),
            (
                "threads.custom_action",
                json!({ "thread_id": place, "item_id": item, "action": action }),
            ),
            (
                "threads.sync_custom_action",
                json!({ "thread_id": place, "item_id": item, "action": action }),
            ),
            (
                "items.feedback",
                json!({ "thread_id": place, "item_ids": [item], "kind": "positive" }),
            ),
        ]);
    }
    requests
}

/// All that an owner sees of a thread.
async fn everything(owner: &Visitor<'_>, theirs: &Theirs) -> Vec<Value> {
    let by_id = json!({ "thread_id": theirs.thread });
    let mut all = Vec::new();
    for (kind, params) in [
        ("threads.list", json!({})),
        ("threads.get_by_id", by_id.clone()),
        ("items.list", by_id),
    ] {
        let (status, body) = owner.ask(kind, params).await;
        assert_eq!(status, StatusCode::OK, "{kind}: {body}");
        all.push(body);
    }
    let (status, connected) = answer(owner.get("/connect").send().await.unwrap()).await;
    assert_eq!(status, StatusCode::OK, "{connected}");
    assert_eq!(connected["data"][0]["connected"], true, "{connected}");
    all.push(connected);
    let file = owner.get(&format!("/chatkit/files/{}", theirs.file));
    let file = file.send().await.unwrap();
    assert_eq!(file.status(), StatusCode::OK);
    all.push(file.text().await.unwrap().into());
    let path = format!("/chatkit/turns/{}/events", theirs.turn);
    let told = events(owner.get(&path).send().await.unwrap()).await;
    all.extend(told.into_iter().map(|event| json!([event.id, event.data])));
    all
}

/// Aims everything that there is at what the owner has.
async fn walk(owner: &Visitor<'_>, other: &Visitor<'_>) {
    let response = owner.call("threads.create", json!({ "input": message(SAID[0]) }));
    let response = response.await;
    let turn = response.headers()["frontdesk-turn"].to_str().unwrap();
    let turn = turn.to_owned();
    let seen = events(response).await;
    let id = |event: usize, thing: &str| seen[event].data[thing]["id"].as_str().unwrap();
    let theirs = Theirs {
        thread: id(0, "thread").to_owned(),
        item: id(1, "item").to_owned(),
        turn,
        file: upload(owner, SAID[0]).await,
        own: other.create("what now").await.0,
    };
    let before = everything(owner, &theirs).await;
    let shows = |body: &str| SAID.iter().any(|said| body.contains(said));

    for (kind, params) in requests(&theirs) {
        let response = other.call(kind, params.clone()).await;
        let (status, body) = (response.status(), response.text().await.unwrap());
        let names_nothing = NAMING_NOTHING.contains(&kind) && params.get("after").is_none();
        let refused = [StatusCode::BAD_REQUEST, StatusCode::NOT_FOUND];
        assert!(
            names_nothing || refused.contains(&status),
            "{kind} {params}: {status} {body}"
        );
        assert!(!shows(&body), "{kind} {params}: {body}");
        assert!(
            !body.contains(&theirs.thread) || !status.is_success(),
            "{body}"
        );
    }
    let turn = format!("/chatkit/turns/{}", theirs.turn);
    for request in [
        other.get(&format!("{turn}/events")),
        other.get(&format!("{turn}/events?after=1-1")),
        other.post(&format!("{turn}/stop")),
        other.get(&format!("/chatkit/files/{}", theirs.item)),
        other.get(&format!("/chatkit/files/{}", theirs.file)),
        other.get(&format!("/chatkit/files/{}?preview", theirs.file)),
        other
            .post(&format!("/chatkit/files/{}", theirs.file))
            .body("mine"),
    ] {
        let (status, body) = answer(request.send().await.unwrap()).await;
        assert_eq!(status, StatusCode::NOT_FOUND, "{body}");
    }
    let nothing = json!({ "data": [], "has_more": false });
    for asked in ["hello", "Hello%20there"] {
        let path = format!("/chatkit/search?q={asked}");
        let answered = answer(other.get(&path).send().await.unwrap()).await;
        assert_eq!(answered, (StatusCode::OK, nothing.clone()));
        let (_, mine) = answer(owner.get(&path).send().await.unwrap()).await;
        assert_eq!(mine["data"][0]["thread"]["id"], *theirs.thread, "{mine}");
    }
    let after = format!("/chatkit/search?q=hello&after={}", theirs.thread);
    let (status, body) = answer(other.get(&after).send().await.unwrap()).await;
    assert_eq!(status, StatusCode::BAD_REQUEST, "{body}");
    let unconnected = json!({ "data": [{ "server": "notes", "connected": false }] });
    for (request, expected) in [
        (other.get("/connect"), unconnected),
        (other.post("/connect/notes/disconnect"), json!({})),
    ] {
        let answered = answer(request.send().await.unwrap()).await;
        assert_eq!(answered, (StatusCode::OK, expected));
    }
    let after = everything(owner, &theirs).await;
    assert_eq!(after, before, "nothing of theirs has changed");
}

/// Uploads a text and says its attachment's id.
async fn upload(visitor: &Visitor<'_>, text: &'static str) -> String {
    let part = Part::text(text).file_name("a.txt");
    let part = part.mime_str("text/plain").unwrap();
    let form = Form::new().part("file", part);
    let sent = visitor.post("/chatkit/files").multipart(form).send().await;
    let (status, made) = answer(sent.unwrap()).await;
    assert_eq!(status, StatusCode::OK, "{made}");
    made["id"].as_str().unwrap().to_owned()
}

/// A store in which this user has connected an account.
async fn connected(user: &str, tenant: TenantId) -> Arc<MemoryStore> {
    let store = MemoryStore::new();
    let user = UserId::new(user).unwrap();
    let owner = Scope { tenant, user };
    let at = "2026-01-31T10:00:00Z".parse().unwrap();
    let saved = store.save_connection(&owner, "notes", b"sealed", at);
    saved.await.unwrap();
    Arc::new(store)
}

#[tokio::test]
async fn check_02_another_user_finds_nothing_and_changes_nothing() {
    let tenant = TenantId::single();
    let store = connected("ann", tenant).await;
    let site = Site::with(&NOTES, |builder| builder.store(store)).await;
    walk(&Visitor::named(&site, "ann"), &Visitor::named(&site, "bob")).await;
}

#[tokio::test]
async fn check_02_another_user_or_tenant_by_token_finds_nothing_and_changes_nothing() {
    let issuer = Issuer::start().await.unwrap();
    let store = connected("ann", TenantId::new("acme").unwrap()).await;
    let mut variables = signed_in_by(&issuer).to_vec();
    variables.extend(NOTES);
    let site = Site::with(&variables, |builder| builder.store(store)).await;
    let visitor = |user, tenant| Visitor::with_token(&site, token(&issuer, user, tenant));
    let ann = visitor("ann", "acme");
    walk(&ann, &visitor("bob", "acme")).await;
    walk(&ann, &visitor("ann", "other")).await;
    walk(&ann, &visitor("bob", "other")).await;
}

/// A new route fails this until it is walked, too, or is told to be nobody's.
#[test]
fn every_route_is_walked() {
    let routes = [
        include_str!("../../src/http.rs"),
        include_str!("../../src/http/connect.rs"),
    ];
    let routes = routes.iter().flat_map(|file| file.split(".route(").skip(1));
    let routes: BTreeSet<&str> = routes.map(|rest| rest.split('"').nth(1).unwrap()).collect();
    let known = WALKED.iter().chain(&NOBODYS).copied();
    assert_eq!(routes, known.collect());
}

#[test]
fn every_kind_of_request_is_walked() {
    let theirs = Theirs {
        thread: "thr_1".to_owned(),
        item: "msg_1".to_owned(),
        turn: "turn_1".to_owned(),
        file: "atc_1".to_owned(),
        own: "thr_2".to_owned(),
    };
    let walked: BTreeSet<&str> = requests(&theirs)
        .into_iter()
        .map(|(kind, params)| {
            let body = json!({ "type": kind, "params": params }).to_string();
            is_walked(&Request::parse(body.as_bytes()).unwrap().operation);
            kind
        })
        .collect();
    assert_eq!(walked.len(), KINDS);
}

/// A new kind of request stops this from building until it is walked, too.
const KINDS: usize = 16;
fn is_walked(operation: &Operation) {
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

#[tokio::test]
async fn check_02_a_running_turn_is_its_owners_alone() {
    let site = Site::obedient(&[]).await;
    let (ann, bob) = (Visitor::named(&site, "ann"), Visitor::named(&site, "bob"));
    let body =
        json!({ "type": "threads.create", "params": { "input": message("wait") } }).to_string();
    let response = ann
        .post("/chatkit")
        .header("frontdesk-resume", "1")
        .body(body)
        .send()
        .await
        .unwrap();
    let turn = response.headers()["frontdesk-turn"]
        .to_str()
        .unwrap()
        .to_owned();
    let seen = events_until(response, "thread.item.updated").await;
    let (events, stop) = (
        format!("/chatkit/turns/{turn}/events"),
        format!("/chatkit/turns/{turn}/stop"),
    );
    for (place, request) in [
        ("live", [bob.get(&events), bob.post(&stop)]),
        ("dev", {
            let dev = Visitor::new(&site);
            [dev.get(&events), dev.post(&stop)]
        }),
    ] {
        for request in request {
            // A stream would have no end, so its body isn't read.
            let status = request.send().await.unwrap().status();
            assert_eq!(status, StatusCode::NOT_FOUND, "{place}");
        }
    }
    let thread = seen[0].data["thread"]["id"].as_str().unwrap();
    let found = ann
        .call("threads.get_by_id", json!({ "thread_id": thread }))
        .await;
    assert_eq!(found.headers()["frontdesk-turn"], *turn, "it still runs");
    ann.post(&stop).send().await.unwrap();
    for request in [bob.get(&events), bob.post(&stop)] {
        assert_eq!(
            request.send().await.unwrap().status(),
            StatusCode::NOT_FOUND,
            "it is over"
        );
    }
}
