//! Guardrails that say what a test wants, when it wants, and write down what they read.

use std::sync::atomic::AtomicUsize;
use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use frontdesk_agent::{
    Agent, GuardrailError, InputGuardrail, InsteadOfCall, OutputGuardrail, RunContext, Timing,
    ToolCall, ToolGuardrail, Verdict,
};
use frontdesk_model::Item;
use serde_json::{Map, Value};
use tokio_util::sync::CancellationToken;

use crate::scene::{Desk, Dropped};

/// What a guardrail says.
#[derive(Debug, Clone)]
pub(crate) enum Says {
    Allow,
    Replace(&'static str),
    Stop(&'static str),
    Fails,
    Panics,
    Nothing,
}

/// A guardrail.
pub(crate) struct Check {
    timing: Timing,
    says: Says,
    /// Says nothing before this is cancelled.
    after: Option<CancellationToken>,
    pub(crate) read: Mutex<Vec<String>>,
    pub(crate) dropped: Arc<AtomicUsize>,
}

impl Check {
    pub(crate) fn new(timing: Timing, says: Says) -> Arc<Self> {
        Arc::new(Self {
            timing,
            says,
            after: None,
            read: Mutex::default(),
            dropped: Arc::default(),
        })
    }

    /// One that is asked beside the model, and says nothing before this token is cancelled.
    pub(crate) fn after(token: &CancellationToken, says: Says) -> Arc<Self> {
        Arc::new(Self {
            timing: Timing::Parallel,
            says,
            after: Some(token.clone()),
            read: Mutex::default(),
            dropped: Arc::default(),
        })
    }

    pub(crate) fn has_read(&self) -> Vec<String> {
        self.read.lock().unwrap().clone()
    }

    async fn says(&self, text: String) -> Result<Verdict<String>, GuardrailError> {
        let _guard = Dropped(Arc::clone(&self.dropped));
        self.read.lock().unwrap().push(text);
        if let Some(after) = &self.after {
            after.cancelled().await;
        }
        match self.says {
            Says::Allow => Ok(Verdict::Allow),
            Says::Replace(text) => Ok(Verdict::Replace(text.to_owned())),
            Says::Stop(message) => Ok(Verdict::Stop {
                message: message.to_owned(),
            }),
            Says::Fails => Err(GuardrailError {
                detail: "no connection to 10.0.0.7".to_owned(),
            }),
            Says::Panics => panic!("secret of the guardrail"),
            Says::Nothing => std::future::pending().await,
        }
    }
}

#[async_trait]
impl InputGuardrail<Desk> for Check {
    fn name(&self) -> &'static str {
        "input"
    }

    fn timing(&self) -> Timing {
        self.timing
    }

    async fn check(
        &self,
        input: &[Item],
        context: &RunContext<Desk>,
    ) -> Result<Verdict<String>, GuardrailError> {
        let last = match input.last() {
            Some(Item::Message(message)) => message.text(),
            other => format!("{other:?}"),
        };
        self.says(format!("{last} in the {}", context.context.room))
            .await
    }
}

#[async_trait]
impl OutputGuardrail<Desk> for Check {
    fn name(&self) -> &'static str {
        "output"
    }

    async fn check(
        &self,
        output: &str,
        _context: &RunContext<Desk>,
    ) -> Result<Verdict<String>, GuardrailError> {
        self.says(output.to_owned()).await
    }
}

/// A guardrail of tools: what it says before and after a call.
pub(crate) struct ToolCheck {
    pub(crate) before: Verdict<InsteadOfCall>,
    pub(crate) after: Verdict<String>,
}

#[async_trait]
impl ToolGuardrail<Desk> for ToolCheck {
    fn name(&self) -> &'static str {
        "tools"
    }

    async fn before(
        &self,
        _call: &ToolCall,
        _arguments: &Map<String, Value>,
        _context: &RunContext<Desk>,
    ) -> Result<Verdict<InsteadOfCall>, GuardrailError> {
        Ok(self.before.clone())
    }

    async fn after(
        &self,
        _call: &ToolCall,
        _result: &str,
        _context: &RunContext<Desk>,
    ) -> Result<Verdict<String>, GuardrailError> {
        Ok(self.after.clone())
    }
}

/// The agent with input guardrails.
pub(crate) fn reading(mut agent: Agent<Desk>, checks: &[&Arc<Check>]) -> Agent<Desk> {
    for check in checks {
        let check = Arc::clone(check);
        agent.guardrails.input.push(check);
    }
    agent
}

/// The agent with output guardrails.
pub(crate) fn saying(mut agent: Agent<Desk>, checks: &[&Arc<Check>]) -> Agent<Desk> {
    for check in checks {
        let check = Arc::clone(check);
        agent.guardrails.output.push(check);
    }
    agent
}
