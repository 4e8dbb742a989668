//! An assistant with a tool that asks first, a user who was asked, and the buttons.

use std::sync::{Arc, Mutex};

use frontdesk_agent::{
    Agent, Agents, Annotations, FunctionTools, NoArguments, ToolContext, ToolError, function_tool,
};
use frontdesk_chat::OnDisconnect;
use frontdesk_chat::assistant::{Assistant, TurnContext};
use frontdesk_model::Model;
use frontdesk_protocol::ThreadId;
use frontdesk_store::memory::MemoryStore;
use frontdesk_store::{TurnStatus, Turns};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::desk::{Desk, create, event, plain, read_all, thread_of};
use crate::model::{Told, calls_with, says};

#[derive(Debug, Serialize, Deserialize, JsonSchema)]
struct Which {
    id: i64,
    note: Option<String>,
}

/// What the tools did.
pub(crate) type Done = Arc<Mutex<Vec<String>>>;

/// How the tool that deletes ends.
#[derive(Clone, Copy)]
pub(crate) enum Deleting {
    Well,
    /// It does what it was asked to and never comes back.
    Hanging,
}

pub(crate) fn assistant(model: &Arc<Told>, done: &Done, deleting: Deleting) -> Arc<Assistant> {
    assistant_with(model, done, deleting, |_| {})
}

fn assistant_with(
    model: &Arc<Told>,
    done: &Done,
    deleting: Deleting,
    change: impl FnOnce(&mut Agent<TurnContext>),
) -> Arc<Assistant> {
    let log = Arc::clone(done);
    let delete = move |which: Which, _: ToolContext<TurnContext>| {
        let log = Arc::clone(&log);
        async move {
            log.lock().unwrap().push(format!("deleted {}", which.id));
            match deleting {
                Deleting::Well => Ok::<_, ToolError>(format!("deleted {}", which.id)),
                Deleting::Hanging => std::future::pending().await,
            }
        }
    };
    let log = Arc::clone(done);
    let show = move |_: NoArguments, _: ToolContext<TurnContext>| {
        let log = Arc::clone(&log);
        async move {
            log.lock().unwrap().push("shown".to_owned());
            Ok::<_, ToolError>("here")
        }
    };
    let destructive = Annotations {
        title: Some("Delete a task".to_owned()),
        destructive: Some(true),
        ..Annotations::default()
    };
    let tools = vec![
        function_tool("delete_task", "Deletes.", delete).annotated(destructive),
        function_tool("show", "Shows.", show),
    ];
    let mut agent = Agent::new("assistant", "", model.clone() as Arc<dyn Model>);
    agent
        .toolsets
        .push(Arc::new(FunctionTools::new("taskflow", tools)));
    change(&mut agent);
    Arc::new(Assistant::new(Agents::of(agent)))
}

/// A desk whose model asked to delete, and what is known of it.
pub(crate) struct Scene {
    pub(crate) desk: Desk,
    pub(crate) store: Arc<MemoryStore>,
    pub(crate) model: Arc<Told>,
    pub(crate) done: Done,
    pub(crate) thread: ThreadId,
}

pub(crate) const CALL: &str = r#"{"id": 1, "note": "as asked"}"#;

impl Scene {
    /// The model calls these tools and then says "Good."; the first turn is over.
    pub(crate) async fn asking(asked: &[(&str, &str)]) -> Self {
        Self::with(asked, Deleting::Well).await
    }

    pub(crate) async fn with(asked: &[(&str, &str)], deleting: Deleting) -> Self {
        Self::made(asked, deleting, |_| {}).await
    }

    /// The same with tools that always ask.
    pub(crate) async fn always_asking(asked: &[(&str, &str)]) -> Self {
        let always = |agent: &mut Agent<TurnContext>| {
            let both = ["delete_task", "show"].map(str::to_owned);
            agent.approval.always.extend(both);
        };
        Self::made(asked, Deleting::Well, always).await
    }

    async fn made(
        asked: &[(&str, &str)],
        deleting: Deleting,
        change: impl FnOnce(&mut Agent<TurnContext>),
    ) -> Self {
        let model = Told::new([calls_with(asked), says("Good.")]);
        let done = Done::default();
        let store = Arc::new(MemoryStore::new());
        let responder = assistant_with(&model, &done, deleting, change);
        let desk = Desk::over(
            store.clone(),
            store.clone(),
            responder,
            OnDisconnect::Continue,
        );
        let (_, mut reader) = desk.begin(create("Delete task 1"), &plain()).await;
        let thread = thread_of(&read_all(&mut reader).await);
        Self {
            desk,
            store,
            model,
            done,
            thread,
        }
    }

    /// The same store in another process.
    pub(crate) fn restarted(self, deleting: Deleting) -> Self {
        let responder = assistant(&self.model, &self.done, deleting);
        let store = self.store.clone();
        let desk = Desk::over(store.clone(), store, responder, OnDisconnect::Continue);
        Self { desk, ..self }
    }

    pub(crate) async fn items(&self) -> Vec<Value> {
        self.desk.items(&self.thread, &plain()).await
    }

    pub(crate) async fn widget(&self) -> Value {
        let items = self.items().await;
        let widgets: Vec<_> = items
            .into_iter()
            .filter(|item| item["type"] == "widget")
            .collect();
        assert_eq!(widgets.len(), 1, "{widgets:?}");
        widgets[0].clone()
    }

    /// What the widget says, line by line, with its buttons in brackets.
    pub(crate) async fn lines(&self) -> Vec<String> {
        lines(&self.widget().await["widget"])
    }

    /// The colour of the button that approves, where it isn't the usual one.
    pub(crate) async fn colour(&self) -> Value {
        let widget = self.widget().await;
        let children = widget["widget"]["children"].as_array().unwrap();
        children.last().unwrap()["children"][0]["color"].clone()
    }

    /// Presses a button.
    pub(crate) async fn answer(&self, decision: &str) -> Value {
        let widget = self.widget().await;
        action(&self.thread, &widget["id"], &json!({"decision": decision}))
    }

    /// Presses a button, and waits for what comes of it.
    pub(crate) async fn press(&self, decision: &str) -> Vec<Value> {
        let request = self.answer(decision).await;
        self.ask(request).await
    }

    pub(crate) async fn ask(&self, request: Value) -> Vec<Value> {
        let (_, mut reader) = self.desk.begin(request, &plain()).await;
        read_all(&mut reader).await.iter().map(event).collect()
    }

    pub(crate) fn done(&self) -> Vec<String> {
        self.done.lock().unwrap().clone()
    }

    pub(crate) async fn last_status(&self) -> TurnStatus {
        let scope = plain().scope();
        let turn = self.store.last_turn(&scope, &self.thread).await.unwrap();
        turn.unwrap().status
    }
}

pub(crate) fn action(thread: &ThreadId, item: &Value, payload: &Value) -> Value {
    json!({"type": "threads.custom_action", "params": {
        "thread_id": thread, "item_id": item,
        "action": {"type": "frontdesk.approval", "payload": payload},
    }})
}

pub(crate) fn lines(component: &Value) -> Vec<String> {
    match component["type"].as_str().unwrap() {
        "Button" => vec![format!("[{}]", component["label"].as_str().unwrap())],
        "Divider" => vec!["---".to_owned()],
        "Title" | "Caption" | "Text" => vec![component["value"].as_str().unwrap().to_owned()],
        _ => {
            let children = component["children"].as_array().unwrap();
            children.iter().flat_map(lines).collect()
        }
    }
}

pub(crate) fn said(items: &[Value]) -> Vec<&str> {
    let messages = items
        .iter()
        .filter(|item| item["type"] == "assistant_message");
    messages
        .map(|item| item["content"][0]["text"].as_str().unwrap())
        .collect()
}
