//! An agent as a tool of another one: it is asked, works on its own, and its answer is the tool's result.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use frontdesk_model::{Item, Message, Schema, Strictness, ToolDefinition};
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::{Map, Value};

use crate::agents::{Agents, AgentsError};
use crate::context::{Progress, RunContext, ToolContext};
use crate::event::AgentEvent;
use crate::function::schema_of;
use crate::run::{Attended, Observer, RunError, RunOptions, RunOutcome, Start, Stopped, run};
use crate::state::Ended;
use crate::tool::{Annotations, ToolError, ToolInfo, ToolOutput, Toolset, ToolsetError};
use crate::usage::Spent;

/// How deep agents may be tools of each other.
pub const MAX_AGENT_DEPTH: usize = 4;

/// How long an agent may work without calling a tool or its model, when nothing else is said.
const AGENT_TIMEOUT: Duration = Duration::from_mins(6);

/// An agent that another one can ask.
///
/// It works in the name of the same user, with the same application's context, and sees nothing of the conversation but
/// what it is asked. Nobody is asked during its work: its calls that would ask the user, or that the user's page would
/// make, aren't made, and it is told so. What it uses counts in the run that asks; its tools show as progress of the
/// call. It ends with the call.
///
/// Each is a toolset with one tool, which shares the name `agents` with the others: a policy names it `agents__<name>`.
pub struct AgentTool<C> {
    agents: Arc<Agents<C>>,
    info: ToolInfo,
    asked: Asked,
    depth: usize,
    timeout: Duration,
}

/// How the model's arguments are told to the agent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Asked {
    InWords,
    AsJson,
}

/// What an agent is asked.
#[derive(Deserialize, JsonSchema)]
struct Question {
    /// The task, with everything that is needed to do it: nothing else of the conversation is known.
    #[expect(
        dead_code,
        reason = "the schema is made of it; it is read from the map"
    )]
    input: String,
}

impl<C> AgentTool<C> {
    /// A tool that asks the agent that begins, in words. The name and the description are what the model knows of it.
    ///
    /// It fails where agents are tools of each other deeper than [`MAX_AGENT_DEPTH`].
    pub fn new(
        agents: impl Into<Arc<Agents<C>>>,
        name: impl Into<String>,
        description: impl Into<String>,
    ) -> Result<Self, AgentsError> {
        Self::asking(
            Asked::InWords,
            schema_of::<Question>(),
            agents,
            name,
            description,
        )
    }

    /// The same with arguments of the type `A`, which the agent reads as JSON.
    pub fn typed<A: JsonSchema>(
        agents: impl Into<Arc<Agents<C>>>,
        name: impl Into<String>,
        description: impl Into<String>,
    ) -> Result<Self, AgentsError> {
        Self::asking(Asked::AsJson, schema_of::<A>(), agents, name, description)
    }

    /// The same with other annotations.
    #[must_use]
    pub fn annotated(self, annotations: Annotations) -> Self {
        Self {
            info: ToolInfo::new(self.info.definition, annotations),
            ..self
        }
    }

    /// The same with another time that the agent may work without calling a tool or its model. The asking agent's
    /// `tool_timeout_total` bounds it, too.
    #[must_use]
    pub fn with_timeout(self, timeout: Duration) -> Self {
        Self { timeout, ..self }
    }

    fn asking(
        asked: Asked,
        schema: Value,
        agents: impl Into<Arc<Agents<C>>>,
        name: impl Into<String>,
        description: impl Into<String>,
    ) -> Result<Self, AgentsError> {
        let (agents, name) = (agents.into(), name.into());
        let toolsets = agents.iter().flat_map(|agent| &agent.toolsets);
        let below = toolsets.map(|toolset| toolset.agent_depth()).max();
        let depth = below.unwrap_or_default().saturating_add(1);
        if depth > MAX_AGENT_DEPTH {
            return Err(AgentsError::TooDeep { name });
        }
        let definition = ToolDefinition {
            name,
            description: description.into(),
            parameters: Schema::new(schema),
            strict: Strictness::Lenient,
        };
        Ok(Self {
            agents,
            info: ToolInfo::new(definition, Annotations::default()),
            asked,
            depth,
            timeout: AGENT_TIMEOUT,
        })
    }

    fn question(&self, arguments: Map<String, Value>) -> String {
        match (self.asked, arguments.get("input")) {
            (Asked::InWords, Some(Value::String(input))) => input.clone(),
            _ => Value::Object(arguments).to_string(),
        }
    }
}

impl<C> std::fmt::Debug for AgentTool<C> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("AgentTool")
            .field("agents", &self.agents)
            .field("info", &self.info)
            .field("depth", &self.depth)
            .finish_non_exhaustive()
    }
}

#[async_trait]
impl<C: Send + Sync + 'static> Toolset<C> for AgentTool<C> {
    fn name(&self) -> &'static str {
        "agents"
    }

    async fn list(&self, _context: &RunContext<C>) -> Result<Vec<ToolInfo>, ToolsetError> {
        Ok(vec![self.info.clone()])
    }

    async fn call(
        &self,
        _name: &str,
        arguments: Map<String, Value>,
        context: ToolContext<C>,
    ) -> Result<ToolOutput, ToolError> {
        let start = Start {
            input: vec![Item::user(self.question(arguments))],
            agent: None,
            options: RunOptions {
                attended: Attended::ByNobody,
                ..RunOptions::default()
            },
        };
        let before = context.usage.spent();
        let mut overseer = Overseer { context: &context };
        match run(&self.agents, start, context.of_run(), &mut overseer).await {
            Ok(outcome) => {
                let (usage, cost) = (outcome.usage, outcome.cost);
                context.usage.set(before.and(Spent { usage, cost }));
                answer(outcome)
            }
            Err(error) => Err(failure(&error)),
        }
    }

    fn call_timeout(&self) -> Option<Duration> {
        Some(self.timeout)
    }

    fn agent_depth(&self) -> usize {
        self.depth
    }
}

/// Hears what the agent does, and reports it as progress of the call.
struct Overseer<'a, C> {
    context: &'a ToolContext<C>,
}

#[async_trait]
impl<C: Send + Sync> Observer for Overseer<'_, C> {
    async fn observe(&mut self, event: AgentEvent) -> Result<(), Stopped> {
        let message = match event {
            AgentEvent::ModelStarted { .. } => None,
            AgentEvent::StepDone { usage, cost, .. } => {
                self.context.usage.add(usage, cost);
                return Ok(());
            }
            AgentEvent::ToolCalled { name, title, .. } => Some(title.unwrap_or(name)),
            AgentEvent::ToolProgress { progress, .. } => progress.message,
            _ => return Ok(()),
        };
        self.context.progress.report(Progress {
            message,
            fraction: None,
        });
        Ok(())
    }
}

/// The result of a run that came to its end.
fn answer(outcome: RunOutcome) -> Result<ToolOutput, ToolError> {
    if let Some(value) = &outcome.output {
        return Ok(ToolOutput::json(value));
    }
    let items = outcome.new_items;
    Ok(match outcome.ended {
        Ended::Answered => ToolOutput::text(last_text(&items)),
        Ended::AnsweredByTool { call_id } => ToolOutput::text(result_of(&call_id, &items)),
        Ended::Refused => ToolOutput::error(last_text(&items)),
        Ended::Blocked { message } => {
            ToolOutput::error(format!("the answer was not let through: {message}"))
        }
        Ended::TurnLimit => ToolOutput::error(
            "the agent didn't finish: it needed too many steps. Ask it for less at once.",
        ),
        Ended::Incomplete { reason } => ToolOutput::error(format!(
            "the agent's answer was cut short ({reason}): {}",
            last_text(&items)
        )),
        Ended::InvalidOutput { detail } => {
            return Err(ToolError::new(
                "the agent's answer doesn't have the form that it has to have",
                detail,
            ));
        }
        Ended::WaitingForApproval | Ended::WaitingForClient { .. } => {
            return Err(ToolError::new(
                "the agent can't go on, because it would have to ask the user",
                "a run that nobody attends waits for the user",
            ));
        }
    })
}

fn failure(error: &RunError) -> ToolError {
    let text = match error {
        RunError::Model(_) => "the agent's model can't answer at the moment",
        RunError::Stopped => "the agent was stopped",
        RunError::Internal { .. } => "the agent can't work at the moment",
    };
    ToolError::new(text, error.detail())
}

/// What was said after the last call.
fn last_text(items: &[Item]) -> String {
    let is_said =
        |item: &&Item| !matches!(item, Item::FunctionCall(_) | Item::FunctionCallOutput(_));
    let last: Vec<&Item> = items.iter().rev().take_while(is_said).collect();
    let texts: Vec<String> = last
        .into_iter()
        .rev()
        .filter_map(|item| match item {
            Item::Message(message) => Some(message),
            _ => None,
        })
        .filter(|message| message.role == frontdesk_model::Role::Assistant)
        .map(Message::text)
        .collect();
    texts.join("\n\n")
}

fn result_of(call_id: &str, items: &[Item]) -> String {
    let result = items.iter().rev().find_map(|item| match item {
        Item::FunctionCallOutput(result) if result.call_id == call_id => Some(result.text()),
        _ => None,
    });
    result.unwrap_or_default()
}
