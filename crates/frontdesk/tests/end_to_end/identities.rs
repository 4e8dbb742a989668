//! How tool servers learn who is calling: each way on the real binary, against a server that keeps what it got.

use frontdesk_testkit::authorization_server::AuthorizationServer;
use frontdesk_testkit::clients::Client;
use frontdesk_testkit::issuer::Issuer;
use frontdesk_testkit::model_server::{Call, ModelServer, Script};
use frontdesk_testkit::tool_server::{Called, RecordingServer, TOOL};
use reqwest::StatusCode;
use serde_json::{Value, json};

use super::desk::{Desk, items};

/// What the model would like to say of the user.
const MODELS: &str = "the-model-says";

/// A desk whose users sign in by tokens, with one tool server.
struct Stand {
    issuer: Issuer,
    tools: RecordingServer,
    model: ModelServer,
    desk: Desk,
}

impl Stand {
    async fn open(settings: &[(&str, &str)]) -> Self {
        let (issuer, tools) = (
            Issuer::start().await.unwrap(),
            RecordingServer::start().await.unwrap(),
        );
        let arguments = json!({"user_id": MODELS, "access_token": MODELS, "at": "the sea"});
        let script = Script::tools([Call::new("call_1", TOOL, arguments)], "Looked.");
        let model = ModelServer::start(script).await.unwrap();
        let base_url = model.base_url();
        let mut variables = vec![
            ("FRONTDESK__AUTH__MODE", "jwt"),
            ("FRONTDESK__AUTH__ISSUER", issuer.url()),
            ("FRONTDESK__AUTH__AUDIENCE", "frontdesk"),
            ("FRONTDESK__MCP__DESK__URL", tools.url()),
            ("OPENAI_BASE_URL", &base_url),
            ("RUST_LOG", "trace"),
        ];
        variables.extend(settings);
        let desk = Desk::open(&variables).await;
        Self {
            issuer,
            tools,
            model,
            desk,
        }
    }

    /// A user's token for us, and for whoever else is named.
    fn token(&self, user: &str, audiences: &[&str]) -> String {
        let mut audiences = audiences.to_vec();
        audiences.push("frontdesk");
        let claims = json!({"sub": user, "email": format!("{user}@example.com"), "aud": audiences});
        self.issuer.token(claims).unwrap()
    }

    fn client(&self, token: &str) -> Client {
        let bearer = format!("Bearer {token}");
        self.desk.client().with_header("authorization", &bearer)
    }

    /// Has the tool called once as this user; gives all that the thread shows, too.
    async fn call(&self, token: &str) -> (Called, String) {
        let shown = self.turn(token).await;
        (self.tools.only_call().unwrap(), shown)
    }

    async fn turn(&self, token: &str) -> String {
        let client = self.client(token);
        let answer = client.create("Look").await.unwrap();
        assert_eq!(answer.status, StatusCode::OK, "{answer:?}");
        let thread = answer.thread_id().unwrap();
        format!("{answer:?} {:?}", items(&client, &thread).await)
    }

    /// Nobody but the tool server has seen these. Ends the desk.
    async fn assert_hidden(&mut self, secrets: &[&str], shown: &str) {
        let log = self.desk.server.whole_log().await.unwrap();
        let asked = format!("{:?}", self.model.requests());
        for secret in secrets {
            for (place, text) in [("the log", &log), ("a model", &asked)] {
                assert!(!text.contains(secret), "{place} shows {secret}");
            }
            assert!(!shown.contains(secret), "the thread shows {secret}");
        }
    }
}

/// What a token says; whether it holds is for others to check.
fn claims(authorization: &str) -> Value {
    use base64::Engine;
    use base64::engine::general_purpose::URL_SAFE_NO_PAD;

    let token = authorization.trim_start_matches("Bearer ");
    let claims = token.split('.').nth(1).unwrap();
    serde_json::from_slice(&URL_SAFE_NO_PAD.decode(claims).unwrap()).unwrap()
}

#[tokio::test]
async fn forward_passes_the_users_own_token_on_where_it_is_for_that_server() {
    let mut stand = Stand::open(&[
        ("FRONTDESK__MCP__DESK__AUTH", "forward"),
        ("FRONTDESK__MCP__DESK__AUDIENCE", "tools"),
    ])
    .await;
    let elsewhere = stand.token("ann", &["others"]);
    let shown = stand.turn(&elsewhere).await;
    assert_eq!(stand.tools.calls(), [], "{shown}");

    let token = stand.token("ann", &["tools"]);
    let (called, shown) = stand.call(&token).await;
    assert_eq!(called.headers["authorization"], format!("Bearer {token}"));
    stand.assert_hidden(&[&token, &elsewhere], &shown).await;
}

#[tokio::test]
async fn exchange_gives_a_token_for_that_server_and_keeps_it() {
    let sso = AuthorizationServer::start("nobody").await.unwrap();
    let mut stand = Stand::open(&[
        ("FRONTDESK__MCP__DESK__AUTH", "exchange"),
        ("FRONTDESK__MCP__DESK__AUDIENCE", "tools"),
        (
            "FRONTDESK__MCP__DESK__EXCHANGE__TOKEN_URL",
            &sso.token_url(),
        ),
        ("FRONTDESK__MCP__DESK__EXCHANGE__CLIENT_ID", "desk"),
        (
            "FRONTDESK__MCP__DESK__EXCHANGE__CLIENT_SECRET",
            "hushhush-desk",
        ),
        (
            "FRONTDESK__MCP__DESK__EXCHANGE__CLIENT_METHOD",
            "client_secret_post",
        ),
        ("FRONTDESK__MCP__DESK__EXCHANGE__SCOPES", "read,write"),
    ])
    .await;
    let token = stand.token("ann", &[]);
    let (called, shown) = stand.call(&token).await;
    let given = &called.headers["authorization"];
    let said = claims(given);
    assert_eq!(
        (&said["iss"], &said["sub"], &said["aud"]),
        (&json!(sso.url()), &json!("ann"), &json!("tools"))
    );
    let asked = sso.requests("/token");
    let field = |name: &str| asked[0].get(name).map(String::as_str);
    assert_eq!(field("subject_token"), Some(token.as_str()));
    assert_eq!(
        [field("audience"), field("client_id"), field("scope")],
        [Some("tools"), Some("desk"), Some("read write")]
    );
    stand.turn(&token).await;
    assert_eq!(sso.requests("/token").len(), 1);
    assert_eq!(stand.tools.calls().len(), 2);
    let given = given.trim_start_matches("Bearer ");
    stand
        .assert_hidden(&[&token, given, "hushhush"], &shown)
        .await;
}

#[tokio::test]
async fn a_static_credential_has_the_signed_user_beside_it() {
    let mut stand = Stand::open(&[
        ("FRONTDESK__MCP__DESK__AUTH", "static"),
        ("FRONTDESK__MCP__DESK__TOKEN", "hushhush-service"),
        ("FRONTDESK__MCP__DESK__HEADER", "X-Api-Key"),
        ("FRONTDESK__MCP__DESK__WITH_USER", "true"),
        ("FRONTDESK__MCP__DESK__AUDIENCE", "tools"),
    ])
    .await;
    let token = stand.token("ann", &[]);
    let (called, shown) = stand.call(&token).await;
    assert_eq!(called.headers["x-api-key"], "hushhush-service");
    assert_eq!(called.headers.get("authorization"), None);
    let identity = &called.headers["frontdesk-identity"];
    let said = claims(identity);
    assert_eq!(
        (&said["iss"], &said["sub"], &said["aud"]),
        (&json!("frontdesk"), &json!("ann"), &json!("tools"))
    );
    stand
        .assert_hidden(&[&token, identity, "hushhush"], &shown)
        .await;
}

#[tokio::test]
async fn check_03_arguments_are_the_servers_whatever_the_model_says() {
    let mut stand = Stand::open(&[
        ("FRONTDESK__MCP__DESK__AUTH", "arguments"),
        ("FRONTDESK__MCP__DESK__ARGUMENTS__USER_ID", "user.id"),
        ("FRONTDESK__MCP__DESK__ARGUMENTS__ACCESS_TOKEN", "token"),
    ])
    .await;
    let token = stand.token("ann", &[]);
    let (called, shown) = stand.call(&token).await;
    assert_eq!(
        called.arguments,
        json!({"user_id": "ann", "access_token": token, "at": "the sea"})
    );
    assert_eq!(called.headers.get("authorization"), None);
    // The server says the token again; what comes of it is blotted out.
    let asked = stand.model.requests();
    let result = asked.last().unwrap().body["input"].to_string();
    let blotted = "ann with [redacted] looked at the sea";
    assert!(result.contains(blotted), "{result}");
    stand.assert_hidden(&[&token], &shown).await;
    let offered = asked[0].body["tools"].to_string();
    assert!(offered.contains("\"at\""), "{offered}");
    for hidden in ["user_id", "access_token"] {
        assert!(!offered.contains(hidden), "{offered}");
    }
}

#[tokio::test]
async fn single_tools_are_left_out() {
    let stand = Stand::open(&[("FRONTDESK__MCP__DESK__TOOLS__DENY", "lo*")]).await;
    let token = stand.token("ann", &[]);
    stand.turn(&token).await;
    assert_eq!(stand.tools.calls(), []);
    let asked = &stand.model.requests()[0].body;
    assert!(!asked["tools"].to_string().contains(TOOL), "{asked}");
}
