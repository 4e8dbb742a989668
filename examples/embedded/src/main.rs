//! A chat nested into an axum application, with a responder of its own.
//!
//! `cargo run -p frontdesk-embedded` listens on <http://127.0.0.1:8000>; the chat is at `/chat`.
//! Rules play the model's part; with `OPENAI_API_KEY` set, a model of OpenAI's does.
#![expect(
    clippy::print_stderr,
    reason = "a program that says on its terminal where it listens"
)]

use std::net::SocketAddr;
use std::sync::Arc;

use anyhow::Result;
use async_trait::async_trait;
use axum::Router;
use axum::routing::get;
use frontdesk::Frontdesk;
use frontdesk::config::{Config, Environment, Sources};
use frontdesk_agent::{Agent, Agents};
use frontdesk_chat::assistant::Assistant;
use frontdesk_chat::{ChatError, Responder, Turn, TurnError, Unfinished};
use frontdesk_identity::Secret;
use frontdesk_model::openai_responses::{self, OpenAiResponses};
use frontdesk_model::scripted::{Script, Scripted};
use frontdesk_model::{Model, http};
use frontdesk_protocol::{
    Action, AssistantContent, AssistantMessageItem, Map, ThreadEvent, ThreadItem, UserContent,
    UserMessageItem, WidgetItem,
};
use tokio::net::TcpListener;
use url::Url;

const HOURS: &str = "We are open from Monday to Friday, 9:00 to 17:00.";

/// What answers in this application: it knows its opening hours by itself, and asks the assistant for the rest.
struct Shop {
    assistant: Assistant,
}

#[tokio::main]
async fn main() -> Result<()> {
    let variables = std::env::vars().collect::<Vec<_>>();
    // The application decides where its settings come from; here it is the environment alone.
    let config = Config::read(&Sources {
        environment: Environment::new(variables),
        ..Sources::default()
    })?;
    let listener = TcpListener::bind(config.server.listen.value).await?;
    let address = listener.local_addr()?;

    let agent = Agent::new(
        "shop",
        "You help the customers of a shop. Be brief.",
        model()?,
    );
    let assistant = Assistant::new(Agents::of(agent));
    let frontdesk = Frontdesk::builder()
        .config(config)
        .responder(Arc::new(Shop { assistant }))
        .own_url(Url::parse(&format!("http://{address}/chat/"))?)
        .build()
        .await?;
    let application = Router::new()
        .route("/", get(async || "The shop. Its chat is at /chat."))
        .nest("/chat", frontdesk.router());

    eprintln!("listening on http://{address}");
    let service = application.into_make_service_with_connect_info::<SocketAddr>();
    let end = async {
        // Where signals can't be heard, the program runs until it is killed.
        if tokio::signal::ctrl_c().await.is_err() {
            std::future::pending::<()>().await;
        }
    };
    tokio::select! {
        served = axum::serve(listener, service).into_future() => served?,
        () = end => frontdesk.shutdown().await,
    }
    Ok(())
}

#[async_trait]
impl Responder for Shop {
    async fn respond(
        &self,
        turn: &mut Turn,
        input: Option<UserMessageItem>,
    ) -> Result<(), TurnError> {
        if !input.as_ref().is_some_and(asks_for_hours) {
            return self.assistant.respond(turn, input).await;
        }
        let message = AssistantMessageItem {
            id: turn.new_item_id("msg"),
            thread_id: turn.thread_id().clone(),
            created_at: turn.now(),
            content: vec![AssistantContent::new(HOURS)],
            extra: Map::new(),
        };
        // Stored with the turn's end, or not at all.
        turn.conclude(ThreadEvent::item_done(ThreadItem::AssistantMessage(
            message,
        )));
        Ok(())
    }

    // A turn whose process died.
    async fn go_on(&self, turn: &mut Turn, call: Unfinished) -> Result<(), TurnError> {
        match call {
            Unfinished::Respond(Some(message)) if asks_for_hours(&message) => {
                self.respond(turn, Some(*message)).await
            }
            call => self.assistant.go_on(turn, call).await,
        }
    }

    fn title(&self, first: &UserMessageItem) -> Option<String> {
        self.assistant.title(first)
    }

    // The buttons of the assistant's own widgets, such as those that approve a call.
    fn admit_action(&self, action: &Action, sender: Option<&WidgetItem>) -> Result<(), ChatError> {
        self.assistant.admit_action(action, sender)
    }

    async fn action(
        &self,
        turn: &mut Turn,
        action: Action,
        sender: Option<WidgetItem>,
    ) -> Result<(), TurnError> {
        self.assistant.action(turn, action, sender).await
    }
}

fn asks_for_hours(message: &UserMessageItem) -> bool {
    let said: String = message.content.iter().map(UserContent::text).collect();
    said.to_lowercase().contains("open")
}

fn model() -> Result<Arc<dyn Model>> {
    let Some(key) = std::env::var("OPENAI_API_KEY").ok() else {
        let rules = Script::from_toml(include_str!("rules.toml"))?;
        return Ok(Arc::new(Scripted::new(rules)));
    };
    let config = openai_responses::Config {
        api_key: Some(Secret::new(key)),
        ..openai_responses::Config::new("gpt-5.6")
    };
    Ok(Arc::new(OpenAiResponses::new(config, http::client()?)?))
}
