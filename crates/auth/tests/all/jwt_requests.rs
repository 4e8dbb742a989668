//! From where in a request a token is taken, and from which pages a cookie counts.

use frontdesk_auth::incoming::Authenticator;
use serde_json::json;

use crate::desk::{AUDIENCE, Desk, NOW, forbidden, head, unauthenticated, user_of};

#[tokio::test]
async fn the_credential_goes_with_the_caller() {
    let desk = Desk::start().await;
    let token = desk.token(json!({"aud": [AUDIENCE, "https://tools.example/mcp"], "exp": NOW + 5}));
    let authorization = format!("bearer {token}");
    let parts = head("POST", &[("authorization", &authorization)]);
    let signed_in = desk.sign_in().authenticate(&parts, None).await.unwrap();
    let credential = signed_in.credentials.current().unwrap();
    assert_eq!(credential.token.expose(), token);
    assert_eq!(
        credential.audiences,
        [AUDIENCE, "https://tools.example/mcp"]
    );
    assert_eq!(credential.expires_at, Some(NOW + 5));
    let shown = format!("{signed_in:?} {:?}", desk.sign_in());
    assert!(!shown.contains(&token), "{shown}");
}

#[tokio::test]
async fn a_token_comes_from_one_place() {
    let desk = Desk::start().await;
    let (ann, bob) = (desk.token(json!({})), desk.token(json!({"sub": "bob"})));
    let (as_ann, as_bob) = (format!("Bearer {ann}"), format!("Bearer {bob}"));
    let (cookie_ann, cookie_bob) = (format!("a=b; session={ann}"), format!("session=\"{bob}\""));
    let beside = format!("name=René; session={ann}");
    let both = format!("session={ann}; session={bob}");
    let not_one = unauthenticated("an authorization header that isn't one");
    for (headers, expected) in [
        (
            vec![("authorization", as_ann.as_str())],
            Ok("ann".to_owned()),
        ),
        (vec![("cookie", &cookie_bob)], Ok("bob".to_owned())),
        (vec![("cookie", &beside)], Ok("ann".to_owned())),
        (
            vec![("authorization", &as_ann), ("cookie", &cookie_bob)],
            Ok("ann".to_owned()),
        ),
        (
            vec![("authorization", "Basic YTpi"), ("cookie", &cookie_bob)],
            Ok("bob".to_owned()),
        ),
        (
            vec![("authorization", &as_ann), ("authorization", &as_ann)],
            not_one.clone(),
        ),
        (
            vec![("authorization", &as_ann), ("authorization", &as_bob)],
            not_one.clone(),
        ),
        (
            vec![("authorization", "Bearer"), ("cookie", &cookie_ann)],
            not_one.clone(),
        ),
        (
            vec![("authorization", "Bearer  "), ("cookie", &cookie_ann)],
            not_one,
        ),
        (
            vec![("authorization", "Bearer x"), ("cookie", &cookie_ann)],
            unauthenticated("not a token"),
        ),
        (
            vec![("authorization", "Basic YTpi")],
            unauthenticated("no token"),
        ),
        (
            vec![("cookie", &both)],
            unauthenticated("several tokens in cookies"),
        ),
        (
            vec![("cookie", "session=; other=1")],
            unauthenticated("no token"),
        ),
        (vec![], unauthenticated("no token")),
    ] {
        let found = user_of(&desk.sign_in(), &head("GET", &headers), None).await;
        assert_eq!(found, expected, "{headers:?}");
    }
}

#[tokio::test]
async fn a_cookie_counts_only_from_our_own_pages() {
    let desk = Desk::start().await;
    let cookie = format!("session={}", desk.token(json!({})));
    let ann = || Ok("ann".to_owned());
    for (method, more, expected) in [
        ("GET", vec![], ann()),
        ("HEAD", vec![], ann()),
        ("GET", vec![("origin", "https://desk.example")], ann()),
        ("GET", vec![("origin", "https://evil.example")], forbidden()),
        ("GET", vec![("origin", "null")], forbidden()),
        ("POST", vec![], forbidden()),
        ("DELETE", vec![], forbidden()),
        ("POST", vec![("origin", "https://desk.example")], ann()),
        ("POST", vec![("origin", "https://DESK.example:443")], ann()),
        ("POST", vec![("origin", "https://app.example")], ann()),
        (
            "POST",
            vec![("origin", "https://app.example:8443")],
            forbidden(),
        ),
        (
            "POST",
            vec![("origin", "https://desk.example.evil.example")],
            forbidden(),
        ),
        (
            "POST",
            vec![
                ("origin", "https://evil.example"),
                ("sec-fetch-site", "same-origin"),
            ],
            forbidden(),
        ),
        ("POST", vec![("origin", "null")], forbidden()),
        (
            "POST",
            vec![
                ("origin", "https://desk.example"),
                ("origin", "https://evil.example"),
            ],
            forbidden(),
        ),
        (
            "POST",
            vec![
                ("origin", "https://desk.example"),
                ("sec-fetch-site", "same-origin"),
            ],
            ann(),
        ),
        (
            "POST",
            vec![
                ("origin", "https://app.example"),
                ("sec-fetch-site", "cross-site"),
            ],
            ann(),
        ),
        // Our host's page over plain HTTP, where anybody in between writes what they like.
        (
            "POST",
            vec![
                ("origin", "http://desk.example"),
                ("sec-fetch-site", "cross-site"),
            ],
            forbidden(),
        ),
        ("POST", vec![("sec-fetch-site", "same-origin")], ann()),
        ("POST", vec![("sec-fetch-site", "none")], ann()),
        ("POST", vec![("sec-fetch-site", "same-site")], forbidden()),
        ("POST", vec![("sec-fetch-site", "cross-site")], forbidden()),
    ] {
        let mut headers = vec![("host", "desk.example"), ("cookie", cookie.as_str())];
        headers.extend(&more);
        let found = user_of(&desk.sign_in(), &head(method, &headers), None).await;
        assert_eq!(found, expected, "{method} {more:?}");
    }
    let bearer = cookie.replace("session=", "Bearer ");
    let headers = [
        ("authorization", bearer.as_str()),
        ("origin", "https://evil.example"),
    ];
    let found = user_of(&desk.sign_in(), &head("POST", &headers), None).await;
    assert_eq!(
        found,
        Ok("ann".to_owned()),
        "no browser adds a bearer token by itself"
    );
}
