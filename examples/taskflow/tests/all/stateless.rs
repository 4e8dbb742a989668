//! Calls in the way of the stateless era: what comes before an answer, and questions that are one.

use serde_json::{Value, json};

use super::desk::{Answer, Desk, Result};

/// Everything that a call was answered with, in its order.
async fn messages(desk: &Desk, tool: &str, mut params: Value) -> Result<Vec<Value>> {
    let fields = params.as_object_mut().ok_or("no object")?;
    fields.insert("name".to_owned(), json!(tool));
    let response = desk.send("ann", "tools/call", params).await?;
    let text = response.text().await?;
    let events: Vec<&str> = text
        .lines()
        .filter_map(|line| line.strip_prefix("data: "))
        .collect();
    let all = if events.is_empty() {
        vec![text.as_str()]
    } else {
        events
    };
    all.into_iter()
        .map(|message| Ok(serde_json::from_str(message)?))
        .collect()
}

#[tokio::test]
async fn progress_comes_before_the_answer() {
    let desk = Desk::open().await.unwrap();
    let titles: Vec<String> = (1..=60).map(|number| format!("task {number}")).collect();
    let import = json!({"arguments": {"titles": titles}});
    let mut messages = messages(&desk, "import_tasks", import).await.unwrap();
    let answer = messages.pop().unwrap();
    let told: Vec<Value> = messages
        .into_iter()
        .map(|message| message["params"].clone())
        .collect();
    let progress = |done: f64| {
        let message = format!("{done} of 60 tasks added");
        json!({"progressToken": "p-1", "progress": done, "total": 60.0, "message": message})
    };
    assert_eq!(told, [progress(25.0), progress(50.0), progress(60.0)]);
    assert_eq!(answer["result"]["structuredContent"]["added"], json!(60));
}

#[tokio::test]
async fn a_question_is_the_answer_and_holds_for_what_it_asked() {
    let desk = Desk::open().await.unwrap();
    let call = async |tool: &str, arguments: Value| {
        desk.call("ann", tool, arguments).await.unwrap();
    };
    call("add_project", json!({"name": "Garden"})).await;
    call("add_task", json!({"title": "dig", "project": 1})).await;
    let delete = json!({"project": "Garden"});

    let ask = async |params: Value| -> Value {
        let all = messages(&desk, "delete_project", params).await.unwrap();
        all.last().unwrap()["result"].clone()
    };
    let asked = ask(json!({ "arguments": delete })).await;
    assert_eq!(asked["resultType"], json!("input_required"));
    let (name, question) = asked["inputRequests"]
        .as_object()
        .unwrap()
        .iter()
        .next()
        .unwrap();
    assert_eq!(
        question["params"]["message"],
        json!("Delete the project Garden with 1 task for good?")
    );
    let agree = |asked: &Value, name: &str| {
        json!({
            "arguments": delete,
            "inputResponses": {name: {"action": "accept", "content": {"delete": true}}},
            "requestState": asked["requestState"],
        })
    };

    call("add_task", json!({"title": "sow", "project": 1})).await;
    let again = ask(agree(&asked, name)).await;
    let (name, question) = again["inputRequests"]
        .as_object()
        .unwrap()
        .iter()
        .next()
        .unwrap();
    assert_eq!(
        question["params"]["message"],
        json!("Delete the project Garden with 2 tasks for good?"),
        "what was agreed to was another number of tasks"
    );
    let deleted = ask(agree(&again, name)).await;
    assert_eq!(
        deleted["structuredContent"]["deleted"]["unfinished"],
        json!(2)
    );
    assert_eq!(
        desk.call("ann", "list_tasks", json!({})).await.unwrap(),
        Answer::Done(json!({"tasks": [], "total": 0}))
    );
}
