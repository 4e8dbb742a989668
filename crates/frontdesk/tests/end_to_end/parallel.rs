//! Tools of one answer run at the same time, on a tool server that says when each of them ends.

use frontdesk_testkit::clients::{self, Event, Streaming};
use frontdesk_testkit::model_server::{Call, ModelServer, Recorded, Script};
use frontdesk_testkit::piecework::{Piecework, TOOL, done};
use serde_json::json;

use super::desk::{Desk, PATIENCE, check};

/// The order in which the calls end, whatever the order in which they were made.
const ORDER: [u32; 8] = [5, 2, 7, 0, 3, 6, 1, 4];

/// Reads on until one more task of the workflow is shown as done, and gives back which.
async fn next_done(stream: &mut Streaming) -> (Option<u64>, Vec<Event>) {
    let mut read = Vec::new();
    while let Some(event) = stream.next().await.unwrap() {
        let update = &event.data["update"];
        let is_done = update["type"] == "workflow.task.updated"
            && update["task"]["status_indicator"] == "complete";
        let task = update["task_index"].as_u64();
        read.push(event);
        if is_done {
            return (task, read);
        }
    }
    panic!("no further task is done: {read:?}")
}

/// The results that the model reads, in its order.
fn outputs(request: &Recorded) -> Vec<&str> {
    let items = request.body["input"].as_array().unwrap().iter();
    let outputs = items.filter(|item| item["type"] == "function_call_output");
    outputs
        .map(|item| item["output"].as_str().unwrap())
        .collect()
}

#[tokio::test]
async fn check_24_eight_tools_run_at_once_and_each_result_shows_when_it_is_there() {
    let pieces = Piecework::start().await.unwrap();
    let calls =
        (0..8).map(|number| Call::new(&format!("call_{number}"), TOOL, json!({"number": number})));
    let model = ModelServer::start(Script::tools(calls, "All are done."))
        .await
        .unwrap();
    let desk = Desk::open(&[
        ("OPENAI_BASE_URL", &model.base_url()),
        ("MCP_SERVER_URL", pieces.url()),
    ])
    .await;
    let request = clients::create("Do the eight pieces.");
    let mut stream = desk.client().open(&request).await.unwrap();

    // None has ended, and all are there: they are in flight at once.
    pieces.wait_for_begun(8, PATIENCE).await.unwrap();

    let mut events = Vec::new();
    for number in ORDER {
        // The next one ends only after this one was seen to have ended.
        pieces.end(number);
        let shown = tokio::time::timeout(PATIENCE, next_done(&mut stream)).await;
        let (task, read) = shown.unwrap_or_else(|_| panic!("piece {number} isn't shown"));
        assert_eq!(task, Some(number.into()), "{read:?}");
        events.extend(read);
    }
    events.extend(stream.rest().await.unwrap());
    check(&events);
    assert_eq!(clients::assistant_text(&events), "All are done.");

    // The model reads the results in the order of its calls.
    let requests = model.requests();
    let expected: Vec<String> = (0..8).map(done).collect();
    assert_eq!(outputs(&requests[1]), expected);
}

#[tokio::test]
async fn check_23_a_tool_out_of_time_is_told_with_its_time_and_the_other_one_counts() {
    let pieces = Piecework::start().await.unwrap();
    let calls =
        [0, 1].map(|number| Call::new(&format!("call_{number}"), TOOL, json!({"number": number})));
    let model = ModelServer::start(Script::tools(calls, "One is done."))
        .await
        .unwrap();
    let config = format!(
        "[mcp.pieces]\nurl = \"{}\"\nauth = \"none\"\ncall_timeout = \"8s\"\n",
        pieces.url()
    );
    let base_url = model.base_url();
    let variables = [("OPENAI_BASE_URL", base_url.as_str())];
    let desk = Desk::with_files(&[("frontdesk.toml", &config)], &variables).await;
    pieces.end(1);
    let answer = desk.client().create("Do both.").await.unwrap();
    assert_eq!(answer.assistant_text().unwrap(), "One is done.");
    let requests = model.requests();
    let outputs = outputs(&requests[1]);
    assert!(outputs[0].contains("timed out after 8 s"), "{outputs:?}");
    assert_eq!(outputs[1], done(1));
}
