//! A mounted server without its connections: what each request comes to, whoever carries it.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use frontdesk_identity::Principal;
use rmcp::model::{
    CallToolResponse, ErrorData, GetPromptResponse, GetPromptResult, InputRequest,
    InputRequiredResult, ReadResourceResponse, ReadResourceResult, ServerConfig,
};
use rmcp::service::Peer;
use rmcp::{RoleServer, model::CacheScope};
use serde_json::{Map, Value, json};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::asking::{Asking, MAX_QUESTIONS, MAX_ROUNDS, Need, Rounds, Way};
use crate::catalogue::{Catalogue, Subject};
use crate::drive::{Ended, run};
use crate::function::Erased;
use crate::line::Line;
use crate::log::Threshold;
use crate::places::Places;
use crate::seal::{Sealer, State, bound};
use crate::{Call, Era, Log, Notifier, Progress, RequestInfo, ToolFailure};

/// A caller lacks a scope; the gate answers before, so only callers in memory see it.
pub(crate) const FORBIDDEN: i32 = -32_003;

/// What every request shares.
pub(crate) struct Core<S> {
    pub(crate) config: ServerConfig,
    pub(crate) state: S,
    pub(crate) catalogue: Catalogue<S>,
    pub(crate) notifier: Notifier,
    pub(crate) sealer: Sealer,
    /// Who may listen for changes.
    pub(crate) listeners: Arc<Places>,
    pub(crate) tasks: TaskTracker,
    pub(crate) shutdown: CancellationToken,
}

/// One request, without its method and parameters.
#[derive(Clone)]
pub(crate) struct Facts {
    pub(crate) principal: Arc<Principal>,
    pub(crate) info: Arc<RequestInfo>,
    pub(crate) cancel: CancellationToken,
    pub(crate) line: Line,
    pub(crate) progress_token: Option<Value>,
    pub(crate) threshold: Threshold,
    pub(crate) capabilities: Value,
    /// The client on a kept session.
    pub(crate) session: Option<Peer<RoleServer>>,
}

/// What a client brings along when it makes a call again.
#[derive(Debug, Default)]
pub(crate) struct Retry {
    pub(crate) responses: Option<BTreeMap<String, Value>>,
    pub(crate) state: Option<String>,
}

/// What one run of a function came to.
enum Performed<T> {
    Done(T),
    Failed(ToolFailure),
    InputRequired(InputRequiredResult),
}

struct Work<'a, S, T> {
    method: &'a str,
    name: &'a str,
    function: &'a Erased<S, T>,
    arguments: Map<String, Value>,
    timeout: Option<Duration>,
}

impl<S: Clone + Send + Sync + 'static> Core<S> {
    pub(crate) async fn call_tool(
        &self,
        name: &str,
        arguments: Map<String, Value>,
        facts: Facts,
        retry: Retry,
    ) -> Result<CallToolResponse, ErrorData> {
        let Some(tool) = self.catalogue.tools.get(name) else {
            return Err(unknown("tool", name));
        };
        self.permit(Subject::Tool(name), &facts)?;
        let era = facts.info.era;
        let work = Work {
            method: "tools/call",
            name,
            function: &tool.function,
            arguments,
            timeout: tool.timeout,
        };
        Ok(match self.perform(work, facts, retry).await? {
            Performed::Done(mut result) => {
                // Before 2026-07-28 a structured result is an object.
                let fits = |value: &Value| era == Era::Stateless || value.is_object();
                result.structured = result.structured.filter(fits);
                result.into_protocol().into()
            }
            Performed::Failed(failure) => {
                tell(name, &failure);
                failure.into_result().into()
            }
            Performed::InputRequired(result) => result.into(),
        })
    }

    pub(crate) async fn get_prompt(
        &self,
        name: &str,
        arguments: Map<String, Value>,
        facts: Facts,
        retry: Retry,
    ) -> Result<GetPromptResponse, ErrorData> {
        let Some(prompt) = self.catalogue.prompts.get(name) else {
            return Err(unknown("prompt", name));
        };
        self.permit(Subject::Prompt(name), &facts)?;
        let work = Work {
            method: "prompts/get",
            name,
            function: &prompt.function,
            arguments,
            timeout: None,
        };
        match self.perform(work, facts, retry).await? {
            Performed::Done(messages) => {
                let messages = messages
                    .into_iter()
                    .map(crate::Message::into_protocol)
                    .collect();
                let mut result = GetPromptResult::new(messages);
                result
                    .description
                    .clone_from(&prompt.description.description);
                Ok(result.into())
            }
            Performed::Failed(failure) => Err(failed(name, failure)),
            Performed::InputRequired(result) => Ok(result.into()),
        }
    }

    pub(crate) async fn read_resource(
        &self,
        uri: &str,
        facts: Facts,
        retry: Retry,
    ) -> Result<ReadResourceResponse, ErrorData> {
        self.permit(Subject::Resource(uri), &facts)?;
        let fixed = self.catalogue.resources.get(uri).map(|resource| {
            let mime_type = &resource.description.mime_type;
            (&resource.function, mime_type, Map::new())
        });
        let found = fixed.or_else(|| {
            let (template, variables) = self.catalogue.template_of(uri)?;
            let mime_type = &template.description.mime_type;
            Some((&template.function, mime_type, variables))
        });
        let (function, mime_type, arguments) = found.ok_or_else(|| nothing_at(uri))?;
        let work = Work {
            method: "resources/read",
            name: uri,
            function,
            arguments,
            timeout: None,
        };
        match self.perform(work, facts, retry).await? {
            Performed::Done(contents) => {
                let contents = contents.ok_or_else(|| nothing_at(uri))?;
                let contents = contents
                    .into_iter()
                    .map(|one| one.into_protocol(uri, mime_type.as_deref()))
                    .collect();
                let mut result = ReadResourceResult::new(contents);
                result.ttl_ms = Some(0);
                result.cache_scope = Some(CacheScope::Private);
                Ok(result.into())
            }
            Performed::Failed(failure) => Err(failed(uri, failure)),
            Performed::InputRequired(result) => Ok(result.into()),
        }
    }

    /// Runs a function that can't ask anything: a listing or a completion.
    pub(crate) async fn plain<T>(
        &self,
        function: &Erased<S, T>,
        arguments: Map<String, Value>,
        partial: Option<String>,
        facts: Facts,
    ) -> Result<T, ToolFailure> {
        let cancel = facts.cancel.clone();
        let asking = Arc::new(Asking {
            capabilities: Value::Null,
            way: Way::None,
        });
        let call = self.call(facts, arguments, partial, Arc::clone(&asking));
        match run(async { function(&call).await }, &asking, &cancel, None).await {
            Ended::Done(done) => Ok(done),
            Ended::Failed(failure) => Err(failure),
            Ended::Questions(_) | Ended::Lacks(_) => {
                Err(ToolFailure::internal("it asked where nobody can be asked"))
            }
        }
    }

    pub(crate) fn permit(&self, subject: Subject<'_>, facts: &Facts) -> Result<(), ErrorData> {
        match self.catalogue.lacking(subject, &facts.principal) {
            None => Ok(()),
            Some(scopes) => Err(ErrorData::new(
                rmcp::model::ErrorCode(FORBIDDEN),
                format!("the permission is missing: {}", scopes.join(" ")),
                Some(json!({"scopes": scopes})),
            )),
        }
    }

    fn call(
        &self,
        facts: Facts,
        arguments: Map<String, Value>,
        partial: Option<String>,
        asking: Arc<Asking>,
    ) -> Call<S> {
        let progress = facts
            .progress_token
            .map(|token| (facts.line.clone(), token));
        Call {
            principal: facts.principal,
            state: self.state.clone(),
            arguments,
            partial,
            cancel: facts.cancel,
            info: facts.info,
            progress: Progress(progress),
            log: Log {
                line: Some(facts.line),
                threshold: facts.threshold,
            },
            notifier: self.notifier.clone(),
            asking,
        }
    }

    async fn perform<T>(
        &self,
        work: Work<'_, S, T>,
        mut facts: Facts,
        retry: Retry,
    ) -> Result<Performed<T>, ErrorData> {
        let session = facts.session.take();
        let (way, before, bound) = match facts.info.era {
            Era::Initialize => {
                let way = session.map_or(Way::None, Way::Session);
                (way, State::default(), Vec::new())
            }
            Era::Stateless => {
                let caller = facts.principal.scope();
                let server = &self.config.server_info.name;
                let bound = bound(server, &caller, work.method, work.name, &work.arguments);
                let before = self.before(retry.state.as_deref(), &bound)?;
                let rounds = Rounds::new(&before, retry.responses.unwrap_or_default());
                (Way::Rounds(rounds), before, bound)
            }
        };
        let asking = Arc::new(Asking {
            capabilities: std::mem::take(&mut facts.capabilities),
            way,
        });
        let cancel = facts.cancel.clone();
        let call = self.call(facts, work.arguments, None, Arc::clone(&asking));
        let running = async { (work.function)(&call).await };
        match run(running, &asking, &cancel, work.timeout).await {
            Ended::Done(done) => Ok(Performed::Done(done)),
            Ended::Failed(failure) => Ok(Performed::Failed(failure)),
            Ended::Lacks(need) => Err(lacks(need)),
            Ended::Questions(questions) => Ok(self
                .input_required(questions, &asking, &before, &bound)
                .map_or_else(Performed::Failed, Performed::InputRequired)),
        }
    }

    /// What is known from earlier rounds.
    fn before(&self, state: Option<&str>, bound: &[u8]) -> Result<State, ErrorData> {
        let Some(sealed) = state else {
            return Ok(State {
                ends_at: self.sealer.ends_at(),
                ..State::default()
            });
        };
        self.sealer.open(sealed, bound).map_err(|_| {
            ErrorData::invalid_params("the request state is not valid for this request", None)
        })
    }

    fn input_required(
        &self,
        questions: BTreeMap<String, Value>,
        asking: &Asking,
        before: &State,
        bound: &[u8],
    ) -> Result<InputRequiredResult, ToolFailure> {
        let Way::Rounds(rounds) = &asking.way else {
            return Err(ToolFailure::internal("questions without rounds"));
        };
        if questions.len() > MAX_QUESTIONS || before.rounds >= MAX_ROUNDS {
            return Err(ToolFailure::new("the tool asks too many questions"));
        }
        let requests = questions
            .into_iter()
            .map(|(name, question)| Ok((name, serde_json::from_value::<InputRequest>(question)?)))
            .collect::<Result<BTreeMap<_, _>, serde_json::Error>>()?;
        let sealed = self
            .sealer
            .seal(&rounds.next(before), bound)
            .map_err(|_| ToolFailure::new("the answers are too large"))?;
        Ok(InputRequiredResult::new(Some(requests), Some(sealed)))
    }
}

fn lacks(need: Need) -> ErrorData {
    match serde_json::from_value(need.capabilities()) {
        Ok(capabilities) => ErrorData::missing_required_client_capability(capabilities),
        Err(_) => ErrorData::internal_error("a client capability is missing", None),
    }
}

pub(crate) fn unknown(kind: &str, name: &str) -> ErrorData {
    ErrorData::invalid_params(format!("unknown {kind}: {name}"), None)
}

fn nothing_at(uri: &str) -> ErrorData {
    ErrorData::resource_not_found("resource not found", Some(json!({"uri": uri})))
}

/// A failure where the protocol has no result for one.
pub(crate) fn failed(name: &str, failure: ToolFailure) -> ErrorData {
    tell(name, &failure);
    if failure.detail.is_some() {
        ErrorData::internal_error("the server failed", None)
    } else {
        ErrorData::invalid_params(failure.message, None)
    }
}

fn tell(name: &str, failure: &ToolFailure) {
    if let Some(detail) = &failure.detail {
        tracing::error!(name, detail, "a function failed");
    } else {
        tracing::debug!(name, message = failure.message, "a function refused a call");
    }
}
