//! An account that a user connects: from the chat's link to the tool that works, and back.

use std::sync::Arc;

use frontdesk_auth::incoming::jwt::{
    ClaimNames, DEFAULT_STALE_KEYS, JwtConfig, JwtVerifier, KeySource,
};
use frontdesk_auth::{GuardedHttp, Reach};
use frontdesk_clock::{Clock, SystemClock};
use frontdesk_mcp_server::{Authentication, MountOptions};
use frontdesk_testkit::authorization_server::{AuthorizationServer, MARK};
use frontdesk_testkit::clients::Client;
use frontdesk_testkit::issuer::Issuer;
use frontdesk_testkit::model_server::{Call, ModelServer, Response, Script};
use frontdesk_testkit::skip;
use reqwest::header::{HeaderMap, LOCATION, SET_COOKIE};
use reqwest::redirect::Policy;
use reqwest::{RequestBuilder, StatusCode};
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::net::TcpListener;
use tokio::task::JoinSet;

use super::desk::{Desk, items, text};
use super::webdriver::{self, Browser};

/// TaskFlow behind the authorization server.
struct TaskFlow {
    url: String,
    _dir: TempDir,
    _serving: JoinSet<()>,
}

impl TaskFlow {
    async fn behind(server: &AuthorizationServer) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}/mcp", listener.local_addr().unwrap());
        let clock: Arc<dyn Clock> = Arc::new(SystemClock);
        let config = JwtConfig {
            issuer: server.url().to_owned(),
            audiences: vec![url.clone()],
            keys: KeySource::Jwks(server.jwks_url().parse().unwrap()),
            claims: ClaimNames::default(),
            stale_keys: DEFAULT_STALE_KEYS,
        };
        let http = GuardedHttp::new(Reach::Private, []).unwrap();
        let verifier = JwtVerifier::new(config, http, Arc::clone(&clock)).unwrap();
        let mut options = MountOptions::new(Authentication::Bearer(Arc::new(verifier)), &url);
        options.authorization_servers = vec![server.url().to_owned()];
        options.granted_scopes = frontdesk_taskflow::SCOPES.map(str::to_owned).to_vec();
        let dir = TempDir::new().unwrap();
        let tasks = frontdesk_taskflow::Tasks::open(&dir.path().join("tasks.db"), clock).await;
        let router = frontdesk_taskflow::server(tasks.unwrap())
            .into_router(options)
            .unwrap();
        let mut serving = JoinSet::new();
        serving.spawn(async move { axum::serve(listener, router).await.unwrap() });
        Self {
            url,
            _dir: dir,
            _serving: serving,
        }
    }
}

struct Stand {
    sso: Issuer,
    accounts: AuthorizationServer,
    model: ModelServer,
    desk: Desk,
    _taskflow: TaskFlow,
}

impl Stand {
    async fn open() -> Self {
        let sso = Issuer::start().await.unwrap();
        let accounts = AuthorizationServer::start("ann-at-taskflow").await.unwrap();
        let taskflow = TaskFlow::behind(&accounts).await;
        let model = ModelServer::start(Script::in_order([])).await.unwrap();
        let base_url = model.base_url();
        let desk = Desk::open(&[
            ("FRONTDESK__AUTH__MODE", "jwt"),
            ("FRONTDESK__AUTH__ISSUER", sso.url()),
            ("FRONTDESK__AUTH__AUDIENCE", "frontdesk"),
            ("FRONTDESK__AUTH__COOKIE", "session"),
            ("FRONTDESK__MCP__TASKS__URL", &taskflow.url),
            ("FRONTDESK__MCP__TASKS__AUTH", "oauth"),
            ("OPENAI_BASE_URL", &base_url),
            ("RUST_LOG", "trace"),
        ])
        .await;
        Self {
            sso,
            accounts,
            model,
            desk,
            _taskflow: taskflow,
        }
    }

    fn token(&self, user: &str) -> String {
        let claims = json!({"sub": user, "aud": "frontdesk"});
        self.sso.token(claims).unwrap()
    }

    fn client(&self, user: &str) -> Client {
        let bearer = format!("Bearer {}", self.token(user));
        self.desk.client().with_header("authorization", &bearer)
    }

    /// A message at which the model calls a tool; what the thread then shows, as JSON.
    async fn says(&self, client: &Client, tool: &str, arguments: Value) -> (Vec<Value>, String) {
        self.model.play(Script::in_order([
            Response::calls([Call::new("call_1", tool, arguments)]),
            Response::text("That is all.", 1),
        ]));
        let answer = client.create("My tasks, please").await.unwrap();
        assert_eq!(answer.status, StatusCode::OK, "{answer:?}");
        let all = items(client, &answer.thread_id().unwrap()).await;
        let shown = format!("{answer:?} {all:?}");
        (all, shown)
    }

    /// The link that a user who isn't connected is given.
    async fn link(&self, user: &str) -> String {
        let (items, shown) = self
            .says(&self.client(user), "connect_tasks", json!({}))
            .await;
        let texts: String = items.iter().map(text).collect();
        let begin = format!("{}/connect/tasks?ticket=", self.desk.server.url());
        let at = texts.find(&begin);
        let at = at.unwrap_or_else(|| panic!("no link: {shown} {}", self.desk.server.log()));
        let rest = &texts[at..];
        rest[..rest.find(')').unwrap()].to_owned()
    }

    /// What the tool gave to the model in the newest turn.
    fn told(&self) -> String {
        let asked = self.model.requests();
        let input = asked.last().unwrap().body["input"]
            .as_array()
            .unwrap()
            .clone();
        let outputs = input
            .iter()
            .filter(|item| item["type"] == "function_call_output");
        outputs.map(|item| item["output"].to_string()).collect()
    }

    async fn connections(&self, user: &str) -> Value {
        let answer = self.client(user).get("/connect").await.unwrap();
        assert_eq!(answer.status, StatusCode::OK, "{answer:?}");
        answer.json().unwrap().clone()
    }
}

/// A browser that shows each step of its way.
fn browser() -> reqwest::Client {
    let client = reqwest::Client::builder().redirect(Policy::none());
    client.no_proxy().build().unwrap()
}

/// Status, headers and page.
async fn page(request: RequestBuilder) -> (StatusCode, HeaderMap, String) {
    let response = request.send().await.unwrap();
    let (status, headers) = (response.status(), response.headers().clone());
    (status, headers, response.text().await.unwrap())
}

fn location(headers: &HeaderMap) -> String {
    headers[LOCATION].to_str().unwrap().to_owned()
}

/// The cookie as a browser sends it back.
fn cookie(headers: &HeaderMap) -> String {
    let cookie = headers[SET_COOKIE].to_str().unwrap();
    cookie.split(';').next().unwrap().to_owned()
}

/// Goes the way from the link to where the browser comes back to; gives that address and the cookie.
async fn set_out(stand: &Stand, link: &str) -> (String, String) {
    let origin = stand.desk.server.url();
    let (status, headers, _) = page(browser().post(link).header("origin", origin)).await;
    assert_eq!(status, StatusCode::SEE_OTHER);
    let begun = cookie(&headers);
    let (status, headers, _) = page(browser().get(location(&headers))).await;
    assert_eq!(status, StatusCode::FOUND);
    (location(&headers), begun)
}

#[tokio::test]
async fn check_21_an_account_is_connected_used_refreshed_and_given_up_unseen() {
    let mut stand = Stand::open().await;
    let ann = stand.client("ann");
    let unconnected = json!({"data": [{"server": "tasks", "connected": false}]});
    assert_eq!(stand.connections("ann").await, unconnected);
    let link = stand.link("ann").await;
    assert!(
        stand.told().contains("has to connect their account"),
        "{}",
        stand.told()
    );

    let (status, headers, html) = page(browser().get(&link)).await;
    assert_eq!(status, StatusCode::OK);
    assert!(
        html.contains("connect <b>tasks</b> for <b>ann</b>"),
        "{html}"
    );
    assert!(
        html.contains("<form method=\"post\">") && !html.contains("<script"),
        "{html}"
    );
    let policy = headers["content-security-policy"].to_str().unwrap();
    assert!(
        policy.contains("default-src 'none'") && !policy.contains("unsafe"),
        "{policy}"
    );
    assert_eq!(headers["cache-control"], "no-store");
    assert_eq!(headers["x-frame-options"], "DENY");

    let (back, begun) = set_out(&stand, &link).await;
    let own = format!("{}/connect/callback/tasks?", stand.desk.server.url());
    assert!(back.starts_with(&own), "{back}");
    let (status, _, html) = page(browser().get(&back).header("cookie", &begun)).await;
    assert_eq!(status, StatusCode::OK, "{html}");
    assert!(html.contains("go back to the chat"), "{html}");
    let connected = stand.connections("ann").await;
    assert_eq!(connected["data"][0]["connected"], true, "{connected}");
    assert_eq!(stand.connections("bob").await, unconnected);
    let bob = stand.client("bob");
    let bobs = bob.post_to("/connect/tasks/disconnect").await.unwrap();
    assert_eq!(bobs.status, StatusCode::OK);
    assert_eq!(stand.connections("ann").await, connected);

    // The next message works, as the account.
    let (_, shown) = stand
        .says(&ann, "add_task", json!({"title": "buy milk"}))
        .await;
    assert!(
        stand.told().contains("buy milk"),
        "{} {shown}",
        stand.told()
    );
    let asked = |grant: &str| {
        let requests = stand.accounts.requests("/token");
        let fits = |form: &&std::collections::BTreeMap<String, String>| form["grant_type"] == grant;
        requests.iter().filter(fits).count()
    };
    assert_eq!(
        (asked("authorization_code"), asked("refresh_token")),
        (1, 0)
    );

    // Somebody else has nothing of it.
    stand.link("bob").await;

    let disconnected = ann.post_to("/connect/tasks/disconnect").await.unwrap();
    assert_eq!(disconnected.status, StatusCode::OK, "{disconnected:?}");
    assert_eq!(stand.accounts.requests("/revoke").len(), 1);
    assert_eq!(stand.connections("ann").await, unconnected);

    // Tokens that are about to run out are refreshed.
    let again = stand.link("ann").await;
    stand.accounts.set_lifetime(20);
    let (back, begun) = set_out(&stand, &again).await;
    let (status, _, _) = page(browser().get(&back).header("cookie", &begun)).await;
    assert_eq!(status, StatusCode::OK);
    stand.says(&ann, "list_tasks", json!({})).await;
    assert!(stand.told().contains("buy milk"), "{}", stand.told());
    assert!(asked("refresh_token") > 0);

    // Nothing of it is seen where it mustn't be.
    let seen = format!("{:?}", stand.model.requests());
    let log = stand.desk.server.whole_log().await.unwrap();
    let (_, state) = back.split_once("state=").unwrap();
    let state = state.split('&').next().unwrap();
    let ticket = again.split("ticket=").nth(1).unwrap();
    let browsers = begun.split('=').nth(1).unwrap();
    for secret in [ticket, state, browsers, MARK] {
        assert!(!seen.contains(secret), "a model was told {secret}");
        let found = log.lines().find(|line| line.contains(secret));
        assert_eq!(found, None, "{secret}");
    }
    assert!(
        !seen.contains("/connect/tasks"),
        "a model was told the link"
    );
    for token in ["eyJ", MARK] {
        assert!(!shown.contains(token), "{shown}");
        assert!(!seen.contains(token), "a model was told a token");
        let found = log.lines().find(|line| line.contains(token));
        assert_eq!(found, None);
    }
}

#[tokio::test]
async fn a_link_works_for_its_user_from_our_page_and_in_one_browser() {
    let stand = Stand::open().await;
    let link = stand.link("ann").await;
    let origin = stand.desk.server.url();
    let session = |user: &str| format!("session={}", stand.token(user));
    let form = || browser().post(&link).header("origin", origin);

    let cases = [
        (
            browser().get(&link).header("cookie", session("bob")),
            403,
            "another user",
        ),
        (form().header("cookie", session("bob")), 403, "another user"),
        (browser().post(&link), 403, "our own page"),
        (
            browser()
                .post(&link)
                .header("origin", "https://evil.example"),
            403,
            "our own page",
        ),
        (
            browser().post(&link).header("origin", "null"),
            403,
            "our own page",
        ),
        (browser().get(format!("{link}x")), 400, "run out"),
        (
            browser().get(link.replace("/tasks?", "/others?")),
            404,
            "run out",
        ),
        (
            browser().get(format!("{origin}/connect/tasks")),
            404,
            "run out",
        ),
        (
            browser().get(format!("{origin}/connect/callback/tasks")),
            400,
            "run out",
        ),
        (
            browser().get(format!("{origin}/connect/callback/tasks?state=x&code=y")),
            400,
            "run out",
        ),
    ];
    for (request, expected, told) in cases {
        let (status, headers, html) = page(request).await;
        assert_eq!(status, expected, "{html}");
        assert!(
            html.contains(told) && html.starts_with("<!doctype html>"),
            "{html}"
        );
        assert_eq!(headers.get(SET_COOKIE), None);
    }
    let (status, _, _) = page(browser().get(&link).header("cookie", session("ann"))).await;
    assert_eq!(status, StatusCode::OK);

    // What was begun in one browser isn't finished in another, and counts once.
    let (back, begun) = set_out(&stand, &link).await;
    let (status, _, html) = page(browser().get(&back)).await;
    assert_eq!(status, StatusCode::BAD_REQUEST, "{html}");
    assert!(html.contains("another browser"), "{html}");
    let (status, _, html) = page(browser().get(&back).header("cookie", &begun)).await;
    assert_eq!(status, StatusCode::BAD_REQUEST, "{html}");
    assert_eq!(
        stand.connections("ann").await["data"][0]["connected"],
        false
    );

    // Who is on two ways at once comes back from both.
    let (first, second) = (set_out(&stand, &link).await, set_out(&stand, &link).await);
    let both = format!("{}; {}", first.1, second.1);
    for (back, _) in [&first, &second] {
        let (status, _, html) = page(browser().get(back).header("cookie", &both)).await;
        assert_eq!(status, StatusCode::OK, "{html}");
    }

    let declined = set_out(&stand, &link).await;
    let (address, answer) = declined.0.split_once('?').unwrap();
    let kept = answer.split('&').filter(|part| !part.starts_with("code="));
    let back = format!(
        "{address}?error=access_denied&{}",
        kept.collect::<Vec<_>>().join("&")
    );
    let (status, _, html) = page(browser().get(back).header("cookie", &declined.1)).await;
    assert_eq!(status, StatusCode::FORBIDDEN, "{html}");
    assert!(html.contains("allow it"), "{html}");
}

#[tokio::test]
async fn giving_up_needs_sign_in_and_a_server_that_there_is() {
    let stand = Stand::open().await;
    let nobody = stand.desk.client();
    for path in ["/connect/tasks/disconnect", "/connect/others/disconnect"] {
        let answer = nobody.post_to(path).await.unwrap();
        assert_eq!(answer.status, StatusCode::UNAUTHORIZED);
    }
    assert_eq!(
        nobody.get("/connect").await.unwrap().status,
        StatusCode::UNAUTHORIZED
    );
    let ann = stand.client("ann");
    let unknown = ann.post_to("/connect/others/disconnect").await.unwrap();
    assert_eq!(unknown.status, StatusCode::NOT_FOUND);
    let nothing = ann.post_to("/connect/tasks/disconnect").await.unwrap();
    assert_eq!(nothing.status, StatusCode::OK);
    let document = nobody.get("/connect/client.json").await.unwrap();
    let url = stand.desk.server.url();
    let document = document.json().unwrap();
    assert_eq!(document["client_id"], format!("{url}/connect/client.json"));
    assert_eq!(
        document["redirect_uris"],
        json!([format!("{url}/connect/callback/tasks")])
    );
}

#[tokio::test]
async fn a_real_browser_goes_the_whole_way() {
    let (browser, driver) = match webdriver::find() {
        Ok(found) => found,
        Err(reason) => {
            skip::note("frontdesk::a_real_browser_goes_the_whole_way", &reason).unwrap();
            return;
        }
    };
    let stand = Stand::open().await;
    let link = stand.link("ann").await;
    let browser = Browser::open(&browser, &driver).await;
    browser.visit(&link).await;
    // It sends the origin of our page, is let go to the authorization server, and comes back with its cookie.
    browser.click("form button").await;
    let page = "document.querySelector('main')?.innerText";
    browser
        .wait(&format!("{page}?.includes('is connected')"))
        .await;
    let console = browser.console().await;
    assert!(console.is_empty(), "{console:?}");
    browser.close().await;
    let connected = stand.connections("ann").await;
    assert_eq!(connected["data"][0]["connected"], true, "{connected}");
}
