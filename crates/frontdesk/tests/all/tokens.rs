//! Sign-in by an issuer's tokens: in a header or a cookie, and what is answered where that doesn't work.

use aws_lc_rs::hmac;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use frontdesk_testkit::issuer::Issuer;
use reqwest::{RequestBuilder, Response, StatusCode};
use serde_json::{Value, json};

use super::client::{Visitor, http};
use super::site::{AUDIENCE, Site, token};

const LIST: &str = r#"{"type":"threads.list","params":{}}"#;
const COOKIE: (&str, &str) = ("FRONTDESK__AUTH__COOKIE", "session");
const LISTED: (&str, &str) = ("FRONTDESK__AUTH__ALLOWED_ORIGINS", "https://app.example");
const PUBLIC: (&str, &str) = ("FRONTDESK__SERVER__PUBLIC_URL", "https://chat.example/desk");

fn list(site: &Site) -> RequestBuilder {
    http().post(site.url("/chatkit")).body(LIST)
}

async fn sent(request: RequestBuilder) -> Response {
    request.send().await.unwrap()
}

fn header<'a>(response: &'a Response, name: &str) -> Option<&'a str> {
    let value = response.headers().get(name)?;
    value.to_str().ok()
}

#[tokio::test]
async fn a_token_that_does_not_hold_signs_nobody_in() {
    let issuer = Issuer::start().await.unwrap();
    let site = Site::with_issuer(&issuer, &[]).await;
    let good = token(&issuer, "ann", "acme");
    let answer = sent(list(&site).bearer_auth(&good)).await;
    assert_eq!(answer.status(), StatusCode::OK);

    let claims = |change: Value| {
        let mut claims = json!({ "sub": "ann", "org": "acme", "aud": AUDIENCE });
        for (name, value) in change.as_object().unwrap() {
            claims[name] = value.clone();
        }
        issuer.token(claims).unwrap()
    };
    let bad = [
        claims(json!({ "exp": 1_000_000_000 })),
        claims(json!({ "exp": null })),
        claims(json!({ "aud": "elsewhere" })),
        claims(json!({ "iss": "https://elsewhere.example" })),
        claims(json!({ "org": null })),
        claims(json!({ "sub": "" })),
        good[..good.len() - 4].to_owned(),
        "nonsense".to_owned(),
    ];
    for bad in bad {
        let refused = sent(list(&site).bearer_auth(&bad)).await;
        assert_eq!(refused.status(), StatusCode::UNAUTHORIZED, "{bad}");
        let challenge = header(&refused, "www-authenticate");
        assert_eq!(challenge, Some("Bearer error=\"invalid_token\""));
        let body = refused.text().await.unwrap();
        assert!(body.contains("sign-in required"), "{body}");
        assert!(!body.contains(&bad), "{body}");
    }
    let refused = sent(list(&site)).await;
    assert_eq!(refused.status(), StatusCode::UNAUTHORIZED);
    assert_eq!(header(&refused, "www-authenticate"), Some("Bearer"));
}

#[tokio::test]
async fn while_the_issuer_is_away_it_is_503_and_not_401() {
    let issuer = Issuer::start().await.unwrap();
    let site = Site::with_issuer(&issuer, &[]).await;
    issuer.set_down(true);
    let token = token(&issuer, "ann", "acme");
    let refused = sent(list(&site).bearer_auth(&token)).await;
    assert_eq!(refused.status(), StatusCode::SERVICE_UNAVAILABLE);
    assert_eq!(header(&refused, "retry-after"), Some("10"));
    let body = refused.text().await.unwrap();
    assert!(!body.contains(issuer.url()), "{body}");
}

#[tokio::test]
async fn a_cookie_signs_in_from_our_own_pages_alone() {
    let issuer = Issuer::start().await.unwrap();
    let site = Site::with_issuer(&issuer, &[COOKIE, LISTED, PUBLIC]).await;
    let cookie = format!("theme=dark; session={}", token(&issuer, "ann", "acme"));
    let own = site.url("");
    let cases: &[(&[(&str, &str)], u16)] = &[
        (&[("origin", &own)], 200),
        (&[("origin", "https://app.example")], 200),
        (&[("origin", "https://chat.example")], 200),
        (&[("origin", "https://evil.example")], 403),
        (&[("origin", "null")], 403),
        (&[("sec-fetch-site", "same-origin")], 200),
        (&[("sec-fetch-site", "cross-site")], 403),
        (&[], 403),
    ];
    for (headers, status) in cases {
        let mut request = list(&site).header("cookie", &cookie);
        for (name, value) in *headers {
            request = request.header(*name, *value);
        }
        let found = sent(request).await.status().as_u16();
        assert_eq!(found, *status, "{headers:?}");
    }
}

#[tokio::test]
async fn a_shared_secret_is_enough_where_the_issuer_is_the_application() {
    const SECRET: &str = "0123456789012345678901234567890123456789";
    let variables = [
        ("FRONTDESK__AUTH__MODE", "jwt"),
        ("FRONTDESK__AUTH__ISSUER", "the application"),
        ("FRONTDESK__AUTH__AUDIENCE", AUDIENCE),
        ("FRONTDESK__AUTH__SECRET", SECRET),
    ];
    let site = Site::configured(&variables).await;
    let claims = json!({ "iss": "the application", "sub": "ann", "aud": AUDIENCE, "exp": 4_000_000_000_i64 });
    let good = sent(list(&site).bearer_auth(hs256(SECRET, &claims))).await;
    assert_eq!(good.status(), StatusCode::OK);
    let foreign = Issuer::start()
        .await
        .unwrap()
        .token(claims.clone())
        .unwrap();
    for bad in [foreign, hs256(&SECRET.replace('0', "1"), &claims)] {
        let refused = sent(list(&site).bearer_auth(bad)).await;
        assert_eq!(refused.status(), StatusCode::UNAUTHORIZED);
    }
}

fn hs256(secret: &str, claims: &Value) -> String {
    let part = |bytes: &[u8]| URL_SAFE_NO_PAD.encode(bytes);
    let header = json!({ "alg": "HS256", "typ": "JWT" }).to_string();
    let signed = format!(
        "{}.{}",
        part(header.as_bytes()),
        part(claims.to_string().as_bytes())
    );
    let key = hmac::Key::new(hmac::HMAC_SHA256, secret.as_bytes());
    format!(
        "{signed}.{}",
        part(hmac::sign(&key, signed.as_bytes()).as_ref())
    )
}

#[tokio::test]
async fn a_key_set_is_published_for_tool_servers() {
    let site = Site::configured(&[]).await;
    let answer = sent(Visitor::new(&site).get("/.well-known/jwks.json")).await;
    assert_eq!(answer.status(), StatusCode::OK);
    assert_eq!(
        header(&answer, "content-type"),
        Some("application/jwk-set+json")
    );
    assert_eq!(
        header(&answer, "cache-control"),
        Some("public, max-age=300")
    );
    let set: Value = serde_json::from_slice(&answer.bytes().await.unwrap()).unwrap();
    let key = &set["keys"][0];
    assert_eq!(set["keys"].as_array().unwrap().len(), 1);
    assert_eq!(
        (&key["kty"], &key["alg"], &key["use"]),
        (&json!("OKP"), &json!("EdDSA"), &json!("sig"))
    );
    assert!(key.get("d").is_none(), "the public half alone: {set}");
}
