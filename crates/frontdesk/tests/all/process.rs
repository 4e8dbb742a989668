//! The binary: what it prints, how it begins and how it ends.

use std::process::Stdio;
use std::time::Duration;

use reqwest::StatusCode;
use serde_json::json;
use tempfile::TempDir;
use tokio::io::{AsyncBufReadExt, BufReader, Lines};
use tokio::net::TcpListener;
use tokio::process::{Child, ChildStderr, Command};

use super::client::{http, message};

/// How long a process may take to begin or to end.
const PATIENCE: Duration = Duration::from_secs(30);

struct Running {
    child: Child,
    lines: Lines<BufReader<ChildStderr>>,
    url: String,
}

fn command(dir: &TempDir) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_frontdesk"));
    command
        .current_dir(dir.path())
        .kill_on_drop(true)
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    for name in [
        "OPENAI_API_KEY",
        "OPENAI_BASE_URL",
        "OPENAI_MODEL",
        "MCP_SERVER_URL",
        "DATABASE_URL",
        "RUST_LOG",
    ] {
        command.env_remove(name);
    }
    std::fs::write(dir.path().join("rules.toml"), super::site::RULES).unwrap();
    command.env("FRONTDESK__MODEL__DEFAULT__RULES_FILE", "rules.toml");
    command
}

async fn start(dir: &TempDir, arguments: &[&str]) -> Running {
    let mut child = command(dir)
        .args(arguments)
        .args(["--listen", "127.0.0.1:0"])
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(child.stderr.take().unwrap()).lines();
    let listening = async {
        let mut before = Vec::new();
        while let Some(line) = lines.next_line().await.unwrap() {
            if let Some(url) = line.strip_prefix("listening on ") {
                return url.to_owned();
            }
            before.push(line);
        }
        panic!("it ended: {before:?}");
    };
    let url = tokio::time::timeout(PATIENCE, listening).await.unwrap();
    Running { child, lines, url }
}

impl Running {
    async fn signal(&self, name: &str) {
        let id = self.child.id().unwrap().to_string();
        let killed = Command::new("kill")
            .args(["-s", name, &id])
            .status()
            .await
            .unwrap();
        assert!(killed.success());
    }

    async fn ended(&mut self) -> Option<i32> {
        tokio::time::timeout(PATIENCE, self.child.wait())
            .await
            .unwrap()
            .unwrap()
            .code()
    }

    /// Waits until the log has a line with this text.
    async fn logged(&mut self, text: &str) {
        while let Some(line) = self.lines.next_line().await.unwrap() {
            if line.contains(text) {
                return;
            }
        }
        panic!("never logged: {text}");
    }
}

async fn failure(
    dir: &TempDir,
    arguments: &[&str],
    variables: &[(&str, &str)],
) -> (Option<i32>, String) {
    let output = command(dir)
        .args(arguments)
        .envs(variables.iter().copied())
        .output();
    let output = tokio::time::timeout(PATIENCE, output)
        .await
        .unwrap()
        .unwrap();
    (
        output.status.code(),
        String::from_utf8(output.stderr).unwrap(),
    )
}

#[tokio::test]
async fn it_serves_says_where_and_ends_on_a_signal() {
    for signal in ["TERM", "INT"] {
        let dir = TempDir::new().unwrap();
        let mut running = start(&dir, &["serve"]).await;
        assert!(!running.url.ends_with(":0"), "{}", running.url);
        let health = http()
            .get(format!("{}/healthz", running.url))
            .send()
            .await
            .unwrap();
        assert_eq!(health.status(), StatusCode::OK);
        running.signal(signal).await;
        assert_eq!(running.ended().await, Some(0), "{signal}");
        assert!(dir.path().join("frontdesk.db").is_file());
    }
}

#[tokio::test]
async fn a_second_signal_ends_it_at_once() {
    let dir = TempDir::new().unwrap();
    let slow = dir.path().join("slow.toml");
    std::fs::write(
        &slow,
        format!("pace_ms = 2000\nintro = \"{}\"\n", "word ".repeat(1_000)),
    )
    .unwrap();
    let file = format!(
        "[server]\nshutdown_grace = \"1h\"\n[chat]\non_disconnect = \"continue\"\n\
         [model.slow]\nrules_file = {slow:?}\n[agent.assistant]\nmodel = \"slow\"\nmcp = []\n"
    );
    std::fs::write(dir.path().join("frontdesk.toml"), file).unwrap();
    let mut running = start(&dir, &[]).await;
    let body =
        json!({ "type": "threads.create", "params": { "input": message("hello") } }).to_string();
    let response = http()
        .post(format!("{}/chatkit", running.url))
        .body(body)
        .send()
        .await
        .unwrap();
    assert_eq!(response.status(), StatusCode::OK);
    // The answer goes on for long; the first signal waits for it.
    running.signal("INT").await;
    running.logged("a second signal ends at once").await;
    running.signal("INT").await;
    assert_eq!(running.ended().await, Some(130));
    drop(response);
}

/// Arguments, variables of the environment, and what is said about them.
type Failure = (
    &'static [&'static str],
    &'static [(&'static str, &'static str)],
    &'static str,
);

const FAILURES: &[Failure] = &[
    (&["--listen", "0.0.0.0:0"], &[], "is for loopback only"),
    (
        &["--listen", "here"],
        &[],
        "server.listen (from --listen): expected an address and a port",
    ),
    (&["--config", "none.toml"], &[], "none.toml: No such file"),
    (
        &[],
        &[("DATABASE_URL", "postgres://x")],
        "server.secret is missing: expected a secret that all processes on this database share",
    ),
    (
        &[],
        &[("FRONTDESK__SERVER__PORT", "1")],
        "unknown key: server.port",
    ),
    (&[], &[("RUST_LOG", "=,=")], "RUST_LOG: not a filter"),
    (&["token", "--user", ""], &[], "user must be 1 to 256 bytes"),
    (
        &["token", "--user", "dev", "--data-dir", "nowhere"],
        &[],
        "error: no secret in nowhere: start frontdesk there once, or pass --data-dir\n",
    ),
    (
        &["key", "list", "--data-dir", "nowhere"],
        &[],
        "error: no store at nowhere/frontdesk.db: start frontdesk there once, or pass --data-dir\n",
    ),
    (
        &["token", "--user", "dev", "--data-dir", "empty"],
        &[],
        "empty/frontdesk.secret: the file is empty",
    ),
];

#[tokio::test]
async fn what_cannot_start_says_why_and_fails() {
    let dir = TempDir::new().unwrap();
    let taken = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = taken.local_addr().unwrap().to_string();
    let (code, error) = failure(&dir, &["--listen", &address], &[]).await;
    assert_eq!(code, Some(1));
    let expected = format!(
        "error: cannot listen on {address} (server.listen, from --listen): the address is in use; \
         choose another with --listen\n"
    );
    assert!(error.ends_with(&expected), "{error}");

    std::fs::create_dir(dir.path().join("empty")).unwrap();
    std::fs::write(dir.path().join("empty/frontdesk.secret"), "\n").unwrap();
    for (arguments, variables, expected) in FAILURES {
        let (code, error) = failure(&dir, arguments, variables).await;
        assert_eq!(code, Some(1), "{arguments:?} {variables:?}: {error}");
        assert!(
            error.contains("error: ") && error.contains(expected),
            "{arguments:?}: {error}"
        );
        assert_eq!(error.matches(expected).count(), 1, "{error}");
    }
}

#[tokio::test]
async fn a_data_directory_has_one_process() {
    let dir = TempDir::new().unwrap();
    let mut first = start(&dir, &["--data-dir", "data"]).await;
    let arguments = ["--data-dir", "data", "--listen", "127.0.0.1:0"];
    let (code, error) = failure(&dir, &arguments, &[]).await;
    assert_eq!(
        (code, error.as_str()),
        (
            Some(1),
            "error: another frontdesk runs on data; stop it or choose another --data-dir\n"
        )
    );
    let token = failure(&dir, &["token", "--user", "dev", "--data-dir", "data"], &[]).await;
    assert_eq!(token, (Some(0), String::new()));
    // The database file is for one process, too, whatever it is called and wherever the other data lies.
    std::fs::create_dir(dir.path().join("other")).unwrap();
    #[cfg(unix)]
    std::os::unix::fs::symlink(
        "../data/frontdesk.db",
        dir.path().join("other/frontdesk.db"),
    )
    .unwrap();
    let arguments = ["--data-dir", "other", "--listen", "127.0.0.1:0"];
    let real = dir.path().canonicalize().unwrap().join("data/frontdesk.db");
    for url in ["sqlite://../data/frontdesk.db", "sqlite://frontdesk.db"] {
        let (code, error) = failure(&dir, &arguments, &[("DATABASE_URL", url)]).await;
        let expected = format!(
            "error: another frontdesk runs on the database {}; stop it or choose another store.url\n",
            real.display()
        );
        assert_eq!((code, error), (Some(1), expected));
    }
    // However it ends, the next one may begin.
    first.signal("KILL").await;
    assert_eq!(first.ended().await, None);
    start(&dir, &["--data-dir", "data"]).await;
}

#[cfg(unix)]
#[tokio::test]
async fn what_it_makes_is_for_its_owner_alone() {
    use std::os::unix::fs::PermissionsExt;

    let dir = TempDir::new().unwrap();
    let _running = start(&dir, &["--data-dir", "data"]).await;
    let mut files = Vec::new();
    for entry in std::fs::read_dir(dir.path().join("data")).unwrap() {
        let entry = entry.unwrap();
        let mode = entry.metadata().unwrap().permissions().mode();
        files.push((
            entry.file_name().into_string().unwrap(),
            format!("{:o}", mode & 0o777),
        ));
    }
    files.sort();
    let expected = [
        ("files", "700"),
        ("frontdesk.db", "600"),
        ("frontdesk.db-shm", "600"),
        ("frontdesk.db-wal", "600"),
        ("frontdesk.db.lock", "600"),
        ("frontdesk.lock", "600"),
        ("frontdesk.secret", "600"),
        ("taskflow.db", "600"),
        ("taskflow.db-shm", "600"),
        ("taskflow.db-wal", "600"),
    ];
    assert_eq!(
        files,
        expected.map(|(name, mode)| (name.to_owned(), mode.to_owned()))
    );
}

#[tokio::test]
async fn a_dotenv_file_in_the_working_directory_is_read() {
    let dir = TempDir::new().unwrap();
    std::fs::write(dir.path().join(".env"), "DATABASE_URL=mysql://x\n").unwrap();
    let (code, error) = failure(&dir, &[], &[]).await;
    assert_eq!(code, Some(1));
    assert!(
        error.contains("store.url (from DATABASE_URL in .env): expected sqlite:// and a file"),
        "{error}"
    );
}

#[tokio::test]
async fn check_21_instructions_that_show_a_secret_are_refused_at_the_start() {
    for (instructions, expected) in [
        (
            "You help {{ user.name }} with {{ user.access_token }}.",
            "`user.access_token` would be a secret; no secret is told to a model",
        ),
        ("Hi {{ user.nme }}.", "did you mean `user.name`?"),
    ] {
        let dir = TempDir::new().unwrap();
        let file = format!("[agent.assistant]\ninstructions = \"{instructions}\"\n");
        std::fs::write(dir.path().join("frontdesk.toml"), file).unwrap();
        let (code, error) = failure(&dir, &["serve", "--listen", "127.0.0.1:0"], &[]).await;
        assert_eq!(code, Some(1), "{error}");
        let place = "agent.assistant.instructions (from frontdesk.toml)";
        assert!(error.contains(place) && error.contains(expected), "{error}");
    }
}

#[tokio::test]
async fn help_and_version_are_there() {
    let dir = TempDir::new().unwrap();
    let help = command(&dir).arg("--help").output().await.unwrap();
    let help = String::from_utf8(help.stdout).unwrap();
    for word in [
        "serve",
        "token",
        "--config",
        "--listen",
        "--data-dir",
        "OPENAI_API_KEY",
        "127.0.0.1:8000",
    ] {
        assert!(help.contains(word), "{word}: {help}");
    }
    let version = command(&dir).arg("--version").output().await.unwrap();
    assert_eq!(
        version.stdout,
        format!("frontdesk {}\n", env!("CARGO_PKG_VERSION")).as_bytes()
    );
}

#[tokio::test]
async fn a_printed_token_opens_the_embedded_server() {
    let dir = TempDir::new().unwrap();
    let data = dir.path().join("data");
    std::fs::create_dir(&data).unwrap();
    let data = data.to_str().unwrap();
    let printed = command(&dir)
        .args(["token", "--user", "dev", "--data-dir", data])
        .output()
        .await
        .unwrap();
    let token = String::from_utf8(printed.stdout).unwrap();
    assert_eq!(token.trim().split('.').count(), 3, "{token}");
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        let secret = std::fs::metadata(dir.path().join("data/frontdesk.secret")).unwrap();
        assert_eq!(secret.permissions().mode() & 0o777, 0o600);
    }
    let mut running = start(&dir, &["--data-dir", data]).await;
    let request = |token: &str| {
        http()
            .post(format!("{}/mcp", running.url))
            .header("content-type", "application/json")
            .header("accept", "application/json, text/event-stream")
            .header("authorization", format!("Bearer {}", token.trim()))
            .body(r#"{"jsonrpc":"2.0","id":1,"method":"tools/list","params":{}}"#)
    };
    let response = request(&token).send().await.unwrap();
    assert_eq!(response.status(), StatusCode::OK);
    assert!(response.text().await.unwrap().contains("add_task"));
    assert_eq!(
        request("x.y.z").send().await.unwrap().status(),
        StatusCode::UNAUTHORIZED
    );
    running.signal("TERM").await;
    assert_eq!(running.ended().await, Some(0));
}
