//! Functions that ask the user, in the stateless era by raw requests, in the other on a session.

use std::time::Duration;

use frontdesk_mcp_server::{
    Elicit, Elicited, Params, Roots, Sample, Sampling, Structured, Text, Tool, ToolFailure,
    ToolServer,
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::stand::{Answer, Result, Stand};

#[derive(Debug, Deserialize, JsonSchema)]
struct Target {
    id: u32,
}

#[derive(Debug, Deserialize, JsonSchema)]
struct Sure {
    sure: bool,
}

#[derive(Debug, Serialize, Deserialize, JsonSchema)]
struct Name {
    name: String,
}

async fn delete(
    Params(target): Params<Target>,
    elicit: Elicit,
) -> std::result::Result<Text, ToolFailure> {
    let message = format!("Delete {}?", target.id);
    Ok(Text(match elicit.form::<Sure>(&message).await? {
        Elicited::Accepted(Sure { sure: true }) => format!("deleted {}", target.id),
        Elicited::Accepted(_) | Elicited::Declined => "kept".to_owned(),
        Elicited::Cancelled => "closed".to_owned(),
    }))
}

async fn two_steps(elicit: Elicit) -> std::result::Result<Text, ToolFailure> {
    let first = elicit.named("first").form::<Name>("Your name?").await?;
    let Some(first) = first.accepted() else {
        return Ok(Text("nobody".to_owned()));
    };
    let question = format!("And {}'s friend?", first.name);
    let second = elicit.named("second").form::<Name>(&question).await?;
    Ok(Text(match second.accepted() {
        Some(second) => format!("{} and {}", first.name, second.name),
        None => first.name,
    }))
}

async fn all_at_once(
    elicit: Elicit,
    sample: Sample,
    roots: Roots,
) -> std::result::Result<Structured<Vec<String>>, ToolFailure> {
    let asked = Sampling {
        system: None,
        prompt: "Say hello".to_owned(),
        max_tokens: 10,
    };
    let (name, said, roots) = tokio::join!(
        elicit.form::<Name>("Your name?"),
        sample.ask(&asked),
        roots.list()
    );
    let name = name?.accepted().map(|name| name.name);
    let roots = roots?.into_iter().map(|root| root.uri);
    Ok(Structured(
        name.into_iter().chain([said?.text]).chain(roots).collect(),
    ))
}

async fn endless(elicit: Elicit) -> std::result::Result<Text, ToolFailure> {
    for number in 0.. {
        elicit.form::<Name>(&format!("Question {number}?")).await?;
    }
    Ok(Text(String::new()))
}

async fn sign_in(elicit: Elicit) -> std::result::Result<Text, ToolFailure> {
    let page = "https://desk.example/connect";
    Ok(Text(
        match elicit.url(page, "Connect your account").await? {
            Elicited::Accepted(()) => "went there".to_owned(),
            Elicited::Declined | Elicited::Cancelled => "stayed".to_owned(),
        },
    ))
}

fn server() -> ToolServer<()> {
    ToolServer::new("asking", "1", ())
        .tool(Tool::new("sign_in", sign_in))
        .tool(Tool::new("delete", delete).destructive())
        .tool(Tool::new("two_steps", two_steps))
        .tool(Tool::new("all_at_once", all_at_once))
        .tool(Tool::new("endless", endless))
}

fn accept(content: Value) -> Value {
    json!({"action": "accept", "content": content})
}

fn only_question(answer: &Answer) -> (String, Value) {
    let result = answer.result();
    assert_eq!(result["resultType"], "input_required", "{result}");
    let requests = result["inputRequests"].as_object().unwrap();
    assert_eq!(requests.len(), 1);
    let (key, question) = requests.iter().next().unwrap();
    (key.clone(), question.clone())
}

async fn call(stand: &Stand, user: &str, params: Value) -> Answer {
    stand.ask(user, "tools/call", params).await.unwrap()
}

#[tokio::test]
async fn a_call_ends_with_its_question_and_goes_on_with_the_answer() {
    let stand = Stand::serve(server(), |_| ()).await.unwrap();
    let arguments = json!({"id": 7});
    let first = call(
        &stand,
        "ann",
        json!({"name": "delete", "arguments": arguments}),
    )
    .await;
    let (key, question) = only_question(&first);
    assert_eq!(
        question,
        json!({"method": "elicitation/create", "params": {
            "mode": "form",
            "message": "Delete 7?",
            "requestedSchema": {
                "type": "object",
                "properties": {"sure": {"type": "boolean"}},
                "required": ["sure"],
            },
        }})
    );
    let state = first.result()["requestState"].clone();
    let answers = [
        (accept(json!({"sure": true})), "deleted 7"),
        (accept(json!({"sure": false})), "kept"),
        (json!({"action": "decline"}), "kept"),
        (json!({"action": "cancel"}), "closed"),
    ];
    for (answer, text) in answers {
        let mut params = json!({"name": "delete", "arguments": arguments, "requestState": state});
        params["inputResponses"] = json!({key.clone(): answer, "other": 1});
        let result = call(&stand, "ann", params).await.result();
        assert_eq!(result["content"][0]["text"], text);
    }
    for nonsense in [json!(12_345), accept(json!({})), json!({"action": "maybe"})] {
        let mut params = json!({"name": "delete", "arguments": arguments, "requestState": state});
        params["inputResponses"] = json!({key.clone(): nonsense});
        only_question(&call(&stand, "ann", params).await);
    }
}

#[tokio::test]
async fn an_answer_is_good_for_its_caller_its_call_and_ten_minutes() {
    let stand = Stand::serve(server(), |_| ()).await.unwrap();
    let params = |id: u32| json!({"name": "delete", "arguments": {"id": id}});
    let first = call(&stand, "ann", params(7)).await;
    let (key, _) = only_question(&first);
    let state = first.result()["requestState"].as_str().unwrap().to_owned();
    let retry = |id: u32, state: &str| {
        let mut params = params(id);
        params["inputResponses"] = json!({key.clone(): accept(json!({"sure": true}))});
        params["requestState"] = state.into();
        params
    };
    let wrong = [
        ("bob", retry(7, &state)),
        ("ann", retry(8, &state)),
        ("ann", retry(7, &format!("{state}-TAMPERED"))),
        ("ann", retry(7, "")),
    ];
    for (user, params) in wrong {
        let answer = call(&stand, user, params).await;
        assert_eq!(answer.result()["code"], -32_602, "{user}");
    }
    // The answer to one question is none to another, even where a client brings it without a state.
    let mut other = retry(8, "");
    other.as_object_mut().unwrap().remove("requestState");
    only_question(&call(&stand, "ann", other).await);

    let fine = call(&stand, "ann", retry(7, &state)).await.result();
    assert_eq!(fine["content"][0]["text"], "deleted 7");
    stand.clock.advance(Duration::from_mins(10));
    let late = call(&stand, "ann", retry(7, &state)).await;
    assert_eq!(late.result()["code"], -32_602);
}

#[tokio::test]
async fn earlier_answers_travel_in_the_state() {
    let stand = Stand::serve(server(), |_| ()).await.unwrap();
    let first = call(&stand, "ann", json!({"name": "two_steps"})).await;
    let (key, _) = only_question(&first);
    assert_eq!(key, "first");
    let second = call(
        &stand,
        "ann",
        json!({
            "name": "two_steps",
            "inputResponses": {"first": accept(json!({"name": "Ann"}))},
            "requestState": first.result()["requestState"],
        }),
    )
    .await;
    let (key, question) = only_question(&second);
    assert_eq!(key, "second");
    assert_eq!(question["params"]["message"], "And Ann's friend?");
    assert_ne!(
        first.result()["requestState"],
        second.result()["requestState"]
    );
    let third = call(
        &stand,
        "ann",
        json!({
            "name": "two_steps",
            "inputResponses": {"second": accept(json!({"name": "Bob"}))},
            "requestState": second.result()["requestState"],
        }),
    )
    .await;
    assert_eq!(third.result()["content"][0]["text"], "Ann and Bob");
}

#[tokio::test]
async fn what_was_not_asked_has_no_answer() {
    let stand = Stand::serve(server(), |_| ()).await.unwrap();
    let ann = accept(json!({"name": "Ann"}));
    let both = json!({"first": ann, "second": ann});
    let first = call(&stand, "ann", json!({"name": "two_steps"})).await;
    // The second question wasn't there yet.
    let second = call(
        &stand,
        "ann",
        json!({
            "name": "two_steps",
            "inputResponses": both,
            "requestState": first.result()["requestState"],
        }),
    )
    .await;
    assert_eq!(only_question(&second).0, "second");
}

fn all_answers(requests: &Value) -> Value {
    let mut answers = json!({});
    for (key, request) in requests.as_object().unwrap() {
        answers[key] = match request["method"].as_str().unwrap() {
            "elicitation/create" => accept(json!({"name": "Ann"})),
            "sampling/createMessage" => json!({
                "role": "assistant", "model": "m", "content": {"type": "text", "text": "Hello"},
            }),
            "roots/list" => json!({"roots": [{"uri": "file:///a"}]}),
            other => unreachable!("{other}"),
        };
    }
    answers
}

#[tokio::test]
async fn several_questions_at_once_are_one_round() {
    let stand = Stand::serve(server(), |_| ()).await.unwrap();
    let first = call(&stand, "ann", json!({"name": "all_at_once"})).await;
    let requests = first.result()["inputRequests"].clone();
    assert_eq!(requests.as_object().unwrap().len(), 3);
    let second = call(
        &stand,
        "ann",
        json!({
            "name": "all_at_once",
            "inputResponses": all_answers(&requests),
            "requestState": first.result()["requestState"],
        }),
    )
    .await;
    assert_eq!(
        second.result()["structuredContent"],
        json!(["Ann", "Hello", "file:///a"])
    );
}

#[tokio::test]
async fn a_client_that_cannot_be_asked_is_told_what_it_lacks() {
    let stand = Stand::serve(server(), |_| ()).await.unwrap();
    let ask = async |capabilities: Value| {
        let params = json!({"name": "delete", "arguments": {"id": 1}});
        stand
            .ask_with("ann", "tools/call", params, capabilities)
            .await
            .unwrap()
    };
    for lacking in [
        json!({}),
        json!({"sampling": {}}),
        json!({"elicitation": {"url": {}}}),
    ] {
        let answer = ask(lacking).await;
        assert_eq!(
            (answer.status, answer.result()["code"].clone()),
            (400, json!(-32_021))
        );
        assert_eq!(
            answer.result()["data"]["requiredCapabilities"],
            json!({"elicitation": {"form": {}}})
        );
    }
    only_question(&ask(json!({"elicitation": {"form": {}}})).await);
}

#[tokio::test]
async fn a_user_is_sent_to_an_address() {
    let stand = Stand::serve(server(), |_| ()).await.unwrap();
    let ask = async |mut params: Value| {
        params["name"] = "sign_in".into();
        let capabilities = json!({"elicitation": {"url": {}}});
        let answer = stand.ask_with("ann", "tools/call", params, capabilities);
        answer.await.unwrap()
    };
    let first = ask(json!({})).await;
    let (key, question) = only_question(&first);
    let params = &question["params"];
    assert_eq!(
        (&params["mode"], &params["url"], &params["message"]),
        (
            &json!("url"),
            &json!("https://desk.example/connect"),
            &json!("Connect your account")
        )
    );
    for (action, text) in [
        ("accept", "went there"),
        ("decline", "stayed"),
        ("cancel", "stayed"),
    ] {
        let mut again = json!({"requestState": first.result()["requestState"]});
        again["inputResponses"] = json!({key.clone(): {"action": action}});
        assert_eq!(ask(again).await.result()["content"][0]["text"], text);
    }
}

#[tokio::test]
async fn a_function_that_asks_for_ever_is_ended() {
    let stand = Stand::serve(server(), |_| ()).await.unwrap();
    let mut params = json!({"name": "endless"});
    let mut rounds = 0;
    loop {
        let answer = call(&stand, "ann", params.clone()).await;
        let result = answer.result();
        if result["resultType"] == "complete" {
            assert_eq!(
                (&result["isError"], &result["content"][0]["text"]),
                (&json!(true), &json!("the tool asks too many questions"))
            );
            break;
        }
        rounds += 1;
        params["inputResponses"] = all_answers(&result["inputRequests"]);
        params["requestState"] = result["requestState"].clone();
    }
    assert_eq!(rounds, 16);
}

#[tokio::test]
async fn without_a_session_the_older_era_cannot_be_asked() -> Result<()> {
    let stand = Stand::serve(server(), |_| ()).await?;
    let body = json!({"jsonrpc": "2.0", "id": 1, "method": "tools/call",
        "params": {"name": "delete", "arguments": {"id": 1}}});
    let response = reqwest::Client::builder()
        .build()?
        .post(&stand.url)
        .bearer_auth(stand.token("ann")?)
        .header("content-type", "application/json")
        .header("accept", "application/json, text/event-stream")
        .body(body.to_string())
        .send()
        .await?;
    let result = Answer::read(response).await?.result();
    assert_eq!(result["isError"], true);
    assert_eq!(
        result["content"][0]["text"],
        "this needs elicitation, and there is no session to ask on"
    );
    Ok(())
}
