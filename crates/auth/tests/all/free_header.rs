//! A header that anybody can send says nothing, in every mode.

use std::sync::Arc;

use async_trait::async_trait;
use frontdesk_auth::AuthError;
use frontdesk_auth::incoming::Authenticator;
use frontdesk_auth::incoming::api_key::{ApiKey, ApiKeyRecord, ApiKeys, KeyRight, NewApiKey};
use frontdesk_auth::incoming::development::Development;
use frontdesk_auth::incoming::trusted_proxy::TrustedProxy;
use frontdesk_identity::{TenantId, UserId};
use http::HeaderName;
use serde_json::json;

use crate::desk::{Desk, clock, head, user_of};

#[derive(Debug)]
struct One(ApiKeyRecord);

#[async_trait]
impl ApiKeys for One {
    async fn find(&self, id: &str) -> Result<Option<ApiKeyRecord>, AuthError> {
        Ok((id == self.0.id).then(|| self.0.clone()))
    }
}

#[tokio::test]
async fn check_01_a_free_x_user_id_is_ignored_and_a_bad_token_is_nobody() {
    let desk = Desk::start().await;
    let token = format!("Bearer {}", desk.token(json!({})));
    let new = NewApiKey {
        tenant: TenantId::single(),
        right: KeyRight::User(UserId::new("ann").unwrap()),
        expires_at: None,
    };
    let (key, record) = new.make().unwrap();
    let key = format!("Bearer {}", key.expose());
    let (jwt, api_key) = (desk.sign_in(), ApiKey::new(Arc::new(One(record)), clock()));
    let proxy = TrustedProxy {
        peers: vec!["10.0.0.1".parse().unwrap()],
        user: HeaderName::from_static("x-forwarded-user"),
        tenant: None,
        name: None,
        email: None,
        roles: None,
        allowed_origins: Vec::new(),
    };
    let development = Development::default();
    let (inside, outside) = ("10.0.0.1:1", "192.0.2.1:1");
    let proxied = ("x-forwarded-user", "ann");
    let bearer = |text| ("authorization", text);
    let cases: [(&dyn Authenticator, _, _, _); 14] = [
        (&jwt, bearer(token.as_str()), outside, Some("ann")),
        (&jwt, bearer("Bearer anything"), outside, None),
        (&jwt, bearer("Bearer "), outside, None),
        (&jwt, bearer("mallory"), outside, None),
        (&jwt, ("x-user", "mallory"), outside, None),
        (&api_key, bearer(&key), outside, Some("ann")),
        (&api_key, bearer("Bearer anything"), outside, None),
        (&api_key, bearer(&token), outside, None),
        (&api_key, ("x-user", "mallory"), outside, None),
        (&proxy, proxied, inside, Some("ann")),
        (&proxy, proxied, outside, None),
        (&proxy, ("x-user", "mallory"), inside, None),
        (
            &development,
            ("host", "localhost"),
            "127.0.0.1:1",
            Some("dev"),
        ),
        (&development, ("host", "localhost"), outside, None),
    ];
    for (sign_in, header, peer, expected) in cases {
        let free = [header, ("x-user-id", "mallory"), ("x-tenant-id", "other")];
        let found = user_of(sign_in, &head("GET", &free), Some(peer)).await;
        match (&found, expected) {
            (Ok(user), Some(expected)) => assert_eq!(user, expected, "{header:?}"),
            (Err(AuthError::Unauthenticated { .. } | AuthError::Forbidden { .. }), None) => {}
            _ => panic!("{sign_in:?} {header:?} {found:?}"),
        }
    }
}
