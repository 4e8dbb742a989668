//! The program on its own: who may call it.

use std::process::Stdio;
use std::sync::Arc;

use frontdesk_auth::SigningKey;
use frontdesk_auth::outgoing::Signer;
use frontdesk_clock::{RandomIds, SystemClock};
use frontdesk_identity::{Principal, Secret, TenantId, UserId};
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::net::TcpListener;
use tokio::process::{Child, Command};
use tokio::task::JoinSet;

type Result<T> = std::result::Result<T, Box<dyn std::error::Error>>;

const SECRET: &str = "a secret of some length\n";

/// A running `taskflow`; it ends when this is dropped.
struct Program {
    url: String,
    /// What it said before it was ready.
    said: String,
    http: reqwest::Client,
    directory: TempDir,
    _child: Child,
}

impl Program {
    async fn start(arguments: &[&str]) -> Result<Self> {
        Self::start_on("127.0.0.1:0", arguments).await
    }

    async fn start_on(listen: &str, arguments: &[&str]) -> Result<Self> {
        let directory = tempfile::tempdir()?;
        std::fs::write(directory.path().join("secret"), SECRET)?;
        let mut child = Command::new(env!("CARGO_BIN_EXE_taskflow"))
            .args(["--listen", listen])
            .args(arguments)
            .current_dir(&directory)
            .env_clear()
            .env("NO_COLOR", "1")
            .stderr(Stdio::piped())
            .stdin(Stdio::null())
            .kill_on_drop(true)
            .spawn()?;
        let mut lines = BufReader::new(child.stderr.take().ok_or("no stderr")?).lines();
        let mut said = String::new();
        while let Some(line) = lines.next_line().await? {
            if let Some((_, base)) = line.split_once("listening on ") {
                return Ok(Self {
                    url: format!("{}/mcp", base.trim()),
                    said,
                    http: reqwest::Client::builder().build()?,
                    directory,
                    _child: child,
                });
            }
            said.push_str(&line);
            said.push('\n');
        }
        Err(format!("it ended: {said}").into())
    }

    /// Adds a task; the status, and the task's number where there is one.
    async fn add(&self, token: Option<&str>) -> Result<(u16, Option<i64>)> {
        let call = json!({"jsonrpc": "2.0", "id": 1, "method": "tools/call",
            "params": {"name": "add_task", "arguments": {"title": "x"}}});
        let mut request = self
            .http
            .post(&self.url)
            .header("content-type", "application/json")
            .header("accept", "application/json, text/event-stream")
            .header("mcp-protocol-version", "2025-11-25")
            .body(call.to_string());
        if let Some(token) = token {
            request = request.bearer_auth(token);
        }
        let answer = request.send().await?;
        let status = answer.status().as_u16();
        let answer: Value = serde_json::from_str(&answer.text().await?)?;
        let id = answer.pointer("/result/structuredContent/id");
        Ok((status, id.and_then(Value::as_i64)))
    }
}

fn token(user: &str, secret: &str, audience: &str) -> Result<String> {
    token_for(user, &[], secret, audience)
}

fn token_for(user: &str, scopes: &[&str], secret: &str, audience: &str) -> Result<String> {
    let key = SigningKey::from_secret(&Secret::new(secret))?;
    let signer = Signer::new("frontdesk", key, Arc::new(SystemClock), Arc::new(RandomIds));
    let mut principal = Principal::new(TenantId::single(), UserId::new(user)?);
    principal.scopes = scopes.iter().map(|scope| (*scope).to_owned()).collect();
    Ok(signer.sign(&principal, audience)?.expose().to_owned())
}

/// A key set like Frontdesk's own, on a free port.
async fn key_set() -> Result<(String, JoinSet<std::io::Result<()>>)> {
    let key = SigningKey::from_secret(&Secret::new(SECRET))?;
    let keys = json!({"keys": [key.public().to_jwk()]});
    let answer = axum::routing::get(move || std::future::ready(axum::Json(keys.clone())));
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let url = format!("http://{}/jwks.json", listener.local_addr()?);
    let router = axum::Router::new().route("/jwks.json", answer);
    let mut serving = JoinSet::new();
    serving.spawn(async move { axum::serve(listener, router).await });
    Ok((url, serving))
}

#[tokio::test]
async fn with_nothing_given_it_serves_this_machine_and_says_so() {
    let program = Program::start(&[]).await.unwrap();
    assert!(
        program.said.contains("DEVELOPMENT MODE"),
        "{}",
        program.said
    );
    assert!(program.said.contains(&format!("try: curl {}", program.url)));
    assert_eq!(program.add(None).await.unwrap(), (200, Some(1)));
    assert_eq!(program.add(None).await.unwrap(), (200, Some(2)));
    assert!(program.directory.path().join("taskflow.db").exists());
    let signed = token("ann", SECRET, &program.url).unwrap();
    for token in ["anything", &signed] {
        assert_eq!(
            program.add(Some(token)).await.unwrap(),
            (401, None),
            "a token is refused, not believed"
        );
    }
}

#[tokio::test]
async fn where_nobody_is_checked_no_other_machine_is_served() {
    for address in ["0.0.0.0:0", "[::]:0"] {
        let started = Program::start_on(address, &[]).await;
        let error = started.err().map(|error| error.to_string());
        assert!(
            error.is_some_and(|error| error.contains("listens on this machine alone")),
            "{address}"
        );
    }
}

#[tokio::test]
async fn what_keeps_it_from_starting_is_said_with_what_to_do() {
    let held = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let taken = held.local_addr().unwrap().to_string();
    let cases: [(&str, &[&str], &str); 3] = [
        (&taken, &[], "--listen names another address"),
        (
            "127.0.0.1:0",
            &["--data", "missing"],
            "--data names another directory",
        ),
        (
            "0.0.0.0:0",
            &["--secret-file", "secret"],
            "give it with --resource",
        ),
    ];
    for (listen, arguments, expected) in cases {
        let started = Program::start_on(listen, arguments).await;
        let error = started.err().map(|error| error.to_string());
        assert!(
            error.is_some_and(|error| error.contains(expected)),
            "{expected}"
        );
    }
    drop(held);
}

#[tokio::test]
async fn check_04_with_a_secret_only_what_it_signed_for_this_server_is_taken() {
    let program = Program::start(&["--secret-file", "secret"]).await.unwrap();
    let url = &program.url;
    let cases = [
        (Some(token("ann", SECRET, url)), (200, Some(1))),
        (Some(token("bob", SECRET, url)), (200, Some(1))),
        (Some(token("ann", SECRET, url)), (200, Some(2))),
        (
            Some(token("ann", SECRET, "http://elsewhere/mcp")),
            (401, None),
        ),
        (
            Some(token("ann", "another secret of length", url)),
            (401, None),
        ),
        (Some(Ok("ann".to_owned())), (401, None)),
        (None, (401, None)),
    ];
    for (token, expected) in cases {
        let token = token.transpose().unwrap();
        assert_eq!(program.add(token.as_deref()).await.unwrap(), expected);
    }
    assert!(!program.said.contains("DEVELOPMENT"));
}

#[tokio::test]
async fn check_04_tokens_of_an_issuer_need_its_key_the_audience_and_the_scope() {
    let (keys, _serving) = key_set().await.unwrap();
    let strict = [
        "--issuer",
        "frontdesk",
        "--jwks-url",
        &keys,
        "--tenant-claim",
        "tenant",
    ];
    let generous = [&strict[..], &["--grant", "tasks:write"]].concat();
    for (arguments, without_scope) in [(&strict[..], (403, None)), (&generous, (200, Some(1)))] {
        let program = Program::start(arguments).await.unwrap();
        let url = &program.url;
        let write = &["tasks:write"];
        let cases = [
            (token("ann", SECRET, url), without_scope),
            (token_for("bob", write, SECRET, url), (200, Some(1))),
            (
                token_for("bob", write, SECRET, "http://elsewhere/mcp"),
                (401, None),
            ),
            (
                token_for("bob", write, "another secret of length", url),
                (401, None),
            ),
        ];
        for (token, expected) in cases {
            let token = token.unwrap();
            assert_eq!(program.add(Some(&token)).await.unwrap(), expected);
        }
    }
}
