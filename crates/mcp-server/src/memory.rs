//! A client in memory, for the tests of a tool server: it speaks for whom it is told to, without socket or sign-in.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};

use frontdesk_identity::Principal;
use http::HeaderMap;
use rmcp::model::{
    CallToolResponse, CompleteRequestParams, ErrorData, GetPromptResponse, InputRequiredResult,
    ReadResourceResponse,
};
use serde::Serialize;
use serde_json::{Map, Value, json};
use tokio_util::sync::CancellationToken;

use crate::core::{Core, Facts, Retry};
use crate::line::Line;
use crate::log::{Level, Threshold};
use crate::request::Client;
use crate::{Era, RequestInfo};

/// How often a call is made again with answers.
const MAX_ROUNDS: usize = 10;

type Answers = Arc<dyn Fn(&Value) -> Value + Send + Sync>;

/// A client in memory. Scopes are checked as the mounted server checks them; the principal's own scopes count.
///
/// ```
/// use frontdesk_identity::{Principal, TenantId, UserId};
/// use frontdesk_mcp_server::{Caller, Elicit, Text, Tool, ToolFailure, ToolServer};
/// use serde_json::json;
///
/// #[derive(serde::Deserialize, schemars::JsonSchema)]
/// struct Sure { sure: bool }
///
/// async fn clear(Caller(caller): Caller, elicit: Elicit) -> Result<Text, ToolFailure> {
///     // Ask first, act afterwards: up to here the function runs once more for each question.
///     let sure = elicit.form::<Sure>("Delete everything?").await?.accepted();
///     Ok(Text(match sure {
///         Some(Sure { sure: true }) => format!("cleared for {}", caller.user),
///         _ => "kept".to_owned(),
///     }))
/// }
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let client = ToolServer::new("example", "1.0.0", ())
///     .tool(Tool::new("clear", clear).destructive())
///     .in_memory()?
///     .answering(|_question| json!({"action": "accept", "content": {"sure": true}}));
/// let ann = Principal::new(TenantId::single(), UserId::new("ann")?);
/// assert_eq!(client.call(&ann, "clear", json!({})).await?, json!("cleared for ann"));
/// # Ok(())
/// # }
/// ```
#[derive(Clone)]
pub struct InMemory<S> {
    core: Arc<Core<S>>,
    answers: Option<Answers>,
    notifications: Arc<Mutex<Vec<Value>>>,
}

/// Why a call in memory came to nothing.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum InMemoryError {
    /// The tool failed: an `isError` result with this text.
    #[error("{0}")]
    Failed(String),
    /// The server refused the request.
    #[error("{message}")]
    Refused {
        /// The JSON-RPC error code.
        code: i32,
        /// What the server said.
        message: String,
    },
}

impl<S: Clone + Send + Sync + 'static> InMemory<S> {
    pub(crate) fn new(core: Core<S>) -> Self {
        Self {
            core: Arc::new(core),
            answers: None,
            notifications: Arc::default(),
        }
    }

    /// Answers the server's questions: gets each one as `{"method", "params"}` and gives the result that the client
    /// would send, such as `{"action": "accept", "content": {…}}`. Without it the client can't be asked anything.
    #[must_use]
    pub fn answering(mut self, answers: impl Fn(&Value) -> Value + Send + Sync + 'static) -> Self {
        self.answers = Some(Arc::new(answers));
        self
    }

    /// The progress reports and log messages so far, as `{"method", "params"}`; they are taken out.
    pub fn notifications(&self) -> Vec<Value> {
        let mut all = self
            .notifications
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        std::mem::take(&mut *all)
    }

    /// The tools that this caller sees, as the protocol has them.
    ///
    /// # Errors
    /// The server refuses.
    pub fn list_tools(&self, caller: &Principal) -> Result<Vec<Value>, InMemoryError> {
        let mut all = Vec::new();
        let mut request = None;
        loop {
            let page = self.core.list_tools(request, &self.facts(caller))?;
            all.extend(page.tools.iter().map(json_of));
            match page.next_cursor {
                Some(next) => request = serde_json::from_value(json!({"cursor": next})).ok(),
                None => return Ok(all),
            }
        }
    }

    /// The prompts that this caller sees, the first page.
    ///
    /// # Errors
    /// The server refuses.
    pub fn list_prompts(&self, caller: &Principal) -> Result<Vec<Value>, InMemoryError> {
        let page = self.core.list_prompts(None, &self.facts(caller))?;
        Ok(page.prompts.iter().map(json_of).collect())
    }

    /// The resource templates that this caller sees, the first page.
    ///
    /// # Errors
    /// The server refuses.
    pub fn list_resource_templates(&self, caller: &Principal) -> Result<Vec<Value>, InMemoryError> {
        let page = self.core.list_templates(None, &self.facts(caller))?;
        Ok(page.resource_templates.iter().map(json_of).collect())
    }

    /// The resources that this caller sees, the first page.
    ///
    /// # Errors
    /// The server refuses.
    pub async fn list_resources(&self, caller: &Principal) -> Result<Vec<Value>, InMemoryError> {
        let facts = self.facts(caller);
        let page = self.core.list_resources(None, &facts).await?;
        Ok(page.resources.iter().map(json_of).collect())
    }

    /// Calls a tool and gives its structured result, or its text where it has none.
    ///
    /// # Errors
    /// The tool fails, or the server refuses.
    pub async fn call(
        &self,
        caller: &Principal,
        tool: &str,
        arguments: Value,
    ) -> Result<Value, InMemoryError> {
        let mut result = self.call_raw(caller, tool, arguments).await?;
        let text = result
            .get("content")
            .and_then(Value::as_array)
            .map(|blocks| {
                let texts = blocks
                    .iter()
                    .filter_map(|block| block.get("text")?.as_str());
                texts.collect::<Vec<_>>().join("\n")
            })
            .unwrap_or_default();
        if result.get("isError") == Some(&Value::Bool(true)) {
            return Err(InMemoryError::Failed(text));
        }
        let structured = result
            .as_object_mut()
            .and_then(|result| result.remove("structuredContent"));
        Ok(structured.unwrap_or(Value::String(text)))
    }

    /// Calls a tool and gives its result as the protocol has it, failures included.
    ///
    /// # Errors
    /// The server refuses.
    pub async fn call_raw(
        &self,
        caller: &Principal,
        tool: &str,
        arguments: Value,
    ) -> Result<Value, InMemoryError> {
        let arguments = object(arguments);
        let mut retry = Retry::default();
        for _ in 0..MAX_ROUNDS {
            let facts = self.facts(caller);
            let answer = self
                .core
                .call_tool(tool, arguments.clone(), facts, retry)
                .await?;
            match answer {
                CallToolResponse::InputRequired(asked) => retry = self.answer(asked),
                CallToolResponse::Complete(result) => return Ok(json_of(&result)),
                _ => return Err(unknown()),
            }
        }
        Err(endless())
    }

    /// Gets a prompt, as the protocol has it.
    ///
    /// # Errors
    /// The server refuses.
    pub async fn prompt(
        &self,
        caller: &Principal,
        prompt: &str,
        arguments: Value,
    ) -> Result<Value, InMemoryError> {
        let arguments = object(arguments);
        let mut retry = Retry::default();
        for _ in 0..MAX_ROUNDS {
            let facts = self.facts(caller);
            let answer = self
                .core
                .get_prompt(prompt, arguments.clone(), facts, retry)
                .await?;
            match answer {
                GetPromptResponse::InputRequired(asked) => retry = self.answer(asked),
                GetPromptResponse::Complete(result) => return Ok(json_of(&result)),
                _ => return Err(unknown()),
            }
        }
        Err(endless())
    }

    /// Reads a resource: its contents, as the protocol has them.
    ///
    /// # Errors
    /// There is nothing at the address, or the server refuses.
    pub async fn read(&self, caller: &Principal, uri: &str) -> Result<Vec<Value>, InMemoryError> {
        let mut retry = Retry::default();
        for _ in 0..MAX_ROUNDS {
            let answer = self
                .core
                .read_resource(uri, self.facts(caller), retry)
                .await?;
            match answer {
                ReadResourceResponse::InputRequired(asked) => retry = self.answer(asked),
                ReadResourceResponse::Complete(result) => {
                    return Ok(result.contents.iter().map(json_of).collect());
                }
                _ => return Err(unknown()),
            }
        }
        Err(endless())
    }

    /// Completes an argument; the parameters are those of `completion/complete`.
    ///
    /// # Errors
    /// The parameters aren't those, or the server refuses.
    pub async fn complete(
        &self,
        caller: &Principal,
        params: Value,
    ) -> Result<Vec<String>, InMemoryError> {
        let params: CompleteRequestParams =
            serde_json::from_value(params).map_err(|error| InMemoryError::Refused {
                code: -32_602,
                message: error.to_string(),
            })?;
        let result = self.core.complete(params, self.facts(caller)).await?;
        Ok(result.completion.values)
    }

    fn answer(&self, asked: InputRequiredResult) -> Retry {
        let requests = asked.input_requests.unwrap_or_default();
        let responses: BTreeMap<String, Value> = match &self.answers {
            Some(answers) => requests
                .iter()
                .map(|(name, question)| (name.clone(), answers(&json_of(question))))
                .collect(),
            None => BTreeMap::new(),
        };
        Retry {
            responses: Some(responses),
            state: asked.request_state,
        }
    }

    fn facts(&self, caller: &Principal) -> Facts {
        let capabilities = if self.answers.is_some() {
            json!({"elicitation": {"form": {}, "url": {}}, "sampling": {"tools": {}}, "roots": {}})
        } else {
            json!({})
        };
        Facts {
            principal: Arc::new(caller.clone()),
            info: Arc::new(RequestInfo {
                id: "1".to_owned(),
                era: Era::Stateless,
                version: "2026-07-28".to_owned(),
                client: Some(Client {
                    name: "in-memory".to_owned(),
                    version: "1".to_owned(),
                }),
                headers: HeaderMap::new(),
            }),
            cancel: CancellationToken::new(),
            line: Line::Recorded(Arc::clone(&self.notifications)),
            progress_token: Some("in-memory".into()),
            threshold: Threshold::From(Level::Debug),
            capabilities,
            session: None,
        }
    }
}

fn object(value: Value) -> Map<String, Value> {
    match value {
        Value::Object(object) => object,
        _ => Map::new(),
    }
}

fn json_of(value: &impl Serialize) -> Value {
    serde_json::to_value(value).unwrap_or_default()
}

fn unknown() -> InMemoryError {
    InMemoryError::Failed("a result that this client does not know".to_owned())
}

fn endless() -> InMemoryError {
    InMemoryError::Failed("the server asks the same again and again".to_owned())
}

impl From<ErrorData> for InMemoryError {
    fn from(error: ErrorData) -> Self {
        Self::Refused {
            code: error.code.0,
            message: error.message.into_owned(),
        }
    }
}

impl<S> fmt::Debug for InMemory<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("InMemory").finish_non_exhaustive()
    }
}
