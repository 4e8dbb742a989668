//! Nothing of the demonstration: a model server and a Python tool server, both over sockets.

use frontdesk_testkit::model_server::{Call, ModelServer, Recorded, Script};
use frontdesk_testkit::python::Python;
use frontdesk_testkit::skip;
use serde_json::{Value, json};

use super::desk::{Desk, done, valid};

/// The tool results in a recorded request, in order: call id and output.
fn results(request: &Recorded) -> Vec<(String, Value)> {
    let items = request.body["input"].as_array().unwrap().iter();
    items
        .filter(|item| item["type"] == "function_call_output")
        .map(|item| {
            let output = item["output"].as_str().unwrap();
            let output = serde_json::from_str(output).unwrap_or_else(|_| json!(output));
            (item["call_id"].as_str().unwrap().to_owned(), output)
        })
        .collect()
}

fn pairs<const N: usize>(pairs: [(&str, Value); N]) -> Vec<(String, Value)> {
    let pairs = pairs.into_iter();
    pairs.map(|(id, output)| (id.to_owned(), output)).collect()
}

#[tokio::test]
async fn the_real_half_runs_over_sockets() {
    let python = match Python::find() {
        Ok(python) => python,
        Err(reason) => {
            skip::note("frontdesk::the_real_half_runs_over_sockets", &reason).unwrap();
            return;
        }
    };
    let server = python.tools_server().await.unwrap();
    // Each of the two waits for the other.
    let call = |id| Call::new(id, "meet", json!({"count": 2}));
    let model = ModelServer::start(Script::tools([call("call_a"), call("call_b")], "Both met."))
        .await
        .unwrap();
    let desk = Desk::open(&[
        ("OPENAI_API_KEY", "key-of-the-test"),
        ("OPENAI_BASE_URL", &model.base_url()),
        ("MCP_SERVER_URL", &server.url()),
    ])
    .await;
    let client = desk.client();

    let met = client.create("Let them meet").await.unwrap();
    let workflow = done(valid(&met))
        .into_iter()
        .find(|item| item["type"] == "workflow");
    let tasks = workflow.unwrap()["workflow"]["tasks"].clone();
    assert_eq!(tasks.as_array().unwrap().len(), 2, "{tasks}");
    for task in tasks.as_array().unwrap() {
        assert_eq!(task["status_indicator"], "complete", "{tasks}");
    }
    assert_eq!(met.assistant_text().unwrap(), "Both met.");

    let requests = model.requests();
    assert_eq!(requests.len(), 2);
    assert_eq!(
        requests[0].authorization.as_deref(),
        Some("Bearer key-of-the-test")
    );
    let offered = requests[0].body["tools"].as_array().unwrap().iter();
    let offered: Vec<_> = offered.map(|tool| tool["name"].clone()).collect();
    assert_eq!(offered, ["fail", "lookup", "meet", "slow", "stats"]);
    assert_eq!(results(&requests[0]), []);
    assert_eq!(
        results(&requests[1]),
        pairs([
            ("call_a", json!({"result": "2 met"})),
            ("call_b", json!({"result": "2 met"}))
        ])
    );
    assert_eq!(server.stats().await.unwrap()["most_at_once"], 2);

    // Other results, of which one is a failure, in the order of the calls.
    let lookup = |id, city| Call::new(id, "lookup", json!({"city": city}));
    model.play(Script::tools(
        [
            lookup("call_c", "Osaka"),
            lookup("call_d", "Nowhere"),
            lookup("call_e", "Lagos"),
        ],
        "Wind and sun.",
    ));
    let thread = met.thread_id().unwrap();
    let looked = client.add(&thread, "And the weather?").await.unwrap();
    valid(&looked);
    assert_eq!(looked.assistant_text().unwrap(), "Wind and sun.");
    let requests = model.requests();
    assert_eq!(requests.len(), 4);
    let outputs = results(&requests[3]);
    assert_eq!(
        outputs[..2],
        pairs([
            ("call_a", json!({"result": "2 met"})),
            ("call_b", json!({"result": "2 met"}))
        ])
    );
    let ids: Vec<_> = outputs.iter().skip(2).map(|(id, _)| id.as_str()).collect();
    assert_eq!(ids, ["call_c", "call_d", "call_e"]);
    assert_eq!(outputs[2].1, json!({"city": "Osaka", "weather": "wind"}));
    assert!(
        outputs[3].1.to_string().contains("no weather for Nowhere"),
        "{outputs:?}"
    );
    assert_eq!(outputs[4].1, json!({"city": "Lagos", "weather": "sun"}));
}
