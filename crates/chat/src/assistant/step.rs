//! The stored form of a step: what the model wrote or read, and which items of the thread show it.

use frontdesk_agent::{AskedCall, Outcome};
use frontdesk_model::{Item, Usage};
use frontdesk_protocol::ItemId;
use frontdesk_store::Step;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use crate::TurnError;

/// The version of the form below.
pub(super) const VERSION: u16 = 1;

/// A step's data.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct StepData {
    /// The model's items, in order.
    pub(super) items: Vec<Item>,
    /// The thread's items that show the same to people; the model doesn't read them again.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(super) covers: Vec<ItemId>,
    /// Further items of the thread that show the step: the calls, and images. The model reads images again.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(super) shows: Vec<ItemId>,
    /// Of a call's result, that the tool didn't do what it was asked to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) failure: Option<Outcome>,
    /// The agent that did the step.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) agent: Option<String>,
    /// The calls that the user is asked about.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) asks: Option<Asks>,
    /// How what the user said is read, where a guardrail replaced its text.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) read_as: Option<ReadAs>,
    /// What the model call used.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) usage: Option<Usage>,
}

/// Calls that wait for the user: what a decision is about is read from here and from nowhere else.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct Asks {
    /// The widget that asks, and says what was decided.
    pub(super) widget: ItemId,
    /// The calls. None of them was made when this was stored.
    pub(super) calls: Vec<AskedCall>,
    /// The agent that made them, and goes on after the answer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) agent: Option<String>,
}

/// What the model reads in place of what the user said.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct ReadAs {
    /// The user's message, or the form that they answered.
    pub(super) item: ItemId,
    /// Its text; as it is where there is none, whatever an earlier step says.
    pub(super) text: Option<String>,
}

impl StepData {
    /// What the model wrote or read, and the items that show it.
    pub(super) fn new(items: Vec<Item>, covers: Vec<ItemId>) -> Self {
        Self {
            items,
            covers,
            shows: Vec::new(),
            failure: None,
            agent: None,
            asks: None,
            read_as: None,
            usage: None,
        }
    }

    /// How something that the user said is read.
    pub(super) fn reading(read_as: ReadAs) -> Self {
        Self {
            read_as: Some(read_as),
            ..Self::new(Vec::new(), Vec::new())
        }
    }

    /// The same as a step of this agent.
    pub(super) fn by(self, agent: Option<&str>) -> Self {
        Self {
            agent: agent.map(str::to_owned),
            ..self
        }
    }

    /// The data as it is stored.
    pub(super) fn write(&self) -> Result<Box<RawValue>, TurnError> {
        serde_json::value::to_raw_value(self)
            .map_err(|error| TurnError::other(format!("a step can't be written: {error}")))
    }

    /// Reads a stored step. A form of another version, or one that can't be read, is left out of history.
    pub(super) fn read(step: &Step) -> Option<Self> {
        if step.version != VERSION {
            tracing::warn!(turn = %step.turn, version = step.version, "a step of another version");
            return None;
        }
        serde_json::from_str(step.data.get())
            .inspect_err(|error| tracing::warn!(turn = %step.turn, %error, "an unreadable step"))
            .ok()
    }
}
