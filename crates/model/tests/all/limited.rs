//! A model within limits: who waits, for how long, and that nothing is held that nobody uses.

use std::num::{NonZeroU32, NonZeroU64};
use std::sync::Arc;
use std::time::Duration;

use frontdesk_model::{
    Error, ErrorKind, Event, EventStream, Item, Limited, Limits, Model, Request,
};
use futures_util::{FutureExt, StreamExt};
use tokio::time::{Instant, advance};

use crate::planned::{Plan, Planned, answer, said, text};
use crate::server::collect;

fn limited(limits: Limits, plans: Vec<Plan>) -> Limited {
    Limited::new(Planned::new("m", plans), limits)
}

fn at_once(places: u32) -> Limits {
    Limits {
        at_once: NonZeroU32::new(places),
        ..Limits::default()
    }
}

fn busy() -> Plan {
    Plan::Hang(vec![Event::Started])
}

/// A request that hasn't got its turn, told by polling it once.
macro_rules! waits {
    ($request:expr) => {
        assert!($request.as_mut().now_or_never().is_none())
    };
}

async fn ask(model: &Limited) -> Result<EventStream, Error> {
    model.stream(Request::default()).await
}

/// So many seconds since `start`, in tenths.
fn tenths(start: Instant) -> u128 {
    start.elapsed().as_millis() / 100
}

#[tokio::test(start_paused = true)]
async fn a_place_is_held_until_the_answer_has_ended_or_is_dropped() {
    let begun = vec![Event::Started, text("a")];
    let failing = Plan::Answer(begun, Some(Error::new(ErrorKind::Failed, "x")));
    let refused = Plan::Refuse(Error::new(ErrorKind::Overloaded, "x"));
    for (first, last) in [
        (busy(), 0),
        (answer("a"), 3),
        (failing, 3),
        (refused, usize::MAX),
    ] {
        let model = limited(at_once(1), vec![first, answer("b")]);
        let held = ask(&model).await;
        if let Ok(mut stream) = held {
            let mut second = Box::pin(ask(&model));
            waits!(second);
            // To its last event; the stream itself is still there.
            for _ in 0..last {
                stream.next().await.unwrap().ok();
            }
            if last == 0 {
                drop(stream);
                assert!(second.await.is_ok());
            } else {
                assert!(second.await.is_ok());
                drop(stream);
            }
        } else {
            assert_eq!(last, usize::MAX);
            assert!(ask(&model).await.is_ok());
        }
    }
}

#[tokio::test(start_paused = true)]
async fn requests_go_in_the_order_in_which_they_came_and_one_that_left_is_not_waited_for() {
    let model = limited(at_once(1), vec![busy(), busy(), busy()]);
    let first = ask(&model).await.unwrap();
    let mut second = Box::pin(ask(&model));
    let mut third = Box::pin(ask(&model));
    let mut fourth = Box::pin(ask(&model));
    for request in [&mut second, &mut third, &mut fourth] {
        waits!(request);
    }
    drop(third);
    drop(first);
    waits!(fourth);
    let second = second.await.unwrap();
    waits!(fourth);
    drop(second);
    assert!(fourth.await.is_ok());
}

#[tokio::test(start_paused = true)]
async fn nobody_waits_longer_than_allowed() {
    let limits = Limits {
        longest_wait: Duration::from_secs(5),
        ..at_once(1)
    };
    let model = limited(limits, vec![busy(), answer("b")]);
    let held = ask(&model).await.unwrap();
    let start = Instant::now();
    let error = ask(&model).await.err();
    let detail = "no room within 5 s, by the limits that are set for the model";
    assert_eq!(
        error,
        Some(Error {
            retry_after: Some(Duration::from_secs(1)),
            ..Error::new(ErrorKind::RateLimited, detail)
        })
    );
    assert_eq!(tenths(start), 50);
    drop(held);
    assert_eq!(
        collect(&model, Request::default()).await,
        (said("b", 0), None)
    );
}

#[tokio::test(start_paused = true)]
async fn a_minute_has_no_more_requests_than_allowed() {
    let limits = Limits {
        requests_per_minute: NonZeroU32::new(2),
        longest_wait: Duration::from_secs(50),
        ..Limits::default()
    };
    let model = limited(limits, vec![answer("a"); 6]);
    let start = Instant::now();
    collect(&model, Request::default()).await;
    advance(Duration::from_secs(40)).await;
    collect(&model, Request::default()).await;
    assert_eq!(tenths(start), 400);
    // Each counts for a minute.
    for expected in [602, 1002, 1205] {
        assert_eq!(collect(&model, Request::default()).await.1, None);
        assert_eq!(tenths(start), expected);
    }
}

#[tokio::test(start_paused = true)]
async fn what_cannot_come_in_time_is_not_waited_for() {
    let limits = Limits {
        requests_per_minute: NonZeroU32::new(2),
        longest_wait: Duration::from_secs(10),
        ..Limits::default()
    };
    let model = limited(limits, vec![answer("a"); 2]);
    let start = Instant::now();
    for _ in 0..2 {
        assert_eq!(collect(&model, Request::default()).await.1, None);
    }
    let error = collect(&model, Request::default()).await.1.unwrap();
    assert_eq!(
        (error.kind, error.retry_after),
        (ErrorKind::RateLimited, Some(Duration::from_millis(60_250)))
    );
    assert_eq!(tenths(start), 0);
}

#[tokio::test(start_paused = true)]
async fn a_minute_has_no_more_tokens_than_allowed() {
    let limits = Limits {
        tokens_per_minute: NonZeroU64::new(100),
        longest_wait: Duration::from_secs(90),
        ..Limits::default()
    };
    let used = |tokens| Plan::Answer(said("a", tokens), None);
    // The tokens that a request seems to have, those that its answer used, and when it goes in tenths of a second.
    let requests = [
        (10, 50, 0),
        (50, 20, 0),
        (30, 0, 0),
        (1, 1, 602),
        (1_000, 5, 1205),
        (95, 95, 1205),
        (1, 1, 1807),
    ];
    let plans = requests.iter().map(|(_, tokens, _)| used(*tokens));
    let model = limited(limits, plans.collect());
    let start = Instant::now();
    for (number, (estimate, _, expected)) in requests.into_iter().enumerate() {
        let request = Request {
            input: vec![Item::user("word".repeat(estimate))],
            ..Request::default()
        };
        assert_eq!(collect(&model, request).await.1, None, "{number}");
        assert_eq!(tenths(start), expected, "{number}");
    }
}

#[tokio::test(start_paused = true)]
async fn counts_beyond_all_reason_count_for_a_minute_and_no_longer() {
    let limits = Limits {
        requests_per_minute: NonZeroU32::new(10),
        ..Limits::default()
    };
    let used = |tokens| Plan::Answer(said("a", tokens), None);
    let model = limited(limits, vec![used(u64::MAX), used(5), used(5)]);
    for seconds in [0, 31, 100] {
        advance(Duration::from_secs(seconds)).await;
        assert_eq!(collect(&model, Request::default()).await.1, None);
    }
}

#[tokio::test(start_paused = true)]
async fn one_that_leaves_while_the_minute_is_full_counts_for_nothing() {
    let limits = Limits {
        requests_per_minute: NonZeroU32::new(1),
        longest_wait: Duration::from_secs(90),
        ..at_once(2)
    };
    let model = limited(limits, vec![busy(), answer("b")]);
    let start = Instant::now();
    let _held = ask(&model).await.unwrap();
    let mut left = Box::pin(ask(&model));
    waits!(left);
    drop(left);
    assert_eq!(
        collect(&model, Request::default()).await,
        (said("b", 0), None)
    );
    assert_eq!(tenths(start), 602);
}

#[tokio::test]
async fn without_limits_everything_goes_at_once() {
    let model = Planned::new("m", vec![busy(), busy(), busy()]);
    let limited = Limited::new(model.clone(), Limits::default());
    let streams = [
        ask(&limited).await,
        ask(&limited).await,
        ask(&limited).await,
    ];
    assert!(streams.iter().all(Result::is_ok));
    assert_eq!((limited.name(), model.asked()), ("m", 3));
    let limited: Arc<dyn Model> = Arc::new(limited);
    assert_eq!(limited.prices(), None);
}
