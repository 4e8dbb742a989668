//! `exchange`: what is asked for, what is kept, what is told.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use frontdesk_auth::outgoing::{
    Broker, ClientCredentials, ClientMethod, Exchange, ExchangeConfig, ExchangeEndpoint,
    OutgoingError, RefusalKind,
};
use frontdesk_clock::ManualClock;
use frontdesk_identity::{Credential, Secret};
use serde_json::{Value, json};
use tokio::task::JoinSet;

use crate::outgoing_fake::{
    Fake, MARK, RESOURCE_METADATA, bearer, caller, clock, dyn_clock, http, merged, refused,
};

fn config(fake: &Fake) -> ExchangeConfig {
    ExchangeConfig {
        endpoint: ExchangeEndpoint::At(format!("{}/token", fake.base).parse().unwrap()),
        client: Some(ClientCredentials {
            id: "desk:1".to_owned(),
            secret: Some(Secret::new("hush hush")),
            method: ClientMethod::Basic,
        }),
        audience: Some("tasks".to_owned()),
        resource: Some("https://tasks.example/mcp".to_owned()),
        scopes: vec!["a".to_owned(), "b".to_owned()],
    }
}

fn exchange(fake: &Fake, clock: &Arc<ManualClock>) -> Exchange {
    Exchange::new(config(fake), http(), dyn_clock(clock))
}

#[tokio::test]
async fn the_callers_token_is_exchanged_for_one_for_the_server() {
    let (fake, clock) = (Fake::start().await, clock());
    let broker = exchange(&fake, &clock);
    let attachment = broker.attachment(&caller("ann", "hush-own", 60)).await;
    assert_eq!(bearer(&attachment.unwrap()), "hush-access-1");
    let asked = fake.seen("/token").remove(0);
    let expected = [
        ("audience", "tasks"),
        (
            "grant_type",
            "urn:ietf:params:oauth:grant-type:token-exchange",
        ),
        (
            "requested_token_type",
            "urn:ietf:params:oauth:token-type:access_token",
        ),
        ("resource", "https://tasks.example/mcp"),
        ("scope", "a b"),
        ("subject_token", "hush-own"),
        (
            "subject_token_type",
            "urn:ietf:params:oauth:token-type:access_token",
        ),
    ];
    let expected: BTreeMap<String, String> = expected
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .into();
    assert_eq!(asked.form, expected);
    // desk%3A1:hush+hush
    assert_eq!(
        asked.authorization.unwrap(),
        "Basic ZGVzayUzQTE6aHVzaCtodXNo"
    );
}

#[tokio::test]
async fn each_way_to_authenticate_says_what_it_must() {
    let fake = Fake::start().await;
    let cases = [
        (
            ClientMethod::Post,
            Some("hush"),
            [Some("desk"), Some("hush")],
        ),
        (ClientMethod::Public, Some("hush"), [Some("desk"), None]),
        (ClientMethod::Public, None, [Some("desk"), None]),
    ];
    for (method, secret, expected) in cases {
        let mut config = config(&fake);
        config.client = Some(ClientCredentials {
            id: "desk".to_owned(),
            secret: secret.map(Secret::new),
            method,
        });
        let broker = Exchange::new(config, http(), dyn_clock(&clock()));
        broker.attachment(&caller("ann", "own", 60)).await.unwrap();
        let asked = fake.seen("/token").pop().unwrap();
        let sent = ["client_id", "client_secret"].map(|name| asked.form.get(name).cloned());
        assert_eq!(
            sent,
            expected.map(|text| text.map(str::to_owned)),
            "{method:?}"
        );
        assert_eq!(asked.authorization, None);
    }
}

#[tokio::test]
async fn a_hundred_calls_at_once_cause_one_exchange() {
    let (fake, clock) = (Fake::start().await, clock());
    // A token that isn't kept for later, so that only waiting can make it one.
    fake.lifetime(0);
    fake.close_gate();
    let broker = Arc::new(exchange(&fake, &clock));
    let mut calls = JoinSet::new();
    for _ in 0..100 {
        let broker = Arc::clone(&broker);
        calls.spawn(async move {
            let attachment = broker.attachment(&caller("ann", "own", 60)).await;
            bearer(&attachment.unwrap()).to_owned()
        });
    }
    while fake.seen("/token").is_empty() {
        tokio::task::yield_now().await;
    }
    fake.open_gate();
    let tokens = calls.join_all().await;
    assert_eq!(tokens, vec!["hush-access-1"; 100]);
    assert_eq!(fake.seen("/token").len(), 1);
}

#[tokio::test]
async fn a_call_that_is_given_up_leaves_those_who_wait_for_its_exchange_one_of_their_own() {
    let (fake, clock) = (Fake::start().await, clock());
    fake.close_gate();
    let broker = Arc::new(exchange(&fake, &clock));
    let call = || {
        let broker = Arc::clone(&broker);
        async move {
            let attachment = broker.attachment(&caller("ann", "own", 60)).await;
            bearer(&attachment.unwrap()).to_owned()
        }
    };
    let (mut first, mut others) = (JoinSet::new(), JoinSet::new());
    first.spawn(call());
    while fake.seen("/token").is_empty() {
        tokio::task::yield_now().await;
    }
    for _ in 0..10 {
        others.spawn(call());
    }
    tokio::task::yield_now().await;
    first.shutdown().await;
    fake.open_gate();
    let tokens = others.join_all().await;
    assert!(tokens.iter().all(|token| *token == tokens[0]), "{tokens:?}");
    assert_eq!(fake.seen("/token").len(), 2);
}

#[tokio::test]
async fn a_token_is_kept_until_half_a_minute_before_its_end() {
    let (fake, clock) = (Fake::start().await, clock());
    fake.lifetime(100);
    let broker = exchange(&fake, &clock);
    let ann = caller("ann", "own", 1_000);
    let mut tokens = Vec::new();
    for wait in [0, 69, 1, 69] {
        clock.advance(Duration::from_secs(wait));
        tokens.push(bearer(&broker.attachment(&ann).await.unwrap()).to_owned());
    }
    let numbered = [1, 1, 2, 2].map(|number| format!("hush-access-{number}"));
    assert_eq!(tokens, numbered);
}

#[tokio::test]
async fn no_caller_gets_the_token_of_another() {
    let (fake, clock) = (Fake::start().await, clock());
    let broker = exchange(&fake, &clock);
    let mut tokens = Vec::new();
    for (user, own) in [
        ("ann", "one"),
        ("bob", "one"),
        ("ann", "two"),
        ("ann", "one"),
    ] {
        let attachment = broker.attachment(&caller(user, own, 60)).await.unwrap();
        tokens.push(bearer(&attachment).to_owned());
    }
    let numbered = [1, 2, 3, 1].map(|number| format!("hush-access-{number}"));
    assert_eq!(tokens, numbered);
}

#[tokio::test]
async fn a_refused_token_is_exchanged_for_once_anew() {
    let (fake, clock) = (Fake::start().await, clock());
    let broker = exchange(&fake, &clock);
    let ann = caller("ann", "own", 60);
    let first = broker.attachment(&ann).await.unwrap();
    let refusal = refused(&first, RefusalKind::Unauthorized, &[]);
    let second = broker.renewed(&ann, &refusal).await.unwrap();
    assert_eq!(bearer(&second), "hush-access-2");
    // Another call that the first token was refused for takes what is there now.
    let again = broker.renewed(&ann, &refusal).await.unwrap();
    assert_eq!(bearer(&again), "hush-access-2");
    let forbidden = refused(&second, RefusalKind::Forbidden, &["admin"]);
    let missing = OutgoingError::MissingScope {
        scopes: vec!["admin".to_owned()],
        link: None,
    };
    assert_eq!(broker.renewed(&ann, &forbidden).await.unwrap_err(), missing);
    assert_eq!(fake.seen("/token").len(), 2);
}

#[tokio::test]
async fn check_21_what_an_issuer_answers_is_told_by_its_code_alone() {
    let (fake, clock) = (Fake::start().await, clock());
    let broker = exchange(&fake, &clock);
    let refused = |detail: &str| OutgoingError::Refused {
        detail: detail.to_owned(),
    };
    let unavailable = |detail: &str| OutgoingError::Unavailable {
        detail: detail.to_owned(),
    };
    let said = |code: &str| json!({"error": code, "error_description": "hush-own is bad"});
    let good = json!({
        "access_token": "hush-new", "token_type": "Bearer", "expires_in": 60,
        "issued_token_type": "urn:ietf:params:oauth:token-type:access_token",
    });
    let with = |changes: Value| merged(good.clone(), changes);
    let cases = [
        (
            400,
            said("invalid_grant"),
            refused("token exchange: invalid_grant"),
        ),
        (
            400,
            said("invalid_target"),
            refused("token exchange: invalid_target"),
        ),
        (
            401,
            said("invalid_client"),
            unavailable("token exchange: invalid_client"),
        ),
        (
            400,
            said("invalid_scope"),
            OutgoingError::MissingScope {
                scopes: vec!["a".to_owned(), "b".to_owned()],
                link: None,
            },
        ),
        (
            400,
            said("hush-own"),
            refused("token endpoint: 400 Bad Request"),
        ),
        (302, json!({}), refused("token endpoint: 302 Found")),
        (
            503,
            said("invalid_grant"),
            unavailable("token endpoint: 503 Service Unavailable"),
        ),
        (
            200,
            json!(["hush-own"]),
            refused("a document doesn't have the form that it should"),
        ),
        (
            200,
            with(json!({"token_type": "DPoP"})),
            refused("the issuer gives a token that is no bearer token"),
        ),
        (
            200,
            with(json!({"issued_token_type": "urn:ietf:params:oauth:token-type:refresh_token"})),
            refused("token exchange: the issuer gives something else than an access token"),
        ),
        (
            200,
            with(json!({"issued_token_type": null})),
            refused("token exchange: the issuer gives something else than an access token"),
        ),
        (
            200,
            with(json!({"access_token": "hush\nhush"})),
            refused("the issuer gives a token that can't be sent"),
        ),
        (
            200,
            with(json!({"access_token": "x".repeat(20_000)})),
            refused("the issuer gives a token that can't be sent"),
        ),
        (
            200,
            with(json!({"padding": "x".repeat(300_000)})),
            refused("a document is too long"),
        ),
    ];
    for (status, body, expected) in cases {
        fake.force("/token", status, body);
        let error = broker.attachment(&caller("ann", "hush-own", 60)).await;
        let error = error.unwrap_err();
        assert_eq!(error, expected);
        assert!(!format!("{error} {error:?} {broker:?}").contains(MARK));
    }
    // A failure isn't remembered.
    fake.force("/token", 0, Value::Null);
    let attachment = broker.attachment(&caller("ann", "hush-own", 60)).await;
    assert!(!format!("{attachment:?} {broker:?}").contains(MARK));
    assert!(attachment.is_ok());
}

#[tokio::test]
async fn an_issuer_that_is_down_is_told_as_such() {
    let (fake, clock) = (Fake::start().await, clock());
    let broker = exchange(&fake, &clock);
    drop(fake);
    let error = broker.attachment(&caller("ann", "own", 60)).await;
    assert!(
        matches!(error, Err(OutgoingError::Unavailable { .. })),
        "{error:?}"
    );
}

#[tokio::test]
async fn the_endpoint_is_found_once_from_the_issuers_metadata() {
    let (fake, clock) = (Fake::start().await, clock());
    let config = ExchangeConfig {
        endpoint: ExchangeEndpoint::Issuer(fake.base.clone()),
        ..config(&fake)
    };
    let broker = Exchange::new(config, http(), dyn_clock(&clock));
    for user in ["ann", "bob"] {
        broker.attachment(&caller(user, "own", 60)).await.unwrap();
    }
    let paths = [
        "/.well-known/oauth-authorization-server",
        "/token",
        "/token",
    ];
    assert_eq!(fake.paths(), paths);
    assert!(fake.seen(RESOURCE_METADATA).is_empty());
}

#[tokio::test]
async fn only_a_token_that_holds_is_exchanged() {
    let (fake, clock) = (Fake::start().await, clock());
    let broker = exchange(&fake, &clock);
    let ann = caller("ann", "old", 10);
    clock.advance(Duration::from_secs(10));
    ann.credentials.renew(Credential {
        token: Secret::new("new"),
        audiences: Vec::new(),
        expires_at: None,
    });
    broker.attachment(&ann).await.unwrap();
    assert_eq!(fake.seen("/token").remove(0).form["subject_token"], "new");
}
