//! No dialect waits without end for a provider that says nothing, and what it said before is kept.

use std::sync::Arc;
use std::time::Duration;

use frontdesk_clock::SequentialIds;
use frontdesk_model::anthropic::{self, Anthropic};
use frontdesk_model::openai_chat::{self, OpenAiChat, Profile};
use frontdesk_model::openai_responses::{self, OpenAiResponses};
use frontdesk_model::{ErrorKind, Model, Request, Timeouts};

use crate::hostile::dialects;
use crate::server::{Reply, Server, client, collect};

/// A model of each dialect, in the order of [`dialects`].
fn models(base_url: &str, timeouts: Timeouts) -> Vec<Box<dyn Model>> {
    let ids = Arc::new(SequentialIds::default());
    let base_url = base_url.to_owned();
    vec![
        Box::new(
            OpenAiResponses::new(
                openai_responses::Config {
                    base_url: base_url.clone(),
                    timeouts,
                    ..openai_responses::Config::new("m")
                },
                client(),
            )
            .unwrap(),
        ),
        Box::new(
            OpenAiChat::new(
                openai_chat::Config {
                    timeouts,
                    ..openai_chat::Config::new(base_url.clone(), "m", Profile::Plain)
                },
                client(),
                ids.clone(),
            )
            .unwrap(),
        ),
        Box::new(
            Anthropic::new(
                anthropic::Config {
                    base_url,
                    timeouts,
                    ..anthropic::Config::new("m")
                },
                client(),
                ids,
            )
            .unwrap(),
        ),
    ]
}

#[tokio::test]
async fn silence_ends_the_answer_and_keeps_what_came() {
    let short = Duration::from_millis(30);
    let long = Duration::from_secs(20);
    let waits = |first_byte, idle| Timeouts { first_byte, idle };
    for (place, dialect) in dialects().iter().enumerate() {
        let wire = dialect.answers[0];
        let frames: Vec<&str> = wire.split_inclusive("\n\n").collect();
        let begun = frames[..frames.len() / 2].concat();
        let (said, _) = (dialect.replay)(&[begun.as_bytes()]);
        for (name, reply, timeouts, expected) in [
            ("no answer", Reply::Silence, waits(short, long), &[][..]),
            ("no bytes", Reply::Stall(vec![]), waits(short, long), &[]),
            (
                "half an answer",
                Reply::Stall(vec![begun.into_bytes()]),
                waits(long, short),
                &said[..],
            ),
        ] {
            let server = Server::start(vec![reply]).await;
            let model = models(&server.base_url, timeouts).remove(place);
            let (events, error) = collect(&*model, Request::default()).await;
            assert_eq!(error.unwrap().kind, ErrorKind::Timeout, "{name}");
            assert_eq!(events, expected, "{}: {name}", dialect.name);
            assert!(server.requests().len() <= 1, "{name}");
        }
    }
}
