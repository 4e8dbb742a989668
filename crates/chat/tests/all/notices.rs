//! What a tool has to say to the user alone.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use frontdesk_agent::{
    Agent, Agents, FunctionTools, NoArguments, ToolContext, ToolError, function_tool,
};
use frontdesk_chat::assistant::{Assistant, TurnContext};
use frontdesk_model::Model;
use serde_json::{Value, json};

use crate::desk::{Desk, add, create, event, plain, read_all, thread_of};
use crate::model::{Told, calls, says};

static TICKETS: AtomicUsize = AtomicUsize::new(0);

const MAIL: &str = "[Connect your mail](https://desk.example/connect/mail?ticket=_) first.";

/// Each time with another ticket.
fn mail_link() -> String {
    let ticket = TICKETS.fetch_add(1, Ordering::SeqCst).to_string();
    MAIL.replace('_', &ticket)
}

async fn mail(_: NoArguments, _: ToolContext<TurnContext>) -> Result<String, ToolError> {
    Err(ToolError::new("the mail is not connected", "no token").with_user_message(mail_link()))
}

async fn files(_: NoArguments, _: ToolContext<TurnContext>) -> Result<String, ToolError> {
    Err(ToolError::plain("the files are not connected").with_user_message("Connect your files."))
}

fn desk(model: &Arc<Told>) -> Desk {
    let mut agent = Agent::new("assistant", "", model.clone() as Arc<dyn Model>);
    let tools = vec![
        function_tool("read_mail", "Reads mail.", mail),
        function_tool("read_files", "Reads files.", files),
    ];
    let tools = FunctionTools::new("office", tools);
    agent.toolsets.push(Arc::new(tools));
    Desk::new(Arc::new(Assistant::new(Agents::of(agent))))
}

/// The assistant's messages, tickets left out.
fn texts(items: &[Value]) -> Vec<String> {
    let messages = items
        .iter()
        .filter(|item| item["type"] == "assistant_message");
    let texts = messages.map(|item| item["content"][0]["text"].as_str().unwrap());
    let bare = texts.map(|text| match (text.find("ticket="), text.find(") first")) {
        (Some(start), Some(end)) => format!("{}ticket=_{}", &text[..start], &text[end..]),
        _ => text.to_owned(),
    });
    bare.collect()
}

#[tokio::test]
async fn what_the_user_has_to_do_is_said_once_and_no_model_reads_it() {
    let names = ["read_mail", "read_mail", "read_files"];
    let model = Told::new([
        calls(&names),
        calls(&["read_mail"]),
        says("Please connect it."),
        calls(&["read_mail"]),
        says("Still not."),
    ]);
    let desk = desk(&model);
    let (_, mut reader) = desk.begin(create("Any mail?"), &plain()).await;
    let frames = read_all(&mut reader).await;
    let thread = thread_of(&frames);
    let items = desk.items(&thread, &plain()).await;
    let mut said = texts(&items);
    said.sort_unstable();
    assert_eq!(said, ["Connect your files.", "Please connect it.", MAIL]);
    let shown = frames.iter().map(event);
    let shown: Vec<Value> = shown
        .filter(|event| event["type"] == "thread.item.done")
        .map(|event| event["item"].clone())
        .collect();
    let both = items[1..].iter().all(|item| shown.contains(item));
    assert!(both, "what is stored is what was shown: {items:#?}");

    let (_, mut reader) = desk.begin(add(&thread, "And now?"), &plain()).await;
    read_all(&mut reader).await;
    let again = desk.items(&thread, &plain()).await;
    assert_eq!(
        texts(&again)[3..],
        [MAIL, "Still not."],
        "once in each turn"
    );
    for request in 0..5 {
        let read = model.read(request).join("\n");
        assert!(!read.contains("desk.example"), "{read}");
        assert!(!read.contains("Connect your files"), "{read}");
    }
    let read = model.read(3).join("\n");
    assert!(read.contains("the mail is not connected"), "{read}");
    assert!(read.contains("Please connect it."), "{read}");
    let tasks = |item: &Value| item["workflow"]["tasks"].to_string();
    let failed = json!("Failed: the mail is not connected").to_string();
    assert!(items.iter().any(|item| tasks(item).contains(&failed)));
}
