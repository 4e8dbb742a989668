//! How calls of the Messages API fail, and what is tried again.

use std::time::Duration;

use frontdesk_model::{ErrorKind, Event, Request};

use crate::anthropic_requests::{ANSWER, config, good, model};
use crate::server::{KEY, Reply, Server, collect};

#[tokio::test]
async fn what_may_pass_is_tried_again_before_the_first_content() {
    let error = |kind: &str| {
        format!("{{\"type\":\"error\",\"error\":{{\"type\":\"{kind}\",\"message\":\"{KEY}\"}}}}")
    };
    let event = |kind: &str| {
        Reply::Chunks(vec![
            format!("event: error\ndata: {}\n\n", error(kind)).into_bytes(),
        ])
    };
    let begun = |frames: usize| {
        let text = std::str::from_utf8(ANSWER).unwrap();
        let begun: String = text.split_inclusive("\n\n").take(frames).collect();
        Reply::Cut(vec![begun.into_bytes()])
    };
    let limited = Some(Duration::from_secs(20));
    for (name, reply, tries, kind, retry_after) in [
        (
            "529",
            Reply::Status("529 Overloaded", "", error("overloaded_error")),
            2,
            None,
            None,
        ),
        (
            "429",
            Reply::Status(
                "429 Too Many Requests",
                "retry-after: 20\r\n",
                error("rate_limit_error"),
            ),
            2,
            None,
            None,
        ),
        (
            "overloaded in the stream",
            event("overloaded_error"),
            2,
            None,
            None,
        ),
        ("cut before content", begun(2), 2, None, None),
        (
            "cut after content",
            begun(4),
            1,
            Some(ErrorKind::Protocol),
            None,
        ),
        (
            "401",
            Reply::Status("401 Unauthorized", "", error("authentication_error")),
            1,
            Some(ErrorKind::Unauthorized),
            None,
        ),
        (
            "400",
            Reply::Status(
                "400 Bad Request",
                "retry-after: 20\r\n",
                error("invalid_request_error"),
            ),
            1,
            Some(ErrorKind::InvalidRequest),
            limited,
        ),
    ] {
        let server = Server::start(vec![reply, good()]).await;
        let model = model(config(&server));
        assert!(!format!("{model:?}").contains(KEY));
        let (events, error) = collect(&model, Request::default()).await;
        assert_eq!(server.requests().len(), tries, "{name}: {error:?}");
        assert_eq!(error.as_ref().map(|error| error.kind), kind, "{name}");
        assert_eq!(
            error.as_ref().and_then(|error| error.retry_after),
            retry_after,
            "{name}"
        );
        let starts = events.iter().filter(|event| **event == Event::Started);
        assert!(starts.count() <= 1, "{name}");
        assert!(!format!("{error:?}").contains(KEY), "{name}");
    }
}
