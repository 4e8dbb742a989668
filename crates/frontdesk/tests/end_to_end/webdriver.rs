//! As much of [WebDriver](https://www.w3.org/TR/webdriver2/) as it takes to use a page in Chromium.

use std::env;
use std::path::PathBuf;
use std::process::Stdio;
use std::time::Duration;

use frontdesk_testkit::clients::http;
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::process::{Child, Command};

use super::desk::eventually;

/// How long the driver may take to start, and to answer.
const PATIENCE: Duration = Duration::from_mins(1);
const READY: &str = "started successfully on port ";
/// The key under which an element's id is given.
const ELEMENT: &str = "element-6066-11e4-a52e-4f735466cecf";
const BROWSERS: [&str; 4] = ["chromium", "chromium-browser", "google-chrome", "chrome"];
const FLAGS: [&str; 8] = [
    "--headless=new",
    "--no-sandbox",
    "--disable-gpu",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-dev-shm-usage",
];

/// A browser with one window. It ends when this is dropped.
pub(super) struct Browser {
    session: String,
    driver: Child,
    _profile: TempDir,
}

impl Drop for Browser {
    /// A test that fails leaves no browser behind: it is in the group of its driver.
    fn drop(&mut self) {
        if let Some(id) = self.driver.id() {
            let group = format!("-{id}");
            let kill = std::process::Command::new("kill")
                .args(["-s", "KILL", "--", &group])
                .status();
            drop(kill);
        }
    }
}

/// The browser and its driver, or what is missing.
pub(super) fn find() -> Result<(PathBuf, PathBuf), String> {
    let browser = BROWSERS.into_iter().find_map(program);
    let driver = program("chromedriver");
    match (browser, driver) {
        (Some(browser), Some(driver)) => Ok((browser, driver)),
        (None, _) => Err("there is no Chromium; cargo xtask test brings it".to_owned()),
        (_, None) => Err("there is no chromedriver; cargo xtask test brings it".to_owned()),
    }
}

fn program(name: &str) -> Option<PathBuf> {
    let path = env::var_os("PATH")?;
    env::split_paths(&path)
        .map(|folder| folder.join(name))
        .find(|file| file.is_file())
}

impl Browser {
    pub(super) async fn open(browser: &PathBuf, driver: &PathBuf) -> Self {
        let mut refusals = Vec::new();
        // On a busy machine a browser may not come up; another one does.
        while refusals.len() < 3 {
            match Self::start(browser, driver).await {
                Ok(browser) => return browser,
                Err(refusal) => refusals.push(refusal),
            }
        }
        panic!("no browser starts: {refusals:?}");
    }

    async fn start(browser: &PathBuf, driver: &PathBuf) -> Result<Self, String> {
        let profile = TempDir::new().unwrap();
        let mut driver = Command::new(driver)
            .arg("--port=0")
            .process_group(0)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .kill_on_drop(true)
            .spawn()
            .unwrap();
        let mut lines = BufReader::new(driver.stdout.take().unwrap()).lines();
        let port = async {
            while let Some(line) = lines.next_line().await.unwrap() {
                if let Some((_, port)) = line.split_once(READY) {
                    return port.trim_end_matches('.').to_owned();
                }
            }
            panic!("the driver ended");
        };
        let port = tokio::time::timeout(PATIENCE, port).await.unwrap();
        let mut flags: Vec<String> = FLAGS.map(str::to_owned).to_vec();
        flags.push(format!("--user-data-dir={}", profile.path().display()));
        let capabilities = json!({"capabilities": {"alwaysMatch": {
            "goog:chromeOptions": {"binary": browser, "args": flags},
            "goog:loggingPrefs": {"browser": "ALL", "performance": "ALL"},
        }}});
        let sessions = format!("http://127.0.0.1:{port}/session");
        let mut started = Self {
            session: sessions,
            driver,
            _profile: profile,
        };
        let made = ask(&started.session, &capabilities).await?;
        let id = made["sessionId"].as_str().ok_or("no session")?;
        started.session = format!("{}/{id}", started.session);
        Ok(started)
    }

    pub(super) async fn visit(&self, url: &str) {
        self.post("url", &json!({"url": url})).await;
    }

    /// Types into what this selector finds.
    pub(super) async fn write(&self, selector: &str, text: &str) {
        let element = self.element(selector).await;
        self.post(&format!("element/{element}/value"), &json!({"text": text}))
            .await;
    }

    pub(super) async fn click(&self, selector: &str) {
        let element = self.element(selector).await;
        self.post(&format!("element/{element}/click"), &json!({}))
            .await;
    }

    /// What a script in the page gives back.
    pub(super) async fn run(&self, script: &str) -> Value {
        self.post("execute/sync", &json!({"script": script, "args": []}))
            .await
    }

    /// Waits until a script in the page gives back something that is true.
    pub(super) async fn wait(&self, script: &str) {
        eventually(script, async || {
            let found = self.run(&format!("return Boolean({script})")).await;
            (found == true).then_some(())
        })
        .await;
    }

    /// What the page wrote to its console.
    pub(super) async fn console(&self) -> Vec<Value> {
        self.log("browser").await
    }

    /// The addresses of everything that was requested so far.
    pub(super) async fn requested(&self) -> Vec<String> {
        let events = self.log("performance").await;
        let messages = events.iter().map(|event| {
            let message: Value = serde_json::from_str(event["message"].as_str().unwrap()).unwrap();
            message["message"].clone()
        });
        messages
            .filter(|message| message["method"] == "Network.requestWillBeSent")
            .map(|message| {
                message["params"]["request"]["url"]
                    .as_str()
                    .unwrap()
                    .to_owned()
            })
            .collect()
    }

    /// Ends the browser in good order.
    pub(super) async fn close(self) {
        let ended = http()
            .unwrap()
            .delete(&self.session)
            .timeout(PATIENCE)
            .send();
        assert!(ended.await.unwrap().status().is_success());
    }

    async fn log(&self, kind: &str) -> Vec<Value> {
        let entries = self.post("se/log", &json!({"type": kind})).await;
        entries.as_array().unwrap().clone()
    }

    async fn element(&self, selector: &str) -> String {
        let by = json!({"using": "css selector", "value": selector});
        let found = self.post("element", &by).await;
        found[ELEMENT].as_str().unwrap().to_owned()
    }

    async fn post(&self, path: &str, body: &Value) -> Value {
        send(&format!("{}/{path}", self.session), body).await
    }
}

async fn send(url: &str, body: &Value) -> Value {
    ask(url, body).await.unwrap()
}

/// What the driver answers, or why it doesn't.
async fn ask(url: &str, body: &Value) -> Result<Value, String> {
    let request = http()
        .unwrap()
        .post(url)
        .header("content-type", "application/json")
        .timeout(PATIENCE)
        .body(body.to_string());
    let answer = request.send().await.map_err(|error| format!("{error:?}"))?;
    let status = answer.status();
    let body = answer.bytes().await.map_err(|error| format!("{error:?}"))?;
    let body: Value = serde_json::from_slice(&body).map_err(|error| error.to_string())?;
    if !status.is_success() {
        return Err(format!("{url}: {body}"));
    }
    Ok(body["value"].clone())
}
