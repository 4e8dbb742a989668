//! How an issuer's keys are held: fetched once, renewed, used for a while when the issuer is down.

use std::sync::Arc;
use std::time::Duration;

use axum::Json;
use axum::Router;
use axum::routing::get;
use frontdesk_auth::incoming::jwt::{
    ClaimNames, DEFAULT_STALE_KEYS, JwtConfig, JwtVerifier, KeySource,
};
use frontdesk_auth::{AuthError, GuardedHttp, Reach};
use futures_util::FutureExt;
use serde_json::{Value, json};
use tokio::net::TcpListener;
use tokio::task::JoinSet;

use crate::desk::{self, Desk, ann, clock, config, unauthenticated, user, verifier};
use crate::issuer::{Issuer, IssuerKey, KeyKind};

/// How long keys are fresh, in seconds.
const FRESH: u64 = 600;

fn is_unavailable<T>(result: &Result<T, AuthError>) -> bool {
    matches!(result, Err(AuthError::Unavailable { .. }))
}

#[expect(clippy::unnecessary_wraps, reason = "results are compared with it")]
fn ok() -> Result<String, AuthError> {
    Ok("ann".to_owned())
}

/// Serves one document at a path, as an issuer that isn't ours would.
fn serve(listener: TcpListener, documents: Vec<(String, Value)>) -> JoinSet<()> {
    let mut router = Router::new();
    for (path, document) in documents {
        router = router.route(&path, get(move || async move { Json(document) }));
    }
    let mut tasks = JoinSet::new();
    tasks.spawn(async move { axum::serve(listener, router).await.unwrap() });
    tasks
}

async fn listen() -> (TcpListener, String) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = format!("http://{}", listener.local_addr().unwrap());
    (listener, address)
}

#[tokio::test]
async fn check_04_an_unknown_key_id_refetches_once() {
    let desk = Desk::start().await;
    let old = desk.token(json!({}));
    assert_eq!(desk.user(&old).await, ok());
    assert_eq!(desk.issuer.fetches(), 1);
    desk.issuer.rotate().unwrap();
    let new = desk.token(json!({}));
    assert_eq!(desk.user(&new).await, ok(), "a new key counts at once");
    assert_eq!(desk.issuer.fetches(), 2);
    assert_eq!(
        desk.user(&old).await,
        unauthenticated("an unknown key"),
        "an old key doesn't"
    );

    desk.advance(30);
    let claims = desk.issuer.claims(ann(json!({})));
    let key = desk.issuer.key().unwrap();
    let template = key
        .token_with(&json!({"alg": "ES256", "kid": "0"}), &claims)
        .unwrap();
    let (_, rest) = template.split_once('.').unwrap();
    let mut requests = JoinSet::new();
    for number in 0..10_000 {
        let header = json!({"alg": "ES256", "kid": format!("made-up-{number}")}).to_string();
        let header =
            base64::Engine::encode(&base64::engine::general_purpose::URL_SAFE_NO_PAD, header);
        let (verifier, token) = (Arc::clone(&desk.verifier), format!("{header}.{rest}"));
        requests.spawn(async move { user(&verifier, &token).await });
    }
    for refused in requests.join_all().await {
        assert_eq!(refused, unauthenticated("an unknown key"));
    }
    let unknown = unauthenticated("an unknown key");
    assert_eq!(
        desk.user(&template).await,
        unknown,
        "and one a moment later"
    );
    assert_eq!(desk.issuer.fetches(), 3);
    assert_eq!(desk.user(&new).await, ok());
}

#[tokio::test]
async fn requests_that_come_while_keys_are_fetched_wait_for_that_fetch() {
    let desk = Desk::start().await;
    desk.issuer.set_held(true);
    let token = desk.token(json!({}));
    // Whoever begins the fetch may go away.
    assert_eq!(desk.user(&token).now_or_never(), None);
    desk.advance(60);
    let mut requests = JoinSet::new();
    for _ in 0..100 {
        let (verifier, token) = (Arc::clone(&desk.verifier), token.clone());
        requests.spawn(async move { user(&verifier, &token).await });
    }
    desk.issuer.set_held(false);
    assert!(requests.join_all().await.iter().all(|found| *found == ok()));
    assert_eq!(desk.issuer.fetches(), 1);
}

#[test]
fn a_runtime_that_shuts_down_leaves_nobody_waiting() {
    let (tell, told) = std::sync::mpsc::channel();
    std::thread::spawn(move || {
        let key = IssuerKey::make("key", KeyKind::EdDsa).unwrap();
        let token = key.token(&ann(json!({"exp": desk::NOW + 60}))).unwrap();
        let source = KeySource::Jwks("https://sso.example/keys".parse().unwrap());
        let verifier = verifier(config("https://sso.example", source), &clock()).unwrap();
        let runtime = tokio::runtime::Builder::new_current_thread();
        let runtime = { runtime }.enable_all().build().unwrap();
        let handle = runtime.handle().clone();
        drop(runtime);
        let _inside = handle.enter();
        let found = user(&verifier, &token).now_or_never();
        tell.send(found.as_ref().is_some_and(is_unavailable))
            .unwrap();
    });
    assert_eq!(told.recv_timeout(Duration::from_secs(30)), Ok(true));
}

#[tokio::test]
async fn check_04_the_issuer_being_down_is_503_and_not_401() {
    let desk = Desk::start().await;
    desk.issuer.set_down(true);
    let token = desk.token(json!({}));
    assert!(
        is_unavailable(&desk.user(&token).await),
        "there never were keys"
    );
    assert_eq!(desk.user("garbage").await, unauthenticated("not a token"));
    desk.issuer.set_down(false);
    assert!(
        is_unavailable(&desk.user(&token).await),
        "it isn't asked again at once"
    );
    desk.advance(5);
    assert_eq!(desk.user(&token).await, ok());

    desk.issuer.set_down(true);
    let stranger = IssuerKey::make("another", KeyKind::Es256).unwrap();
    let unknown = stranger.token(&desk.issuer.claims(ann(json!({})))).unwrap();
    assert!(
        is_unavailable(&desk.user(&unknown).await),
        "its key could be new"
    );
    assert!(is_unavailable(&desk.user(&unknown).await));
    assert_eq!(desk.issuer.fetches(), 3, "it isn't asked for each of them");
    desk.issuer.set_down(false);
    desk.advance(30);
    assert_eq!(desk.user(&unknown).await, unauthenticated("an unknown key"));
}

#[tokio::test]
async fn old_keys_are_used_for_a_bounded_time_while_the_issuer_is_down() {
    let desk = Desk::start().await;
    let (hot, cold) = (desk.token(json!({})), desk.token(json!({"sub": "bob"})));
    assert_eq!(desk.user(&hot).await, ok());
    desk.issuer.set_down(true);
    desk.advance(FRESH + DEFAULT_STALE_KEYS.as_secs() - 1);
    assert_eq!(desk.user(&hot).await, ok());
    assert_eq!(desk.user(&cold).await, Ok("bob".to_owned()));
    desk.advance(1);
    assert!(
        is_unavailable(&desk.user(&hot).await),
        "a token that was checked before, too"
    );
    assert!(is_unavailable(&desk.user(&cold).await));
    desk.issuer.set_down(false);
    desk.advance(5);
    assert_eq!(desk.user(&hot).await, ok());
}

#[tokio::test]
async fn keys_are_renewed_while_requests_go_on() {
    let desk = Desk::start().await;
    let old = desk.token(json!({}));
    assert_eq!(desk.user(&old).await, ok());
    desk.advance(FRESH - 1);
    assert_eq!(desk.user(&old).await, ok());
    assert_eq!(desk.issuer.fetches(), 1);
    desk.advance(1);
    desk.issuer.rotate().unwrap();
    desk.issuer.set_held(true);
    assert_eq!(desk.user(&old).await, ok(), "nobody waits for the new keys");
    assert_eq!(desk.user(&old).await, ok());
    let new = desk.token(json!({}));
    let mut waiting = JoinSet::new();
    let verifier = Arc::clone(&desk.verifier);
    waiting.spawn(async move { user(&verifier, &new).await });
    desk.issuer.set_held(false);
    assert_eq!(waiting.join_all().await, [ok()], "whoever needs them does");
    assert_eq!(desk.issuer.fetches(), 2);
    assert_eq!(
        desk.user(&old).await,
        unauthenticated("an unknown key"),
        "a key that was taken back doesn't live on in tokens that were checked before"
    );
}

#[tokio::test]
async fn only_keys_for_signatures_are_taken_each_for_its_own_algorithms() {
    let made = |id: &str, kind| IssuerKey::make(id, kind).unwrap();
    let keys = [
        made("plain", KeyKind::Es256),
        made("encrypts", KeyKind::Es256),
        made("signs", KeyKind::Es256),
        made("verifies", KeyKind::Es256),
        made("other-algorithm", KeyKind::Es256),
        made("wrong-curve", KeyKind::Es256),
        made("any-rsa", KeyKind::Rs512),
    ];
    let mut published: Vec<Value> = keys.iter().map(IssuerKey::jwk).collect();
    for jwk in &mut published {
        jwk.as_object_mut()
            .unwrap()
            .retain(|name, _| name != "use" && name != "alg");
    }
    published[1]["use"] = "enc".into();
    published[2]["key_ops"] = json!(["sign"]);
    published[3]["key_ops"] = json!(["verify"]);
    published[4]["alg"] = "ES384".into();
    published[5]["crv"] = "secp256k1".into();
    published.push(json!({"kty": "oct", "kid": "secret", "k": "c2VjcmV0"}));
    published.push(json!({"kty": "quantum", "kid": "new"}));
    published.push(json!("not a key"));
    let (listener, address) = listen().await;
    let _server = serve(
        listener,
        vec![("/keys".to_owned(), json!({"keys": published}))],
    );
    let source = KeySource::Jwks(format!("{address}/keys").parse().unwrap());
    let verifier = verifier(config("https://sso.example", source), &clock()).unwrap();
    let claims = ann(json!({"iss": "https://sso.example", "exp": desk::NOW + 60}));
    for (key, expected) in keys.iter().zip([
        ok(),
        unauthenticated("an unknown key"),
        unauthenticated("an unknown key"),
        ok(),
        unauthenticated("an unknown key"),
        unauthenticated("an unknown key"),
        ok(),
    ]) {
        let found = user(&verifier, &key.token(&claims).unwrap()).await;
        assert_eq!(found, expected, "{}", key.jwk());
    }
}

#[tokio::test]
async fn a_key_set_is_bounded() {
    let last = IssuerKey::make("last", KeyKind::EdDsa).unwrap();
    let mut keys = vec![json!({"kty": "oct", "kid": "filler"}); 64];
    keys[63] = last.jwk();
    let (listener, address) = listen().await;
    let mut longer = keys.clone();
    longer.insert(0, keys[0].clone());
    let documents = vec![
        ("/64".to_owned(), json!({"keys": keys})),
        ("/65".to_owned(), json!({"keys": longer})),
        (
            "/huge".to_owned(),
            json!({"keys": [], "x": "x".repeat(1024 * 1024)}),
        ),
        ("/none".to_owned(), json!({"keys": "none"})),
    ];
    let _server = serve(listener, documents);
    let claims = ann(json!({"iss": "https://sso.example", "exp": desk::NOW + 60}));
    let token = last.token(&claims).unwrap();
    for (path, expected) in [
        ("64", Some(ok())),
        ("65", Some(unauthenticated("an unknown key"))),
        ("huge", None),
        ("none", None),
        ("missing", None),
    ] {
        let source = KeySource::Jwks(format!("{address}/{path}").parse().unwrap());
        let verifier = verifier(config("https://sso.example", source), &clock()).unwrap();
        let found = user(&verifier, &token).await;
        match expected {
            Some(expected) => assert_eq!(found, expected, "{path}"),
            None => assert!(is_unavailable(&found), "{path} {found:?}"),
        }
    }
}

#[tokio::test]
async fn keys_are_discovered_where_the_issuer_says_and_for_itself_alone() {
    let key = IssuerKey::make("key", KeyKind::EdDsa).unwrap();
    let (listener, address) = listen().await;
    let metadata = |issuer: &str, keys: &str| json!({"issuer": issuer, "jwks_uri": keys});
    let keys = format!("{address}/keys");
    let [openid, oauth, stranger, away, file] =
        ["openid", "oauth", "stranger", "away", "file"].map(|tenant| format!("{address}/{tenant}"));
    let documents = vec![
        ("/keys".to_owned(), json!({"keys": [key.jwk()]})),
        (
            "/openid/.well-known/openid-configuration".to_owned(),
            metadata(&openid, &keys),
        ),
        (
            "/.well-known/oauth-authorization-server/oauth".to_owned(),
            metadata(&oauth, &keys),
        ),
        (
            "/stranger/.well-known/openid-configuration".to_owned(),
            metadata(&openid, &keys),
        ),
        (
            "/away/.well-known/openid-configuration".to_owned(),
            metadata(&away, "https://169.254.169.254/keys"),
        ),
        (
            "/file/.well-known/openid-configuration".to_owned(),
            metadata(&file, "file:///etc/passwd"),
        ),
    ];
    let _server = serve(listener, documents);
    for (issuer, holds) in [
        (openid, true),
        (oauth, true),
        (stranger, false),
        (away, false),
        (file, false),
    ] {
        let verifier = verifier(config(&issuer, KeySource::Discovery), &clock()).unwrap();
        let token = key
            .token(&ann(json!({"iss": issuer, "exp": desk::NOW + 60})))
            .unwrap();
        let found = user(&verifier, &token).await;
        if holds {
            assert_eq!(found, ok(), "{issuer}");
        } else {
            assert!(is_unavailable(&found), "{issuer} {found:?}");
        }
    }
    let nowhere = verifier(config("sso", KeySource::Discovery), &clock());
    assert!(matches!(nowhere, Err(AuthError::Key { .. })));
}

#[tokio::test]
async fn an_issuer_inside_our_network_must_be_allowed() {
    let issuer = Issuer::start().await.unwrap();
    let token = issuer.token(ann(json!({}))).unwrap();
    for (trusted, expected) in [(None, false), (Some("127.0.0.1".to_owned()), true)] {
        let http = GuardedHttp::new(Reach::PublicOnly, trusted).unwrap();
        let config = JwtConfig {
            claims: ClaimNames::default(),
            stale_keys: Duration::ZERO,
            ..config(issuer.url(), KeySource::Discovery)
        };
        let verifier = JwtVerifier::new(config, http, clock()).unwrap();
        let found = user(&verifier, &token).await;
        assert_eq!(found.is_ok(), expected, "{found:?}");
    }
}
