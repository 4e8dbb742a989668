//! `oauth`: what happens to tokens at another replica, or to the configuration, while they are kept.

use std::pin::pin;
use std::time::Duration;

use frontdesk_auth::outgoing::oauth::{Connect, Vault};
use frontdesk_auth::outgoing::{Attachment, Broker, OutgoingError};
use tokio::task::JoinSet;

use crate::outgoing_connect::{Desk, ann, broker, owner};
use crate::outgoing_fake::{Fake, bearer};

/// Begins a refresh of Ann's token; what the issuer answers is kept back.
async fn refreshing(desk: &Desk) -> JoinSet<Result<Attachment, OutgoingError>> {
    let asked = desk.fake.seen("/token").len();
    desk.clock.advance(Duration::from_secs(70));
    desk.fake.close_gate();
    let (mut call, broker) = (JoinSet::new(), desk.broker.clone());
    call.spawn(async move { broker.attachment(&ann()).await });
    while desk.fake.seen("/token").len() == asked {
        tokio::task::yield_now().await;
    }
    call
}

#[tokio::test]
async fn an_account_that_was_given_up_does_not_come_back_by_a_refresh() {
    let desk = Desk::open().await;
    desk.fake.lifetime(100);
    desk.connect(&ann()).await;
    let call = refreshing(&desk).await;
    let replica = broker(&desk.fake, &desk.clock, desk.vault.clone(), "tasks");
    let replica = Connect::new([replica]);
    assert_eq!(replica.disconnect(&owner(&ann()), "tasks").await, Ok(true));
    desk.fake.open_gate();
    let answer = call.join_all().await.remove(0);
    assert!(
        matches!(answer, Err(OutgoingError::NotConnected { .. })),
        "{answer:?}"
    );
    assert_eq!(desk.vault.load(&owner(&ann()), "tasks").await, Ok(None));
    let revoked = desk.fake.seen("/revoke");
    let revoked: Vec<&str> = revoked.iter().map(|seen| &*seen.form["token"]).collect();
    assert_eq!(revoked, ["hush-refresh-1", "hush-refresh-2"]);
}

#[tokio::test]
async fn an_account_that_was_connected_anew_is_not_replaced_by_a_refresh_of_the_old_one() {
    let desk = Desk::open().await;
    desk.fake.lifetime(100);
    desk.connect(&ann()).await;
    let (vault, ann_herself) = (&desk.vault, owner(&ann()));
    let new = vault.load(&ann_herself, "tasks").await.unwrap().unwrap();
    assert_eq!(vault.remove(&ann_herself, "tasks").await, Ok(()));
    desk.connect(&ann()).await;
    let call = refreshing(&desk).await;
    let saved = vault.save(&ann_herself, "tasks", new.clone()).await;
    assert_eq!(saved, Ok(()));
    desk.fake.open_gate();
    let answer = call.join_all().await.remove(0).unwrap();
    assert_eq!(bearer(&answer), "hush-access-1");
    assert_eq!(vault.load(&ann_herself, "tasks").await, Ok(Some(new)));
}

#[tokio::test]
async fn what_was_begun_is_carried_through_although_the_browser_goes_away() {
    let desk = Desk::open().await;
    let started = desk
        .connect
        .start(&desk.ticket(&ann()).await)
        .await
        .unwrap();
    let query = desk.fake.approve(&started.url);
    desk.fake.close_gate();
    let mut answer = pin!(
        desk.connect
            .callback("tasks", &query, Some(started.browser.expose()))
    );
    let asked = async {
        while desk.fake.seen("/token").is_empty() {
            tokio::task::yield_now().await;
        }
    };
    tokio::select! {
        biased;
        early = &mut answer => panic!("{early:?}"),
        () = asked => {}
    }
    // The future above isn't asked any more.
    desk.fake.open_gate();
    let stored = async {
        while desk.vault.load(&owner(&ann()), "tasks").await == Ok(None) {
            tokio::task::yield_now().await;
        }
    };
    let stored = tokio::time::timeout(Duration::from_secs(30), stored).await;
    assert_eq!(stored, Ok(()));
}

#[tokio::test]
async fn tokens_for_one_server_never_go_to_another_that_takes_its_name() {
    let (desk, other) = (Desk::open().await, Fake::start().await);
    desk.connect(&ann()).await;
    let moved = broker(&other, &desk.clock, desk.vault.clone(), "tasks");
    let answer = moved.attachment(&ann()).await;
    assert!(
        matches!(answer, Err(OutgoingError::NotConnected { .. })),
        "{answer:?}"
    );
    // They can be given up all the same, where they came from.
    let moved = Connect::new([moved]);
    assert_eq!(moved.disconnect(&owner(&ann()), "tasks").await, Ok(true));
    let revoked = desk.fake.seen("/revoke").remove(0);
    assert_eq!(revoked.form["token"], "hush-refresh-1");
    assert_eq!(desk.vault.load(&owner(&ann()), "tasks").await, Ok(None));
    assert!(other.paths().is_empty());
}
