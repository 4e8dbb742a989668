//! Sign-in by a proxy's headers.

use frontdesk_auth::AuthError;
use frontdesk_auth::incoming::trusted_proxy::TrustedProxy;
use frontdesk_identity::{Principal, TenantId, UserId};
use http::HeaderName;

use crate::desk::{forbidden, head, unauthenticated, user_of};

const PROXY: &str = "10.1.2.3:40000";

fn proxy() -> TrustedProxy {
    let header = HeaderName::from_static;
    TrustedProxy {
        peers: vec!["10.0.0.0/8".parse().unwrap(), "::1".parse().unwrap()],
        user: header("x-forwarded-user"),
        tenant: None,
        name: Some(header("x-forwarded-name")),
        email: Some(header("x-forwarded-email")),
        roles: Some(header("x-forwarded-groups")),
        allowed_origins: vec!["https://app.example".to_owned()],
    }
}

#[test]
fn headers_become_a_principal() {
    let sign_in = TrustedProxy {
        tenant: Some(HeaderName::from_static("x-forwarded-tenant")),
        ..proxy()
    };
    let parts = head(
        "POST",
        &[
            ("x-forwarded-user", " Ren%C3%A9e%41 "),
            ("x-forwarded-tenant", "acme"),
            ("x-forwarded-name", "Renée %E5%B1%B1"),
            ("x-forwarded-email", ""),
            (
                "x-forwarded-groups",
                &format!("admin, staff,,{}", "x".repeat(513)),
            ),
        ],
    );
    let mut expected = Principal::new(
        TenantId::new("acme").unwrap(),
        UserId::new("Renée%41").unwrap(),
    );
    expected.name = Some("Renée 山".to_owned());
    expected.roles = vec!["admin".to_owned(), "staff".to_owned()];
    let found = sign_in.principal(&parts, Some(PROXY.parse().unwrap()));
    assert_eq!(found, Ok(expected));
    let without = head("POST", &[("x-forwarded-user", "ann")]);
    let found = sign_in.principal(&without, Some(PROXY.parse().unwrap()));
    assert_eq!(
        found,
        unauthenticated("a header that names the caller is missing")
    );
}

#[tokio::test]
async fn headers_count_from_the_proxy_alone() {
    let parts = head("GET", &[("x-forwarded-user", "ann")]);
    let stranger = || unauthenticated("not from a trusted proxy");
    for (peer, expected) in [
        (PROXY, Ok("ann".to_owned())),
        ("[::ffff:10.9.9.9]:1", Ok("ann".to_owned())),
        ("[::1]:1", Ok("ann".to_owned())),
        ("11.0.0.1:1", stranger()),
        ("127.0.0.1:1", stranger()),
        ("[::2]:1", stranger()),
    ] {
        assert_eq!(
            user_of(&proxy(), &parts, Some(peer)).await,
            expected,
            "{peer}"
        );
    }
    let unknown = user_of(&proxy(), &parts, None).await;
    assert!(
        matches!(unknown, Err(AuthError::Unauthenticated { detail }) if detail.contains("connect info"))
    );
}

#[tokio::test]
async fn headers_that_say_nothing_sure_are_refused() {
    let twice = || unauthenticated("a header of the proxy's that appears twice");
    let missing = || unauthenticated("a header that names the caller is missing");
    let user = "x-forwarded-user";
    for (headers, expected) in [
        (vec![(user, "ann"), (user, "bob")], twice()),
        (vec![(user, "ann"), (user, "ann")], twice()),
        (
            vec![
                (user, "ann"),
                ("x-forwarded-email", "a"),
                ("x-forwarded-email", "b"),
            ],
            twice(),
        ),
        (vec![], missing()),
        (vec![(user, " ")], missing()),
        (
            vec![(user, "René")],
            unauthenticated("a user or tenant that isn't percent-encoded"),
        ),
        (
            vec![(user, "%C2%85")],
            unauthenticated("a user that can't be"),
        ),
        (
            vec![
                ("x-user-id", "ann"),
                ("x-forwarded-email", "ann@example.com"),
            ],
            missing(),
        ),
    ] {
        let found = user_of(&proxy(), &head("GET", &headers), Some(PROXY)).await;
        assert_eq!(found, expected, "{headers:?}");
    }
}

#[tokio::test]
async fn pages_of_other_sites_change_nothing() {
    let ann = || Ok("ann".to_owned());
    for (method, more, expected) in [
        ("POST", vec![], ann()),
        ("POST", vec![("origin", "https://desk.example")], ann()),
        ("POST", vec![("origin", "https://app.example")], ann()),
        (
            "POST",
            vec![("origin", "https://evil.example")],
            forbidden(),
        ),
        ("POST", vec![("origin", "null")], forbidden()),
        ("POST", vec![("sec-fetch-site", "cross-site")], forbidden()),
        ("GET", vec![("sec-fetch-site", "cross-site")], ann()),
        ("GET", vec![("origin", "https://evil.example")], forbidden()),
    ] {
        let mut headers = vec![("host", "desk.example"), ("x-forwarded-user", "ann")];
        headers.extend(&more);
        let found = user_of(&proxy(), &head(method, &headers), Some(PROXY)).await;
        assert_eq!(found, expected, "{method} {more:?}");
    }
}
