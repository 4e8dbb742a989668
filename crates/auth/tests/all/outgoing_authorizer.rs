//! The authorization code flow, from a tool server's refusal to a token and its refreshing.

use std::sync::Arc;

use frontdesk_auth::outgoing::OutgoingError;
use frontdesk_auth::outgoing::oauth::{
    Authorizer, Begun, Challenge, ClientIdentity, DynamicRegistration, Granted, Wanted,
    split_scopes,
};
use frontdesk_clock::ManualClock;
use serde_json::{Value, json};
use url::Url;

use crate::outgoing_client::registered;
use crate::outgoing_fake::{
    Fake, MARK, RESOURCE_METADATA, SERVER_METADATA, clock, dyn_clock, http, merged, pairs,
};

const ROOT_METADATA: &str = "/.well-known/oauth-protected-resource";

pub(crate) fn identity() -> ClientIdentity {
    ClientIdentity {
        name: "Desk".to_owned(),
        registered: None,
        metadata_document: None,
        dynamic: DynamicRegistration::Allowed,
    }
}

pub(crate) fn authorizer(client: ClientIdentity, clock: &Arc<ManualClock>) -> Authorizer {
    Authorizer::new(client, http(), dyn_clock(clock))
}

pub(crate) fn back() -> Url {
    "https://desk.example/connect/callback".parse().unwrap()
}

pub(crate) async fn begin_with(
    fake: &Fake,
    client: ClientIdentity,
    challenge: &Challenge,
) -> Result<Begun, OutgoingError> {
    authorizer(client, &clock())
        .begin(&Wanted {
            server: &fake.url(),
            challenge: Some(challenge),
            scopes: &[],
            granted: None,
            redirect_uri: &back(),
        })
        .await
}

pub(crate) async fn begin(fake: &Fake) -> Result<Begun, OutgoingError> {
    begin_with(fake, identity(), &Challenge::default()).await
}

pub(crate) fn refused(detail: &str) -> OutgoingError {
    OutgoingError::Refused {
        detail: detail.to_owned(),
    }
}

pub(crate) fn list(texts: &[&str]) -> Vec<String> {
    texts.iter().map(|&text| text.to_owned()).collect()
}

#[tokio::test]
async fn an_authorization_says_all_that_the_standards_ask_for() {
    let fake = Fake::start().await;
    let Begun { url, pending } = begin(&fake).await.unwrap();
    assert_eq!(url.path(), "/authorize");
    let mut asked = pairs(url.query().unwrap());
    let state = asked.remove("state").unwrap();
    assert_eq!(state, pending.state().expose());
    assert_eq!(asked.remove("code_challenge").unwrap().len(), 43);
    let server = fake.url();
    let expected = [
        ("client_id", "made"),
        ("code_challenge_method", "S256"),
        ("redirect_uri", "https://desk.example/connect/callback"),
        ("resource", server.as_str()),
        ("response_type", "code"),
    ];
    let expected = expected.map(|(name, value)| (name.to_owned(), value.to_owned()));
    assert_eq!(asked, expected.into());
    let registration: Value = serde_json::from_str(&fake.seen("/register")[0].body).unwrap();
    assert_eq!(
        registration,
        json!({
            "client_name": "Desk",
            "redirect_uris": ["https://desk.example/connect/callback"],
            "grant_types": ["authorization_code", "refresh_token"],
            "response_types": ["code"],
            "token_endpoint_auth_method": "none",
            "application_type": "web",
        })
    );
    let again = begin(&fake).await.unwrap();
    assert_ne!(again.pending.state().expose(), state);
}

#[tokio::test]
async fn a_code_becomes_a_token_that_is_refreshed_with_the_newest_refresh_token() {
    let (fake, clock) = (Fake::start().await, clock());
    let authorizer = authorizer(registered(Some("hush")), &clock);
    fake.server_with(json!({"token_endpoint_auth_methods_supported": ["client_secret_post"]}));
    let begun = authorizer
        .begin(&Wanted {
            server: &fake.url(),
            challenge: None,
            scopes: &[],
            granted: None,
            redirect_uri: &back(),
        })
        .await
        .unwrap();
    let query = fake.approve(&begun.url);
    let first = authorizer.finish(&begun.pending, &query).await.unwrap();
    assert_eq!(first.access_token().expose(), "hush-access-1");
    assert_eq!(first.expires_at(), Some(1_003_600));
    // What the server's own answer without a token named.
    assert_eq!(first.scopes(), ["tasks:read"]);
    assert_eq!(first.issuer(), fake.base);
    let second = authorizer.refresh(&first).await.unwrap();
    let third = authorizer.refresh(&second).await.unwrap();
    assert_eq!(third.access_token().expose(), "hush-access-3");
    // The first refresh token has had its turn.
    let not_connected = OutgoingError::NotConnected { link: None };
    assert_eq!(authorizer.refresh(&first).await.unwrap_err(), not_connected);
    authorizer.revoke(&third).await.unwrap();
    let revoked = fake.seen("/revoke").remove(0).form;
    assert_eq!(revoked["token"], "hush-refresh-3");
    assert_eq!(revoked["client_secret"], "hush");
    for seen in fake.seen("/token") {
        assert_eq!(seen.form["resource"], fake.url().as_str());
        assert_eq!(seen.form["client_secret"], "hush");
    }
    assert!(!format!("{authorizer:?} {begun:?} {third:?}").contains(MARK));
    // A code works once.
    let replayed = authorizer.finish(&begun.pending, &query).await;
    assert_eq!(
        replayed.unwrap_err(),
        refused("token endpoint: invalid_grant")
    );
}

#[tokio::test]
async fn metadata_is_found_in_every_place_and_in_the_right_order() {
    let here = |base: &str, path: &str| format!("{base}{path}");
    let cases: [(&str, &str, &str, &[&str]); 6] = [
        (RESOURCE_METADATA, "", SERVER_METADATA, &[]),
        (ROOT_METADATA, "", SERVER_METADATA, &[RESOURCE_METADATA]),
        (
            RESOURCE_METADATA,
            "",
            "/.well-known/openid-configuration",
            &[SERVER_METADATA],
        ),
        (
            RESOURCE_METADATA,
            "/one",
            "/.well-known/oauth-authorization-server/one",
            &[],
        ),
        (
            RESOURCE_METADATA,
            "/one",
            "/.well-known/openid-configuration/one",
            &["/.well-known/oauth-authorization-server/one"],
        ),
        (
            RESOURCE_METADATA,
            "/one",
            "/one/.well-known/openid-configuration",
            &[
                "/.well-known/oauth-authorization-server/one",
                "/.well-known/openid-configuration/one",
            ],
        ),
    ];
    for (resource_at, issuer, server_at, before) in cases {
        let fake = Fake::start().await;
        let issuer = here(&fake.base, issuer);
        let resource = merged(fake.resource(), json!({"authorization_servers": [issuer]}));
        let server = merged(fake.server(), json!({"issuer": issuer}));
        fake.document(RESOURCE_METADATA, Value::Null);
        fake.document(SERVER_METADATA, Value::Null);
        fake.document(resource_at, resource);
        fake.document(server_at, server);
        begin(&fake).await.unwrap();
        let mut expected = list(before);
        expected.extend(list(&[resource_at, server_at, "/register"]));
        let mut asked = fake.paths();
        asked.sort();
        expected.sort();
        assert_eq!(asked, expected);
    }
}

#[tokio::test]
async fn a_challenge_says_where_the_metadata_is() {
    let fake = Fake::start().await;
    let metadata = fake.resource();
    fake.document("/elsewhere.json", metadata);
    let told = Challenge {
        resource_metadata: Some(format!("{}/elsewhere.json", fake.base)),
        scopes: list(&["tasks:write"]),
    };
    let begun = begin_with(&fake, identity(), &told).await.unwrap();
    assert_eq!(
        fake.paths(),
        ["/elsewhere.json", SERVER_METADATA, "/register"]
    );
    let asked = pairs(begun.url.query().unwrap());
    assert_eq!(asked["scope"], "tasks:write");
    let nowhere = Challenge {
        resource_metadata: Some(format!("{}/nowhere.json", fake.base)),
        ..told
    };
    let error = begin_with(&fake, identity(), &nowhere).await.unwrap_err();
    assert_eq!(error, refused("there is no metadata where the server says"));
}

#[tokio::test]
async fn a_server_of_2025_03_26_is_its_own_authorization_server() {
    let fake = Fake::start().await;
    fake.document(RESOURCE_METADATA, Value::Null);
    let begun = begin(&fake).await.unwrap();
    assert_eq!(begun.url.path(), "/authorize");
    assert_eq!(
        pairs(begun.url.query().unwrap())["resource"],
        fake.url().as_str()
    );
    fake.document(SERVER_METADATA, Value::Null);
    let begun = begin(&fake).await.unwrap();
    let authorizer = authorizer(identity(), &clock());
    let query = fake.approve(&begun.url);
    let tokens = authorizer.finish(&begun.pending, &query).await.unwrap();
    assert_eq!(tokens.access_token().expose(), "hush-access-1");
}

#[tokio::test]
async fn what_is_published_must_fit_together() {
    type Change = fn(&Fake);
    let cases: [(&str, Change); 12] = [
        (
            "the authorization server doesn't offer PKCE with S256",
            |fake| {
                fake.server_with(json!({"code_challenge_methods_supported": null}));
            },
        ),
        (
            "the authorization server doesn't offer PKCE with S256",
            |fake| {
                fake.server_with(json!({"code_challenge_methods_supported": ["plain"]}));
            },
        ),
        (
            "the authorization server's metadata names another issuer",
            |fake| {
                fake.server_with(json!({"issuer": format!("{}/", fake.base)}));
            },
        ),
        (
            "the authorization server's metadata names another issuer",
            |fake| {
                fake.server_with(json!({"issuer": "https://evil.example"}));
            },
        ),
        ("the authorization server publishes no metadata", |fake| {
            fake.document(SERVER_METADATA, Value::Null);
        }),
        (
            "the protected resource's metadata names another resource",
            |fake| {
                let other = json!({"resource": "https://evil.example/mcp"});
                fake.document(RESOURCE_METADATA, merged(fake.resource(), other));
            },
        ),
        (
            "the protected resource's metadata names another resource",
            |fake| {
                let other = json!({"resource": format!("{}/mc", fake.base)});
                fake.document(RESOURCE_METADATA, merged(fake.resource(), other));
            },
        ),
        ("no authorization server that we may go to", |fake| {
            let none = json!({"authorization_servers": []});
            fake.document(RESOURCE_METADATA, merged(fake.resource(), none));
        }),
        (
            "an endpoint of the authorization server isn't https",
            |fake| {
                fake.server_with(
                    json!({"authorization_endpoint": "http://evil.example/authorize"}),
                );
            },
        ),
        ("a document has something that is no address", |fake| {
            fake.server_with(json!({"authorization_endpoint": "javascript:alert(1)"}));
        }),
        ("a document has something that is no address", |fake| {
            let endpoint = "https://bank.example@evil.example/authorize";
            fake.server_with(json!({"authorization_endpoint": endpoint}));
        }),
        (
            "we are not registered with the authorization server, and it takes no registrations",
            |fake| fake.server_with(json!({"registration_endpoint": null})),
        ),
    ];
    for (detail, change) in cases {
        let fake = Fake::start().await;
        change(&fake);
        assert_eq!(begin(&fake).await.unwrap_err(), refused(detail));
        assert!(fake.seen("/authorize").is_empty() && fake.seen("/token").is_empty());
    }
}

#[tokio::test]
async fn a_resource_may_name_all_that_is_behind_its_origin() {
    let fake = Fake::start().await;
    let whole = json!({"resource": fake.base});
    fake.document(RESOURCE_METADATA, merged(fake.resource(), whole));
    let begun = begin(&fake).await.unwrap();
    // Letter for letter, without the slash that parsing would add.
    assert_eq!(pairs(begun.url.query().unwrap())["resource"], fake.base);
}

#[tokio::test]
async fn scopes_are_chosen_in_order_and_never_lost() {
    let cases: [([&str; 5], Option<&str>); 7] = [
        (["", "", "", "", ""], None),
        (["", "", "a b", "", ""], Some("a b")),
        (["", "mine", "a b", "", ""], Some("mine")),
        (["told", "mine", "a b", "", ""], Some("told")),
        (["told", "", "", "old told", ""], Some("old told")),
        (
            ["told", "", "", "", "offline_access"],
            Some("offline_access told"),
        ),
        (["", "", "a offline_access", "", "a"], Some("a")),
    ];
    for (texts, expected) in cases {
        let [challenge, configured, supported, granted, known] = texts.map(split_scopes);
        let fake = Fake::start().await;
        let supported = json!({"scopes_supported": supported});
        fake.document(RESOURCE_METADATA, merged(fake.resource(), supported));
        fake.server_with(json!({"scopes_supported": known}));
        let begun = authorizer(identity(), &clock())
            .begin(&Wanted {
                server: &fake.url(),
                challenge: Some(&Challenge {
                    resource_metadata: None,
                    scopes: challenge,
                }),
                scopes: &configured,
                granted: Some(Granted {
                    issuer: &fake.base,
                    scopes: &granted,
                }),
                redirect_uri: &back(),
            })
            .await
            .unwrap();
        let asked = pairs(begun.url.query().unwrap());
        assert_eq!(asked.get("scope").map(String::as_str), expected);
    }
}

#[tokio::test]
async fn null_says_no_more_than_silence() {
    let fake = Fake::start().await;
    let mut resource = fake.resource();
    resource["scopes_supported"] = Value::Null;
    fake.document(RESOURCE_METADATA, resource);
    let mut server = fake.server();
    for name in [
        "scopes_supported",
        "token_endpoint_auth_methods_supported",
        "client_id_metadata_document_supported",
        "authorization_response_iss_parameter_supported",
        "revocation_endpoint",
    ] {
        server[name] = Value::Null;
    }
    fake.document(SERVER_METADATA, server);
    let begun = begin(&fake).await.unwrap();
    let query = fake.approve(&begun.url);
    let authorizer = authorizer(identity(), &clock());
    let tokens = authorizer.finish(&begun.pending, &query).await.unwrap();
    assert_eq!(authorizer.revoke(&tokens).await, Ok(()));
}
