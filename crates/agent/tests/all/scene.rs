//! A model that plays event lists, an observer that writes everything down, and a desk with one user.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use frontdesk_agent::{
    Agent, AgentEvent, Agents, Annotations, AskedCall, FunctionTool, FunctionTools, NoArguments,
    Observer, RunContext, RunError, RunOutcome, Stopped, ToolContext, ToolError, Toolset,
    UsageSink, function_tool, run,
};
use frontdesk_identity::{Credentials, Principal, TenantId, UserId};
use frontdesk_model::{Error, Event, EventStream, Item, Model, Request, Usage};
use futures_util::{StreamExt, stream};
use tokio_util::sync::CancellationToken;

use crate::lines::{line, output};

/// The application's context in these tests.
pub(crate) struct Desk {
    pub(crate) room: &'static str,
}

/// What the model does next.
#[derive(Debug, Clone)]
pub(crate) enum Play {
    Event(Event),
    Fail(Error),
    Silence,
}

/// Plays one list per call, and keeps the requests.
#[derive(Debug, Default)]
pub(crate) struct PlayedModel {
    steps: Mutex<VecDeque<Vec<Play>>>,
    pub(crate) requests: Mutex<Vec<Request>>,
    pub(crate) dropped: Arc<AtomicUsize>,
}

impl PlayedModel {
    pub(crate) fn new(steps: Vec<Vec<Play>>) -> Arc<Self> {
        Arc::new(Self {
            steps: Mutex::new(steps.into()),
            ..Self::default()
        })
    }

    pub(crate) fn request(&self, number: usize) -> Request {
        self.requests.lock().unwrap()[number].clone()
    }
}

#[async_trait]
impl Model for PlayedModel {
    fn name(&self) -> &'static str {
        "played"
    }

    async fn stream(&self, request: Request) -> Result<EventStream, Error> {
        self.requests.lock().unwrap().push(request);
        let plays = self
            .steps
            .lock()
            .unwrap()
            .pop_front()
            .expect("a further step");
        let guard = Dropped(Arc::clone(&self.dropped));
        Ok(stream::iter(plays)
            .then(move |play| {
                let _guard = &guard;
                async move {
                    match play {
                        Play::Event(event) => Ok(event),
                        Play::Fail(error) => Err(error),
                        Play::Silence => std::future::pending().await,
                    }
                }
            })
            .boxed())
    }
}

/// Counts when it is dropped.
pub(crate) struct Dropped(pub(crate) Arc<AtomicUsize>);

impl Drop for Dropped {
    fn drop(&mut self) {
        self.0.fetch_add(1, Ordering::SeqCst);
    }
}

/// Writes down what it hears; stops the run or cancels it when it hears a certain line.
#[derive(Default)]
pub(crate) struct Notes {
    pub(crate) events: Vec<AgentEvent>,
    pub(crate) stop_at: Option<&'static str>,
    pub(crate) cancel_at: Option<(&'static str, CancellationToken)>,
}

impl Notes {
    /// The calls that wait for the user.
    pub(crate) fn asked(&self) -> Vec<AskedCall> {
        let asked = self.events.iter().find_map(|event| match event {
            AgentEvent::ApprovalAsked { calls } => Some(calls.clone()),
            _ => None,
        });
        asked.unwrap_or_default()
    }

    pub(crate) fn lines(&self) -> Vec<String> {
        self.events.iter().map(line).collect()
    }
}

#[async_trait]
impl Observer for Notes {
    async fn observe(&mut self, event: AgentEvent) -> Result<(), Stopped> {
        let line = line(&event);
        self.events.push(event);
        if let Some((at, cancel)) = &self.cancel_at
            && line.starts_with(at)
        {
            cancel.cancel();
        }
        match self.stop_at {
            Some(at) if line.starts_with(at) => Err(Stopped),
            _ => Ok(()),
        }
    }
}

pub(crate) fn usage(total_tokens: u64) -> Usage {
    Usage {
        total_tokens,
        ..Usage::default()
    }
}

pub(crate) fn completed(output: Vec<Item>) -> Play {
    Play::Event(Event::Completed {
        usage: usage(10),
        output,
    })
}

pub(crate) fn added(index: usize, item: Item) -> Play {
    Play::Event(Event::ItemAdded { index, item })
}

pub(crate) fn done(index: usize, item: Item) -> Play {
    Play::Event(Event::ItemDone { index, item })
}

pub(crate) fn delta(index: usize, delta: &str) -> Play {
    Play::Event(Event::TextDelta {
        index,
        part: 0,
        delta: delta.to_owned(),
    })
}

/// A whole reply in words, in two deltas.
pub(crate) fn says(text: &str) -> Vec<Play> {
    let (one, two) = text.split_at(text.len() / 2);
    let item = Item::assistant(text);
    vec![
        Play::Event(Event::Started),
        added(0, Item::assistant("")),
        delta(0, one),
        delta(0, two),
        done(0, item.clone()),
        completed(vec![item]),
    ]
}

/// A whole reply of calls: id, tool, arguments.
pub(crate) fn calls(calls: &[(&str, &str, &str)]) -> Vec<Play> {
    let mut plays = Vec::new();
    let mut output = Vec::new();
    for (index, (id, tool, arguments)) in calls.iter().enumerate() {
        let item = Item::function_call(*id, *tool, *arguments);
        plays.push(added(index, Item::function_call(*id, *tool, "")));
        plays.push(done(index, item.clone()));
        output.push(item);
    }
    plays.push(completed(output));
    plays
}

pub(crate) fn principal(user: &str) -> Principal {
    Principal::new(TenantId::single(), UserId::new(user).unwrap())
}

pub(crate) fn context() -> RunContext<Desk> {
    RunContext {
        principal: Arc::new(principal("ann")),
        credentials: Credentials::default(),
        context: Arc::new(Desk { room: "lobby" }),
        cancel: CancellationToken::new(),
        usage: UsageSink::default(),
    }
}

fn toolset(tools: Vec<FunctionTool<Desk>>) -> Arc<dyn Toolset<Desk>> {
    Arc::new(FunctionTools::new("desk", tools))
}

/// A toolset with one tool that asks the user first.
pub(crate) fn asks_first(name: &'static str) -> Arc<dyn Toolset<Desk>> {
    let act = move |_: NoArguments, _: ToolContext<Desk>| async move {
        Ok::<_, ToolError>(format!("{name}: done"))
    };
    let annotations = Annotations {
        destructive: Some(true),
        ..Annotations::default()
    };
    let tool = function_tool(name, "Acts.", act).annotated(annotations);
    Arc::new(FunctionTools::new("careful", vec![tool]))
}

pub(crate) fn agent(model: &Arc<PlayedModel>, tools: Vec<FunctionTool<Desk>>) -> Agent<Desk> {
    let mut agent = Agent::new("desk", "Be brief.", Arc::clone(model) as Arc<dyn Model>);
    agent.toolsets.push(toolset(tools));
    agent
}

/// Runs an agent on "hello" and writes down what happens.
pub(crate) async fn play(
    agent: impl Into<Arc<Agent<Desk>>>,
) -> (Result<RunOutcome, RunError>, Notes) {
    let mut notes = Notes::default();
    let agents = Agents::of(agent);
    let outcome = run(&agents, vec![Item::user("hello")], context(), &mut notes).await;
    (outcome, notes)
}

/// The results in what the model reads, in order: call and text.
pub(crate) fn results(items: &[Item]) -> Vec<String> {
    items
        .iter()
        .filter(|item| matches!(item, Item::FunctionCallOutput(_)))
        .map(output)
        .collect()
}
