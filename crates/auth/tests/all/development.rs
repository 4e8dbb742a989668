//! Development sign-in: who it takes for whom, and whom it refuses.

use std::net::SocketAddr;

use frontdesk_auth::AuthError;
use frontdesk_auth::incoming::Authenticator;
use frontdesk_auth::incoming::development::Development;
use http::Request;
use http::request::Parts;

fn parts(uri: &str, headers: &[(&str, &str)]) -> Result<Parts, http::Error> {
    let mut request = Request::builder().uri(uri);
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    Ok(request.body(())?.into_parts().0)
}

fn peer(address: &str) -> Option<SocketAddr> {
    address.parse().ok()
}

type Headers = &'static [(&'static str, &'static str)];

const HOST: (&str, &str) = ("host", "localhost:8000");

#[tokio::test]
async fn the_user_is_the_one_named_or_dev() {
    let cases: [(&str, Headers, &str); 8] = [
        ("/chatkit", &[HOST], "dev"),
        ("/chatkit?user=ann", &[HOST], "ann"),
        (
            "/chatkit?user=ann%40example.com",
            &[HOST],
            "ann@example.com",
        ),
        (
            "/chatkit",
            &[HOST, ("cookie", "a=b; frontdesk_user=bob")],
            "bob",
        ),
        (
            "/chatkit",
            &[HOST, ("cookie", "frontdesk_user=b+c%40example.com")],
            "b+c@example.com",
        ),
        (
            "/chatkit?user=ann",
            &[HOST, ("cookie", "frontdesk_user=bob")],
            "ann",
        ),
        (
            "/chatkit",
            &[HOST, ("x-user-id", "eve"), ("authorization", "Bearer eve")],
            "dev",
        ),
        (
            "/chatkit",
            &[HOST, ("cookie", "xfrontdesk_user=bob; frontdesk_user2=eve")],
            "dev",
        ),
    ];
    for (uri, headers, user) in cases {
        let caller = Development::default()
            .authenticate(&parts(uri, headers).unwrap(), peer("127.0.0.1:4000"))
            .await
            .unwrap();
        assert_eq!(
            (
                caller.principal.tenant.as_str(),
                caller.principal.user.as_str()
            ),
            ("default", user),
            "{uri} {headers:?}"
        );
    }
}

#[test]
fn a_user_id_that_cannot_be_is_invalid() {
    let long = format!("/?user={}", "x".repeat(257));
    for uri in ["/?user=", "/?user=a%0Ab", long.as_str()] {
        let answer =
            Development::default().principal(&parts(uri, &[HOST]).unwrap(), peer("[::1]:4000"));
        assert!(
            matches!(answer, Err(AuthError::Invalid { .. })),
            "{uri}: {answer:?}"
        );
    }
}

#[test]
fn only_this_machine_by_its_own_names_from_its_own_pages() {
    let configured = Development {
        allowed_hosts: vec!["desk.test".to_owned(), "other.test:81".to_owned()],
        allowed_origins: vec!["https://app.test/".to_owned()],
    };
    let plain = Development::default();
    let local = "127.0.0.1:4000";
    let cases: [(&Development, &str, Headers, bool); 24] = [
        (&plain, local, &[HOST], true),
        (&plain, "[::ffff:127.0.0.1]:9", &[HOST], true),
        (&plain, "[::1]:9", &[("host", "[::1]:8000")], true),
        (&plain, local, &[("host", "127.0.0.1")], true),
        (&plain, local, &[("host", "LOCALHOST:1")], true),
        (&plain, "10.0.0.1:4000", &[HOST], false),
        (&plain, "no address", &[HOST], false),
        (&plain, local, &[], false),
        (&plain, local, &[("host", "evil.test")], false),
        (&plain, local, &[("host", "localhost.evil.test")], false),
        (&plain, local, &[HOST, HOST], false),
        (
            &plain,
            local,
            &[
                HOST,
                ("x-forwarded-host", "localhost"),
                ("origin", "http://evil.test"),
            ],
            false,
        ),
        (
            &plain,
            local,
            &[HOST, ("origin", "http://localhost:8000")],
            true,
        ),
        (
            &plain,
            local,
            &[HOST, ("origin", "http://localhost:8001")],
            false,
        ),
        (
            &plain,
            local,
            &[HOST, ("origin", "http://127.0.0.1:8000")],
            false,
        ),
        (&plain, local, &[HOST, ("origin", "null")], false),
        (&plain, local, &[HOST, ("origin", "")], false),
        (
            &plain,
            local,
            &[("host", "localhost"), ("origin", "http://localhost")],
            true,
        ),
        (&configured, local, &[("host", "desk.test:1")], true),
        (&configured, local, &[("host", "other.test:81")], true),
        (&configured, local, &[("host", "other.test:82")], false),
        (
            &configured,
            local,
            &[HOST, ("origin", "https://app.test")],
            true,
        ),
        (
            &configured,
            local,
            &[HOST, ("origin", "http://app.test")],
            false,
        ),
        (&configured, "10.0.0.1:4000", &[HOST], false),
    ];
    for (development, address, headers, allowed) in cases {
        let answer = development.principal(&parts("/", headers).unwrap(), peer(address));
        match answer {
            Ok(_) => assert!(allowed, "{address} {headers:?}"),
            Err(error) => assert!(
                matches!(error, AuthError::Forbidden { .. }) && !allowed,
                "{headers:?} {error}"
            ),
        }
    }
}
