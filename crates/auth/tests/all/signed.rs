//! What a signer signs, its verifier takes, and nothing else.

use std::sync::Arc;
use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use frontdesk_auth::incoming::signed::Verifier;
use frontdesk_auth::outgoing::Signer;
use frontdesk_auth::{AuthError, SigningKey};
use frontdesk_clock::{Clock, ManualClock, SequentialIds, Timestamp};
use frontdesk_identity::{Principal, Secret, TenantId, UserId};
use jsonwebtoken::{Algorithm, EncodingKey, Header};
use serde_json::{Value, json};

const ISSUER: &str = "https://desk.example";
const AUDIENCE: &str = "https://tools.example/mcp";

fn key() -> Result<SigningKey, AuthError> {
    SigningKey::from_secret(&Secret::new("a secret of some length"))
}

fn clock() -> Arc<ManualClock> {
    Arc::new(ManualClock::at(
        Timestamp::UNIX_EPOCH + Duration::from_secs(1_000_000),
    ))
}

fn signer(clock: &Arc<ManualClock>) -> Result<Signer, AuthError> {
    Ok(Signer::new(
        ISSUER,
        key()?,
        Arc::clone(clock) as Arc<dyn Clock>,
        Arc::new(SequentialIds::default()),
    ))
}

fn verifier(clock: &Arc<ManualClock>) -> Result<Verifier, AuthError> {
    Ok(Verifier::new(
        ISSUER,
        AUDIENCE,
        &[key()?.public().clone()],
        Arc::clone(clock) as Arc<dyn Clock>,
    ))
}

fn ann() -> Result<Principal, frontdesk_identity::InvalidId> {
    let mut principal = Principal::new(TenantId::new("acme")?, UserId::new("ann")?);
    principal.name = Some("Ann".to_owned());
    principal.email = Some("ann@example.com".to_owned());
    Ok(principal)
}

fn part(token: &str, index: usize) -> Option<Value> {
    let bytes = URL_SAFE_NO_PAD.decode(token.split('.').nth(index)?).ok()?;
    serde_json::from_slice(&bytes).ok()
}

#[test]
fn the_principal_arrives_as_it_was_signed() {
    let clock = clock();
    let token = signer(&clock)
        .unwrap()
        .sign(&ann().unwrap(), AUDIENCE)
        .unwrap();
    assert_eq!(
        *verifier(&clock).unwrap().verify(token.expose()).unwrap(),
        ann().unwrap()
    );
}

#[test]
fn a_token_says_who_for_whom_and_until_when() {
    let token = signer(&clock())
        .unwrap()
        .sign(&ann().unwrap(), AUDIENCE)
        .unwrap();
    let key_id = key().unwrap().public().key_id().to_owned();
    assert_eq!(
        part(token.expose(), 0).unwrap(),
        json!({"typ": "JWT", "alg": "EdDSA", "kid": key_id})
    );
    assert_eq!(
        part(token.expose(), 1).unwrap(),
        json!({
            "iss": ISSUER, "aud": AUDIENCE, "sub": "ann", "tenant": "acme", "name": "Ann",
            "email": "ann@example.com", "iat": 1_000_000, "exp": 1_000_060, "jti": "jti_00000001",
        })
    );
}

#[test]
fn a_token_is_given_out_again_until_half_a_minute_before_its_end() {
    let clock = clock();
    let signer = signer(&clock).unwrap();
    let first = signer.sign(&ann().unwrap(), AUDIENCE).unwrap();
    clock.advance(Duration::from_secs(30));
    assert_eq!(
        signer.sign(&ann().unwrap(), AUDIENCE).unwrap().expose(),
        first.expose()
    );
    clock.advance(Duration::from_secs(1));
    assert_ne!(
        signer.sign(&ann().unwrap(), AUDIENCE).unwrap().expose(),
        first.expose()
    );
}

#[test]
fn each_user_tenant_and_audience_has_its_own_token() {
    let signer = signer(&clock()).unwrap();
    let mut other_user = ann().unwrap();
    other_user.user = UserId::new("bob").unwrap();
    let mut other_tenant = ann().unwrap();
    other_tenant.tenant = TenantId::single();
    let tokens = [
        signer.sign(&ann().unwrap(), AUDIENCE).unwrap(),
        signer
            .sign(&ann().unwrap(), "https://other.example")
            .unwrap(),
        signer.sign(&other_user, AUDIENCE).unwrap(),
        signer.sign(&other_tenant, AUDIENCE).unwrap(),
    ];
    let mut distinct: Vec<&str> = tokens.iter().map(Secret::expose).collect();
    distinct.sort_unstable();
    distinct.dedup();
    assert_eq!(distinct.len(), tokens.len());
}

#[test]
fn a_token_ends_even_where_it_was_seen_before() {
    let clock = clock();
    let verifier = verifier(&clock).unwrap();
    let token = signer(&clock)
        .unwrap()
        .sign(&ann().unwrap(), AUDIENCE)
        .unwrap();
    assert!(verifier.verify(token.expose()).is_ok());
    clock.advance(Duration::from_secs(64));
    assert!(verifier.verify(token.expose()).is_ok());
    clock.advance(Duration::from_secs(1));
    assert_eq!(
        verifier.verify(token.expose()),
        Err(AuthError::Unauthenticated {
            detail: "an expired token"
        })
    );
}

#[test]
fn what_is_not_right_in_every_respect_is_refused() {
    let clock = clock();
    let verifier = verifier(&clock).unwrap();
    let signer = signer(&clock).unwrap();
    let good = signer
        .sign(&ann().unwrap(), AUDIENCE)
        .unwrap()
        .expose()
        .to_owned();
    let other_key = SigningKey::from_secret(&Secret::new("another secret of some length")).unwrap();
    let mine = Arc::clone(&clock) as Arc<dyn Clock>;
    let foreign = Signer::new(
        ISSUER,
        other_key,
        Arc::clone(&mine),
        Arc::new(SequentialIds::default()),
    );
    let posing = Signer::new(
        "https://evil.example",
        key().unwrap(),
        mine,
        Arc::new(SequentialIds::default()),
    );
    let later = Arc::new(ManualClock::at(clock.now() + Duration::from_secs(6)));
    let early = Signer::new(
        ISSUER,
        key().unwrap(),
        later,
        Arc::new(SequentialIds::default()),
    );

    let mut header: Vec<&str> = good.split('.').collect();
    let none = URL_SAFE_NO_PAD.encode(json!({"alg": "none", "typ": "JWT"}).to_string());
    header[0] = &none;
    let without_algorithm = header.join(".");
    let mut hs256 = Header::new(Algorithm::HS256);
    hs256.kid = Some(key().unwrap().public().key_id().to_owned());
    let public_as_secret = key().unwrap().public().to_jwk()["x"]
        .as_str()
        .unwrap()
        .to_owned();
    let confused = jsonwebtoken::encode(
        &hs256,
        &part(&good, 1).unwrap(),
        &EncodingKey::from_secret(&URL_SAFE_NO_PAD.decode(public_as_secret).unwrap()),
    )
    .unwrap();
    let mut tampered = good.split('.').map(str::to_owned).collect::<Vec<_>>();
    let mut claims = part(&good, 1).unwrap();
    claims["sub"] = json!("bob");
    tampered[1] = URL_SAFE_NO_PAD.encode(claims.to_string());

    let cases = [
        (String::new(), "not a token"),
        ("dev".to_owned(), "not a token"),
        ("x".repeat(8 * 1024 + 1), "the token is too long"),
        (without_algorithm, "not a token"),
        (confused, "another algorithm"),
        (tampered.join("."), "a wrong signature"),
        (
            foreign
                .sign(&ann().unwrap(), AUDIENCE)
                .unwrap()
                .expose()
                .to_owned(),
            "an unknown key",
        ),
        (
            posing
                .sign(&ann().unwrap(), AUDIENCE)
                .unwrap()
                .expose()
                .to_owned(),
            "another issuer",
        ),
        (
            signer
                .sign(&ann().unwrap(), "https://other.example")
                .unwrap()
                .expose()
                .to_owned(),
            "another audience",
        ),
        (
            early
                .sign(&ann().unwrap(), AUDIENCE)
                .unwrap()
                .expose()
                .to_owned(),
            "a token from the future",
        ),
    ];
    for (token, detail) in cases {
        assert_eq!(
            verifier.verify(&token),
            Err(AuthError::Unauthenticated { detail }),
            "{token}"
        );
    }
    assert!(verifier.verify(&good).is_ok());
}

#[test]
fn keys_come_from_the_secret_alone_and_short_secrets_are_refused() {
    let again = SigningKey::from_secret(&Secret::new("a secret of some length\n")).unwrap();
    assert_eq!(again.public(), key().unwrap().public());
    assert!(matches!(
        SigningKey::from_secret(&Secret::new("short")),
        Err(AuthError::Key { .. })
    ));
    assert!(!format!("{again:?}").contains("secret of"));
}
