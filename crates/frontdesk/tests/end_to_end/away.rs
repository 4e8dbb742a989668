//! A tool server that isn't there, dies in the middle of a call, and comes back.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::mpsc;

use frontdesk_auth::SigningKey;
use frontdesk_auth::incoming::signed::Verifier;
use frontdesk_clock::SystemClock;
use frontdesk_identity::Secret;
use frontdesk_mcp_server::{
    Authentication, Caller, MountOptions, State, Text, Tool, ToolFailure, ToolServer, serve,
};
use frontdesk_testkit::clients::{Client, create};
use frontdesk_testkit::model_server::{Call, ModelServer, Recorded, Response, Script};
use frontdesk_testkit::postgres::free_address;
use reqwest::StatusCode;
use serde_json::{Value, json};
use tokio::net::TcpListener;
use tokio::runtime::Runtime;
use tokio_util::sync::CancellationToken;

use super::desk::{self, Desk, PATIENCE, done, eventually, is_message, valid};

const SECRET: &str = "a secret of the tests, long enough";

/// A tool server with threads of its own. Dropping it ends it as its death would: nothing is said to anybody.
struct Frail {
    runtime: Option<Runtime>,
    called: mpsc::Receiver<()>,
}

impl Drop for Frail {
    fn drop(&mut self) {
        if let Some(runtime) = self.runtime.take() {
            runtime.shutdown_background();
        }
    }
}

type Called = mpsc::Sender<()>;

async fn greet(Caller(caller): Caller) -> Result<Text, ToolFailure> {
    Ok(Text(format!("good day, {}", caller.user)))
}

async fn hang(State(called): State<Called>) -> Result<Text, ToolFailure> {
    called.send(()).unwrap();
    std::future::pending().await
}

impl Frail {
    async fn start(address: SocketAddr) -> Self {
        let (sender, called) = mpsc::channel();
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(1)
            .enable_all()
            .build()
            .unwrap();
        let url = format!("http://{address}/mcp");
        let key = SigningKey::from_secret(&Secret::new(SECRET)).unwrap();
        let keys = [key.public().clone()];
        let verifier = Verifier::new("frontdesk", &url, &keys, Arc::new(SystemClock));
        let options = MountOptions::new(Authentication::Bearer(Arc::new(verifier)), url);
        let router = ToolServer::new("frail", "1.0.0", sender)
            .tool(Tool::new("greet", greet).read_only())
            .tool(Tool::new("hang", hang))
            .into_router(options)
            .unwrap();
        let serving = runtime.spawn(async move {
            let listener = TcpListener::bind(address).await.unwrap();
            let never = CancellationToken::new();
            serve(listener, router, never).await.unwrap();
        });
        let url = format!("http://{address}/mcp");
        let http = frontdesk_testkit::clients::http().unwrap();
        eventually("the tool server listens", async || {
            assert!(!serving.is_finished());
            http.get(&url).send().await.ok()
        })
        .await;
        Self {
            runtime: Some(runtime),
            called,
        }
    }
}

fn calls(tool: &str) -> Script {
    Script::tools([Call::new("call_1", tool, json!({}))], "That is how it is.")
}

/// What the model read as the result of its call.
fn result(requests: &[Recorded]) -> String {
    let items = requests.last().unwrap().body["input"].as_array().unwrap();
    let result = items
        .iter()
        .rfind(|item| item["type"] == "function_call_output");
    result.unwrap()["output"].as_str().unwrap().to_owned()
}

async fn ready(client: &Client) -> Value {
    let answer = client.get("/readyz").await.unwrap();
    assert_eq!(answer.status, StatusCode::OK, "{answer:?}");
    answer.json().unwrap().clone()
}

#[tokio::test]
async fn a_dead_tool_server_ends_in_words() {
    let address = free_address().unwrap();
    let model = ModelServer::start(Script::text("I have no tools today.", 3))
        .await
        .unwrap();
    let desk = Desk::open(&[
        ("OPENAI_BASE_URL", &model.base_url()),
        ("MCP_SERVER_URL", &format!("http://{address}/mcp")),
        ("FRONTDESK__MCP__DEFAULT__AUTH", "signed"),
        ("FRONTDESK__SERVER__SECRET", SECRET),
    ])
    .await;
    let client = desk.client();

    let answer = client.create("Greet me").await.unwrap();
    assert!(
        is_message(done(valid(&answer)).last().unwrap()),
        "{answer:?}"
    );
    assert_eq!(answer.assistant_text().unwrap(), "I have no tools today.");
    let thread = answer.thread_id().unwrap();
    let state = ready(&client).await;
    assert_eq!(state["status"], "degraded", "{state}");
    assert_eq!(state["parts"]["mcp.default"], "away", "{state}");

    // It comes, and the next message has it.
    let server = Frail::start(address).await;
    model.play(calls("greet"));
    let answer = client.add(&thread, "Greet me").await.unwrap();
    valid(&answer);
    assert_eq!(answer.assistant_text().unwrap(), "That is how it is.");
    assert_eq!(result(&model.requests()), "good day, dev");
    eventually("all is well", async || {
        (ready(&client).await["status"] == "ok").then_some(())
    })
    .await;

    // It dies while it is being asked.
    model.play(calls("hang"));
    let request = create("Wait")["params"]["input"].clone();
    let request = json!({"type": "threads.add_user_message", "params": {"thread_id": thread, "input": request}});
    let mut stream = client.open(&request).await.unwrap();
    let server = tokio::task::spawn_blocking(move || {
        server.called.recv_timeout(PATIENCE).unwrap();
        server
    });
    drop(server.await.unwrap());
    let events = stream.rest().await.unwrap();
    desk::check(&events);
    let last = done(&events).last().copied().cloned().unwrap();
    assert!(is_message(&last), "{events:?}");
    let words = result(&model.requests());
    assert!(
        !words.is_empty() && !words.contains(&address.to_string()),
        "{words}"
    );
    assert_eq!(desk::items(&client, &thread).await.last(), Some(&last));
    eventually("it is named as away", async || {
        (ready(&client).await["parts"]["mcp.default"] == "away").then_some(())
    })
    .await;

    // Nothing of it is left behind when it is there again.
    let _server = Frail::start(address).await;
    model.play(calls("greet"));
    let answer = client.add(&thread, "Greet me again").await.unwrap();
    valid(&answer);
    assert_eq!(result(&model.requests()), "good day, dev");
}

/// A model that goes on without an answer of its own is no better: the user reads that it failed.
#[tokio::test]
async fn a_dead_model_ends_in_words() {
    let address = free_address().unwrap();
    let model = ModelServer::start(Script::in_order([Response::default()]))
        .await
        .unwrap();
    let base = format!("http://{address}/v1");
    let desk = Desk::open(&[("OPENAI_BASE_URL", &base)]).await;
    drop(model);
    let client = desk.client();
    let answer = client.create("Are you there?").await.unwrap();
    let events = valid(&answer);
    assert_eq!(events.last().unwrap().kind(), "error", "{events:?}");
    assert!(
        !answer
            .assistant_text()
            .unwrap()
            .contains(&address.to_string())
    );
    let state = ready(&client).await;
    assert_eq!(state["status"], "degraded", "{state}");

    let model = ModelServer::listen(&address.to_string(), Script::text("Yes.", 1))
        .await
        .unwrap();
    let thread = answer.thread_id().unwrap();
    let answer = client.add(&thread, "And now?").await.unwrap();
    assert_eq!(answer.assistant_text().unwrap(), "Yes.");
    assert_eq!(model.requests().len(), 1);
    assert_eq!(ready(&client).await["status"], "ok");
}
