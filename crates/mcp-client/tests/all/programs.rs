//! Servers that are programs.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use frontdesk_agent::{ProgressSink, ToolError, ToolOutput, Toolset};
use frontdesk_auth::outgoing::{Anonymous, ArgumentSource};
use frontdesk_identity::Secret;
use frontdesk_mcp_client::{Command, Era, McpServer, McpServerConfig};
use frontdesk_model::http::client;
use serde_json::{Value, json};

use crate::hiding::Logged;
use crate::script::Tokens;
use crate::stand::{caller, context, patient, until};

/// A tool server of the `initialize` era in the shell's language.
const PROGRAM: &str = r#"
echo "starting" >&2
echo "a line that is no message"
sleep 1000 & child=$!
while read -r line; do
  id=$(printf '%s' "$line" | sed -n 's/.*"id":\([0-9]*\).*/\1/p')
  say() { printf '{"jsonrpc":"2.0","id":%s,"result":%s}\n' "$id" "$1"; }
  tell() { say "{\"content\":[{\"type\":\"text\",\"text\":\"$1\"}]}"; }
  case "$line" in
    *'"method":"initialize"'*) say '{"protocolVersion":"2025-06-18","capabilities":{"tools":{}},"serverInfo":{"name":"sh","version":"1"}}' ;;
    *server/discover*) printf '{"jsonrpc":"2.0","id":%s,"error":{"code":-32601,"message":"no"}}\n' "$id" ;;
    *tools/list*) say '{"tools":[{"name":"pids","inputSchema":{"type":"object","properties":{"user_id":{"type":"string"}}}},{"name":"who","inputSchema":{"type":"object","properties":{"user_id":{"type":"string"}}}},{"name":"env","inputSchema":{"type":"object"}},{"name":"die","inputSchema":{"type":"object"}},{"name":"warn","inputSchema":{"type":"object","properties":{"user_id":{"type":"string"}}}}]}' ;;
    *'"name":"pids"'*) tell "$$ $child" ;;
    *'"name":"who"'*) tell "$(printf '%s' "$line" | sed -n 's/.*"user_id":"\([a-z]*\)".*/\1/p')" ;;
    *'"name":"env"'*) tell "$(env | sed 's/=.*//' | sort | tr '\n' ' ')$GREETING" ;;
    *'"name":"die"'*) exit 3 ;;
    *'"name":"warn"'*) echo "$line $GREETING, warned" >&2; tell "well" ;;
  esac
done
"#;

fn program(change: impl FnOnce(&mut McpServerConfig)) -> McpServer {
    let command = Command {
        program: PathBuf::from("sh"),
        args: vec!["-c".to_owned(), PROGRAM.to_owned()],
        env: BTreeMap::from([("GREETING".to_owned(), Secret::new("hello"))]),
        working_dir: Some(PathBuf::from("/")),
    };
    let mut config = McpServerConfig::new("sh", command, Arc::new(Anonymous));
    config.hidden = BTreeMap::from([("user_id".to_owned(), ArgumentSource::UserId)]);
    config.reconnecting.base = Duration::from_millis(1);
    patient(&mut config);
    change(&mut config);
    McpServer::new(config, client().unwrap())
}

async fn call(server: &McpServer, user: &str, tool: &str) -> Result<ToolOutput, ToolError> {
    let context = context(user, ProgressSink::silent()).unwrap();
    Toolset::call(server, tool, serde_json::Map::new(), context).await
}

/// Whether a process is there and isn't just waiting to be collected.
fn is_alive(pid: &str) -> bool {
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
    let state = stat.rsplit(')').next().unwrap_or_default();
    !state.trim_start().starts_with(['Z', 'X']) && !state.is_empty()
}

#[tokio::test]
async fn a_program_serves_all_users_in_one_process_and_ends_with_what_it_started() {
    for era in [Era::Auto, Era::Initialize] {
        let server = program(|config| config.era = era);
        let listed = server.tools(&caller("ann").unwrap()).await.unwrap();
        assert_eq!(listed.len(), 5);
        let schema: &Value = &listed[2].definition.parameters;
        assert_eq!(schema, &json!({"type": "object", "properties": {}}));
        assert_eq!(
            call(&server, "ann", "who").await.unwrap(),
            ToolOutput::text("ann")
        );
        assert_eq!(
            call(&server, "bob", "who").await.unwrap(),
            ToolOutput::text("bob")
        );
        let pids = call(&server, "ann", "pids").await.unwrap().text;
        assert_eq!(call(&server, "bob", "pids").await.unwrap().text, pids);
        assert_eq!(server.connections(), 1);
        assert!(pids.split(' ').all(is_alive), "{pids}");
        server.close();
        until(|| !pids.split(' ').any(is_alive)).await;
    }
}

#[tokio::test]
async fn a_program_has_an_environment_of_its_own() {
    let server = program(|config| config.era = Era::Initialize);
    let names = call(&server, "ann", "env").await.unwrap().text;
    // The shell itself adds the working directory and its own name.
    assert_eq!(
        names,
        "GREETING PATH PWD _ hello".replace("_ ", if names.contains(" _ ") { "_ " } else { "" })
    );
}

#[tokio::test]
async fn a_program_that_dies_is_told_of_and_started_again() {
    let server = program(|config| config.era = Era::Initialize);
    let first = call(&server, "ann", "pids").await.unwrap().text;
    let died = call(&server, "ann", "die").await.unwrap_err();
    assert_eq!(
        died.model_message,
        "the connection to the tool server sh broke; whether anything was done is not known"
    );
    let second = call(&server, "ann", "pids").await.unwrap().text;
    assert_ne!(first, second);
    let missing = program(|config| {
        config.endpoint = Command {
            program: PathBuf::from("/no/such/program"),
            ..Command::default()
        }
        .into();
    });
    let told = call(&missing, "ann", "who").await.unwrap_err();
    assert_eq!(
        told.model_message,
        "the tool server sh can't be reached at the moment; nothing was done"
    );
}

#[tokio::test]
async fn a_program_is_given_no_credential() {
    let server = program(|config| config.auth = Arc::new(Tokens::default()));
    let told = call(&server, "ann", "who").await.unwrap_err();
    assert_eq!(
        told.model_message,
        "the user's sign-in can't be used for sh: a program takes no sign-in, only hidden arguments"
    );
}

#[tokio::test]
async fn a_program_that_keeps_dying_at_its_start_is_left_alone() {
    let server = program(|config| {
        config.endpoint = Command {
            program: PathBuf::from("sh"),
            args: vec!["-c".to_owned(), "exit 3".to_owned()],
            ..Command::default()
        }
        .into();
        config.era = Era::Initialize;
        config.reconnecting.give_up_after = 2;
    });
    let mut told = Vec::new();
    for _ in 0..3 {
        told.push(call(&server, "ann", "who").await.unwrap_err().model_message);
    }
    let away = "the tool server sh can't be reached at the moment; nothing was done";
    let resting =
        "the tool server sh has failed repeatedly and isn't asked at the moment; nothing was done";
    assert_eq!(told, [away, away, resting]);
    let readiness = server.readiness().await.away.unwrap();
    assert!(readiness.starts_with("open: "), "{readiness}");
}

#[tokio::test]
async fn check_21_what_a_program_writes_is_logged_without_secrets() {
    let logged = Logged::default();
    let writer = logged.clone();
    let everything = tracing_subscriber::filter::LevelFilter::DEBUG;
    // Where there is just one subscriber, what a thread without it logs first is never logged.
    let other = tracing_subscriber::fmt().with_max_level(everything);
    let _other = tracing::Dispatch::new(other.with_writer(std::io::sink).finish());
    let subscriber = tracing_subscriber::fmt()
        .with_max_level(everything)
        .with_writer(move || writer.clone())
        .finish();
    let _logging = tracing::subscriber::set_default(subscriber);
    let server = program(|config| {
        config.era = Era::Initialize;
        let fixed = ArgumentSource::Fixed(Secret::new("t0ken"));
        config.hidden = BTreeMap::from([("user_id".to_owned(), fixed)]);
    });
    call(&server, "ann", "warn").await.unwrap();
    let written = || String::from_utf8_lossy(&logged.0.lock().unwrap()).into_owned();
    until(|| written().contains("warned")).await;
    let written = written();
    assert!(written.contains("[redacted], warned"), "{written}");
    for secret in ["t0ken", "hello"] {
        assert!(!written.contains(secret), "{written}");
    }
}
