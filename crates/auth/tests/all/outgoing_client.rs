//! Who we are at authorization servers, and how we show it.

use frontdesk_auth::outgoing::oauth::{
    Authorizer, Challenge, ClientIdentity, DynamicRegistration, MAX_SCOPES, RegisteredClient,
    Wanted, split_scopes, union_of_scopes,
};
use frontdesk_auth::outgoing::{Attachment, ClientMethod, OutgoingError, Refusal, RefusalKind};
use frontdesk_auth::{GuardedHttp, Reach};
use frontdesk_identity::Secret;
use http::HeaderMap;
use serde_json::json;
use url::Url;

use crate::outgoing_authorizer::{authorizer, back, begin_with, identity, list, refused};
use crate::outgoing_fake::{
    Fake, RESOURCE_METADATA, clock, dyn_clock, merged, pairs, refused as refused_with,
};

pub(crate) fn registered(secret: Option<&str>) -> ClientIdentity {
    ClientIdentity {
        registered: Some(RegisteredClient {
            id: "desk".to_owned(),
            secret: secret.map(Secret::new),
            method: None,
            issuer: None,
        }),
        ..identity()
    }
}

#[tokio::test]
async fn the_client_shows_the_best_that_it_has() {
    let document: Url = "https://desk.example/connect/client.json".parse().unwrap();
    let with_document = |client: ClientIdentity| ClientIdentity {
        metadata_document: Some(document.clone()),
        ..client
    };
    let supported = json!({"client_id_metadata_document_supported": true});
    let cases = [
        (with_document(registered(None)), supported.clone(), "desk"),
        (
            with_document(identity()),
            supported.clone(),
            document.as_str(),
        ),
        (with_document(identity()), json!({}), "made"),
        (identity(), supported, "made"),
    ];
    for (client, server, expected) in cases {
        let fake = Fake::start().await;
        fake.server_with(server);
        let begun = begin_with(&fake, client, &Challenge::default())
            .await
            .unwrap();
        assert_eq!(pairs(begun.url.query().unwrap())["client_id"], expected);
        assert_eq!(
            fake.seen("/register").len(),
            usize::from(expected == "made")
        );
    }
    let fake = Fake::start().await;
    let never = ClientIdentity {
        dynamic: DynamicRegistration::Refused,
        ..identity()
    };
    let error = begin_with(&fake, never, &Challenge::default()).await;
    assert_eq!(
        error.unwrap_err(),
        refused("we are not registered with the authorization server")
    );
    assert_eq!(
        identity().document(&document, &[back()])["client_id"],
        document.as_str()
    );
}

#[tokio::test]
async fn a_secret_is_sent_as_the_server_wants_it() {
    let cases = [
        (None, None, Some("Basic ZGVzazpodXNo"), None),
        (
            None,
            Some("client_secret_basic"),
            Some("Basic ZGVzazpodXNo"),
            None,
        ),
        (None, Some("client_secret_post"), None, Some("hush")),
        (None, Some("none"), None, None),
        (
            Some(ClientMethod::Post),
            Some("client_secret_basic"),
            None,
            Some("hush"),
        ),
    ];
    for (method, supported, header, field) in cases {
        let fake = Fake::start().await;
        if let Some(supported) = supported {
            fake.server_with(json!({"token_endpoint_auth_methods_supported": [supported]}));
        }
        let mut client = registered(Some("hush"));
        client.registered.as_mut().unwrap().method = method;
        let begun = begin_with(&fake, client, &Challenge::default())
            .await
            .unwrap();
        let query = fake.approve(&begun.url);
        let authorizer = authorizer(identity(), &clock());
        authorizer.finish(&begun.pending, &query).await.unwrap();
        let asked = fake.seen("/token").remove(0);
        assert_eq!(asked.authorization.as_deref(), header);
        assert_eq!(asked.form.get("client_secret").map(String::as_str), field);
    }
}

#[tokio::test]
async fn a_registration_belongs_to_one_issuer() {
    let (one, other) = (Fake::start().await, Fake::start().await);
    let authorizer = authorizer(identity(), &clock());
    for fake in [&one, &one, &other] {
        let begun = authorizer
            .begin(&Wanted {
                server: &fake.url(),
                challenge: Some(&Challenge::default()),
                scopes: &[],
                granted: None,
                redirect_uri: &back(),
            })
            .await
            .unwrap();
        // Registered with a secret, which the server didn't say how to send.
        let query = fake.approve(&begun.url);
        authorizer.finish(&begun.pending, &query).await.unwrap();
        let sent = fake.seen("/token").pop().unwrap().authorization;
        assert_eq!(sent.as_deref(), Some("Basic bWFkZTpodXNoLW1hZGU="));
    }
    assert_eq!(one.seen("/register").len(), 1);
    assert_eq!(other.seen("/register").len(), 1);
    // A client that the operator registered at one issuer goes to no other.
    let mut client = registered(Some("hush"));
    client.registered.as_mut().unwrap().issuer = Some(other.base.clone());
    let error = begin_with(&one, client, &Challenge::default()).await;
    assert_eq!(
        error.unwrap_err(),
        refused("no authorization server that we may go to")
    );
}

#[test]
fn challenges_are_read_in_every_spelling() {
    let cases = [
        (vec![], None, vec![]),
        (vec!["Bearer"], None, vec![]),
        (
            vec![r#"Bearer resource_metadata="https://a.example/x", scope="a b""#],
            Some("https://a.example/x"),
            vec!["a", "b"],
        ),
        (
            vec![
                r#"bearer error="invalid_token",error_description="no, \"really\" = not",scope=a,RESOURCE_METADATA=https://a.example"#,
            ],
            Some("https://a.example"),
            vec!["a"],
        ),
        (
            vec![r#"Basic realm="x""#, r#"Bearer scope="a""#],
            None,
            vec!["a"],
        ),
        (
            vec![r#"Basic realm="x", Bearer scope="a""#],
            None,
            vec!["a"],
        ),
        (vec![r#"Bearer scope="open"#], None, vec![]),
        (vec!["===, =,\"="], None, vec![]),
    ];
    for (values, metadata, scopes) in cases {
        let mut headers = HeaderMap::new();
        for value in &values {
            headers.append("www-authenticate", value.parse().unwrap());
        }
        let expected = Challenge {
            resource_metadata: metadata.map(str::to_owned),
            scopes: list(&scopes),
        };
        assert_eq!(Challenge::of(&headers), expected, "{values:?}");
    }
}

#[test]
fn what_a_server_asks_for_is_bounded() {
    let many: Vec<String> = (0..100).map(|number| format!("scope-{number}")).collect();
    assert_eq!(split_scopes(&many.join(" ")), many[..MAX_SCOPES]);
    let long: Vec<String> = (0..30)
        .map(|number| format!("{number}{}", "x".repeat(190)))
        .collect();
    assert_eq!(split_scopes(&long.join(" ")), long[..10]);
    let odd = ["a", "", "a", "b c", "\"", "\\", "é", &"x".repeat(300), "b"];
    assert_eq!(union_of_scopes(odd), ["a", "b"]);
    let refusal = Refusal {
        resource_metadata: Some(format!("https://a.example/{}", "x".repeat(4_000))),
        scopes: long.clone(),
        ..refused_with(&Attachment::default(), RefusalKind::Unauthorized, &[])
    };
    let expected = Challenge {
        resource_metadata: None,
        scopes: long[..10].to_vec(),
    };
    assert_eq!(Challenge::from(&refusal), expected);
}

#[tokio::test]
async fn nobody_sends_us_into_our_own_network() {
    let fake = Fake::start().await;
    let guarded = GuardedHttp::new(Reach::PublicOnly, ["127.0.0.1".to_owned()]).unwrap();
    for inside in [
        "https://10.0.0.1",
        "https://169.254.169.254",
        "http://a.example",
    ] {
        let servers = json!({"authorization_servers": [inside]});
        fake.document(RESOURCE_METADATA, merged(fake.resource(), servers));
        let authorizer = Authorizer::new(identity(), guarded.clone(), dyn_clock(&clock()));
        let begun = authorizer
            .begin(&Wanted {
                server: &fake.url(),
                challenge: Some(&Challenge::default()),
                scopes: &[],
                granted: None,
                redirect_uri: &back(),
            })
            .await;
        let refused = matches!(begun, Err(OutgoingError::Refused { .. }));
        assert!(refused, "{inside}: {begun:?}");
    }
}
