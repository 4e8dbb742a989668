//! The guide for `FastAPI` applications, as it stands: its application under uvicorn, its configuration, its page.

use std::net::TcpListener;
use std::path::Path;

use frontdesk_testkit::clients::{Client, http};
use frontdesk_testkit::python::{Application, Python};
use frontdesk_testkit::skip;
use reqwest::{Method, RequestBuilder, StatusCode};
use serde_json::{Value, json};

use super::desk::{self, Desk, ask, valid};
use super::tools::{post, request};
use super::webdriver::{self, Browser};

const GUIDE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/guides/fastapi");
const REQUIREMENTS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../xtask/requirements.txt");
/// Where the guide has the application.
const ADDRESS: &str = "http://127.0.0.1:8001";
const SECRET: &str = "a secret of the application, of more than 32 bytes";

/// The application and Frontdesk beside it.
struct Guide {
    url: String,
    desk: Desk,
    _application: Application,
}

fn file(name: &str) -> String {
    std::fs::read_to_string(Path::new(GUIDE).join(name)).unwrap()
}

impl Guide {
    /// Starts both in one folder, as the guide has them.
    async fn start(python: &Python) -> Self {
        Self::with(python, &file("frontdesk.toml"), None).await
    }

    /// Starts both with this configuration; the application may be told of another Frontdesk than that beside it.
    async fn with(python: &Python, config: &str, frontdesk: Option<&str>) -> Self {
        // It listens before the application runs, so that each can be told where the other is.
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let [config, rules, app, page] = [
            config.replace(ADDRESS, &url),
            file("rules.toml"),
            file("app.py"),
            file("chat.html"),
        ];
        let files = [
            ("frontdesk.toml", config.as_str()),
            ("rules.toml", &rules),
            ("app.py", &app),
            ("chat.html", &page),
            ("notes.secret", SECRET),
        ];
        let desk = Desk::with_files(&files, &[]).await;
        let variables = [("FRONTDESK_URL", frontdesk.unwrap_or(desk.server.url()))];
        let application = python.application(desk.dir(), listener, &variables);
        Self {
            url,
            desk,
            _application: application.unwrap(),
        }
    }

    /// A request to the application.
    fn request(&self, method: Method, path: &str, token: Option<&str>) -> RequestBuilder {
        let request = http()
            .unwrap()
            .request(method, format!("{}{path}", self.url));
        match token {
            Some(token) => request.bearer_auth(token),
            None => request,
        }
    }

    async fn token(&self, user: &str, password: &str) -> String {
        let body = json!({"user": user, "password": password}).to_string();
        let login = self
            .request(Method::POST, "/login", None)
            .header("content-type", "application/json")
            .body(body);
        let (status, said) = said(login).await;
        assert_eq!(status, StatusCode::OK, "{said}");
        said["token"].as_str().unwrap().to_owned()
    }

    fn client(&self, token: &str) -> Client {
        let bearer = format!("Bearer {token}");
        let client = self.desk.client();
        client.with_header("authorization", &bearer)
    }

    /// The texts of the user's notes, by the application's own interface.
    async fn notes(&self, token: &str) -> Vec<String> {
        let (status, said) = said(self.request(Method::GET, "/notes", Some(token))).await;
        assert_eq!(status, StatusCode::OK, "{said}");
        let notes = said["notes"].as_array().unwrap().iter();
        notes
            .map(|note| note["text"].as_str().unwrap().to_owned())
            .collect()
    }

    /// Two users: each has notes and threads of their own.
    async fn works(&self) {
        let ann = self.token("ann", "wonderland").await;
        let ben = self.token("ben", "sherwood").await;
        let note = self
            .request(Method::POST, "/notes", Some(&ann))
            .header("content-type", "application/json")
            .body(json!({"text": "water the plants"}).to_string());
        assert_eq!(said(note).await.0, StatusCode::OK);

        let chat = self.client(&ann);
        let added = chat.create("Note: buy milk").await.unwrap();
        valid(&added);
        assert_eq!(added.assistant_text().unwrap(), "I have noted: buy milk");
        let thread = added.thread_id().unwrap();
        let listed = chat.add(&thread, "What are my notes?").await.unwrap();
        assert_eq!(
            listed.assistant_text().unwrap(),
            "Your notes:\n\n- water the plants\n- buy milk"
        );
        assert_eq!(self.notes(&ann).await, ["water the plants", "buy milk"]);

        let other = self.client(&ben);
        assert_eq!(desk::threads(&other).await, [""; 0]);
        let params = json!({"thread_id": thread});
        let (status, _) = ask(&other, "threads.get_by_id", params).await;
        assert_eq!(status, StatusCode::NOT_FOUND);
        let listed = other.create("What are my notes?").await.unwrap();
        assert_eq!(listed.assistant_text().unwrap(), "You have no notes.");
        assert_eq!(self.notes(&ben).await, [""; 0]);
    }
}

/// The status of an answer, and its JSON.
async fn said(request: RequestBuilder) -> (StatusCode, Value) {
    let answer = request.send().await.unwrap();
    let status = answer.status();
    let bytes = answer.bytes().await.unwrap();
    (status, serde_json::from_slice(&bytes).unwrap_or_default())
}

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

#[tokio::test]
async fn the_guide_for_fastapi_works_for_two_users() {
    let Some(python) = python("the_guide_for_fastapi_works_for_two_users") else {
        return;
    };
    let guide = Guide::start(&python).await;
    guide.works().await;

    // Nobody else gets in, neither to the chat nor to the tools.
    let own = guide.token("ann", "wonderland").await;
    let signed = guide.desk.token("ann", "notes").await;
    let elsewhere = guide.desk.token("ann", "elsewhere").await;
    let list = request("tools/list", &json!({}));
    let url = format!("{}/mcp/", guide.url);
    for (what, token, status) in [
        ("the application's own", own.as_str(), StatusCode::OK),
        ("ours", &signed, StatusCode::OK),
        ("ours for another", &elsewhere, StatusCode::UNAUTHORIZED),
        ("nonsense", "nonsense", StatusCode::UNAUTHORIZED),
    ] {
        let answer = post(&url, &list).bearer_auth(token).send().await.unwrap();
        assert_eq!(answer.status(), status, "{what}");
    }
    for client in [
        guide.desk.client(),
        guide.client("nonsense"),
        guide.client(&signed),
    ] {
        let (status, _) = ask(&client, "threads.list", json!({})).await;
        assert_eq!(status, StatusCode::UNAUTHORIZED);
    }
    let (status, _) = said(guide.request(Method::GET, "/notes", Some(&signed))).await;
    assert_eq!(
        status,
        StatusCode::UNAUTHORIZED,
        "it is for the tools alone"
    );

    // The application's pages may call from their origin, and no others.
    for (origin, allowed) in [(guide.url.as_str(), true), ("https://evil.example", false)] {
        let preflight = http()
            .unwrap()
            .request(
                Method::OPTIONS,
                format!("{}/chatkit", guide.desk.server.url()),
            )
            .header("origin", origin)
            .header("access-control-request-method", "POST")
            .header(
                "access-control-request-headers",
                "authorization,content-type",
            );
        let answer = preflight.send().await.unwrap();
        let granted = answer.headers().get("access-control-allow-origin");
        let granted = granted.map(|origin| origin.to_str().unwrap());
        assert_eq!(granted, allowed.then_some(origin));
    }
    let log = guide.desk.server.log();
    assert!(!log.contains(&own) && !log.contains(&signed), "{log}");
}

#[tokio::test]
async fn the_guides_tools_can_take_the_users_own_tokens_alone() {
    let Some(python) = python("the_guides_tools_can_take_the_users_own_tokens_alone") else {
        return;
    };
    let config = file("frontdesk.toml").replace("auth = \"signed\"", "auth = \"forward\"");
    // Nobody is at this address, so what Frontdesk signs can't be checked.
    let guide = Guide::with(&python, &config, Some("http://127.0.0.1:9")).await;
    guide.works().await;
}

#[tokio::test]
async fn the_guides_page_works_in_a_browser() {
    let test = "the_guides_page_works_in_a_browser";
    let Some(python) = python(test) else {
        return;
    };
    let (browser, driver) = match webdriver::find() {
        Ok(found) => found,
        Err(reason) => {
            skip::note(&format!("frontdesk::{test}"), &reason).unwrap();
            return;
        }
    };
    let guide = Guide::start(&python).await;
    let browser = Browser::open(&browser, &driver).await;
    browser.visit(&format!("{}/chat", guide.url)).await;
    browser.write("[name=user]", "ann").await;
    browser.write("[name=password]", "wonderland").await;
    browser.click("#login button").await;
    browser
        .wait("!document.querySelector('#chat').hidden")
        .await;
    for (text, answer) in [
        ("Note: buy milk", "I have noted: buy milk"),
        ("What are my notes?", "Your notes:\n\n- buy milk"),
    ] {
        browser.write("[name=text]", text).await;
        browser.click("#ask button").await;
        let last = "[...document.querySelectorAll('#log .assistant')].at(-1)?.textContent";
        browser.wait(&format!("{last} === {}", json!(answer))).await;
    }
    let token = guide.token("ann", "wonderland").await;
    assert_eq!(guide.notes(&token).await, ["buy milk"]);
    assert_eq!(desk::threads(&guide.client(&token)).await.len(), 1);
    for url in browser.requested().await {
        let own = [guide.url.as_str(), guide.desk.server.url()];
        let known = own.iter().any(|own| url.starts_with(own));
        assert!(
            known || url.starts_with("chrome") || url.starts_with("data:"),
            "{url}"
        );
    }
    browser.close().await;
}

#[test]
fn the_guide_says_what_its_files_say() {
    let files = ["app.py", "frontdesk.toml", "chat.html", "rules.toml"].map(file);
    let guide = file("README.md");
    let mut blocks = 0;
    for block in guide.split("\n```").skip(1).step_by(2) {
        let (language, text) = block.split_once('\n').unwrap();
        if matches!(language, "python" | "toml") {
            blocks += 1;
            let there = files.iter().any(|file| file.contains(text.trim_end()));
            assert!(there, "no file has this: {text}");
        }
    }
    assert_eq!(blocks, 6);
    let tested = std::fs::read_to_string(REQUIREMENTS).unwrap();
    for pinned in file("requirements.txt").lines() {
        assert!(
            tested.lines().any(|line| line == pinned),
            "{pinned} isn't what is tested"
        );
    }
}
