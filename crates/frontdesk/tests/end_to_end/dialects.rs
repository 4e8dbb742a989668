//! Each dialect of models over sockets, from clean answers to hostile ones: a stream ends with a stored message or an
//! `error` event, and the next turn works.

use std::collections::BTreeSet;

use frontdesk_testkit::clients::{Answer, Client, Event};
use frontdesk_testkit::model_server::{
    Call, Dialect, Fault, Framing, Hostility, Ids, Lines, ModelServer, Part, Response, Script,
};
use frontdesk_testkit::tool_server::{RecordingServer, TOOL};
use serde_json::{Value, json};

use super::desk::{self, Desk, done, is_message, text, valid};

/// How long a model may be silent: a slow machine has its time.
const PATIENT: &str = "20s";
/// Where a silence is waited for.
const HASTY: &str = "4s";
const KEY: &str = "key-of-the-test";
/// The one id that some gateways give to everything.
const FAKE_ID: &str = "__fake_id__";

/// A desk whose model speaks one dialect and has one tool.
struct Scene {
    dialect: Dialect,
    model: ModelServer,
    tools: RecordingServer,
    desk: Desk,
}

/// How an answer ended.
#[derive(Debug, Clone, PartialEq, Eq)]
enum End {
    /// With this message, which is stored.
    Said(String),
    /// With an `error` event.
    Failed,
}

impl Scene {
    async fn open(dialect: Dialect) -> Self {
        Self::with_patience(dialect, PATIENT).await
    }

    /// The model may be silent for so long.
    async fn with_patience(dialect: Dialect, patience: &str) -> Self {
        let model = ModelServer::start(Script::in_order([])).await.unwrap();
        let tools = RecordingServer::start().await.unwrap();
        let provider = match dialect {
            Dialect::Responses => "provider = \"openai_responses\"",
            Dialect::Chat => "provider = \"openai_chat\"\nprofile = \"vllm\"",
            Dialect::Messages => "provider = \"anthropic\"",
        };
        let config = format!(
            "[model.default]\n{provider}\nname = \"test\"\nbase_url = \"{}\"\napi_key = \"{KEY}\"\nretries = 1\n\
             idle_timeout = \"{patience}\"\n[mcp.tools]\nurl = \"{}\"\nauth = \"none\"\n",
            model.base_url(),
            tools.url()
        );
        let desk = Desk::with_files(&[("frontdesk.toml", &config)], &[]).await;
        Self {
            dialect,
            model,
            tools,
            desk,
        }
    }

    /// A turn of a new thread, answered by these responses one after the other.
    async fn turn(&self, responses: impl IntoIterator<Item = Response>) -> Answer {
        self.model.play(Script::in_order(responses));
        self.desk.client().create("Go on.").await.unwrap()
    }

    /// How a turn ended, after a look at whether the store says the same.
    async fn end(&self, answer: &Answer, what: &str) -> End {
        let what = format!("{:?}: {what}", self.dialect);
        let events = valid(answer);
        let shown: Vec<&Value> = done(events)
            .into_iter()
            .filter(|item| is_message(item))
            .collect();
        let thread = answer.thread_id().unwrap();
        let items = desk::items(&self.desk.client(), &thread).await;
        let stored: Vec<&Value> = items.iter().filter(|item| is_message(item)).collect();
        assert_eq!(shown, stored, "{what}: {events:?}");
        if events.iter().any(|event| event.kind() == "error") {
            let last = events.last().map(Event::kind);
            assert_eq!(last, Some("error"), "{what}: {events:?}");
            return End::Failed;
        }
        assert!(
            !stored.is_empty(),
            "{what}: neither a message nor an error: {events:?}"
        );
        End::Said(stored.into_iter().map(text).collect())
    }
}

fn words() -> Part {
    Part::Text(
        ["It ", "rains ☔ ", "in ", "東京."]
            .map(str::to_owned)
            .into(),
    )
}

fn plain() -> Response {
    Response::of([Part::Reasoning("I look out.".into()), words()])
}

fn look(id: &str, at: &str) -> Call {
    Call::new(id, TOOL, json!({"at": at}))
}

fn said() -> End {
    End::Said("It rains ☔ in 東京.".to_owned())
}

#[tokio::test]
async fn every_dialect_reasons_calls_in_parallel_and_answers() {
    for dialect in Dialect::ALL {
        let scene = Scene::open(dialect).await;
        let calls = Response::of([
            Part::Reasoning("Two looks are needed.".into()),
            Part::Call(look("call_1", "Oslo")),
            Part::Call(look("call_2", "東京")),
        ]);
        let answer = scene.turn([calls, plain()]).await;
        assert_eq!(scene.end(&answer, "two calls").await, said());
        let items = done(valid(&answer));
        let workflows: Vec<String> = items
            .iter()
            .filter(|item| item["type"] == "workflow")
            .map(|item| item["workflow"]["tasks"].to_string())
            .collect();
        let workflows = workflows.concat();
        for shown in ["Two looks are needed.", "I look out."] {
            assert!(workflows.contains(shown), "{dialect:?}: {workflows}");
        }
        let called: BTreeSet<String> = scene
            .tools
            .calls()
            .iter()
            .map(|call| call.arguments["at"].as_str().unwrap().to_owned())
            .collect();
        assert_eq!(called, BTreeSet::from(["Oslo", "東京"].map(str::to_owned)));

        let requests = scene.model.requests();
        assert_eq!(requests.len(), 2, "{dialect:?}");
        for request in &requests {
            assert_eq!(request.dialect, dialect);
            let key = match dialect {
                Dialect::Responses | Dialect::Chat => request.authorization.as_deref(),
                Dialect::Messages => request.api_key.as_deref(),
            };
            assert_eq!(key.map(|key| key.trim_start_matches("Bearer ")), Some(KEY));
        }
        let second = requests[1].body.to_string();
        for result in ["looked at Oslo", "looked at 東京"] {
            assert!(second.contains(result), "{dialect:?}: {second}");
        }
    }
}

#[tokio::test]
async fn check_05_one_id_for_everything_overwrites_nothing() {
    for dialect in Dialect::ALL {
        let scene = Scene::open(dialect).await;
        let same = |part| Response {
            ids: Ids::Repeated,
            ..Response::of([part])
        };
        let texts = ["The first answer.", "The second answer."];
        let says = |text: &str| same(Part::Text(vec![text.to_owned()]));
        let calls = same(Part::Call(look(FAKE_ID, "Oslo")));
        let first = scene.turn([calls.clone(), says(texts[0])]).await;
        let thread = first.thread_id().unwrap();
        let client: Client = scene.desk.client();
        scene.model.play(Script::in_order([calls, says(texts[1])]));
        let second = client.add(&thread, "And again.").await.unwrap();
        valid(&second);
        let items = desk::items(&client, &thread).await;
        let stored: Vec<String> = items
            .iter()
            .filter(|item| is_message(item))
            .map(text)
            .collect();
        assert_eq!(stored, texts, "{dialect:?}");
        let ids: BTreeSet<&str> = items
            .iter()
            .map(|item| item["id"].as_str().unwrap())
            .collect();
        assert_eq!(ids.len(), items.len(), "{dialect:?}: {items:?}");
        assert!(!ids.contains(FAKE_ID), "{dialect:?}: {ids:?}");
        assert_eq!(scene.tools.calls().len(), 2, "{dialect:?}");
    }
}

#[tokio::test]
async fn a_busy_model_is_asked_again_before_anything_was_shown() {
    for dialect in Dialect::ALL {
        let scene = Scene::open(dialect).await;
        let busy = Fault::Status {
            code: 429,
            retry_after: Some(0),
        };
        let faults = [
            busy,
            Fault::Status {
                code: 500,
                retry_after: None,
            },
            Fault::DropAfter(1),
        ];
        for fault in faults {
            let what = format!("{fault:?} first");
            let answer = scene.turn([plain().with_fault(fault), plain()]).await;
            assert_eq!(
                scene.end(&answer, &what).await,
                said(),
                "{dialect:?}: {what}"
            );
        }
        assert_eq!(scene.model.requests().len(), 6, "{dialect:?}");

        let shown = Fault::DropAfter(dialect.ordinary(&plain(), 1).len() - 4);
        let answer = scene.turn([plain().with_fault(shown), plain()]).await;
        assert_eq!(scene.end(&answer, "cut after text").await, End::Failed);
        assert_eq!(scene.model.requests().len(), 7, "{dialect:?}");
    }
}

#[tokio::test]
async fn however_a_model_dies_the_stream_ends_with_an_error_and_the_next_turn_works() {
    for dialect in Dialect::ALL {
        let patient = Scene::open(dialect).await;
        let hasty = Scene::with_patience(dialect, HASTY).await;
        let frames = dialect.ordinary(&plain(), 1).len();
        let mut faults: Vec<Fault> = Vec::new();
        for count in (3..frames - 3).step_by(3) {
            faults.push(Fault::DropAfter(count));
            faults.push(Fault::EndAfter(count));
            let message = "boom of the provider".to_owned();
            faults.push(Fault::ErrorAfter { count, message });
        }
        faults.push(Fault::StallAfter(frames / 2));
        faults.push(Fault::ErrorEvent("boom of the provider".into()));
        faults.push(Fault::Failed {
            code: "server_error".into(),
            message: "boom of the provider".into(),
        });
        for code in [400, 401, 404, 418] {
            let retry_after = None;
            faults.push(Fault::Status { code, retry_after });
        }
        for fault in faults {
            let what = format!("{fault:?}");
            let scene = match fault {
                Fault::StallAfter(_) => &hasty,
                _ => &patient,
            };
            // As often as it may be asked.
            let dies = || plain().with_fault(fault.clone());
            let answer = scene.turn([dies(), dies()]).await;
            assert_eq!(
                scene.end(&answer, &what).await,
                End::Failed,
                "{dialect:?}: {what}"
            );
            let told = format!("{:?}", answer.events().unwrap());
            assert!(
                !told.contains("boom of the provider"),
                "{dialect:?}: {told}"
            );

            scene.model.play(Script::in_order([plain()]));
            let thread = answer.thread_id().unwrap();
            let next = scene.desk.client().add(&thread, "Again.").await.unwrap();
            assert!(
                next.assistant_text().unwrap().ends_with("東京."),
                "{dialect:?}: {what}"
            );
        }
        for scene in [patient, hasty] {
            assert!(!scene.desk.server.log().contains("panicked"));
        }
    }
}

#[tokio::test]
async fn hostile_answers_are_read_or_end_with_an_error() {
    for dialect in Dialect::ALL {
        let scene = Scene::open(dialect).await;
        let calls = || {
            Response::of([
                Part::Reasoning("Two looks.".into()),
                Part::Call(look("call_1", "Oslo")),
                Part::Call(look("call_2", "東京")),
            ])
        };
        let mut rows: Vec<(String, [Response; 2])> = Vec::new();
        for hostility in Hostility::ALL {
            let hostile = |response: Response| response.with_hostile([hostility]);
            rows.push((
                format!("{hostility:?}"),
                [hostile(calls()), hostile(plain())],
            ));
        }
        let ids = Ids::Missing;
        let missing = [Response { ids, ..calls() }, Response { ids, ..plain() }];
        rows.push(("missing ids".to_owned(), missing));
        for lines in [Lines::Crlf, Lines::Commented] {
            for framing in [Framing::Bytes(1), Framing::Bytes(5)] {
                let cut = |response| Response {
                    lines,
                    framing,
                    ..response
                };
                rows.push((
                    format!("{lines:?} {framing:?}"),
                    [cut(calls()), cut(plain())],
                ));
            }
        }
        for (what, responses) in rows {
            let before = scene.tools.calls().len();
            let answer = scene.turn(responses).await;
            let end = scene.end(&answer, &what).await;
            assert_eq!(
                end,
                said(),
                "{dialect:?}: {what}: {}",
                scene.desk.server.log()
            );
            let made = scene.tools.calls().split_off(before);
            let at: BTreeSet<String> = made
                .iter()
                .map(|call| call.arguments["at"].to_string())
                .collect();
            let expected = ["\"Oslo\"", "\"東京\""].map(str::to_owned);
            assert_eq!(at, BTreeSet::from(expected), "{dialect:?}: {what}");
        }

        // Ten megabytes of arguments are refused, not made, and the answer goes on.
        let before = scene.tools.calls().len();
        let huge = "x".repeat(10 * 1024 * 1024);
        let calls = Response::calls([look("call_1", &huge)]);
        let answer = scene.turn([calls, plain()]).await;
        let end = scene.end(&answer, "huge arguments").await;
        assert!(
            matches!(end, End::Failed) || end == said(),
            "{dialect:?}: {end:?}"
        );
        assert_eq!(scene.tools.calls().len(), before, "{dialect:?}");
        assert!(!scene.desk.server.log().contains("panicked"));
    }
}
