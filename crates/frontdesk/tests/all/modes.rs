//! What holds in every mode of sign-in: a user is who they prove to be, and the server answers to its own names.

use frontdesk_auth::incoming::api_key::KeyRight;
use frontdesk_identity::{TenantId, UserId};
use frontdesk_testkit::issuer::Issuer;
use reqwest::{RequestBuilder, StatusCode};
use serde_json::{Value, json};

use super::client::{Visitor, answer, http, message};
use super::site::{Site, config, token};

/// Headers that other products take for a user.
const CLAIMS: [(&str, &str); 7] = [
    ("x-user-id", "ann"),
    ("x-user", "ann"),
    ("x-forwarded-user", "ann"),
    ("x-auth-request-user", "ann"),
    ("remote-user", "ann"),
    ("x-forwarded-for", "10.0.0.5"),
    ("forwarded", "for=10.0.0.5"),
];
const LIST: &str = r#"{"type":"threads.list","params":{}}"#;

/// A site, how its users sign in, and what is answered without.
struct Mode {
    site: Site,
    ann: (&'static str, String),
    bob: (&'static str, String),
    bad: (&'static str, String),
    /// The status for nobody and for a bad credential.
    nobody: [u16; 2],
}

async fn development() -> Mode {
    let cookie = |user: &str| ("cookie", format!("frontdesk_user={user}"));
    Mode {
        site: Site::configured(&[]).await,
        ann: cookie("ann"),
        bob: cookie("bob"),
        bad: ("authorization", "Bearer ann".to_owned()),
        // Whoever is at this machine is somebody: `dev`.
        nobody: [200, 200],
    }
}

async fn jwt(issuer: &Issuer) -> Mode {
    let bearer = |token: &str| ("authorization", format!("Bearer {token}"));
    Mode {
        site: Site::with_issuer(issuer, &[]).await,
        ann: bearer(&token(issuer, "ann", "acme")),
        bob: bearer(&token(issuer, "bob", "acme")),
        bad: bearer("ann"),
        nobody: [401, 401],
    }
}

async fn trusted_proxy() -> Mode {
    let variables = [
        ("FRONTDESK__AUTH__MODE", "trusted_proxy"),
        ("FRONTDESK__AUTH__PEERS", "127.0.0.1"),
        ("FRONTDESK__AUTH__USER_HEADER", "X-Signed-In"),
    ];
    let signed_in = |user: &str| ("x-signed-in", user.to_owned());
    Mode {
        site: Site::configured(&variables).await,
        ann: signed_in("ann"),
        bob: signed_in("bob"),
        bad: signed_in(" "),
        nobody: [401, 401],
    }
}

async fn api_key() -> Mode {
    let site = Site::configured(&[("FRONTDESK__AUTH__MODE", "api_key")]).await;
    let ring = frontdesk::keys::KeyRing::open(&config(&site.dir, &[])).await;
    let ring = ring.unwrap();
    let mut keys = Vec::new();
    for user in ["ann", "bob"] {
        let new = frontdesk::keys::NewKey {
            tenant: TenantId::single(),
            right: KeyRight::User(UserId::new(user).unwrap()),
            label: String::new(),
            good_for: None,
        };
        keys.push(ring.create(new).await.unwrap().text);
    }
    ring.close().await;
    let bearer = |key: &str| ("authorization", format!("Bearer {key}"));
    Mode {
        site,
        ann: bearer(keys[0].expose()),
        bob: bearer(keys[1].expose()),
        bad: bearer("fdk_ann"),
        nobody: [401, 401],
    }
}

fn post(site: &Site, body: String, credential: Option<&(&str, String)>) -> RequestBuilder {
    let request = http().post(site.url("/chatkit")).body(body);
    match credential {
        Some((name, value)) => request.header(*name, value),
        None => request,
    }
}

fn claiming(request: RequestBuilder) -> RequestBuilder {
    CLAIMS.iter().fold(request, |request, (name, value)| {
        request.header(*name, *value)
    })
}

async fn threads(request: RequestBuilder) -> (u16, usize) {
    let (status, body): (StatusCode, Value) = answer(request.send().await.unwrap()).await;
    (status.as_u16(), body["data"].as_array().map_or(0, Vec::len))
}

#[tokio::test]
async fn check_01_a_free_x_user_id_is_ignored() {
    let issuer = Issuer::start().await.unwrap();
    for mode in [
        development().await,
        jwt(&issuer).await,
        trusted_proxy().await,
        api_key().await,
    ] {
        let list = |credential| post(&mode.site, LIST.to_owned(), credential);
        let create = json!({ "type": "threads.create", "params": { "input": message("hello") } });
        let created = post(&mode.site, create.to_string(), Some(&mode.ann));
        assert_eq!(created.send().await.unwrap().status(), StatusCode::OK);

        assert_eq!(threads(list(Some(&mode.ann))).await, (200, 1));
        let bob = claiming(list(Some(&mode.bob)));
        assert_eq!(threads(bob).await, (200, 0), "{:?}", mode.bob);
        let [nobody, bad] = mode.nobody;
        assert_eq!(threads(list(None)).await, (nobody, 0));
        assert_eq!(threads(claiming(list(None))).await, (nobody, 0));
        assert_eq!(threads(list(Some(&mode.bad))).await, (bad, 0));
        let claimed = claiming(list(Some(&mode.bad)));
        assert_eq!(threads(claimed).await, (bad, 0), "{:?}", mode.bad);
    }
}

#[tokio::test]
async fn check_11_hosts_are_configured_and_health_is_outside_of_them() {
    let hosts = (
        "FRONTDESK__AUTH__ALLOWED_HOSTS",
        "desk.example,desk.example:8443",
    );
    let public = ("FRONTDESK__SERVER__PUBLIC_URL", "https://chat.example");
    let issuer = Issuer::start().await.unwrap();
    let site = Site::with_issuer(&issuer, &[hosts, public]).await;
    let ann = Visitor::with_token(&site, token(&issuer, "ann", "acme"));
    for (host, status) in [
        ("desk.example", 200),
        ("DESK.example:8000", 200),
        ("chat.example", 200),
        ("localhost:9", 200),
        ("evil.example", 403),
        ("desk.example.evil.example", 403),
        ("", 403),
    ] {
        let listing = ann.post("/chatkit").header("host", host).body(LIST);
        let found = listing.send().await.unwrap().status().as_u16();
        assert_eq!(found, status, "{host}");
        for path in ["/healthz", "/readyz"] {
            let health = http().get(site.url(path)).header("host", host);
            let found = health.send().await.unwrap().status();
            assert_eq!(found, StatusCode::OK, "{path} at {host}");
        }
    }
    let open = Site::with_issuer(&issuer, &[]).await;
    let ann = Visitor::with_token(&open, token(&issuer, "ann", "acme"));
    let any = ann
        .post("/chatkit")
        .header("host", "any.example")
        .body(LIST);
    assert_eq!(any.send().await.unwrap().status(), StatusCode::OK);
}

#[tokio::test]
async fn check_11_readiness_tells_what_is_away() {
    let variables = [("FRONTDESK__MCP__DESK__URL", "http://127.0.0.1:9/mcp")];
    let site = Site::with(&variables, |builder| builder).await;
    let ready = async || answer(http().get(site.url("/readyz")).send().await.unwrap()).await;
    let (status, body) = ready().await;
    assert_eq!(status, StatusCode::OK, "{body}");
    let told = [&body["status"], &body["store"], &body["parts"]["mcp.desk"]];
    assert_eq!(told, ["degraded", "ok", "away"]);
    site.frontdesk.shutdown().await;
    let (status, body) = ready().await;
    assert_eq!(status, StatusCode::SERVICE_UNAVAILABLE, "{body}");
    assert_eq!([&body["status"], &body["store"]], ["away", "away"]);
}
