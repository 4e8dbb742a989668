//! A process of the product with a folder of its own, and what tests ask it.

use std::path::Path;
use std::process::{ExitStatus, Stdio};
use std::time::Duration;

use frontdesk_testkit::clients::{Answer, Client, Event};
use frontdesk_testkit::model_server::ModelServer;
use frontdesk_testkit::process::{Launch, Server};
use frontdesk_testkit::schemas::{self, Schema};
use reqwest::StatusCode;
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::process::Command;

pub(super) const BINARY: &str = env!("CARGO_BIN_EXE_frontdesk");
/// How long anything may take that has to happen.
pub(super) const PATIENCE: Duration = Duration::from_secs(30);
/// How often it is looked whether it has.
const GLANCE: Duration = Duration::from_millis(20);

/// The process and its folder.
pub(super) struct Desk {
    dir: TempDir,
    variables: Vec<(String, String)>,
    launch: Launch,
    pub(super) server: Server,
}

impl Desk {
    /// The demonstration: no file, no key.
    pub(super) async fn demonstration() -> Self {
        Self::open(&[]).await
    }

    /// With the Responses API that this server plays.
    pub(super) async fn with_model(model: &ModelServer) -> Self {
        Self::open(&[("OPENAI_BASE_URL", &model.base_url())]).await
    }

    /// With these variables.
    pub(super) async fn open(variables: &[(&str, &str)]) -> Self {
        Self::with_files(&[], variables).await
    }

    /// With these files in its folder, and these variables.
    pub(super) async fn with_files(files: &[(&str, &str)], variables: &[(&str, &str)]) -> Self {
        let dir = TempDir::new().unwrap();
        for (name, text) in files {
            std::fs::write(dir.path().join(name), text).unwrap();
        }
        let mut launch = Launch::new(BINARY)
            .folder(dir.path())
            .arg("--listen")
            .arg("127.0.0.1:0");
        for (name, value) in variables {
            launch = launch.env(*name, *value);
        }
        let server = launch.start().await.unwrap();
        let variables = variables
            .iter()
            .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
        Self {
            dir,
            variables: variables.collect(),
            launch,
            server,
        }
    }

    /// Starts again on the same data, at another address.
    pub(super) async fn start(&mut self) {
        self.server = self.launch.start().await.unwrap();
    }

    pub(super) fn client(&self) -> Client {
        Client::new(self.server.url()).unwrap()
    }

    /// One that says that it resumes.
    pub(super) fn resuming(&self) -> Client {
        self.client().with_header("frontdesk-resume", "1")
    }

    pub(super) fn dir(&self) -> &Path {
        self.dir.path()
    }

    /// Sends SIGTERM.
    pub(super) async fn terminate(&self) {
        self.signal("TERM").await;
    }

    /// Sends the signal of this name.
    pub(super) async fn signal(&self, name: &str) {
        let id = self.server.id().unwrap().to_string();
        let sent = Command::new("kill").args(["-s", name, &id]).status();
        assert!(sent.await.unwrap().success());
    }

    pub(super) async fn ended(&mut self) -> ExitStatus {
        self.server.wait(PATIENCE).await.unwrap()
    }

    /// What `frontdesk token` prints in the same folder, with the same variables.
    pub(super) async fn token(&self, user: &str, audience: &str) -> String {
        self.printed(&["token", "--user", user, "--audience", audience])
            .await
    }

    /// A command that prints what [`Desk::token`] gives, in whatever folder it is run.
    pub(super) fn token_command(&self, user: &str, audience: &str) -> Vec<String> {
        let here = r#"cd "$0" && exec env -i "$@""#;
        let folder = self.dir().to_str().unwrap();
        let variables = self.variables.iter();
        let variables = variables.map(|(name, value)| format!("{name}={value}"));
        let token = ["token", "--user", user, "--audience", audience];
        ["sh", "-c", here, folder]
            .map(str::to_owned)
            .into_iter()
            .chain(variables)
            .chain([BINARY.to_owned()])
            .chain(token.map(str::to_owned))
            .collect()
    }

    /// What `frontdesk key` prints in the same folder, with the same variables.
    pub(super) async fn key(&self, arguments: &[&str]) -> String {
        self.printed(&[&["key"], arguments].concat()).await
    }

    async fn printed(&self, arguments: &[&str]) -> String {
        let printed = Command::new(BINARY)
            .args(arguments)
            .current_dir(self.dir())
            .env_clear()
            .envs(self.variables.iter().map(|(name, value)| (name, value)))
            .stdin(Stdio::null())
            .output()
            .await
            .unwrap();
        assert!(printed.status.success(), "{printed:?}");
        String::from_utf8(printed.stdout).unwrap().trim().to_owned()
    }
}

/// A process on the data of a folder, with these variables.
pub(super) async fn start(folder: &Path, variables: &[(&str, String)]) -> Server {
    let launch = Launch::new(BINARY).folder(folder);
    let mut launch = launch.arg("--listen").arg("127.0.0.1:0");
    for (name, value) in variables {
        launch = launch.env(*name, value);
    }
    launch.start().await.unwrap()
}

/// Sends a request that is answered with JSON.
pub(super) async fn ask(client: &Client, kind: &str, params: Value) -> (StatusCode, Value) {
    let answer = client.post(&json!({"type": kind, "params": params})).await;
    let answer = answer.unwrap();
    (answer.status, answer.json().unwrap().clone())
}

/// The thread, and the turn that it names.
pub(super) async fn thread(client: &Client, id: &str) -> (Value, Option<String>) {
    let request = json!({"type": "threads.get_by_id", "params": {"thread_id": id}});
    let answer = client.post(&request).await.unwrap();
    assert_eq!(answer.status, StatusCode::OK, "{answer:?}");
    let turn = turn(&answer.headers);
    (answer.json().unwrap().clone(), turn)
}

/// All items of a thread, oldest first.
pub(super) async fn items(client: &Client, thread: &str) -> Vec<Value> {
    let params = json!({"thread_id": thread, "limit": 500, "order": "asc"});
    let (status, page) = ask(client, "items.list", params).await;
    assert_eq!(status, StatusCode::OK, "{page}");
    assert_eq!(page["has_more"], false, "{page}");
    page["data"].as_array().unwrap().clone()
}

/// The ids of the caller's threads.
pub(super) async fn threads(client: &Client) -> Vec<String> {
    let (status, page) = ask(client, "threads.list", json!({"limit": 500})).await;
    assert_eq!(status, StatusCode::OK, "{page}");
    let ids = page["data"].as_array().unwrap().iter();
    ids.map(|thread| thread["id"].as_str().unwrap().to_owned())
        .collect()
}

/// The turn that headers name.
pub(super) fn turn(headers: &reqwest::header::HeaderMap) -> Option<String> {
    headers
        .get("frontdesk-turn")
        .map(|turn| turn.to_str().unwrap().to_owned())
}

/// The texts of a message, one after the other.
pub(super) fn text(item: &Value) -> String {
    let parts = item["content"].as_array().into_iter().flatten();
    parts.filter_map(|part| part["text"].as_str()).collect()
}

pub(super) fn is_message(item: &Value) -> bool {
    item["type"] == "assistant_message"
}

/// The items that these events show as done.
pub(super) fn done(events: &[Event]) -> Vec<&Value> {
    let done = events
        .iter()
        .filter(|event| event.kind() == "thread.item.done");
    done.map(|event| &event.data["item"]).collect()
}

/// The events of an answer, each of which is a valid one.
pub(super) fn valid(answer: &Answer) -> &[Event] {
    let events = answer.events().unwrap();
    check(events);
    events
}

/// Fails unless each of these events is a valid one.
pub(super) fn check(events: &[Event]) {
    for event in events {
        schemas::check(Schema::Event, &event.data).unwrap();
    }
}

/// Whether this is the error that offers to try again.
pub(super) fn offers_retry(event: &Event) -> bool {
    event.kind() == "error" && event.data["allow_retry"] == true
}

/// Looks until there is something.
pub(super) async fn eventually<T>(what: &str, mut look: impl AsyncFnMut() -> Option<T>) -> T {
    let looking = async {
        loop {
            if let Some(found) = look().await {
                return found;
            }
            tokio::time::sleep(GLANCE).await;
        }
    };
    let found = tokio::time::timeout(PATIENCE, looking).await;
    found.unwrap_or_else(|_| panic!("not within {PATIENCE:?}: {what}"))
}
