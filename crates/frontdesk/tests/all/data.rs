//! `frontdesk export`, `import` and `forget`, and what becomes of data that is older or newer than the program.

use std::path::Path;
use std::process::{Output, Stdio};

use frontdesk::config::{Config, Environment, Sources};
use frontdesk_testkit::process::{Launch, Server};
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::io::AsyncWriteExt;
use tokio::process::Command;

use super::client::{http, message};

const BINARY: &str = env!("CARGO_BIN_EXE_frontdesk");
/// An archive of nothing.
const NOTHING: &str =
    "{\"archive\":{\"format\":\"frontdesk-archive\",\"version\":1}}\n{\"end\":{\"entries\":0}}\n";

/// Runs a command on the data of a folder.
async fn run(folder: &Path, arguments: &[&str], input: &str) -> Output {
    let mut command = Command::new(BINARY);
    command
        .args(arguments)
        .current_dir(folder)
        .env_clear()
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    let mut child = command.spawn().unwrap();
    let mut stdin = child.stdin.take().unwrap();
    // A command that reads nothing is gone already.
    let _ = stdin.write_all(input.as_bytes()).await;
    drop(stdin);
    child.wait_with_output().await.unwrap()
}

/// Runs a command that succeeds; gives what it wrote and said.
async fn done(folder: &Path, arguments: &[&str], input: &str) -> (String, String) {
    let output = run(folder, arguments, input).await;
    assert!(output.status.success(), "{arguments:?}: {output:?}");
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
    (text(output.stdout), text(output.stderr))
}

async fn serve(folder: &Path) -> Server {
    let launch = Launch::new(BINARY)
        .folder(folder)
        .arg("--listen")
        .arg("127.0.0.1:0");
    launch.start().await.unwrap()
}

async fn call(server: &Server, kind: &str, params: Value) -> String {
    let body = json!({ "type": kind, "params": params }).to_string();
    let request = http().post(format!("{}/chatkit", server.url())).body(body);
    request.send().await.unwrap().text().await.unwrap()
}

/// A folder in which the demonstration has answered twice, and whose server was killed.
async fn talked() -> TempDir {
    let folder = TempDir::new().unwrap();
    let mut server = serve(folder.path()).await;
    for text in ["walnut hello", "almond hello"] {
        call(&server, "threads.create", json!({ "input": message(text) })).await;
    }
    server.kill().await.unwrap();
    folder
}

#[tokio::test]
async fn an_archive_goes_elsewhere_and_comes_back_the_same() {
    let (here, there) = (talked().await, TempDir::new().unwrap());
    let (archive, said) = done(here.path(), &["export", "--with-keys"], "").await;
    let entries = archive.lines().count() - 2;
    assert!(entries > 8, "{archive}");
    assert!(
        said.contains(&format!("exported {entries} entries")),
        "{said}"
    );

    let (_, said) = done(there.path(), &["import"], &archive).await;
    let all = format!("imported {entries} entries; 0 were there");
    assert!(said.contains(&all), "{said}");
    let (copy, _) = done(there.path(), &["export", "--with-keys"], "").await;
    assert_eq!(copy, archive);
    let (_, said) = done(there.path(), &["import"], &archive).await;
    let none = format!("imported 0 entries; {entries} were there");
    assert!(said.contains(&none), "{said}");

    let server = serve(there.path()).await;
    let threads: Value =
        serde_json::from_str(&call(&server, "threads.list", json!({})).await).unwrap();
    assert_eq!(threads["data"].as_array().unwrap().len(), 2, "{threads}");
    let search = format!("{}/chatkit/search?q=walnut", server.url());
    let found = http().get(search).send().await.unwrap();
    let found: Value = serde_json::from_str(&found.text().await.unwrap()).unwrap();
    assert_eq!(found["data"].as_array().unwrap().len(), 1, "{found}");
}

#[tokio::test]
async fn an_archive_that_is_cut_off_or_none_is_refused_with_the_line() {
    let here = talked().await;
    let (archive, _) = done(here.path(), &["export"], "").await;
    let (cut, _) = archive.trim_end().rsplit_once('\n').unwrap();
    let newer = NOTHING.replace("\"version\":1", "\"version\":2");
    for (input, expected) in [
        ("", "line 1: not the beginning of an archive"),
        ("{}\n", "line 1: "),
        (&newer, "line 1: the archive has version 2"),
        (cut, "the archive ends early"),
        (&NOTHING.replace('0', "3"), "has 0 entries, and says 3"),
        (&format!("{NOTHING}{NOTHING}"), "line 3: something follows"),
    ] {
        let there = TempDir::new().unwrap();
        let output = run(there.path(), &["import"], input).await;
        let said = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(1), "{said}");
        assert!(said.contains(expected), "{said}");
    }
    let nowhere = TempDir::new().unwrap();
    let output = run(nowhere.path(), &["export"], "").await;
    assert_eq!(output.status.code(), Some(1), "{output:?}");
    assert!(
        !nowhere.path().join("frontdesk.db").exists(),
        "none is made"
    );
}

#[tokio::test]
async fn check_20_a_user_is_forgotten_by_a_command() {
    let here = talked().await;
    let (archive, _) = done(here.path(), &["export"], "").await;
    let first: Value = serde_json::from_str(archive.lines().nth(1).unwrap()).unwrap();
    let user = first["thread"]["user"].as_str().unwrap();
    let theirs = done(here.path(), &["export", "--user", user], "").await.0;
    assert_eq!(theirs, archive);
    let others = done(here.path(), &["export", "--user", "nobody"], "")
        .await
        .0;
    assert_eq!(others, NOTHING);
    let (said, _) = done(here.path(), &["forget", "--user", "nobody"], "").await;
    assert!(said.starts_with("forgotten: 0 threads, 0 items"), "{said}");

    let (said, _) = done(here.path(), &["forget", "--user", user], "").await;
    assert!(
        said.starts_with("forgotten: 2 threads, 4 items, 2 turns"),
        "{said}"
    );
    let (left, _) = done(here.path(), &["export", "--with-keys"], "").await;
    assert_eq!(left, NOTHING);
}

#[tokio::test]
async fn a_newer_schema_is_refused_at_start_and_told() {
    let here = TempDir::new().unwrap();
    done(here.path(), &["import"], NOTHING).await;
    // The number of the schema in the header: https://www.sqlite.org/fileformat.html#user_version_number
    let file = here.path().join("frontdesk.db");
    let mut bytes = std::fs::read(&file).unwrap();
    bytes[60..64].copy_from_slice(&999_u32.to_be_bytes());
    std::fs::write(&file, bytes).unwrap();
    for arguments in [&["--listen", "127.0.0.1:0"][..], &["export"]] {
        let output = run(here.path(), arguments, "").await;
        let said = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(1), "{said}");
        assert!(said.contains("the store has schema 999"), "{said}");
        assert!(said.contains("start a newer version"), "{said}");
    }
}

#[test]
fn retention_is_read_by_tenant() {
    let folder = TempDir::new().unwrap();
    let file = folder.path().join("frontdesk.toml");
    let read = |text: &str| {
        std::fs::write(&file, text).unwrap();
        Config::read(&Sources {
            file: Some(file.clone()),
            environment: Environment::default(),
            flags: Vec::new(),
        })
    };
    let kept = |text: &str| {
        let retention = read(text).unwrap().retention;
        let tenants = retention.tenants.iter();
        let tenants: Vec<(String, Option<u32>)> = tenants
            .map(|(tenant, days)| (tenant.to_string(), days.value))
            .collect();
        (retention.days.map(|days| days.value), tenants)
    };
    assert_eq!(kept(""), (None, Vec::new()));
    let named =
        "[retention]\ndays = 90\n[retention.tenants]\n\"acme.com\" = 30\nlegal = \"forever\"\n";
    let tenants = vec![
        ("acme.com".to_owned(), Some(30)),
        ("legal".to_owned(), None),
    ];
    assert_eq!(kept(named), (Some(Some(90)), tenants));
    for (text, key) in [
        ("[retention]\ndays = 0\n", "retention.days"),
        ("[retention]\ndays = \"soon\"\n", "retention.days"),
        ("[retention]\ndays = -1\n", "retention.days"),
        ("[retention.tenants]\nacme = 0\n", "retention.tenants.acme"),
        ("[retention]\nday = 3\n", "retention.day"),
    ] {
        let error = read(text).unwrap_err().to_string();
        assert!(error.contains(key), "{text}: {error}");
    }
}
