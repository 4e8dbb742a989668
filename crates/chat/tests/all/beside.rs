//! What the assistant has done beside its answers: titles, summaries of what no longer fits, speech written down.

use std::sync::{Arc, Mutex, OnceLock};

use async_trait::async_trait;
use frontdesk_agent::{Agent, Agents, OnMatch, PatternGuardrail, Timing};
use frontdesk_chat::assistant::{Assistant, AssistantOptions, HistoryLimits};
use frontdesk_chat::{ChatError, Frame};
use frontdesk_clock::{Clock, SystemClock};
use frontdesk_model::{Error, ErrorKind, Event, EventStream, Model, Request, Transcriber};
use frontdesk_protocol::Order;
use frontdesk_store::{PageRequest, Store, ThreadPatch};
use futures_util::{StreamExt, stream};
use serde_json::{Value, json};

use crate::desk::{Desk, add, create, event, plain, read_all, thread_of};
use crate::model::{Told, says};

fn desk(model: &Arc<Told>, options: AssistantOptions) -> Desk {
    let agent = Agent::new("assistant", "Be brief.", model.clone() as Arc<dyn Model>);
    let agents = Agents::of(agent);
    Desk::new(Arc::new(Assistant::with_options(agents, options)))
}

async fn turn(desk: &Desk, request: Value) -> Vec<Frame> {
    let (_, mut reader) = desk.begin(request, &plain()).await;
    read_all(&mut reader).await
}

async fn title(desk: &Desk, frames: &[Frame]) -> Value {
    let get = json!({"type": "threads.get_by_id", "params": {"thread_id": thread_of(frames)}});
    desk.json(get, &plain()).await["title"].clone()
}

fn failing() -> Vec<Result<Event, Error>> {
    vec![Err(Error::new(ErrorKind::Overloaded, "busy"))]
}

#[tokio::test(start_paused = true)]
async fn a_title_is_a_models_where_one_makes_titles_else_the_first_words() {
    let silent: Vec<Result<Event, Error>> = vec![Ok(Event::Started)];
    for (titles, expected) in [
        (
            says("\"Weather in Rome.\"\nDo you like it?"),
            "Weather in Rome",
        ),
        (says(" \n "), "How is the weather?"),
        (failing(), "How is the weather?"),
        // It never answers, and nobody waits for it for long.
        (silent, "How is the weather?"),
    ] {
        let (model, titler) = (
            Told::new([says("Fine."), says("Still.")]),
            Told::new([titles]),
        );
        let options = AssistantOptions {
            titles: Some(titler.clone()),
            ..AssistantOptions::default()
        };
        let desk = desk(&model, options);
        let frames = turn(&desk, create("How is the weather?")).await;
        assert_eq!(event(&frames[0])["thread"]["title"], "How is the weather?");
        assert_eq!(title(&desk, &frames).await, expected);
        let done = frames
            .iter()
            .map(event)
            .filter(|event| event["type"] == "thread.item.done");
        assert_eq!(done.count(), 2);
        // Only the first message makes a title.
        turn(&desk, add(&thread_of(&frames), "And now?")).await;
        assert_eq!(titler.asked.lock().unwrap().len(), 1);
        assert_eq!(titler.read(0), ["User: How is the weather?"]);
    }
}

#[tokio::test(start_paused = true)]
async fn a_title_is_made_of_what_guardrails_let_through() {
    let replace = OnMatch::Replace {
        with: "[card]".to_owned(),
    };
    let stop = OnMatch::Stop {
        message: "No cards.".to_owned(),
    };
    let cases = [
        (replace, vec!["User: mine is [card]"], "A card"),
        (stop, Vec::new(), "mine is 1234-5678"),
    ];
    for (on_match, expected, named) in cases {
        for timing in [Timing::Blocking, Timing::Parallel] {
            let model = Told::new([says("Noted."), says("Noted.")]);
            let titler = Told::new([says("A card")]);
            let cards = PatternGuardrail::new("cards", [r"\d{4}-\d{4}"], on_match.clone());
            let mut agent = Agent::new("assistant", "", model as Arc<dyn Model>);
            let input = &mut agent.guardrails.input;
            input.push(Arc::new(cards.unwrap().timed(timing)));
            let options = AssistantOptions {
                titles: Some(titler.clone()),
                ..AssistantOptions::default()
            };
            let assistant = Assistant::with_options(Agents::of(agent), options);
            let desk = Desk::new(Arc::new(assistant));
            let frames = turn(&desk, create("mine is 1234-5678")).await;
            let asked = titler.asked.lock().unwrap().len();
            let heard: Vec<_> = (0..asked).flat_map(|number| titler.read(number)).collect();
            assert_eq!(heard, expected, "{on_match:?} {timing:?}");
            assert_eq!(title(&desk, &frames).await, named);
        }
    }
}

/// Makes a title, and while it does, the user gives the thread another one.
#[derive(Debug, Default)]
struct Overtaken(OnceLock<Arc<dyn Store>>);

#[async_trait]
impl Model for Overtaken {
    fn name(&self) -> &'static str {
        "overtaken"
    }

    async fn stream(&self, _: Request) -> Result<EventStream, Error> {
        let (store, scope) = (self.0.get().unwrap(), plain().scope());
        let threads = PageRequest {
            limit: 1,
            order: Order::Desc,
            after: None,
        };
        let found = store.threads(&scope, &threads).await.unwrap().unwrap();
        let renamed = ThreadPatch {
            title: Some(Some("Mine".to_owned())),
            ..ThreadPatch::default()
        };
        let id = &found.data[0].id;
        store.update_thread(&scope, id, renamed).await.unwrap();
        Ok(stream::iter(says("Weather")).boxed())
    }
}

#[tokio::test]
async fn a_title_that_the_user_gave_meanwhile_stays() {
    let overtaken = Arc::new(Overtaken::default());
    let options = AssistantOptions {
        titles: Some(overtaken.clone()),
        ..AssistantOptions::default()
    };
    let desk = desk(&Told::new([says("Fine.")]), options);
    overtaken.0.set(desk.store.clone()).unwrap();
    let frames = turn(&desk, create("How is the weather?")).await;
    assert_eq!(title(&desk, &frames).await, "Mine");
}

#[tokio::test]
async fn what_no_longer_fits_is_summed_up_once_and_read_instead() {
    let long = |number: usize| format!("message {number} {}", "word ".repeat(200));
    let model = Told::new((0..12).map(|number| says(&format!("answer {number}"))));
    let summaries = Told::new([says("They said much."), says("They said more.")]);
    let options = AssistantOptions {
        history: HistoryLimits {
            tokens: 1_500,
            ..HistoryLimits::default()
        },
        summaries: Some(summaries.clone()),
        ..AssistantOptions::default()
    };
    let desk = desk(&model, options);
    let thread = thread_of(&turn(&desk, create(&long(0))).await);
    let mut asked = Vec::new();
    for number in 1..12 {
        let frames = turn(&desk, add(&thread, &long(number))).await;
        let text: Vec<String> = frames
            .iter()
            .map(|frame| event(frame).to_string())
            .collect();
        assert!(!text.concat().contains("They said"), "it is out of sight");
        asked.push(summaries.asked.lock().unwrap().len());
    }
    // Five long messages fit; a summary leaves two of them.
    assert_eq!(asked, [0, 0, 0, 0, 1, 1, 1, 1, 2, 2, 2]);
    let first = &summaries.read(0)[0];
    assert!(
        first.contains("User: message 0") && first.contains("Assistant: answer 3"),
        "{first}"
    );
    let second = &summaries.read(1)[0];
    assert!(second.contains("Summary so far: They said much.") && !second.contains("message 0"));
    let read = model.read(11);
    assert!(
        read[0].starts_with("User: [Summary") && read[0].ends_with("\nThey said more."),
        "{}",
        read[0]
    );
    assert!(read.iter().all(|line| !line.contains("They said much")));
    assert!(read.last().unwrap().starts_with("User: message 11"));
}

#[tokio::test]
async fn a_summary_covers_no_more_than_was_summed_up() {
    let summaries = Told::new([says("Much."), says("More.")]);
    let options = AssistantOptions {
        history: HistoryLimits {
            items: 1_000,
            tokens: 1_000,
        },
        summaries: Some(summaries.clone()),
        ..AssistantOptions::default()
    };
    let model = Told::new((0..3).map(|_| says("Yes.")));
    let desk = desk(&model, options);
    let thread = thread_of(&turn(&desk, create("Hello")).await);
    let items = (0..300).map(|number| {
        let text = format!("message {number}. {}", "word ".repeat(500));
        let item = json!({"type": "user_message", "id": format!("seed_{number:03}"), "thread_id": thread,
            "created_at": SystemClock.now(), "attachments": [], "inference_options": {},
            "content": [{"type": "input_text", "text": text}]});
        serde_json::from_value(item).unwrap()
    });
    let (items, scope) = (items.collect(), plain().scope());
    assert!(desk.store.put_items(&scope, &thread, items).await.unwrap());
    turn(&desk, add(&thread, "And now?")).await;
    turn(&desk, add(&thread, "And then?")).await;
    let told = [summaries.read(0), summaries.read(1)].concat().concat();
    for number in 0..300 {
        assert!(told.contains(&format!("message {number}.")), "{number}");
    }
}

#[tokio::test]
async fn a_summary_that_fails_fails_no_turn_and_is_not_tried_each_time() {
    let model = Told::new((0..4).map(|number| says(&format!("answer {number}"))));
    let summaries = Told::new([failing(), says("late")]);
    let options = AssistantOptions {
        history: HistoryLimits {
            tokens: 10,
            ..HistoryLimits::default()
        },
        summaries: Some(summaries.clone()),
        ..AssistantOptions::default()
    };
    let desk = desk(&model, options);
    let thread = thread_of(&turn(&desk, create("message 0")).await);
    for number in 1..4 {
        turn(&desk, add(&thread, &format!("message {number}"))).await;
    }
    assert_eq!(summaries.asked.lock().unwrap().len(), 1);
    assert_eq!(model.read(3), ["User: message 3"]);
}

#[derive(Debug)]
struct Typist {
    heard: Mutex<Vec<(usize, String)>>,
    fails: Option<ErrorKind>,
}

#[async_trait]
impl Transcriber for Typist {
    async fn transcribe(&self, audio: bytes::Bytes, media_type: &str) -> Result<String, Error> {
        self.heard
            .lock()
            .unwrap()
            .push((audio.len(), media_type.to_owned()));
        match self.fails {
            None => Ok("add a task".to_owned()),
            Some(kind) => Err(Error::new(kind, "at https://internal.example")),
        }
    }
}

#[tokio::test]
async fn speech_is_written_down() {
    let asks = |audio: &str, kind: &str| json!({"type": "input.transcribe", "params": {"audio_base64": audio, "mime_type": kind}});
    let with = |transcriber: Option<Arc<Typist>>| {
        let transcriber = transcriber.map(|typist| typist as Arc<dyn Transcriber>);
        let options = AssistantOptions {
            transcriber,
            ..AssistantOptions::default()
        };
        desk(&Told::new([]), options)
    };
    let typist = |fails| {
        let heard = Mutex::default();
        Arc::new(Typist { heard, fails })
    };
    let works = typist(None);
    let desk = with(Some(works.clone()));
    let webm = "audio/webm;codecs=opus";
    assert_eq!(
        desk.json(asks("c291bmQ=", webm), &plain()).await,
        json!({"text": "add a task"})
    );
    assert_eq!(*works.heard.lock().unwrap(), [(5, webm.to_owned())]);
    let huge = "A".repeat(36 << 20);
    for (audio, kind, status) in [
        ("", webm, 422),
        ("c291bmQ=", "text/html", 422),
        ("c291bmQ=", "", 422),
        ("!", webm, 400),
        (huge.as_str(), webm, 422),
    ] {
        assert_eq!(
            desk.refused(asks(audio, kind), &plain()).await,
            status,
            "{kind}"
        );
    }
    assert_eq!(works.heard.lock().unwrap().len(), 1);
    for (transcriber, status) in [
        (None, 400),
        (Some(typist(Some(ErrorKind::InvalidRequest))), 422),
        (Some(typist(Some(ErrorKind::Overloaded))), 503),
        (Some(typist(Some(ErrorKind::Unauthorized))), 503),
    ] {
        let refused: Result<_, ChatError> = with(transcriber)
            .ask(asks("c291bmQ=", webm), &plain())
            .await;
        let error = refused.err().unwrap();
        assert_eq!(error.status(), status);
        assert!(!error.public_message().contains("internal"), "{error}");
    }
}
