//! The client in memory.

use frontdesk_identity::{Principal, TenantId, UserId};
use frontdesk_mcp_server::{
    Caller, Elicit, InMemoryError, Log, Message, Params, Partial, Progress, Prompt, Resource,
    Structured, Text, Tool, ToolFailure, ToolServer,
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::json;

type Outcome<T> = std::result::Result<T, ToolFailure>;

/// Adds numbers.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
struct Sum {
    numbers: Vec<i64>,
}

async fn add(Params(sum): Params<Sum>, progress: Progress, log: Log) -> Outcome<Structured<i64>> {
    progress.report(1.0, Some(2.0), Some("half")).await;
    log.debug("adding").await;
    Ok(Structured(sum.numbers.iter().sum()))
}

async fn ask(elicit: Elicit, Caller(caller): Caller) -> Outcome<Text> {
    let schema = json!({"type": "object", "properties": {"a": {"type": "integer"}}});
    let schema = schema.as_object().cloned().unwrap_or_default();
    let asked = elicit.form_of("Which?", &schema).await?;
    let sum = asked.accepted().unwrap_or_default();
    Ok(Text(format!("{} said {}", caller.user, json!(sum))))
}

async fn words(Partial(partial): Partial) -> Outcome<Vec<String>> {
    Ok(vec![format!("{partial}!")])
}

async fn page() -> Outcome<String> {
    Ok("text".to_owned())
}

async fn hello(
    Params(word): Params<std::collections::BTreeMap<String, String>>,
) -> Outcome<Message> {
    Ok(Message::user(word.values().cloned().collect::<String>()))
}

fn server() -> ToolServer<()> {
    ToolServer::new("memory", "1", ())
        .tool(Tool::new("add", add))
        .tool(Tool::new("ask", ask).scope("ask"))
        .tool(Tool::new("page", page))
        .prompt(Prompt::new("hello", hello).complete("word", words))
        .resource(Resource::new("a://1", "one", page))
}

fn ann(scopes: &[&str]) -> Principal {
    let mut ann = Principal::new(TenantId::single(), UserId::new("ann").unwrap());
    ann.scopes = scopes.iter().map(|&scope| scope.to_owned()).collect();
    ann
}

#[tokio::test]
async fn it_calls_lists_and_reads_as_whom_it_is_told_to() {
    let client = server().in_memory().unwrap();
    let sum = client
        .call(&ann(&[]), "add", json!({"numbers": [1, 2]}))
        .await;
    assert_eq!(sum, Ok(json!(3)));
    assert_eq!(
        client.notifications(),
        [
            json!({"method": "notifications/progress", "params":
                {"progressToken": "in-memory", "progress": 1.0, "total": 2.0, "message": "half"}}),
            json!({"method": "notifications/message", "params": {"level": "debug", "data": "adding"}}),
        ]
    );
    assert_eq!(client.list_tools(&ann(&[])).unwrap().len(), 2);
    assert_eq!(client.list_tools(&ann(&["ask"])).unwrap().len(), 3);
    let text = client.call(&ann(&[]), "page", json!({})).await;
    assert_eq!(text, Ok(json!("text")));
    let failed = client.call(&ann(&[]), "add", json!({})).await;
    let message = "invalid arguments: missing field `numbers`".to_owned();
    assert_eq!(failed, Err(InMemoryError::Failed(message)));
    let refused = client.call(&ann(&[]), "ask", json!({})).await;
    assert_eq!(
        refused,
        Err(InMemoryError::Refused {
            code: -32_003,
            message: "the permission is missing: ask".to_owned(),
        })
    );
    let contents = client.read(&ann(&[]), "a://1").await.unwrap();
    assert_eq!(contents, [json!({"uri": "a://1", "text": "text"})]);
    let prompt = client
        .prompt(&ann(&[]), "hello", json!({"word": "hi"}))
        .await;
    assert_eq!(prompt.unwrap()["messages"][0]["content"]["text"], "hi");
    let params = json!({"ref": {"type": "ref/prompt", "name": "hello"}, "argument": {"name": "word", "value": "a"}});
    assert_eq!(client.complete(&ann(&[]), params).await.unwrap(), ["a!"]);
}

#[tokio::test]
async fn it_answers_as_it_is_told_to_and_cannot_be_asked_otherwise() {
    let client = server().in_memory().unwrap();
    let unasked = client.call(&ann(&["ask"]), "ask", json!({})).await;
    assert!(matches!(
        unasked,
        Err(InMemoryError::Refused { code: -32_021, .. })
    ));
    let client = client.answering(|question| {
        assert_eq!(question["params"]["message"], "Which?");
        json!({"action": "accept", "content": {"a": 1}})
    });
    let answered = client.call(&ann(&["ask"]), "ask", json!({})).await;
    assert_eq!(answered, Ok(json!("ann said {\"a\":1}")));
}

#[test]
fn the_documentation_of_the_parameters_describes_the_tool() {
    let server = ToolServer::new("memory", "1", ())
        .tool(Tool::new("add", add))
        .tool(Tool::new("sum", add).description("Gives a sum."))
        .tool(Tool::new("ask", ask));
    let tools = server.in_memory().unwrap().list_tools(&ann(&[])).unwrap();
    let described: Vec<_> = tools
        .iter()
        .map(|tool| (&tool["description"], &tool["inputSchema"]["description"]))
        .collect();
    let none = json!(null);
    assert_eq!(
        described,
        [
            (&json!("Adds numbers."), &none),
            (&json!("Gives a sum."), &none),
            (&none, &none),
        ]
    );
}
