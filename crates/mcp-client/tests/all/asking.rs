//! What a server asks in the middle of a call, in both eras.

use std::collections::BTreeSet;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use axum::Router;
use frontdesk_agent::{ProgressSink, ToolError, ToolOutput, Toolset};
use frontdesk_auth::outgoing::{Anonymous, Attachment, Broker, OutgoingError};
use frontdesk_identity::{Principal, Secret, SignedIn, TenantId, UserId};
use frontdesk_mcp_client::{
    Ability, Asking, Elicitation, Elicited, Era, Interaction, McpServer, McpServerConfig, Root,
};
use frontdesk_mcp_server::{
    Authentication, Elicit, Elicited as Answered, MountOptions, Roots, Sample, Sampling, Sessions,
    Text, Tool, ToolFailure, ToolServer,
};
use frontdesk_model::http::client;
use futures_util::FutureExt;
use serde_json::{Map, Value, json};
use tokio::task::JoinSet;

use crate::script::{Script, tool};
use crate::stand::{Result, caller, context, patient};

/// Answers as it is told to, and notes what it was asked, by whom and for whom.
#[derive(Debug)]
struct Answers {
    abilities: BTreeSet<Ability>,
    elicited: Elicited,
    asked: Mutex<Vec<(String, String, Elicitation)>>,
}

#[async_trait]
impl Interaction for Answers {
    fn abilities(&self) -> BTreeSet<Ability> {
        self.abilities.clone()
    }

    async fn elicit(&self, asking: Asking<'_>, elicitation: Elicitation) -> Elicited {
        let user = asking.caller.principal.user.to_string();
        let asked = (asking.server.to_owned(), user, elicitation);
        self.asked.lock().unwrap().push(asked);
        self.elicited.clone()
    }

    async fn sample(
        &self,
        _asking: Asking<'_>,
        request: Value,
    ) -> std::result::Result<Value, String> {
        let text = format!("{} tokens", request["maxTokens"]);
        Ok(
            json!({"role": "assistant", "model": "small", "content": {"type": "text", "text": text}}),
        )
    }

    async fn roots(&self, asking: Asking<'_>) -> Vec<Root> {
        vec![Root {
            uri: format!("file:///home/{}", asking.caller.principal.user),
            name: None,
        }]
    }
}

type Said = std::result::Result<Text, ToolFailure>;

fn form() -> Map<String, Value> {
    let schema = json!({
        "type": "object",
        "properties": {"name": {"type": "string"}, "age": {"type": "integer", "default": 30}},
        "required": ["name"],
    });
    schema.as_object().cloned().unwrap_or_default()
}

async fn fill_in(elicit: Elicit) -> Said {
    Ok(Text(match elicit.form_of("Who is it?", &form()).await? {
        Answered::Accepted(content) => Value::Object(content).to_string(),
        Answered::Declined => "declined".to_owned(),
        Answered::Cancelled => "cancelled".to_owned(),
    }))
}

async fn visit(elicit: Elicit) -> Said {
    let visited = elicit.url("https://pay.example/1", "Pay first").await?;
    Ok(Text(format!("{visited:?}")))
}

async fn think(sample: Sample) -> Said {
    let sampling = Sampling {
        system: None,
        prompt: "What?".to_owned(),
        max_tokens: 7,
    };
    Ok(Text(sample.ask(&sampling).await?.text))
}

async fn places(roots: Roots) -> Said {
    let roots = roots.list().await?;
    Ok(Text(roots.into_iter().map(|root| root.uri).collect()))
}

struct Desk {
    client: McpServer,
    _serving: JoinSet<()>,
}

impl Desk {
    async fn open(era: Era, answers: Arc<dyn Interaction>) -> Result<Self> {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await?;
        let url: url::Url = format!("http://{}/mcp", listener.local_addr()?).parse()?;
        let nobody = Principal::new(TenantId::single(), UserId::new("nobody")?);
        let everyone = Authentication::Everyone(Arc::new(nobody));
        let mut options = MountOptions::new(everyone, url.as_str());
        options.sessions = Sessions::kept();
        let server = ToolServer::new("desk", "1", ())
            .tool(Tool::new("fill_in", fill_in))
            .tool(Tool::new("visit", visit))
            .tool(Tool::new("think", think))
            .tool(Tool::new("places", places));
        let router: Router = server.into_router(options)?;
        let mut serving = JoinSet::new();
        serving.spawn(async move {
            let _ended = axum::serve(listener, router).await;
        });
        let mut config = McpServerConfig::new("desk", url, Arc::new(Anonymous));
        config.era = era;
        config.interaction = answers;
        patient(&mut config);
        Ok(Self {
            client: McpServer::new(config, client()?),
            _serving: serving,
        })
    }

    async fn call(&self, tool: &str) -> std::result::Result<ToolOutput, ToolError> {
        let context = context("ann", ProgressSink::silent());
        let context = context.map_err(|error| ToolError::plain(error.to_string()))?;
        Toolset::call(&self.client, tool, Map::new(), context).await
    }
}

fn answers(elicited: Elicited) -> Arc<Answers> {
    let all = [
        Ability::Form,
        Ability::Url,
        Ability::Sampling,
        Ability::Roots,
    ];
    Arc::new(Answers {
        abilities: BTreeSet::from(all),
        elicited,
        asked: Mutex::default(),
    })
}

#[tokio::test]
async fn what_a_server_asks_reaches_whoever_answers() {
    for era in [Era::Stateless, Era::Initialize] {
        let content = json!({"name": "Ann"}).as_object().cloned().unwrap();
        let accepting = answers(Elicited::Accepted(content));
        let desk = Desk::open(era, Arc::clone(&accepting) as _).await.unwrap();
        let mut said = Vec::new();
        for tool in ["fill_in", "visit", "think", "places"] {
            said.push(desk.call(tool).await.unwrap().text);
        }
        assert_eq!(
            said,
            [
                r#"{"age":30,"name":"Ann"}"#,
                "Accepted(())",
                "7 tokens",
                "file:///home/ann"
            ],
            "{era:?}"
        );
        let form = Elicitation::Form {
            message: "Who is it?".to_owned(),
            schema: Value::Object(form()),
        };
        let url = Elicitation::Url {
            message: "Pay first".to_owned(),
            url: "https://pay.example/1".to_owned(),
        };
        let asked = |elicitation| ("desk".to_owned(), "ann".to_owned(), elicitation);
        assert_eq!(*accepting.asked.lock().unwrap(), [asked(form), asked(url)]);

        for (elicited, expected) in [
            (Elicited::Declined, "declined"),
            (Elicited::Cancelled, "cancelled"),
        ] {
            let desk = Desk::open(era, answers(elicited)).await.unwrap();
            assert_eq!(
                desk.call("fill_in").await.unwrap().text,
                expected,
                "{era:?}"
            );
        }
    }
}

#[tokio::test]
async fn what_is_not_answered_is_not_declared_and_fails_the_call_alone() {
    for era in [Era::Stateless, Era::Initialize] {
        let desk = Desk::open(era, Arc::new(frontdesk_mcp_client::Declining))
            .await
            .unwrap();
        for tool in ["fill_in", "visit", "think", "places"] {
            let failed = match desk.call(tool).await {
                Ok(output) => output.outcome == frontdesk_agent::Outcome::Error,
                Err(_) => true,
            };
            assert!(failed, "{tool}, {era:?}");
        }
    }
}

#[tokio::test]
async fn state_is_given_back_as_it_came_and_rounds_are_bounded() {
    let script = Script::with(
        |config| {
            config.interaction = answers(Elicited::Accepted(Map::new()));
        },
        |seen| {
            async move {
                let params = seen.body["params"].clone();
                let ask = json!({"method": "elicitation/create", "params": {
                    "mode": "form", "message": "Sure?", "requestedSchema": {"type": "object", "properties": {}}}});
                match (seen.method(), params["name"].as_str(), params["requestState"].as_str()) {
                    ("tools/call", Some("endless"), _) => seen.result(&json!({
                        "resultType": "input_required", "requestState": "again",
                    })),
                    ("tools/call", _, None) => seen.result(&json!({
                        "resultType": "input_required", "requestState": "s\u{e9}\"1", "inputRequests": {"sure": ask},
                    })),
                    ("tools/call", _, Some(state)) => {
                        seen.text(&json!([state, params["inputResponses"]]).to_string())
                    }
                    _ => seen.modern(&json!([tool("a"), tool("endless")])),
                }
            }
            .boxed()
        },
    )
    .await
    .unwrap();
    let output = script.call("ann", "a", json!({})).await.unwrap();
    let expected = json!(["s\u{e9}\"1", {"sure": {"action": "accept", "content": {}}}]);
    assert_eq!(output, ToolOutput::text(expected.to_string()));
    let ids: Vec<Value> = script
        .seen()
        .iter()
        .map(|seen| seen.body["id"].clone())
        .collect();
    assert_eq!(
        ids.iter().collect::<std::collections::HashSet<_>>().len(),
        ids.len()
    );

    let error = script.call("ann", "endless", json!({})).await.unwrap_err();
    assert_eq!(
        error.model_message,
        "the tool server script refuses the call: it asks for input again and again"
    );
    assert_eq!(script.count("tools/call"), 2 + 10);
    let raw = script
        .client
        .call_raw(&caller("ann").unwrap(), "a", Map::new())
        .await
        .unwrap();
    assert_eq!(raw["content"][0]["text"], json!(expected.to_string()));
}

/// A token that is good for one moment.
#[derive(Debug, Default)]
struct Momentary(AtomicUsize);

#[async_trait]
impl Broker for Momentary {
    async fn attachment(
        &self,
        _caller: &SignedIn,
    ) -> std::result::Result<Attachment, OutgoingError> {
        let number = self.0.fetch_add(1, Ordering::SeqCst);
        Ok(Attachment::bearer(Secret::new(format!("now-{number}"))))
    }
}

#[tokio::test]
async fn check_21_each_round_has_an_identity_of_its_moment_and_nobody_asked_sees_it() {
    let asked = answers(Elicited::Accepted(Map::new()));
    let interaction = Arc::clone(&asked);
    let script = Script::with(
        |config| {
            config.interaction = interaction;
            config.auth = Arc::new(Momentary::default());
        },
        |seen| {
            async move {
                let token = seen.header("authorization").unwrap_or("").to_owned();
                let ask = json!({"method": "elicitation/create", "params": {
                    "mode": "form", "message": format!("Sure, {token}?"),
                    "requestedSchema": {"type": "object", "properties": {}}}});
                match (seen.method(), seen.body["params"]["requestState"].as_str()) {
                    ("tools/call", None) => seen.result(&json!({
                        "resultType": "input_required", "requestState": "1", "inputRequests": {"sure": ask},
                    })),
                    ("tools/call", _) => seen.text("done"),
                    _ => seen.modern(&json!([tool("a")])),
                }
            }
            .boxed()
        },
    )
    .await
    .unwrap();
    let output = script.call("ann", "a", json!({})).await.unwrap();
    assert_eq!(output, ToolOutput::text("done"));
    let seen = script.seen();
    let calls = seen.iter().filter(|seen| seen.method() == "tools/call");
    let tokens: BTreeSet<_> = calls
        .filter_map(|seen| seen.header("authorization"))
        .collect();
    assert_eq!(tokens.len(), 2, "{tokens:?}");
    let form = Elicitation::Form {
        message: "Sure, Bearer [redacted]?".to_owned(),
        schema: json!({"type": "object", "properties": {}}),
    };
    assert_eq!(
        *asked.asked.lock().unwrap(),
        [("script".to_owned(), "ann".to_owned(), form)]
    );
}
