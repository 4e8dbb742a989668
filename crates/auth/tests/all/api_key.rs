//! Sign-in by API key.

use std::collections::HashMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use frontdesk_auth::AuthError;
use frontdesk_auth::incoming::api_key::{ApiKey, ApiKeyRecord, ApiKeys, KeyRight, NewApiKey};
use frontdesk_clock::Clock;
use frontdesk_identity::{Principal, TenantId, UserId};
use http::HeaderMap;

use crate::desk::{NOW, clock, head, unauthenticated};

#[derive(Debug, Default)]
struct Kept {
    records: Mutex<HashMap<String, ApiKeyRecord>>,
    asked: AtomicUsize,
}

#[async_trait]
impl ApiKeys for Kept {
    async fn find(&self, id: &str) -> Result<Option<ApiKeyRecord>, AuthError> {
        self.asked.fetch_add(1, Ordering::SeqCst);
        Ok(self.records.lock().unwrap().get(id).cloned())
    }
}

impl Kept {
    fn make(&self, right: KeyRight, expires_at: Option<i64>) -> (String, String) {
        let tenant = TenantId::new("acme").unwrap();
        let new = NewApiKey {
            tenant,
            right,
            expires_at,
        };
        let (text, record) = new.make().unwrap();
        let id = record.id.clone();
        self.records.lock().unwrap().insert(id.clone(), record);
        (text.expose().to_owned(), id)
    }
}

fn ann() -> KeyRight {
    KeyRight::User(UserId::new("ann").unwrap())
}

fn headers(key: &str, behalf: &[&str]) -> HeaderMap {
    let authorization = format!("Bearer {key}");
    let mut headers = vec![("authorization", authorization.as_str())];
    headers.extend(behalf.iter().map(|user| ("frontdesk-on-behalf-of", *user)));
    head("POST", &headers).headers
}

fn of_acme(user: &str) -> Principal {
    Principal::new(TenantId::new("acme").unwrap(), UserId::new(user).unwrap())
}

#[tokio::test]
async fn a_key_says_for_whom_it_may_be_used() {
    let kept = Arc::new(Kept::default());
    let (users, _) = kept.make(ann(), None);
    let (behalf, _) = kept.make(KeyRight::OnBehalf, None);
    let sign_in = ApiKey::new(kept, clock());
    let only = || {
        Err(AuthError::Forbidden {
            message: "this key may not be used on behalf of others",
        })
    };
    let unnamed = || {
        Err(AuthError::Invalid {
            message: "this key needs the user in one frontdesk-on-behalf-of header".to_owned(),
        })
    };
    let impossible = Err(AuthError::Invalid {
        message: "user must be 1 to 256 bytes without control characters".to_owned(),
    });
    for (key, named, expected) in [
        (&users, vec![], Ok(of_acme("ann"))),
        (&users, vec!["bob"], only()),
        (&users, vec!["ann"], only()),
        (&users, vec!["ann", "bob"], only()),
        (&behalf, vec!["bob"], Ok(of_acme("bob"))),
        (&behalf, vec!["Ren%C3%A9e"], Ok(of_acme("Renée"))),
        (&behalf, vec![], unnamed()),
        (&behalf, vec!["bob", "bob"], unnamed()),
        (&behalf, vec![" "], impossible),
    ] {
        let found = sign_in.principal(&headers(key, &named)).await;
        assert_eq!(found, expected, "{named:?}");
    }
}

#[tokio::test]
async fn only_the_key_itself_opens() {
    let kept = Arc::new(Kept::default());
    let (key, id) = kept.make(ann(), None);
    let (other, _) = kept.make(ann(), None);
    let sign_in = ApiKey::new(Arc::clone(&kept) as Arc<dyn ApiKeys>, clock());
    let (_, secret) = key.rsplit_once('_').unwrap();
    let (_, other_secret) = other.rsplit_once('_').unwrap();
    let unknown = "0".repeat(16);
    for (text, detail) in [
        (format!("fdk_{id}_{other_secret}"), "a wrong key"),
        (format!("fdk_{id}_{}", "0".repeat(64)), "a wrong key"),
        (format!("fdk_{unknown}_{secret}"), "an unknown key"),
        (format!("fdk_{id}_{}", &secret[1..]), "not a key"),
        (format!("fdk_{id}_{}", secret.to_uppercase()), "not a key"),
        (format!("fdk_{id}"), "not a key"),
        (format!("{id}_{secret}"), "not a key"),
        (format!("{key}0"), "not a key"),
        ("fdk_".to_owned(), "not a key"),
        ("ann".to_owned(), "not a key"),
    ] {
        let found = sign_in.principal(&headers(&text, &[])).await;
        assert_eq!(found, unauthenticated(detail), "{text}");
    }
    assert_eq!(
        sign_in.principal(&HeaderMap::new()).await,
        unauthenticated("no key")
    );
    let kept = kept.records.lock().unwrap();
    assert!(!format!("{kept:?}").contains(secret));
}

#[tokio::test]
async fn keys_run_out_and_revoked_ones_stop_within_half_a_minute() {
    let (kept, clock) = (Arc::new(Kept::default()), clock());
    let (short, _) = kept.make(ann(), Some(NOW + 10));
    let (key, id) = kept.make(ann(), None);
    let sign_in = ApiKey::new(
        Arc::clone(&kept) as Arc<dyn ApiKeys>,
        Arc::clone(&clock) as Arc<dyn Clock>,
    );
    for key in [&short, &key, &key] {
        assert_eq!(
            sign_in.principal(&headers(key, &[])).await,
            Ok(of_acme("ann"))
        );
    }
    assert_eq!(
        kept.asked.load(Ordering::SeqCst),
        2,
        "a look-up is remembered"
    );
    kept.records
        .lock()
        .unwrap()
        .get_mut(&id)
        .unwrap()
        .revoked_at = Some(NOW);
    clock.advance(Duration::from_secs(10));
    assert_eq!(
        sign_in.principal(&headers(&short, &[])).await,
        unauthenticated("an expired key")
    );
    clock.advance(Duration::from_secs(20));
    assert_eq!(
        sign_in.principal(&headers(&key, &[])).await,
        unauthenticated("a revoked key")
    );
}
