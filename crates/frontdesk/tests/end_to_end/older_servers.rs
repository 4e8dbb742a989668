//! Tool servers of the years before: `mcp` 1.x, which speaks 2025-03-26 at best and keeps sessions.

use std::net::TcpListener;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use frontdesk_testkit::clients::{assistant_text, create};
use frontdesk_testkit::model_server::{Call, ModelServer, Script};
use frontdesk_testkit::python::{Python, ToolsServer};
use frontdesk_testkit::skip;
use serde_json::{Value, json};

use super::desk::{Desk, eventually, valid};

const SCRIPTED: &str = "provider = \"scripted\"\nrules_file = \"rules.toml\"";
const RULES: &str = r#"
intro = "I am a script."

[[rule]]
when = '(?i)^weather in (?<city>.+)$'
[[rule.step]]
call = { tool = "lookup", arguments = { city = "{{ match.city | string }}" } }
[[rule.step]]
say = "It is {{ results.lookup }}."

[[rule]]
when = '(?i)^count to (?<to>[0-9]+)$'
[[rule.step]]
call = { tool = "count", arguments = { to = "{{ match.to | int }}" } }
[[rule.step]]
say = "I have counted."

[[rule]]
when = '(?i)^wait$'
[[rule.step]]
call = { tool = "wait" }
[[rule.step]]
say = "It said: {{ results.wait }}."
"#;

fn python(test: &str) -> Option<Python> {
    match Python::find_older() {
        Ok(python) => Some(python),
        Err(reason) => {
            skip::note(&format!("frontdesk::{test}"), &reason).unwrap();
            None
        }
    }
}

async fn open(server: &ToolsServer, model: &str) -> Desk {
    let config = format!(
        "[model.default]\n{model}\n\
         [mcp.older]\nurl = \"{}\"\nauth = \"signed\"\naudience = \"older\"\n\
         arguments = {{ user_id = \"user.id\" }}\n",
        server.url()
    );
    let files = [("frontdesk.toml", config.as_str()), ("rules.toml", RULES)];
    Desk::with_files(&files, &[]).await
}

fn listener() -> TcpListener {
    TcpListener::bind("127.0.0.1:0").unwrap()
}

/// Whom the token of a call names, and for which audience.
fn named(call: &Value) -> [Value; 2] {
    let token = call["authorization"].as_str().unwrap();
    let claims = token.split('.').nth(1).unwrap();
    let claims: Value = serde_json::from_slice(&URL_SAFE_NO_PAD.decode(claims).unwrap()).unwrap();
    [claims["sub"].clone(), claims["aud"].clone()]
}

#[tokio::test]
async fn check_14_a_server_of_mcp_1_is_used_in_one_session_for_each_user() {
    let Some(python) = python("check_14_a_server_of_mcp_1_is_used_in_one_session_for_each_user")
    else {
        return;
    };
    let server = python.older_tools_server(listener()).await.unwrap();
    let desk = open(&server, SCRIPTED).await;
    let (ann, ben) = (desk.client().as_user("ann"), desk.client().as_user("ben"));

    let first = ann.create("weather in Osaka").await.unwrap();
    assert_eq!(first.assistant_text().unwrap(), "It is wind.");
    let thread = first.thread_id().unwrap();
    let failed = ann.add(&thread, "weather in Nowhere").await.unwrap();
    assert_eq!(
        failed.assistant_text().unwrap(),
        "That didn't work: the tool “lookup” failed. It says: Error executing tool lookup: no weather for Nowhere"
    );
    let counted = ann.add(&thread, "count to 4").await.unwrap();
    assert_eq!(counted.assistant_text().unwrap(), "I have counted.");
    let shown: Vec<&str> = valid(&counted)
        .iter()
        .filter_map(|event| event.data.pointer("/update/task/content")?.as_str())
        .collect();
    // How many reports come before the result is a matter of luck.
    let is_report = |text: &&str| text.ends_with("25 %") || text.ends_with("50 %");
    assert!(shown.iter().any(is_report), "{shown:?}");
    let other = ben.create("weather in Lagos").await.unwrap();
    assert_eq!(other.assistant_text().unwrap(), "It is sun.");

    let stats = server.stats().await.unwrap();
    assert_eq!(stats["sessions"], 2, "{stats}");
    let calls = stats["calls"].as_array().unwrap().iter();
    let calls: Vec<_> = calls
        .map(|call| (call["tool"].as_str().unwrap(), named(call)))
        .collect();
    let by = |user: &str| [json!(user), json!("older")];
    assert_eq!(
        calls,
        [
            ("lookup", by("ann")),
            ("lookup", by("ann")),
            ("count", by("ann")),
            ("lookup", by("ben"))
        ]
    );
}

#[tokio::test]
async fn check_09_a_server_that_dies_in_mid_call_is_told_and_found_by_the_next_message() {
    let test = "check_09_a_server_that_dies_in_mid_call_is_told_and_found_by_the_next_message";
    let Some(python) = python(test) else {
        return;
    };
    let listener = listener();
    let mut first = python
        .older_tools_server(listener.try_clone().unwrap())
        .await
        .unwrap();
    let desk = open(&first, SCRIPTED).await;
    let client = desk.client();
    let answer = client.create("weather in Osaka").await.unwrap();
    assert_eq!(answer.assistant_text().unwrap(), "It is wind.");

    let mut waiting = client.open(&create("wait")).await.unwrap();
    eventually("the call is there", async || {
        let stats = first.stats().await.unwrap();
        (stats["calls"].as_array().unwrap().len() == 2).then_some(())
    })
    .await;
    first.kill().await.unwrap();
    let events = waiting.rest().await.unwrap();
    assert_eq!(
        assistant_text(&events),
        "It said: the connection to the tool server older broke; whether anything was done is not known."
    );

    // Another process, which knows nothing of the sessions of the first.
    let second = python.older_tools_server(listener).await.unwrap();
    let thread = answer.thread_id().unwrap();
    let answer = client.add(&thread, "weather in Lagos").await.unwrap();
    assert_eq!(answer.assistant_text().unwrap(), "It is sun.");
    assert_eq!(second.stats().await.unwrap()["sessions"], 1);
}

#[tokio::test]
async fn check_03_a_user_that_the_model_makes_up_is_overwritten() {
    let test = "check_03_a_user_that_the_model_makes_up_is_overwritten";
    let Some(python) = python(test) else {
        return;
    };
    let server = python.older_tools_server(listener()).await.unwrap();
    for made_up in [
        json!({"word": "hello"}),
        json!({"word": "hello", "user_id": "ben"}),
    ] {
        let call = Call::new("call_a", "greet", made_up);
        let model = ModelServer::start(Script::tools([call], "Greeted.")).await;
        let model = model.unwrap();
        let provider = "provider = \"openai_responses\"";
        let responses = format!("{provider}\nbase_url = \"{}\"", model.base_url());
        let desk = open(&server, &responses).await;
        let ann = desk.client().as_user("ann");
        let answer = ann.create("greet me").await.unwrap();
        assert_eq!(answer.assistant_text().unwrap(), "Greeted.");
        let requests = model.requests();
        let mut offered = requests[0].body["tools"].as_array().unwrap().iter();
        let greet = offered.find(|tool| tool["name"] == "greet").unwrap();
        assert_eq!(greet["parameters"]["required"], json!(["word"]), "{greet}");
        assert!(!greet.to_string().contains("user_id"), "{greet}");
    }
    let stats = server.stats().await.unwrap();
    let calls = stats["calls"].as_array().unwrap().iter();
    let greeted: Vec<_> = calls.map(|call| call["arguments"].clone()).collect();
    let as_ann = json!({"user_id": "ann", "word": "hello"});
    assert_eq!(greeted, [as_ann.clone(), as_ann]);
}
