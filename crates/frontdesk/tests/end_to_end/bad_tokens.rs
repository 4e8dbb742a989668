//! Tokens that don't hold are 401; keys that can't be had are 503; neither reads or writes anything.

use aws_lc_rs::hmac;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use frontdesk_testkit::clients::{Answer, Client};
use frontdesk_testkit::issuer::{Issuer, IssuerKey, KeyKind};
use reqwest::StatusCode;
use serde_json::{Value, json};

use super::desk::{self, Desk};

const AUDIENCE: &str = "frontdesk";
/// How many tokens of unknown keys come in at once.
const STRANGERS: usize = 200;

async fn open(issuer: &Issuer) -> Desk {
    Desk::open(&[
        ("FRONTDESK__AUTH__MODE", "jwt"),
        ("FRONTDESK__AUTH__ISSUER", issuer.url()),
        ("FRONTDESK__AUTH__AUDIENCE", AUDIENCE),
    ])
    .await
}

fn claims(issuer: &Issuer, change: &Value) -> Value {
    let mut claims = json!({"sub": "ann", "aud": AUDIENCE});
    for (name, value) in change.as_object().unwrap() {
        claims[name] = value.clone();
    }
    issuer.claims(claims)
}

fn with(desk: &Desk, token: &str) -> Client {
    let bearer = format!("Bearer {token}");
    desk.client().with_header("authorization", &bearer)
}

/// Says that nobody is signed in, and nothing else.
fn refused(what: &str, answer: &Answer, status: StatusCode, code: &str) {
    assert_eq!(answer.status, status, "{what}: {answer:?}");
    let error = &answer.json().unwrap()["error"];
    assert_eq!(error["code"], code, "{what}: {error}");
}

/// What attackers and accidents make of a token.
fn forged(issuer: &Issuer) -> Vec<(&'static str, String)> {
    let key = issuer.key().unwrap();
    let good = claims(issuer, &json!({}));
    let token = key.token(&good).unwrap();
    let part = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
    let id = key.jwk()["kid"].clone();
    let confused = {
        let header = json!({"alg": "HS256", "kid": id, "typ": "JWT"});
        let signed = format!("{}.{}", part(&header), part(&good));
        let secret = hmac::Key::new(hmac::HMAC_SHA256, &key.public_bytes());
        let signature = hmac::sign(&secret, signed.as_bytes());
        format!("{signed}.{}", URL_SAFE_NO_PAD.encode(signature.as_ref()))
    };
    let none = |alg: &str| {
        let header = json!({"alg": alg, "kid": id, "typ": "JWT"});
        format!("{}.{}.", part(&header), part(&good))
    };
    let mut pieces: Vec<&str> = token.split('.').collect();
    let other = part(&claims(issuer, &json!({"sub": "ben"})));
    pieces[1] = &other;
    let changed = |change: Value| key.token(&claims(issuer, &change)).unwrap();
    vec![
        ("expired", changed(json!({"exp": 1_000_000_000}))),
        ("without an end", changed(json!({"exp": null}))),
        ("of the future", changed(json!({"nbf": 3_900_000_000_u64}))),
        ("for somebody else", changed(json!({"aud": "elsewhere"}))),
        (
            "of another issuer",
            changed(json!({"iss": "https://elsewhere.example"})),
        ),
        ("without a user", changed(json!({"sub": null}))),
        ("alg none", none("none")),
        ("alg nOnE", none("nOnE")),
        ("signed with the public key", confused),
        ("with other claims", pieces.join(".")),
        ("cut", token[..token.len() - 6].to_owned()),
        ("of two parts", token.rsplit_once('.').unwrap().0.to_owned()),
        ("no token", "nonsense".to_owned()),
        ("nothing", String::new()),
    ]
}

#[tokio::test]
async fn check_04_tokens_that_do_not_hold_are_401() {
    for kind in [KeyKind::Rs256, KeyKind::Es256, KeyKind::EdDsa] {
        let issuer = Issuer::start_with(kind).await.unwrap();
        let desk = open(&issuer).await;
        let good = issuer.token(claims(&issuer, &json!({}))).unwrap();
        let ann = with(&desk, &good);
        let thread = ann.create("hello").await.unwrap().thread_id().unwrap();
        let before = desk::items(&ann, &thread).await;
        for (what, token) in forged(&issuer) {
            let stranger = with(&desk, &token);
            let read = json!({"type": "items.list", "params": {"thread_id": thread}});
            let read = stranger.post(&read).await.unwrap();
            refused(what, &read, StatusCode::UNAUTHORIZED, "unauthenticated");
            let written = stranger.add(&thread, "hello").await.unwrap();
            refused(what, &written, StatusCode::UNAUTHORIZED, "unauthenticated");
        }
        assert_eq!(desk::items(&ann, &thread).await, before, "{kind:?}");
        assert_eq!(desk::threads(&ann).await, [thread], "{kind:?}");
    }
}

#[tokio::test]
async fn check_04_a_key_set_that_is_down_is_503_and_unknown_keys_cause_one_fetch() {
    let issuer = Issuer::start().await.unwrap();
    issuer.set_down(true);
    let desk = open(&issuer).await;
    let ann = with(&desk, &issuer.token(claims(&issuer, &json!({}))).unwrap());
    let list = json!({"type": "threads.list", "params": {}});
    let answer = ann.post(&list).await.unwrap();
    refused(
        "down",
        &answer,
        StatusCode::SERVICE_UNAVAILABLE,
        "unavailable",
    );
    let wait = answer.headers["retry-after"].to_str().unwrap();
    assert!(wait.parse::<u32>().unwrap() > 0, "{wait}");
    let live = desk.client().get("/healthz").await.unwrap();
    assert_eq!(live.status, StatusCode::OK);

    issuer.set_down(false);
    desk::eventually("signed in once the keys are back", async || {
        let answer = ann.post(&list).await.unwrap();
        (answer.status == StatusCode::OK).then_some(())
    })
    .await;

    let fetches = issuer.fetches();
    let strange = (0..STRANGERS).map(|number| {
        let key = IssuerKey::make(&format!("strange-{number}"), KeyKind::EdDsa).unwrap();
        let stranger = with(&desk, &key.token(&claims(&issuer, &json!({}))).unwrap());
        let list = list.clone();
        async move { stranger.post(&list).await.unwrap() }
    });
    for answer in futures_util::future::join_all(strange).await {
        refused(
            "strange",
            &answer,
            StatusCode::UNAUTHORIZED,
            "unauthenticated",
        );
    }
    assert!(issuer.fetches() - fetches <= 1, "{}", issuer.fetches());
}
