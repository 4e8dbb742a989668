//! `oauth`: tokens are refreshed when it is time, once for all who want them.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use async_trait::async_trait;
use frontdesk_auth::outgoing::oauth::{CameBack, MemoryVault, SetOut, Vault};
use frontdesk_auth::outgoing::{Broker, OutgoingError, Refusal, RefusalKind};
use frontdesk_identity::Scope;
use serde_json::{Value, json};
use tokio::task::JoinSet;

use crate::outgoing_connect::{Desk, ann, bob, broker, ticket};
use crate::outgoing_fake::{RESOURCE_METADATA, bearer, pairs, refused};

#[tokio::test]
async fn a_token_that_runs_out_is_refreshed_once_for_all_calls() {
    let desk = Desk::open().await;
    desk.fake.lifetime(100);
    desk.connect(&ann()).await;
    desk.clock.advance(Duration::from_secs(70));
    desk.fake.close_gate();
    let mut calls = JoinSet::new();
    for _ in 0..100 {
        let broker = desk.broker.clone();
        calls.spawn(async move {
            let attachment = broker.attachment(&ann()).await.unwrap();
            bearer(&attachment).to_owned()
        });
    }
    while desk.fake.seen("/token").len() < 2 {
        tokio::task::yield_now().await;
    }
    desk.fake.open_gate();
    assert_eq!(calls.join_all().await, vec!["hush-access-2"; 100]);
    assert_eq!(desk.fake.seen("/token").len(), 2);
    // The next time the refresh token that came with it is used.
    desk.clock.advance(Duration::from_secs(70));
    let attachment = desk.broker.attachment(&ann()).await.unwrap();
    assert_eq!(bearer(&attachment), "hush-access-3");
    let last = desk.fake.seen("/token").pop().unwrap();
    assert_eq!(last.form["refresh_token"], "hush-refresh-2");
}

#[tokio::test]
async fn a_refresh_outlives_the_call_that_wanted_it() {
    let desk = Desk::open().await;
    desk.fake.lifetime(100);
    desk.connect(&ann()).await;
    desk.clock.advance(Duration::from_secs(70));
    desk.fake.close_gate();
    let mut call = JoinSet::new();
    let broker = desk.broker.clone();
    call.spawn(async move { broker.attachment(&ann()).await });
    while desk.fake.seen("/token").len() < 2 {
        tokio::task::yield_now().await;
    }
    call.shutdown().await;
    desk.fake.open_gate();
    let attachment = desk.broker.attachment(&ann()).await.unwrap();
    assert_eq!(bearer(&attachment), "hush-access-2");
    assert_eq!(desk.fake.seen("/token").len(), 2);
}

#[tokio::test]
async fn another_replicas_refresh_counts_too() {
    let desk = Desk::open().await;
    desk.fake.lifetime(100);
    desk.connect(&ann()).await;
    desk.clock.advance(Duration::from_secs(70));
    let replica = broker(&desk.fake, &desk.clock, desk.vault.clone(), "tasks");
    let there = replica.attachment(&ann()).await.unwrap();
    let here = desk.broker.attachment(&ann()).await.unwrap();
    assert_eq!(bearer(&there), bearer(&here));
    assert_eq!(desk.fake.seen("/token").len(), 2);
}

#[tokio::test]
async fn a_refused_token_is_refreshed_once_then_the_user_is_asked() {
    let desk = Desk::open().await;
    desk.connect(&ann()).await;
    let first = desk.broker.attachment(&ann()).await.unwrap();
    let refusal = refused(&first, RefusalKind::Unauthorized, &[]);
    let second = desk.broker.renewed(&ann(), &refusal).await.unwrap();
    assert_eq!(bearer(&second), "hush-access-2");
    // A slower call, for which the first token was refused too.
    let again = desk.broker.renewed(&ann(), &refusal).await.unwrap();
    assert_eq!(bearer(&again), "hush-access-2");
    let refusal = Refusal {
        resource_metadata: Some(format!("{}{RESOURCE_METADATA}", desk.fake.base)),
        ..refused(&second, RefusalKind::Unauthorized, &["tasks:all"])
    };
    let error = desk.broker.renewed(&ann(), &refusal).await.unwrap_err();
    let OutgoingError::NotConnected { link: Some(link) } = error else {
        panic!("{error:?}");
    };
    assert_eq!(desk.fake.seen("/token").len(), 2);
    // The link knows what the server said; it isn't asked again.
    let started = desk.connect.start(&ticket(&link)).await.unwrap();
    assert_eq!(
        pairs(started.url.query().unwrap())["scope"],
        "tasks:read tasks:all"
    );
}

#[tokio::test]
async fn a_refresh_that_is_refused_asks_the_user_and_one_that_fails_does_not() {
    let desk = Desk::open().await;
    desk.fake.lifetime(0);
    desk.connect(&ann()).await;
    desk.fake.force("/token", 503, json!({}));
    let error = desk.broker.attachment(&ann()).await.unwrap_err();
    assert!(
        matches!(error, OutgoingError::Unavailable { .. }),
        "{error:?}"
    );
    for code in ["invalid_grant", "invalid_client"] {
        desk.fake.force("/token", 400, json!({"error": code}));
        desk.ticket(&ann()).await;
    }
    desk.fake.force("/token", 0, Value::Null);
    desk.fake.lifetime(3_600);
    desk.broker.attachment(&ann()).await.unwrap();
}

#[tokio::test]
async fn the_last_seconds_of_a_token_are_used_while_the_issuer_is_down() {
    let desk = Desk::open().await;
    desk.fake.lifetime(100);
    desk.connect(&ann()).await;
    desk.fake.force("/token", 503, json!({}));
    desk.clock.advance(Duration::from_secs(99));
    let attachment = desk.broker.attachment(&ann()).await.unwrap();
    assert_eq!(bearer(&attachment), "hush-access-1");
    desk.clock.advance(Duration::from_secs(1));
    let error = desk.broker.attachment(&ann()).await.unwrap_err();
    assert!(
        matches!(error, OutgoingError::Unavailable { .. }),
        "{error:?}"
    );
}

#[tokio::test]
async fn a_registration_that_the_issuer_has_forgotten_is_made_anew() {
    let desk = Desk::open().await;
    desk.fake.lifetime(0);
    desk.connect(&ann()).await;
    desk.fake
        .force("/token", 401, json!({"error": "invalid_client"}));
    let ticket = desk.ticket(&ann()).await;
    desk.fake.force("/token", 0, Value::Null);
    desk.follow(&ticket).await;
    assert_eq!(desk.fake.seen("/register").len(), 2);
    // And after an hour in any case, for a server may tell nobody but the user.
    let started = desk.connect.start(&desk.ticket(&bob()).await).await;
    assert!(started.is_ok());
    assert_eq!(desk.fake.seen("/register").len(), 2);
    desk.clock.advance(Duration::from_hours(1));
    let started = desk.connect.start(&desk.ticket(&bob()).await).await;
    assert!(started.is_ok());
    assert_eq!(desk.fake.seen("/register").len(), 3);
}

/// A vault that gives out what another replica has replaced already, so many times.
#[derive(Debug)]
struct Behind {
    vault: Arc<MemoryVault>,
    old: Vec<u8>,
    times: AtomicUsize,
}

#[async_trait]
impl Vault for Behind {
    async fn load(&self, owner: &Scope, server: &str) -> Result<Option<Vec<u8>>, OutgoingError> {
        let behind = self
            .times
            .try_update(Ordering::SeqCst, Ordering::SeqCst, |left| {
                left.checked_sub(1)
            });
        if behind.is_ok() {
            return Ok(Some(self.old.clone()));
        }
        self.vault.load(owner, server).await
    }

    async fn save(
        &self,
        owner: &Scope,
        server: &str,
        sealed: Vec<u8>,
    ) -> Result<(), OutgoingError> {
        self.vault.save(owner, server, sealed).await
    }

    async fn remove(&self, owner: &Scope, server: &str) -> Result<(), OutgoingError> {
        self.vault.remove(owner, server).await
    }

    async fn set_out(&self, owner: &Scope, journey: SetOut) -> Result<(), OutgoingError> {
        self.vault.set_out(owner, journey).await
    }

    async fn take(&self, state_hash: &[u8; 32]) -> Result<Option<CameBack>, OutgoingError> {
        self.vault.take(state_hash).await
    }
}

#[tokio::test]
async fn replicas_that_refresh_at_once_end_with_the_same_token() {
    // Behind once: the other was faster before we asked. Twice: it was while we asked, with a refresh token that counts
    // no more.
    for (times, asked) in [(1, 2), (2, 3)] {
        let desk = Desk::open().await;
        desk.fake.lifetime(100);
        desk.connect(&ann()).await;
        let owner = ann().principal.scope();
        let old = desk.vault.load(&owner, "tasks").await.unwrap().unwrap();
        desk.clock.advance(Duration::from_secs(70));
        let first = desk.broker.attachment(&ann()).await.unwrap();
        let behind = Behind {
            vault: desk.vault.clone(),
            old,
            times: AtomicUsize::new(times),
        };
        let replica = broker(&desk.fake, &desk.clock, Arc::new(behind), "tasks");
        let second = replica.attachment(&ann()).await.unwrap();
        assert_eq!(bearer(&second), bearer(&first));
        assert_eq!(desk.fake.seen("/token").len(), asked);
    }
}
