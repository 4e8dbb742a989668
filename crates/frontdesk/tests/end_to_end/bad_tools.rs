//! Tool servers that behave badly: the user sees one clear message, and the next turn works.

use frontdesk_testkit::clients::{Answer, Client};
use reqwest::StatusCode;
use serde_json::Value;

use super::desk::{self, Desk, done, eventually, valid};
use super::rogue::{HUGE_BYTES, Manners, Place, Rogue};

const RULES: &str = r#"
intro = "I am a script."
tool_results = "json"

[[rule]]
when = '(?i)^act$'
[[rule.step]]
call = { tool = "act" }
[[rule.step]]
say = "It acted {{ results.act.how }}."
"#;
const ALL: [Manners; 8] = [
    Manners::Silent,
    Manners::Garbage,
    Manners::Huge,
    Manners::HugeEvent,
    Manners::Cut,
    Manners::CutStream,
    Manners::Elsewhere,
    Manners::Failing,
];

/// How long a call and a connection may take: a silence is waited for, everything else has the time of a slow machine.
fn patience(manners: Manners) -> &'static str {
    match manners {
        Manners::Silent => "3s",
        _ => "30s",
    }
}

async fn open(rogue: &Rogue, patience: &str) -> Desk {
    let config = format!(
        "[model.default]\nprovider = \"scripted\"\nrules_file = \"rules.toml\"\n\
         [mcp.rogue]\nurl = \"{}\"\nauth = \"signed\"\n\
         call_timeout = \"{patience}\"\nconnect_timeout = \"{patience}\"\n",
        rogue.url()
    );
    let files = [("frontdesk.toml", config.as_str()), ("rules.toml", RULES)];
    Desk::with_files(&files, &[]).await
}

/// What the one tool that was used is shown with, if anything.
fn shown(answer: &Answer) -> Option<String> {
    let used = done(valid(answer))
        .into_iter()
        .find(|item| item["type"] == "workflow");
    let content = &used?["workflow"]["tasks"][0]["content"];
    content.as_str().map(str::to_owned)
}

/// The texts of the assistant's messages in this answer.
fn messages(answer: &Answer) -> Vec<String> {
    let items = done(valid(answer)).into_iter();
    items
        .filter(|item| desk::is_message(item))
        .map(desk::text)
        .collect()
}

fn errors(answer: &Answer) -> Vec<&Value> {
    let events = valid(answer).iter();
    let errors = events.filter(|event| event.kind() == "error");
    errors.map(|event| &event.data).collect()
}

async fn act(client: &Client, thread: &str) -> Answer {
    client.add(thread, "act").await.unwrap()
}

#[tokio::test]
async fn check_09_a_call_that_goes_wrong_gives_one_message_and_the_next_turn_works() {
    for alike in ALL.chunk_by(|one, other| patience(*one) == patience(*other)) {
        go_wrong(alike).await;
    }
}

/// Each of these on the same server, one after the other.
async fn go_wrong(alike: &[Manners]) {
    let rogue = Rogue::start().await;
    let desk = open(&rogue, patience(alike[0])).await;
    let client = desk.client();
    let answer = client.create("act").await.unwrap();
    assert_eq!(messages(&answer), ["It acted well."]);
    let thread = answer.thread_id().unwrap();
    let mut expected = 1;
    for &manners in alike {
        let why = match manners {
            Manners::Silent => "tool timed out after 3 s without an answer",
            Manners::Garbage => {
                "the tool server rogue gave an answer that can't be used: it can't be read"
            }
            Manners::Huge => {
                "the tool server rogue gave an answer that can't be used: it is too long"
            }
            Manners::HugeEvent | Manners::Cut | Manners::CutStream => {
                "the connection to the tool server rogue broke; whether anything was done is not known"
            }
            Manners::Elsewhere => {
                "the tool server rogue gave an answer that can't be used: it redirects elsewhere"
            }
            Manners::Failing => {
                "the tool server rogue gave an answer that can't be used: it says that it failed"
            }
            Manners::Good => unreachable!("not among the bad"),
        };
        rogue.behave(Place::Calls, manners);
        let answer = act(&client, &thread).await;
        let message = format!("That didn't work: the tool “act” failed. It says: {why}");
        assert_eq!(messages(&answer), [message], "{manners:?}");
        assert_eq!(
            shown(&answer),
            Some(format!("Failed: {why}")),
            "{manners:?}"
        );
        assert_eq!(errors(&answer), [&Value::Null; 0], "{manners:?}");

        rogue.behave(Place::Calls, Manners::Good);
        let answer = act(&client, &thread).await;
        assert_eq!(messages(&answer), ["It acted well."], "after {manners:?}");
        expected += 2;
        let items = desk::items(&client, &thread).await;
        let stored = items.iter().filter(|item| desk::is_message(item)).count();
        assert_eq!(stored, expected, "after {manners:?}");
    }
    let read = rogue.sent();
    assert!(read < HUGE_BYTES / 2, "of 200 MB, {read} bytes were taken");
    assert_eq!(
        rogue.strayed(),
        0,
        "no redirect is followed to another host"
    );
    let log = desk.server.log();
    assert!(!log.contains("panicked"), "{log}");
}

#[tokio::test]
async fn check_09_a_server_that_is_bad_from_the_first_word_is_told_and_found_again() {
    for manners in ALL {
        let rogue = Rogue::start().await;
        rogue.behave(Place::Everywhere, manners);
        let desk = open(&rogue, patience(manners)).await;
        let client = desk.client();
        let answer = client.create("act").await.unwrap();
        let said = messages(&answer);
        assert_eq!(said.len(), 1, "{manners:?}: {said:?}");
        assert!(said[0].contains("isn't available"), "{manners:?}: {said:?}");
        assert_eq!(errors(&answer), [&Value::Null; 0], "{manners:?}");
        let ready = client.get("/readyz").await.unwrap();
        assert_eq!(ready.status, StatusCode::OK, "{manners:?}");
        let ready = ready.json().unwrap().to_string();
        assert!(ready.contains("rogue"), "{manners:?}: {ready}");

        rogue.behave(Place::Everywhere, Manners::Good);
        let thread = answer.thread_id().unwrap();
        eventually(
            &format!("it is found again after {manners:?}"),
            async || (messages(&act(&client, &thread).await) == ["It acted well."]).then_some(()),
        )
        .await;
        assert_eq!(
            rogue.strayed(),
            0,
            "no redirect is followed to another host"
        );
    }
}
