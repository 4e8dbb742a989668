//! Answers that the provider keeps: what is sent then, and what where it has lost one.

use frontdesk_model::openai_responses::{Config, KeptAnswers, OpenAiResponses};
use frontdesk_model::{ErrorKind, Event, Item, Message, Request};
use serde_json::{Value, json};

use crate::server::{Reply, Server, client, collect, frames, whole};

fn message(text: &str) -> Value {
    json!({"type": "message", "id": "msg_1", "role": "assistant", "content": [{"type": "output_text", "text": text, "annotations": []}]})
}

fn call(id: &str) -> Value {
    json!({"type": "function_call", "id": "fc_1", "call_id": id, "name": "f", "arguments": "{}"})
}

fn answer(id: &str, output: &[Value]) -> Reply {
    whole(&[json!({"type": "response.completed", "response": {"id": id, "output": output}})])
}

fn model(server: &Server) -> OpenAiResponses {
    let config = Config {
        kept_answers: KeptAnswers::GoOnFrom,
        ..server.config()
    };
    OpenAiResponses::new(config, client()).unwrap()
}

/// The items of an answer, as they are stored and read again.
async fn ask(model: &OpenAiResponses, input: &[Item]) -> Vec<Item> {
    let request = Request {
        instructions: Some("Be brief.".to_owned()),
        input: input.to_vec(),
        ..Request::default()
    };
    let (events, error) = collect(model, request).await;
    assert_eq!(error, None);
    let Some(Event::Completed { output, .. }) = events.into_iter().next_back() else {
        panic!("no end");
    };
    let stored = serde_json::to_string(&output).unwrap();
    serde_json::from_str(&stored).unwrap()
}

fn user(text: &str) -> Value {
    json!({"type": "message", "role": "user", "content": [{"type": "input_text", "text": text}]})
}

fn result(id: &str) -> Value {
    json!({"type": "function_call_output", "call_id": id, "output": "done"})
}

#[tokio::test]
async fn only_what_came_after_the_newest_answer_is_sent() {
    let server = Server::start(vec![
        answer("resp_1", &[call("a"), message("wait"), call("b")]),
        answer("resp_2", &[message("two")]),
        answer("resp_3", &[message("three")]),
    ])
    .await;
    let model = model(&server);
    let mut history = vec![Item::user("one")];
    history.extend(ask(&model, &history).await);
    // A result may stand between the items of the answer.
    history.insert(2, Item::function_call_output("a", "done"));
    history.push(Item::function_call_output("b", "done"));
    history.extend(ask(&model, &history).await);
    history.extend([
        Item::user("a stopped one"),
        Item::assistant("half"),
        Item::user("next"),
    ]);
    ask(&model, &history).await;
    let sent: Vec<Value> = server.requests().into_iter().map(|it| it.body).collect();
    let half = json!({"type": "message", "role": "assistant", "content": "half"});
    for (body, previous, input) in [
        (&sent[0], Value::Null, json!([user("one")])),
        (&sent[1], json!("resp_1"), json!([result("a"), result("b")])),
        (
            &sent[2],
            json!("resp_2"),
            json!([user("a stopped one"), half, user("next")]),
        ),
    ] {
        assert_eq!(body["store"], true);
        assert_eq!(body["instructions"], "Be brief.");
        assert_eq!(body["previous_response_id"], previous);
        assert_eq!(body["input"], input);
    }
}

#[tokio::test]
async fn where_the_provider_lost_its_answer_the_whole_history_is_sent() {
    let lost = json!({"error": {"type": "invalid_request_error", "code": "previous_response_not_found", "message": "gone"}});
    let status = |line| Reply::Status(line, "", lost.to_string());
    let created = json!({"type": "response.created", "response": {}});
    let event = json!({"type": "error", "error": lost["error"]});
    for refusal in [
        status("400 Bad Request"),
        status("404 Not Found"),
        Reply::Chunks(vec![frames(&[created, event])]),
    ] {
        let server = Server::start(vec![
            answer("resp_1", &[message("one")]),
            refusal,
            answer("resp_2", &[message("two")]),
        ])
        .await;
        let model = model(&server);
        let mut history = vec![Item::user("a")];
        history.extend(ask(&model, &history).await);
        history.push(Item::user("b"));
        ask(&model, &history).await;
        let sent = server.requests();
        assert_eq!(sent[1].body["previous_response_id"], "resp_1");
        assert_eq!(sent[2].body.get("previous_response_id"), None);
        assert_eq!(
            sent[2].body["input"],
            json!([user("a"), {"type": "message", "role": "assistant", "content": "one"}, user("b")])
        );
    }
}

#[tokio::test]
async fn what_is_refused_for_another_reason_is_refused_twice_at_most() {
    let refused = || Reply::Status("400 Bad Request", "", String::new());
    let server = Server::start(vec![
        answer("resp_1", &[message("one")]),
        refused(),
        refused(),
    ])
    .await;
    let model = model(&server);
    let mut input = vec![Item::user("a")];
    input.extend(ask(&model, &input).await);
    let request = Request {
        input,
        ..Request::default()
    };
    let (_, error) = collect(&model, request).await;
    assert_eq!(error.unwrap().kind, ErrorKind::InvalidRequest);
    assert_eq!(server.requests().len(), 3);
}

#[tokio::test]
async fn by_default_the_provider_keeps_nothing() {
    let server = Server::start(vec![answer("resp_1", &[message("one")])]).await;
    let output = ask(&server.model(), &[]).await;
    assert_eq!(
        serde_json::to_value(output).unwrap(),
        json!([message("one")])
    );
    assert_eq!(server.requests()[0].body["store"], false);
}

#[tokio::test]
async fn an_answer_that_was_changed_is_sent_and_not_gone_on_from() {
    let server = Server::start(vec![
        answer("resp_1", &[message("one")]),
        answer("resp_2", &[message("a secret")]),
        answer("resp_3", &[message("three")]),
    ])
    .await;
    let model = model(&server);
    let mut history = vec![Item::user("a")];
    history.extend(ask(&model, &history).await);
    history.push(Item::user("b"));
    let answered = ask(&model, &history).await;
    history.extend(answered.into_iter().map(|mut item| {
        if let Item::Message(message) = &mut item {
            message.content = Message::assistant("[it]").content;
        }
        item.forget_answer();
        item
    }));
    history.push(Item::user("c"));
    ask(&model, &history).await;
    let last = server.requests().pop().unwrap().body;
    assert_eq!(last["previous_response_id"], "resp_1");
    let changed = json!({"type": "message", "role": "assistant", "content": "[it]"});
    assert_eq!(last["input"], json!([user("b"), changed, user("c")]));
}
