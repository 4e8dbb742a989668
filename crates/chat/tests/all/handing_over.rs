//! A process that shuts down hands its turns over, and the next one goes on with them.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use frontdesk_chat::{Client, OnDisconnect, Options, Processes, RequestContext};
use frontdesk_store::TurnStatus;
use frontdesk_store::Turns;
use frontdesk_store::memory::MemoryStore;
use tokio::time::Instant;

use crate::desk::{Desk, context, create, event, read_all, read_until, resuming};
use crate::process::{options, service};
use crate::reciting::{Reciting, VERSES, View};

const GRACE: Duration = Duration::from_secs(1);

/// Shuts a process down in the middle of the second verse; answers with how the stream of its client ended and with
/// what the next one makes of the turn.
async fn handed_over(cx: RequestContext, options: Options) -> (Option<String>, View, Vec<String>) {
    let store = Arc::new(MemoryStore::new());
    let first = Desk {
        service: service(&store, Reciting::hanging_at(6), options.clone()),
        store: store.clone(),
    };
    let reciting = Reciting::whole();
    let is_alone = options.processes == Processes::One;
    let others = (!is_alone).then(|| service(&store, reciting.clone(), options.clone()));
    let (turn, mut reader) = first.begin(create("recite"), &cx).await;
    let mut view = View::default();
    view.follow(&read_until(&mut reader, |event| event["update"]["delta"] == "t").await);
    let begun = Instant::now();
    first.service.shutdown(GRACE).await;
    assert!(begun.elapsed() < GRACE + Duration::from_millis(500));
    let rest = read_all(&mut reader).await;
    view.follow(&rest);
    assert_eq!(reader.has_broken_off(), cx.client == Client::Resuming);
    let ended = rest.last().map(|frame| event(frame).to_string());
    assert_eq!(first.refused(create("more"), &cx).await, 503);
    assert!(first.service.ready().await.is_err());
    let next = others.unwrap_or_else(|| service(&store, reciting.clone(), options));
    if is_alone {
        assert_eq!(next.recover().await.unwrap(), 1);
    }
    // Nobody has to ask for it.
    let scope = cx.scope();
    let record = async || store.turn(&scope, &turn).await.unwrap().unwrap();
    let handed = Instant::now();
    while record().await.ended_at.is_none() {
        assert!(
            handed.elapsed() < Duration::from_secs(1),
            "it isn't taken over"
        );
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    let found = record().await;
    assert_eq!((found.status, found.attempt), (TurnStatus::Done, 2));
    assert_eq!(reciting.went_on.load(Ordering::SeqCst), 1);
    let mut reader = next.events(&resuming(), &turn, view.last).await.unwrap();
    view.follow(&read_all(&mut reader).await);
    let desk = Desk {
        service: next,
        store: store.clone(),
    };
    let items = desk.items(&found.thread_id, &cx).await;
    assert!(!view.is_stale);
    assert_eq!(view.items, items);
    let texts = items.iter().map(|item| &item["content"][0]["text"]);
    let texts = texts
        .map(|text| text.as_str().unwrap().to_owned())
        .collect();
    (ended, view, texts)
}

#[tokio::test(start_paused = true)]
async fn who_resumes_reads_on_in_another_process() {
    for processes in [Processes::Many, Processes::One] {
        let options = Options {
            processes,
            ..options()
        };
        let (ended, _, texts) = handed_over(resuming(), options).await;
        assert_eq!(ended, None, "the stream just ends");
        assert_eq!(texts, ["recite", VERSES[0], VERSES[1], VERSES[2]]);
    }
}

#[tokio::test(start_paused = true)]
async fn a_plain_client_is_told_that_its_answer_goes_on() {
    let options = Options {
        on_disconnect: OnDisconnect::Continue,
        ..options()
    };
    let cx = context("default", "dev", Client::Plain);
    let (ended, _, texts) = handed_over(cx, options).await;
    let ended = ended.unwrap();
    assert!(
        ended.contains("The answer goes on") && ended.contains("\"allow_retry\":false"),
        "{ended}"
    );
    assert_eq!(texts, ["recite", VERSES[0], VERSES[1], VERSES[2]]);
}
