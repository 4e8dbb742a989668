//! Tokens of an issuer: which hold, which don't, and what they say.

use frontdesk_auth::AuthError;
use frontdesk_auth::incoming::TokenVerifier;
use frontdesk_auth::incoming::jwt::{ClaimNames, KeySource};
use frontdesk_identity::{Principal, Secret, TenantId, UserId};
use jsonwebtoken::{Algorithm, EncodingKey, Header};
use serde_json::{Value, json};

use crate::desk::{self, AUDIENCE, Desk, NOW, ann, clock, config, unauthenticated};
use crate::issuer::{Issuer, IssuerKey, KeyKind};

const SECRET: &str = "a secret that is shared and long enough";

fn hs256(secret: &[u8], key_id: Option<&str>, claims: &Value) -> String {
    let mut header = Header::new(Algorithm::HS256);
    header.kid = key_id.map(str::to_owned);
    jsonwebtoken::encode(&header, claims, &EncodingKey::from_secret(secret)).unwrap()
}

#[tokio::test]
async fn every_algorithm_that_is_offered_works() {
    for kind in [
        KeyKind::Rs256,
        KeyKind::Rs512,
        KeyKind::Ps256,
        KeyKind::Es256,
        KeyKind::Es384,
        KeyKind::EdDsa,
    ] {
        let desk = Desk::start_with(kind).await;
        let token = desk.token(json!({}));
        assert_eq!(desk.user(&token).await, Ok("ann".to_owned()), "{kind:?}");
    }
}

#[tokio::test]
async fn a_shared_secret_checks_hs256_and_nothing_else() {
    let keys = KeySource::Secret(Secret::new(SECRET));
    let verifier = desk::verifier(config("https://app.example", keys), &clock()).unwrap();
    let claims = ann(json!({"iss": "https://app.example", "exp": NOW + 60}));
    let other = IssuerKey::make("key", KeyKind::Es256).unwrap();
    for (token, expected) in [
        (
            hs256(SECRET.as_bytes(), None, &claims),
            Ok("ann".to_owned()),
        ),
        (
            hs256(SECRET.as_bytes(), Some("any"), &claims),
            Ok("ann".to_owned()),
        ),
        (
            hs256(
                b"another secret that is long enough too",
                Some("any"),
                &claims,
            ),
            unauthenticated("a wrong signature"),
        ),
        (
            other.token(&claims).unwrap(),
            unauthenticated("a wrong signature"),
        ),
    ] {
        assert_eq!(desk::user(&verifier, &token).await, expected, "{token}");
    }
    let short = KeySource::Secret(Secret::new("too short"));
    let refused = desk::verifier(config("https://app.example", short), &clock());
    assert!(matches!(refused, Err(AuthError::Key { .. })));
}

#[tokio::test]
async fn claims_that_do_not_hold_are_refused() {
    let desk = Desk::start().await;
    let ann = || Ok("ann".to_owned());
    for (claims, expected) in [
        (json!({"exp": NOW + 1}), ann()),
        (json!({"exp": NOW - 59}), ann()),
        (
            json!({"exp": NOW - 60}),
            unauthenticated("an expired token"),
        ),
        (json!({"exp": 1.5}), unauthenticated("an expired token")),
        (
            json!({"exp": null}),
            unauthenticated("a token that never expires"),
        ),
        (
            json!({"exp": "4000000000"}),
            unauthenticated("a time that can't be read"),
        ),
        (
            json!({"exp": 1e300}),
            unauthenticated("a time that can't be read"),
        ),
        (
            json!({"exp": -1}),
            unauthenticated("a time that can't be read"),
        ),
        (json!({"nbf": NOW + 60}), ann()),
        (
            json!({"nbf": NOW + 61}),
            unauthenticated("a token from the future"),
        ),
        (
            json!({"iat": NOW + 61, "nbf": 0}),
            unauthenticated("a token from the future"),
        ),
        (json!({"aud": "other"}), unauthenticated("another audience")),
        (json!({"aud": null}), unauthenticated("another audience")),
        (json!({"aud": []}), unauthenticated("another audience")),
        (json!({"aud": ["other", 1, AUDIENCE]}), ann()),
        (json!({"aud": "https://desk.example"}), ann()),
        (
            json!({"iss": "https://sso.example"}),
            unauthenticated("another issuer"),
        ),
        (
            json!({"iss": format!("{}/", desk.issuer.url())}),
            unauthenticated("another issuer"),
        ),
        (
            json!({"iss": [desk.issuer.url()]}),
            unauthenticated("another issuer"),
        ),
        (json!({"iss": null}), unauthenticated("another issuer")),
        (
            json!({"sub": null}),
            unauthenticated("a token without the user"),
        ),
        (
            json!({"sub": ["ann"]}),
            unauthenticated("a token without the user"),
        ),
        (json!({"sub": ""}), unauthenticated("a user that can't be")),
        (
            json!({"sub": "a\nb"}),
            unauthenticated("a user that can't be"),
        ),
        (json!({"sub": 42}), Ok("42".to_owned())),
        (
            json!({"$serde_json::private::RawValue": "[]"}),
            unauthenticated("claims that aren't an object"),
        ),
    ] {
        let token = desk.token(claims.clone());
        assert_eq!(desk.user(&token).await, expected, "{claims}");
    }
}

#[tokio::test]
async fn a_signature_that_proves_nothing_is_refused() {
    let desk = Desk::start_with(KeyKind::Rs256).await;
    let key = desk.issuer.key().unwrap();
    let claims = desk.issuer.claims(ann(json!({})));
    let with = |header: Value| key.token_with(&header, &claims).unwrap();
    let unsigned = |token: String| token.rsplit_once('.').unwrap().0.to_owned() + ".";
    let public = key.public_bytes();
    let pem = format!(
        "-----BEGIN PUBLIC KEY-----\n{}\n-----END PUBLIC KEY-----\n",
        base64::Engine::encode(&base64::engine::general_purpose::STANDARD, &public)
    );
    let modulus = key.jwk()["n"].as_str().unwrap().to_owned();
    let good = desk.token(json!({}));
    let (signed, signature) = good.rsplit_once('.').unwrap();
    let stranger = IssuerKey::make("key-1", KeyKind::Rs256).unwrap();
    let other_kind = IssuerKey::make("key-1", KeyKind::Ps256).unwrap();
    let algorithm = "an algorithm that isn't taken";
    for (token, detail) in [
        (unsigned(with(json!({"alg": "none"}))), algorithm),
        (
            unsigned(with(json!({"alg": "None", "kid": "key-1"}))),
            algorithm,
        ),
        (with(json!({"alg": "none", "kid": "key-1"})), algorithm),
        (with(json!({"alg": "RS1", "kid": "key-1"})), algorithm),
        (with(json!({"kid": "key-1"})), "not a token"),
        (
            with(json!({"alg": "RS256", "kid": "key-1", "crit": ["b64"]})),
            "a token with extensions",
        ),
        (
            with(json!({"alg": "RS256", "kid": "x".repeat(513)})),
            "a key id that is too long",
        ),
        // The key says which algorithm it is for.
        (
            with(json!({"alg": "RS512", "kid": "key-1"})),
            "a wrong signature",
        ),
        (
            with(json!({"alg": "PS256", "kid": "key-1"})),
            "a wrong signature",
        ),
        (other_kind.token(&claims).unwrap(), "a wrong signature"),
        (stranger.token(&claims).unwrap(), "a wrong signature"),
        // What is public is no secret.
        (hs256(&public, Some("key-1"), &claims), "a wrong signature"),
        (
            hs256(pem.as_bytes(), Some("key-1"), &claims),
            "a wrong signature",
        ),
        (
            hs256(modulus.as_bytes(), Some("key-1"), &claims),
            "a wrong signature",
        ),
        (hs256(&public, None, &claims), "an unknown key"),
        (format!("{signed}."), "a wrong signature"),
        (
            format!("{signed}.{}", &signature[..signature.len() - 4]),
            "a wrong signature",
        ),
        (format!("{signed}.{signature}="), "a wrong signature"),
        (
            format!("{signed}.*{}", &signature[1..]),
            "a wrong signature",
        ),
        (signed.to_owned(), "not a token"),
        (signed.split_once('.').unwrap().0.to_owned(), "not a token"),
        (good[..good.len() / 2].to_owned(), "a wrong signature"),
        (good[..signed.len() - 4].to_owned(), "not a token"),
        (format!("{good}.{signature}"), "not a token"),
        (format!("=={good}"), "not a token"),
        (
            format!("{good}{}", "A".repeat(16 * 1024)),
            "the token is too long",
        ),
        ("..".to_owned(), "not a token"),
        ("garbage".to_owned(), "not a token"),
        ("ann".to_owned(), "not a token"),
        ("é.é.é".to_owned(), "not a token"),
    ] {
        assert_eq!(desk.user(&token).await, unauthenticated(detail), "{token}");
    }
    assert_eq!(desk.user(&good).await, Ok("ann".to_owned()));
    assert_eq!(
        desk.user(&with(json!({"alg": "RS256"}))).await,
        Ok("ann".to_owned()),
        "a token needn't name its key"
    );
}

#[tokio::test]
async fn claims_become_a_principal_as_configured() {
    let names = ClaimNames {
        user: "preferred.id".to_owned(),
        tenant: Some("https://example.com/org".to_owned()),
        roles: "realm_access.roles".to_owned(),
        ..ClaimNames::default()
    };
    let desk = Desk::with(Issuer::start().await.unwrap(), names);
    let further = json!({
        "preferred": {"id": "Ann-7"}, "https://example.com/org": "acme",
        "name": "Ann", "email": "ann@example.com", "realm_access": {"roles": ["admin", 7, ""]},
        "scope": "tasks.read  tasks.write", "locale": "de", "deep": {"a": [1]},
    });
    let token = desk.token(further.clone());
    let mut expected = Principal::new(
        TenantId::new("acme").unwrap(),
        UserId::new("Ann-7").unwrap(),
    );
    expected.name = Some("Ann".to_owned());
    expected.email = Some("ann@example.com".to_owned());
    expected.roles = vec!["admin".to_owned()];
    expected.scopes = vec!["tasks.read".to_owned(), "tasks.write".to_owned()];
    expected.claims = further.as_object().unwrap().clone();
    assert_eq!(*desk.verifier.verify(&token).await.unwrap(), expected);
    let missing = desk.token(json!({"preferred": {"id": "Ann-7"}}));
    assert_eq!(
        desk.user(&missing).await,
        unauthenticated("a token without the tenant")
    );
    let empty = desk.token(json!({"preferred": {"id": "Ann-7"}, "https://example.com/org": ""}));
    assert_eq!(
        desk.user(&empty).await,
        unauthenticated("a tenant that can't be")
    );
}

#[tokio::test]
async fn an_address_names_a_user_only_where_it_is_theirs() {
    let names = ClaimNames {
        user: "email".to_owned(),
        ..ClaimNames::default()
    };
    let desk = Desk::with(Issuer::start().await.unwrap(), names);
    let unverified = || unauthenticated("a user named by an address that isn't verified");
    let ann = || Ok("ann@example.com".to_owned());
    for (verified, expected) in [
        (json!(true), ann()),
        (json!("true"), ann()),
        (json!(null), ann()),
        (json!(false), unverified()),
        (json!("false"), unverified()),
    ] {
        let claims = json!({"email": "ann@example.com", "email_verified": verified});
        assert_eq!(desk.user(&desk.token(claims)).await, expected, "{verified}");
    }
    let desk = Desk::start().await;
    let token = desk.token(json!({"email": "ann@example.com", "email_verified": false}));
    assert_eq!(desk.user(&token).await, Ok("ann".to_owned()));
}

#[tokio::test]
async fn what_a_token_says_is_bounded() {
    let desk = Desk::start().await;
    let roles: Vec<String> = (0..300).map(|number| number.to_string()).collect();
    let token = desk.token(json!({
        "name": "n".repeat(600), "roles": roles.join(","), "scp": ["a", "b"],
        "large": "x".repeat(6_000), "larger": "y".repeat(3_000), "small": true,
    }));
    let principal = desk.verifier.verify(&token).await.unwrap();
    assert_eq!(principal.name, None);
    assert_eq!(principal.roles, roles[..256]);
    assert_eq!(principal.scopes, ["a", "b"]);
    let kept: Vec<&str> = principal.claims.keys().map(String::as_str).collect();
    assert_eq!(kept, ["large", "name", "roles", "scp", "small"]);
}

#[tokio::test]
async fn a_token_that_is_sent_again_still_runs_out() {
    let desk = Desk::start().await;
    let token = desk.token(json!({"exp": NOW + 100}));
    assert_eq!(desk.user(&token).await, Ok("ann".to_owned()));
    desk.advance(159);
    assert_eq!(desk.user(&token).await, Ok("ann".to_owned()));
    desk.advance(1);
    assert_eq!(desk.user(&token).await, unauthenticated("an expired token"));
}

#[tokio::test]
async fn a_token_with_any_character_changed_is_refused() {
    let desk = Desk::start_with(KeyKind::EdDsa).await;
    let good = desk.token(json!({}));
    assert_eq!(desk.user(&good).await, Ok("ann".to_owned()));
    for (place, character) in good.char_indices() {
        let other = if character == 'A' { "B" } else { "A" };
        let mut changed = good.clone();
        changed.replace_range(place..=place, other);
        let found = desk.user(&changed).await;
        let refused = matches!(found, Err(AuthError::Unauthenticated { .. }));
        assert!(refused, "{place} {changed} {found:?}");
    }
}
