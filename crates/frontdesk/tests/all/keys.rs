//! `frontdesk key`: made, listed and revoked beside a running server, which takes what is good and nothing else.

use std::process::{Output, Stdio};

use frontdesk_testkit::process::{Launch, Server};
use reqwest::{RequestBuilder, Response, StatusCode};
use tempfile::TempDir;
use tokio::process::Command;

use super::client::http;

const BINARY: &str = env!("CARGO_BIN_EXE_frontdesk");
const CONFIG: &str = "[auth]\nmode = \"api_key\"\n";
const LIST: &str = r#"{"type":"threads.list","params":{}}"#;

struct Desk {
    dir: TempDir,
    server: Server,
}

impl Desk {
    async fn open() -> Self {
        let dir = TempDir::new().unwrap();
        std::fs::write(dir.path().join("frontdesk.toml"), CONFIG).unwrap();
        let launch = Launch::new(BINARY)
            .folder(dir.path())
            .arg("--listen")
            .arg("127.0.0.1:0");
        let server = launch.start().await.unwrap();
        Self { dir, server }
    }

    async fn key(&self, arguments: &[&str]) -> Output {
        let mut command = Command::new(BINARY);
        command
            .arg("key")
            .args(arguments)
            .current_dir(self.dir.path())
            .env_clear()
            .stdin(Stdio::null());
        command.output().await.unwrap()
    }

    /// Makes a key; gives its text and its id.
    async fn make(&self, arguments: &[&str]) -> (String, String) {
        let made = self.key(&[&["create"], arguments].concat()).await;
        assert!(made.status.success(), "{made:?}");
        let text = String::from_utf8(made.stdout).unwrap();
        let told = String::from_utf8(made.stderr).unwrap();
        let (text, rest) = text.split_once('\n').unwrap();
        assert_eq!(rest, "", "the key alone");
        let id = text.split('_').nth(1).unwrap().to_owned();
        assert!(told.starts_with(&format!("key {id} for ")), "{told}");
        assert!(!told.contains(text), "{told}");
        (text.to_owned(), id)
    }

    fn list(&self, key: &str) -> RequestBuilder {
        let url = format!("{}/chatkit", self.server.url());
        http().post(url).bearer_auth(key).body(LIST)
    }

    async fn status(&self, key: &str) -> u16 {
        self.list(key).send().await.unwrap().status().as_u16()
    }
}

async fn status(request: RequestBuilder) -> u16 {
    request.send().await.unwrap().status().as_u16()
}

fn challenge(response: &Response) -> &str {
    response.headers()["www-authenticate"].to_str().unwrap()
}

#[tokio::test]
async fn keys_are_made_and_revoked_beside_a_running_server() {
    let desk = Desk::open().await;
    let (ann, ann_id) = desk.make(&["--user", "ann", "--label", "her script"]).await;
    let (gone, gone_id) = desk.make(&["--user", "ann", "--expires", "90d"]).await;
    let revoked = desk.key(&["revoke", &gone_id]).await;
    assert!(revoked.status.success(), "{revoked:?}");
    assert_eq!(desk.status(&ann).await, 200);
    assert_eq!(desk.status(&gone).await, 401);

    let listed = desk.key(&["list"]).await;
    let listed = String::from_utf8(listed.stdout).unwrap();
    let lines: Vec<Vec<&str>> = listed
        .lines()
        .map(|line| line.split_whitespace().collect())
        .collect();
    assert_eq!(lines.len(), 3, "{listed}");
    let heading = [
        "ID", "STATE", "TENANT", "FOR", "CREATED", "EXPIRES", "LABEL",
    ];
    assert_eq!(lines[0], heading);
    assert_eq!(lines[1][..5], [&ann_id, "good", "default", "user", "ann"]);
    assert_eq!(lines[1][6..], ["never", "her", "script"]);
    assert_eq!(lines[2][..2], [&gone_id, "revoked"]);
    for key in [&ann, &gone] {
        let secret = key.rsplit('_').next().unwrap();
        assert!(!listed.contains(secret), "{listed}");
    }

    let unknown = desk.key(&["revoke", &ann]).await;
    assert_eq!(unknown.status.code(), Some(1));
    let told = String::from_utf8(unknown.stderr).unwrap();
    assert_eq!(
        told,
        "error: there is no key with this id; `frontdesk key list` tells the ids\n"
    );
    assert_eq!(
        desk.status(&ann).await,
        200,
        "it wasn't revoked by its text"
    );
}

#[tokio::test]
async fn a_key_signs_in_whom_it_is_for_and_nobody_else() {
    let desk = Desk::open().await;
    let (ann, _) = desk.make(&["--user", "ann"]).await;
    let (all, _) = desk.make(&["--on-behalf", "--tenant", "acme"]).await;
    let named = "frontdesk-on-behalf-of";
    assert_eq!(status(desk.list(&ann).header(named, "bob")).await, 403);
    assert_eq!(desk.status(&all).await, 400, "it has to name somebody");
    assert_eq!(status(desk.list(&all).header(named, "bob")).await, 200);

    let mut wrong = ann.clone();
    let last = if wrong.pop() == Some('0') { '1' } else { '0' };
    wrong.push(last);
    for key in [wrong.as_str(), "fdk_", "nonsense"] {
        let refused = desk.list(key).send().await.unwrap();
        assert_eq!(refused.status(), StatusCode::UNAUTHORIZED, "{key}");
        assert_eq!(challenge(&refused), "Bearer error=\"invalid_token\"");
    }
    let url = format!("{}/chatkit", desk.server.url());
    let refused = http().post(url).body(LIST).send().await.unwrap();
    assert_eq!(refused.status(), StatusCode::UNAUTHORIZED);
    assert_eq!(challenge(&refused), "Bearer");
}

#[tokio::test]
async fn a_key_for_nobody_or_for_two_is_not_made() {
    let desk = Desk::open().await;
    for arguments in [
        &["create"] as &[&str],
        &["create", "--user", "ann", "--on-behalf"],
        &["create", "--user", ""],
        &["create", "--user", "ann", "--expires", "soon"],
        &["create", "--user", "ann", "--expires", "0d"],
        &["create", "--user", "ann", "--label", "a\nb"],
        &["create", "--user", "ann", "--tenant", ""],
    ] {
        let refused = desk.key(arguments).await;
        assert!(!refused.status.success(), "{arguments:?}");
        assert_eq!(refused.stdout, b"", "{arguments:?}");
    }
    let listed = desk.key(&["list"]).await;
    assert_eq!(listed.stdout.split(|byte| *byte == b'\n').count(), 2);
}
