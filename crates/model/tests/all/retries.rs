//! How long a call waits before it is tried again, measured on recordings and a clock that jumps.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use frontdesk_clock::SequentialIds;
use frontdesk_model::openai_responses::{Config, OpenAiResponses};
use frontdesk_model::recorded::{Recorded, Recording};
use frontdesk_model::{ErrorKind, Request, Retry, http};
use futures_util::FutureExt;
use tokio::net::{TcpSocket, TcpStream};
use tokio::time::Instant;

use crate::server::collect;

/// How an answer of these tries ends, and how long that takes.
async fn wait(tries: &[&str]) -> (Option<ErrorKind>, Duration) {
    let tries = tries.join("@again\n");
    let recording =
        Recording::read(&format!("@dialect openai_responses\n@answer\n{tries}")).unwrap();
    let model = Recorded::new(recording, Arc::new(SequentialIds::default()));
    let start = Instant::now();
    let (_, error) = collect(&model, Request::default()).await;
    (error.map(|error| error.kind), start.elapsed())
}

const WHOLE: &str = "data: {\"type\":\"response.completed\",\"response\":{\"output\":[]}}\n\n";

#[tokio::test(start_paused = true)]
async fn waits_double_up_to_a_longest_and_differ_from_call_to_call() {
    let away = "@unreachable\n";
    // The waits that a call makes add up to this many milliseconds at most.
    let calls = [
        (vec![away, WHOLE], 250),
        (vec![away, away, WHOLE], 750),
        (vec![away, away, away, WHOLE], 1_750),
        (vec![away, away, away, away, WHOLE], 3_750),
        (vec![away, away, away, away, away, WHOLE], 5_750),
    ];
    for (tries, most) in calls {
        let mut waits = BTreeSet::new();
        for _ in 0..20 {
            let (error, waited) = wait(&tries).await;
            assert_eq!(error, None);
            waits.insert(waited.as_millis());
        }
        let least = most * 3 / 4;
        // The clock of the test is exact to a millisecond for each wait.
        assert!(
            waits.iter().all(|wait| (least..=most + 5).contains(wait)),
            "{most}: {waits:?}"
        );
        assert!(waits.len() > 5, "{most}: {waits:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_provider_is_given_the_time_that_it_asks_for_up_to_a_longest() {
    for (asked, waited) in [(0, 0), (1, 1), (20, 20), (31, 30), (100_000, 30)] {
        for status in [429, 503] {
            let busy = format!("@status {status} retry-after {asked}\n");
            let (error, wait) = wait(&[&busy, WHOLE]).await;
            assert_eq!((error, wait.as_secs()), (None, waited), "{status} {asked}");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn what_is_pointless_is_not_waited_for() {
    for (status, kind) in [
        (400, ErrorKind::InvalidRequest),
        (401, ErrorKind::Unauthorized),
    ] {
        let refused = format!("@status {status} retry-after 5\n");
        let (error, wait) = wait(&[&refused, WHOLE]).await;
        assert_eq!((error, wait), (Some(kind), Duration::ZERO));
    }
}

#[tokio::test(start_paused = true)]
async fn a_connection_that_never_stands_is_given_up_long_before_the_first_byte_is_due() {
    let socket = TcpSocket::new_v4().unwrap();
    socket.bind("127.0.0.1:0".parse().unwrap()).unwrap();
    let listener = socket.listen(1).unwrap();
    let address = listener.local_addr().unwrap();
    // Nobody accepts, so the line of those that wait is full after a few.
    let mut waiting = Vec::new();
    for _ in 0..16 {
        let mut connecting = Box::pin(TcpStream::connect(address));
        assert!(connecting.as_mut().now_or_never().is_none());
        waiting.push(connecting);
    }
    let config = Config {
        base_url: format!("http://{address}/v1"),
        retry: Retry {
            times: 0,
            ..Retry::default()
        },
        ..Config::new("m")
    };
    let model = OpenAiResponses::new(config, http::client().unwrap()).unwrap();
    let start = Instant::now();
    let (events, error) = collect(&model, Request::default()).await;
    assert_eq!((events, error.unwrap().kind), (vec![], ErrorKind::Connect));
    assert_eq!(start.elapsed().as_secs(), http::CONNECT_TIMEOUT.as_secs());
}
