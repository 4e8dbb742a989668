//! The clients that people have, from the package index: both find TaskFlow at `/mcp` and at `/mcp/`.

use std::sync::Arc;

use frontdesk_auth::SigningKey;
use frontdesk_auth::incoming::signed::Verifier;
use frontdesk_auth::outgoing::Signer;
use frontdesk_clock::{Clock, ManualClock, RandomIds, SystemClock};
use frontdesk_identity::{Principal, Secret, TenantId, UserId};
use frontdesk_mcp_server::{Authentication, MountOptions, Sessions, serve};
use frontdesk_taskflow::{SCOPES, Tasks};
use frontdesk_testkit::python::Python;
use frontdesk_testkit::skip;
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::net::TcpListener;
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

use super::desk::Desk;

const TOOLS: [&str; 18] = [
    "add_project",
    "add_task",
    "archive_project",
    "assign_task",
    "complete_all",
    "complete_task",
    "delete_project",
    "delete_task",
    "get_task",
    "import_tasks",
    "list_projects",
    "list_tasks",
    "rename_project",
    "reopen_task",
    "restore_project",
    "start_task",
    "unassign_task",
    "update_task",
];
const REFUSED: &str = "sign-in required";
const MISSING: &str = "there is no task 999999";

/// A Python, or a note that this test needs one.
fn python(test: &str) -> Option<Python> {
    match Python::find() {
        Ok(python) => Some(python),
        Err(reason) => {
            skip::note(&format!("frontdesk::{test}"), &reason).unwrap();
            None
        }
    }
}

/// What a client says of the server at this address, which takes what the command prints.
async fn said(python: &Python, script: &str, url: &str, token: &[String]) -> Value {
    let token = token.iter().map(String::as_str);
    let arguments: Vec<&str> = [url].into_iter().chain(token).collect();
    python.run(script, &arguments).await.unwrap()
}

/// TaskFlow by itself, with sessions for clients of the older revisions.
struct Alone {
    url: String,
    /// Doesn't run out: the clock that decides stands still.
    token: Secret,
    _serving: JoinSet<std::io::Result<()>>,
    _folder: TempDir,
}

impl Alone {
    async fn start() -> Self {
        let folder = TempDir::new().unwrap();
        let still: Arc<dyn Clock> = Arc::new(ManualClock::at(SystemClock.now()));
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let key = SigningKey::from_secret(&Secret::new("a secret of some length")).unwrap();
        let keys = [key.public().clone()];
        let verifier = Verifier::new("desk", "taskflow", &keys, Arc::clone(&still));
        let authentication = Authentication::Bearer(Arc::new(verifier));
        let mut options = MountOptions::new(authentication, format!("{url}/mcp"));
        options.granted_scopes = SCOPES.map(str::to_owned).to_vec();
        options.sessions = Sessions::kept();
        let data = folder.path().join("taskflow.db");
        let tasks = Tasks::open(&data, Arc::new(SystemClock)).await.unwrap();
        let router = frontdesk_taskflow::server(tasks).into_router(options);
        let mut serving = JoinSet::new();
        serving.spawn(serve(listener, router.unwrap(), CancellationToken::new()));
        let signer = Signer::new("desk", key, still, Arc::new(RandomIds));
        let ann = Principal::new(TenantId::single(), UserId::new("ann").unwrap());
        Self {
            url,
            token: signer.sign(&ann, "taskflow").unwrap(),
            _serving: serving,
            _folder: folder,
        }
    }
}

/// What `fastmcp_client.py` sees; `asked` says in which eras the server can ask the user.
fn seen_by_fastmcp(asked: &[&str]) -> Value {
    let ways = [
        ("auto", "/mcp"),
        ("auto", "/mcp/"),
        ("legacy", "/mcp"),
        ("legacy", "/mcp/"),
    ];
    let seen: Vec<Value> = ways
        .iter()
        .map(|(mode, path)| {
            let question = format!("Delete the project {mode} {path} with 60 tasks for good?");
            let cannot = "the project has tasks: 60; deleting them takes the user's own word, and this client can't \
                          ask for it. Archive the project, or delete its tasks first";
            let (asked, deleted) = if asked.contains(mode) {
                (json!([question]), json!([false, ""]))
            } else {
                (json!([]), json!([true, cannot]))
            };
            json!({
                "way": [mode, path],
                "tools": TOOLS,
                "undescribed": [],
                "imported": 60,
                "typed": 60,
                "progress": [25.0, 50.0, 60.0],
                "listed": ["task 0", "task 1", "task 2"],
                "failed": [true, MISSING],
                "asked": asked,
                "deleted": deleted,
            })
        })
        .collect();
    json!({"seen": seen, "refused": [REFUSED, REFUSED, REFUSED, REFUSED]})
}

#[tokio::test]
async fn check_10_fastmcps_client_uses_the_tools_at_both_paths_and_in_both_eras() {
    let test = "check_10_fastmcps_client_uses_the_tools_at_both_paths_and_in_both_eras";
    let Some(python) = python(test) else {
        return;
    };
    let desk = Desk::demonstration().await;
    let token = desk.token_command("ann", "taskflow");
    let said = said(&python, "fastmcp_client.py", desk.server.url(), &token).await;
    assert_eq!(said, seen_by_fastmcp(&["auto"]));
}

#[tokio::test]
async fn fastmcps_client_of_the_older_era_is_asked_in_a_session() {
    let Some(python) = python("fastmcps_client_of_the_older_era_is_asked_in_a_session") else {
        return;
    };
    let alone = Alone::start().await;
    let token = ["echo", alone.token.expose()].map(str::to_owned);
    let said = said(&python, "fastmcp_client.py", &alone.url, &token).await;
    assert_eq!(said, seen_by_fastmcp(&["auto", "legacy"]));
}

#[tokio::test]
async fn check_10_openai_agents_uses_the_tools_at_both_paths() {
    let Some(python) = python("check_10_openai_agents_uses_the_tools_at_both_paths") else {
        return;
    };
    let desk = Desk::demonstration().await;
    let token = desk.token_command("ann", "taskflow");
    let said = said(&python, "agents_client.py", desk.server.url(), &token).await;
    let seen = |path: &str| {
        let title = format!("agents at {path}");
        json!({"tools": TOOLS, "added": title, "text": title, "failed": [true, MISSING]})
    };
    let expected = json!({
        "seen": [seen("/mcp"), seen("/mcp/")],
        "refused": [[REFUSED], [REFUSED]],
    });
    assert_eq!(said, expected);
}
