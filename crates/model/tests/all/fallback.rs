//! A model with others in reserve: who answers, when, and who is passed over.

use std::sync::Arc;
use std::time::Duration;

use frontdesk_model::{
    Error, ErrorKind, Event, Fallback, Item, Model, Prices, Request, http, openai_responses,
};
use futures_util::FutureExt;
use serde_json::json;
use tokio::time::advance;

use crate::planned::{Plan, Planned, answer, said, text};
use crate::server::{Reply, Server, collect, whole};

fn error(kind: ErrorKind) -> Error {
    Error::new(kind, format!("{kind:?}"))
}

fn refuse(kind: ErrorKind) -> Plan {
    Plan::Refuse(error(kind))
}

fn answered_by(model: &str, word: &str) -> Vec<Event> {
    let introduction = Event::AnsweredBy {
        model: model.to_owned(),
        prices: None,
    };
    [vec![introduction], said(word, 0)].concat()
}

/// Who was asked, with two models of these plans.
async fn ask(first: Plan, second: Plan) -> (Vec<Event>, Option<ErrorKind>, [usize; 2]) {
    let first = Planned::new("first", vec![first]);
    let second = Planned::new("second", vec![second]);
    let model = Fallback::new(first.clone(), vec![second.clone()]);
    let (events, error) = collect(&model, Request::default()).await;
    (
        events,
        error.map(|error| error.kind),
        [first.asked(), second.asked()],
    )
}

#[tokio::test]
async fn the_first_one_answers_while_it_is_there() {
    assert_eq!(
        ask(answer("a"), answer("b")).await,
        (said("a", 0), None, [1, 0])
    );
}

#[tokio::test]
async fn an_outage_before_content_is_the_next_ones_chance() {
    let outages = [
        ErrorKind::Connect,
        ErrorKind::Timeout,
        ErrorKind::RateLimited,
        ErrorKind::Overloaded,
        ErrorKind::Unauthorized,
        ErrorKind::Protocol,
        ErrorKind::Failed,
    ];
    for kind in outages {
        let late = Plan::Answer(vec![Event::Started], Some(error(kind)));
        for first in [refuse(kind), late] {
            assert_eq!(
                ask(first, answer("b")).await,
                (answered_by("second", "b"), None, [1, 1]),
                "{kind:?}"
            );
        }
    }
}

#[tokio::test]
async fn what_another_one_could_not_mend_ends_the_call() {
    let begun = vec![Event::Started, text("a")];
    let cases = [
        (
            "a bad request",
            refuse(ErrorKind::InvalidRequest),
            vec![],
            ErrorKind::InvalidRequest,
        ),
        (
            "a failure after content",
            Plan::Answer(begun.clone(), Some(error(ErrorKind::Overloaded))),
            begun,
            ErrorKind::Overloaded,
        ),
    ];
    for (name, first, events, kind) in cases {
        assert_eq!(
            ask(first, answer("b")).await,
            (events, Some(kind), [1, 0]),
            "{name}"
        );
    }
}

#[tokio::test]
async fn when_all_are_away_the_first_ones_reason_is_told() {
    for second in [ErrorKind::Unauthorized, ErrorKind::InvalidRequest] {
        assert_eq!(
            ask(refuse(ErrorKind::RateLimited), refuse(second)).await,
            (vec![], Some(ErrorKind::RateLimited), [1, 1])
        );
    }
}

#[tokio::test(start_paused = true)]
async fn one_that_was_away_is_passed_over_and_then_tried_again() {
    let first = Planned::new(
        "first",
        vec![
            refuse(ErrorKind::Overloaded),
            Plan::Refuse(Error {
                retry_after: Some(Duration::from_secs(90)),
                ..error(ErrorKind::RateLimited)
            }),
            answer("a"),
            answer("a"),
        ],
    );
    let second = Planned::new("second", vec![answer("b"); 4]);
    let model = Fallback::new(first.clone(), vec![second.clone()]);
    let there = || said("a", 0);
    let away = || answered_by("second", "b");
    // The seconds that pass before a request, its answer, and how often the first was asked until then.
    let requests = [
        (0, away(), 1),
        (29, away(), 1),
        (1, away(), 2),
        (89, away(), 2),
        (1, there(), 3),
        (0, there(), 4),
    ];
    for (seconds, events, asked) in requests {
        advance(Duration::from_secs(seconds)).await;
        assert_eq!(collect(&model, Request::default()).await, (events, None));
        assert_eq!(first.asked(), asked);
    }
}

#[tokio::test(start_paused = true)]
async fn after_a_rest_one_request_tries_and_the_others_do_not_wait_for_it() {
    let first = Planned::new(
        "first",
        vec![refuse(ErrorKind::Connect), Plan::Hang(vec![Event::Started])],
    );
    let second = Planned::new("second", vec![answer("b"); 2]);
    let model = Fallback::new(first.clone(), vec![second.clone()]);
    let request = || collect(&model, Request::default());
    assert_eq!(request().await, (answered_by("second", "b"), None));
    advance(Duration::from_secs(30)).await;
    let trying = request();
    tokio::pin!(trying);
    assert_eq!(trying.as_mut().now_or_never(), None);
    assert_eq!(request().await, (answered_by("second", "b"), None));
    assert_eq!((first.asked(), second.asked()), (2, 2));
}

#[tokio::test(start_paused = true)]
async fn one_that_finds_fault_with_a_request_is_back() {
    let plans = vec![
        refuse(ErrorKind::Connect),
        refuse(ErrorKind::InvalidRequest),
        answer("a"),
    ];
    let second = Planned::new("second", vec![answer("b"); 2]);
    let model = Fallback::new(Planned::new("first", plans), vec![second]);
    let requests = [
        (answered_by("second", "b"), None),
        (vec![], Some(error(ErrorKind::InvalidRequest))),
        (said("a", 0), None),
    ];
    for (seconds, expected) in [0, 30, 1].into_iter().zip(requests) {
        advance(Duration::from_secs(seconds)).await;
        assert_eq!(collect(&model, Request::default()).await, expected);
    }
}

#[tokio::test(start_paused = true)]
async fn one_that_was_away_is_the_last_resort() {
    let first = Planned::new("first", vec![refuse(ErrorKind::Timeout), answer("a")]);
    let second = Planned::new("second", vec![answer("b"), refuse(ErrorKind::Connect)]);
    let model = Fallback::new(first, vec![second]);
    for events in [answered_by("second", "b"), said("a", 0)] {
        assert_eq!(collect(&model, Request::default()).await, (events, None));
    }
}

#[tokio::test]
async fn who_answers_is_told_with_its_prices() {
    let prices = Prices::new(1.0, None, 2.0).unwrap();
    let first = Planned::new("first", vec![refuse(ErrorKind::Connect)]);
    let nested = Fallback::new(
        Planned::new("second", vec![refuse(ErrorKind::Connect)]),
        vec![Planned::priced("third", prices, vec![answer("c")])],
    );
    let model = Fallback::new(first, vec![Arc::new(nested)]);
    assert_eq!((model.name(), model.prices()), ("first", None));
    let answered_by = |model: &str, prices| Event::AnsweredBy {
        model: model.to_owned(),
        prices,
    };
    let introductions = vec![
        answered_by("second", None),
        answered_by("third", Some(prices)),
    ];
    assert_eq!(
        collect(&model, Request::default()).await,
        ([introductions, said("c", 0)].concat(), None)
    );
}

#[tokio::test]
async fn real_models_stand_in_for_one_another() {
    let text = |text: &str| json!({"type": "message", "role": "assistant", "content": [{"type": "output_text", "text": text}]});
    let created = json!({"type": "response.created"});
    let done = json!({"type": "response.completed", "response": {"output": [text("there")]}});
    let busy = Reply::Status("503 Unavailable", "", String::new());
    let first = Server::start(vec![busy.clone(), busy.clone(), busy]).await;
    let second = Server::start(vec![whole(&[created, done])]).await;
    let config = openai_responses::Config {
        model: "reserve".to_owned(),
        ..second.config()
    };
    let reserve = openai_responses::OpenAiResponses::new(config, http::client().unwrap()).unwrap();
    let model = Fallback::new(Arc::new(first.model()), vec![Arc::new(reserve)]);
    let (events, error) = collect(&model, Request::default()).await;
    assert_eq!(error, None);
    assert_eq!(
        events.first(),
        Some(&Event::AnsweredBy {
            model: "reserve".to_owned(),
            prices: None
        })
    );
    let Some(Event::Completed { output, .. }) = events.last() else {
        panic!("no end: {events:?}");
    };
    let expected: Item = serde_json::from_value(text("there")).unwrap();
    assert_eq!(*output, [expected]);
    assert_eq!((first.requests().len(), second.requests().len()), (3, 1));
}
