//! `forward`, `static`, `signed` and `arguments`: the ways that ask nobody.

use std::sync::Arc;
use std::time::Duration;

use frontdesk_auth::SigningKey;
use frontdesk_auth::incoming::signed::Verifier;
use frontdesk_auth::outgoing::{
    ArgumentSource, Attachment, Broker, Forward, IDENTITY_HEADER, OutgoingError, RefusalKind,
    Signed, Signer, Static, StaticHeader, arrival, key_set,
};
use frontdesk_clock::{ManualClock, SequentialIds};
use frontdesk_identity::{Credential, Secret, SignedIn};
use http::HeaderName;
use serde_json::{Value, json};

use crate::outgoing_fake::{MARK, START, bearer, caller, clock, dyn_clock, refused, user};

fn forward(clock: &Arc<ManualClock>, audience: &str) -> Forward {
    Forward {
        audience: audience.to_owned(),
        clock: dyn_clock(clock),
    }
}

fn signer(clock: &Arc<ManualClock>) -> Signer {
    let key = SigningKey::from_secret(&Secret::new("a secret of some length")).unwrap();
    let ids = Arc::new(SequentialIds::default());
    Signer::new("https://desk.example", key, dyn_clock(clock), ids)
}

fn renewal(token: &str) -> Credential {
    Credential {
        token: Secret::new(token),
        audiences: vec!["desk".to_owned()],
        expires_at: None,
    }
}

#[tokio::test]
async fn a_token_is_forwarded_only_where_it_is_meant_for_the_server() {
    let clock = clock();
    let ann = caller("ann", "hush-own", 60);
    let attachment = forward(&clock, "desk").attachment(&ann).await.unwrap();
    assert_eq!(bearer(&attachment), "hush-own");
    let reason = |reason| OutgoingError::NotUsable { reason };
    let elsewhere = forward(&clock, "tools").attachment(&ann).await;
    assert_eq!(
        elsewhere.unwrap_err(),
        reason("the user's token was not issued for it")
    );
    let without = SignedIn::new(user("acme", "ann"));
    let nothing = forward(&clock, "desk").attachment(&without).await;
    assert_eq!(
        nothing.unwrap_err(),
        reason("the user signed in without a token")
    );
}

#[tokio::test(start_paused = true)]
async fn a_token_that_is_not_here_yet_is_waited_for() {
    let clock = clock();
    let ann = SignedIn::new(user("acme", "ann"));
    ann.credentials.expect_one();
    let forward = forward(&clock, "desk");
    let bringing = async {
        tokio::time::sleep(Duration::from_secs(20)).await;
        ann.credentials.renew(renewal("hush-late"));
    };
    let (attachment, ()) = tokio::join!(forward.attachment(&ann), bringing);
    assert_eq!(bearer(&attachment.unwrap()), "hush-late");
    assert_eq!(arrival(&ann).await, Ok(()));

    let bob = SignedIn::new(user("acme", "bob"));
    assert_eq!(arrival(&bob).await, Ok(()), "he never had one");
    bob.credentials.expect_one();
    let begun = tokio::time::Instant::now();
    let late = forward.attachment(&bob).await;
    assert_eq!(late.unwrap_err(), OutgoingError::Expired);
    assert_eq!(begun.elapsed(), Duration::from_secs(30));
    assert!(bob.credentials.was_missed());
}

#[tokio::test(start_paused = true)]
async fn a_token_that_ran_out_is_waited_for_half_a_minute() {
    let clock = clock();
    let begun = tokio::time::Instant::now();
    let ann = caller("ann", "old", 0);
    let error = forward(&clock, "desk").attachment(&ann).await;
    assert_eq!(error.unwrap_err(), OutgoingError::Expired);
    assert_eq!(begun.elapsed(), Duration::from_secs(30));
    let renewing = async {
        tokio::time::sleep(Duration::from_millis(19_900)).await;
        ann.credentials.renew(renewal("new"));
    };
    let broker = forward(&clock, "desk");
    let (attachment, ()) = tokio::join!(broker.attachment(&ann), renewing);
    assert_eq!(bearer(&attachment.unwrap()), "new");
    assert_eq!(begun.elapsed(), Duration::from_secs(50));
}

#[tokio::test]
async fn a_forwarded_token_that_is_refused_is_not_sent_again() {
    let clock = clock();
    let ann = caller("ann", "own", 60);
    let broker = forward(&clock, "desk");
    let used = broker.attachment(&ann).await.unwrap();
    let refusal = refused(&used, RefusalKind::Unauthorized, &[]);
    let error = broker.renewed(&ann, &refusal).await;
    assert!(
        matches!(error, Err(OutgoingError::Refused { .. })),
        "{error:?}"
    );
    ann.credentials.renew(renewal("new"));
    let attachment = broker.renewed(&ann, &refusal).await.unwrap();
    assert_eq!(bearer(&attachment), "new");
}

#[test]
fn what_a_server_says_is_missing_is_told_where_it_can_be_a_right() {
    let used = Attachment::default();
    let long = "x".repeat(300);
    let scopes = [
        "mail:read",
        "mail:read",
        "\"say",
        long.as_str(),
        "a b",
        "mail:send",
    ];
    let refusal = refused(&used, RefusalKind::Forbidden, &scopes);
    let expected = OutgoingError::MissingScope {
        scopes: vec!["mail:read".to_owned(), "mail:send".to_owned()],
        link: None,
    };
    assert_eq!(refusal.without_remedy(), expected);
    let refusal = refused(&used, RefusalKind::Forbidden, &["a b"]);
    assert!(matches!(
        refusal.without_remedy(),
        OutgoingError::Refused { .. }
    ));
}

#[tokio::test]
async fn a_service_credential_goes_where_it_is_wanted_with_the_user_beside_it() {
    let clock = clock();
    let signer = Arc::new(signer(&clock));
    let ann = caller("ann", "own", 60);
    let plain = Static::bearer(Secret::new("hush-service"));
    let attachment = plain.attachment(&ann).await.unwrap();
    assert_eq!(bearer(&attachment), "hush-service");
    assert!(attachment.headers.is_empty());
    let named = Static {
        token: Secret::new("hush-service"),
        header: StaticHeader::Named(HeaderName::from_static("x-api-key")),
        user: Some((
            Signed {
                signer: Arc::clone(&signer),
                audience: "tools".to_owned(),
            },
            IDENTITY_HEADER,
        )),
    };
    let Attachment {
        bearer: none,
        headers,
    } = named.attachment(&ann).await.unwrap();
    assert!(none.is_none());
    let sent: Vec<&str> = headers.iter().map(|(name, _)| name.as_str()).collect();
    assert_eq!(sent, ["x-api-key", "frontdesk-identity"]);
    assert_eq!(headers[0].1.expose(), "hush-service");
    let keys = [signer.public_key().clone()];
    let verifier = Verifier::new("https://desk.example", "tools", &keys, dyn_clock(&clock));
    let told = verifier.verify(headers[1].1.expose()).unwrap();
    assert_eq!(*told, user("acme", "ann"));
    assert!(!format!("{named:?} {plain:?} {headers:?}").contains(MARK));
}

#[test]
fn a_signed_identity_carries_roles_and_scopes_as_far_as_they_go() {
    let clock = clock();
    let signer = signer(&clock);
    let keys = [signer.public_key().clone()];
    let verifier = Verifier::new("https://desk.example", "tools", &keys, dyn_clock(&clock));
    let mut ann = user("acme", "ann");
    ann.roles = vec!["team lead".to_owned(), "admin".to_owned()];
    ann.scopes = vec!["tasks:read".to_owned(), "tasks:write".to_owned()];
    let token = signer.sign(&ann, "tools").unwrap();
    assert_eq!(*verifier.verify(token.expose()).unwrap(), ann);
    // Fewer rights are another token.
    let mut less = ann.clone();
    less.scopes.pop();
    let token = signer.sign(&less, "tools").unwrap();
    assert_eq!(*verifier.verify(token.expose()).unwrap(), less);
    // One scope can't become two, and a token never grows until nobody takes it.
    ann.scopes = vec!["tasks:read admin:all".to_owned(), "tasks:read".to_owned()];
    ann.roles = (0..1_000).map(|number| format!("role {number}")).collect();
    let token = signer.sign(&ann, "tools").unwrap();
    let told = verifier.verify(token.expose()).unwrap();
    assert_eq!(told.scopes, ["tasks:read"]);
    assert_eq!(told.roles, ann.roles[..64]);
}

#[test]
fn the_key_set_is_what_the_standard_says() {
    let signer = signer(&clock());
    let key = signer.public_key();
    assert_eq!(key_set([key]), json!({"keys": [key.to_jwk()]}));
    assert_eq!(key_set([]), json!({"keys": []}));
}

#[test]
fn check_03_hidden_arguments_come_from_the_sign_in_alone() {
    let mut principal = user("acme", "ann");
    principal.name = Some("Ann".to_owned());
    principal.claims = json!({"org": {"id": 7, "none": null}, "flag": false, "empty": ""})
        .as_object()
        .cloned()
        .unwrap();
    let ann = SignedIn::new(principal).with(Credential {
        token: Secret::new("hush-own"),
        audiences: Vec::new(),
        expires_at: Some(i64::try_from(START).unwrap()),
    });
    let cases: [(&str, Option<Value>); 12] = [
        ("user.id", Some(json!("ann"))),
        ("tenant", Some(json!("acme"))),
        ("user.name", Some(json!("Ann"))),
        ("user.email", None),
        ("claims.org.id", Some(json!(7))),
        ("claims.org", Some(json!({"id": 7, "none": null}))),
        ("claims.org.none", None),
        ("claims.org.id.deeper", None),
        ("claims.flag", Some(json!(false))),
        ("claims.empty", None),
        ("claims.other", None),
        ("token", Some(json!("hush-own"))),
    ];
    for (text, expected) in cases {
        let source: ArgumentSource = text.parse().unwrap();
        match (source.resolve(&ann), expected) {
            (Ok(hidden), Some(expected)) => {
                assert_eq!(hidden.value, expected, "{text}");
                assert_eq!(hidden.secret.is_some(), text == "token");
                assert_eq!(format!("{hidden:?}"), "HiddenValue(…)");
            }
            (Err(OutgoingError::NotUsable { .. }), None) => {}
            (resolved, _) => panic!("{text}: {resolved:?}"),
        }
    }
    let fixed = ArgumentSource::Fixed(Secret::new("hush-fixed"));
    assert_eq!(fixed.resolve(&ann).unwrap().value, json!("hush-fixed"));
    assert!(!format!("{fixed:?}").contains(MARK));
    for text in [
        "",
        "user",
        "user.token",
        "claims.",
        "claims.a..b",
        "claims.a.b.c.d.e.f.g.h.i",
    ] {
        assert!(text.parse::<ArgumentSource>().is_err(), "{text}");
    }
    let without = SignedIn::new(user("acme", "ann"));
    let token: ArgumentSource = "token".parse().unwrap();
    assert!(token.resolve(&without).is_err());
}
