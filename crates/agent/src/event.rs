//! What an observer hears of a run, in the order in which it happens.
//!
//! A run that ends with an error leaves open what it had begun: each `TextStarted` without its `TextDone`,
//! each `ToolCalled` without its `ToolFinished`. Whoever shows these to people closes them.

use std::fmt;

use frontdesk_model::{Item, Usage};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::approval::AskedCall;
use crate::context::Progress;
use crate::state::ToolCall;
use crate::tool::Outcome;

/// One output of a run: ours, never made from a provider's ids.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct OutputKey {
    /// The model call, from 1.
    pub step: u32,
    /// The output of this call, from 0, in the order in which they appeared.
    pub index: u32,
}

impl fmt::Display for OutputKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", self.step, self.index)
    }
}

/// Something that happened in a run.
#[derive(Debug, Clone, PartialEq)]
pub enum AgentEvent {
    /// A toolset can't be listed; the model is told that its tools are away.
    ToolsetUnavailable {
        /// The toolset's name.
        toolset: String,
    },
    /// The model is called.
    ModelStarted {
        /// The model call, from 1.
        step: u32,
        /// The agent whose model it is.
        agent: String,
    },
    /// An agent has handed over. The call that it did so with has its result already: a handoff is told by
    /// [`AgentEvent::ToolResult`] and this, and as no tool.
    HandedOff {
        /// The agent that handed over.
        from: String,
        /// The agent that goes on.
        to: String,
    },
    /// A guardrail has replaced the text of the user's newest message, or has not let it through. Store it before going
    /// on: later runs are to be given this text in its place, so that they read what this one has read.
    InputReplaced {
        /// The text.
        text: String,
    },
    /// Texts, thoughts and images that were told are void: a guardrail took them back. They are in no step.
    Withdrawn {
        /// What is void.
        keys: Vec<OutputKey>,
    },
    /// The model begins a text. A message without any text is never started.
    TextStarted {
        /// The text.
        key: OutputKey,
    },
    /// More of a text, or of a refusal.
    TextDelta {
        /// The text.
        key: OutputKey,
        /// The part of the message, from 0.
        part: usize,
        /// What is added.
        delta: String,
    },
    /// A text is complete.
    TextDone {
        /// The text.
        key: OutputKey,
        /// All of it, all parts in order.
        text: String,
        /// The provider's annotations of all parts, as they came.
        annotations: Vec<Value>,
    },
    /// A citation in a text; [`AgentEvent::TextDone`] has it, too.
    AnnotationAdded {
        /// The text.
        key: OutputKey,
        /// The part of the message, from 0.
        part: usize,
        /// The citation, as the provider writes it.
        annotation: Value,
    },
    /// An image as far as it is drawn.
    ImagePartial {
        /// The image.
        key: OutputKey,
        /// Which of the partial images, from 0.
        number: usize,
        /// The image in base64.
        data: String,
    },
    /// An image is complete.
    ImageDone {
        /// The image.
        key: OutputKey,
        /// The image in base64.
        data: String,
        /// Its media type, such as `image/png`, where the provider says it.
        media_type: Option<String>,
    },
    /// More of a reasoning summary.
    ReasoningDelta {
        /// The reasoning.
        key: OutputKey,
        /// The part of the summary, from 0.
        part: usize,
        /// What is added.
        delta: String,
    },
    /// A reasoning summary is complete. Reasoning without a summary isn't told.
    ReasoningDone {
        /// The reasoning.
        key: OutputKey,
        /// The summary's parts.
        summary: Vec<String>,
    },
    /// The model calls a tool; told as soon as the model has named it, and again when an approved call is made, or when
    /// a run [goes on](crate::go_on) with a call of which an earlier process has told.
    ToolCalled {
        /// The call, unique within the run.
        call_id: String,
        /// The tool, as the model knows it.
        name: String,
        /// The tool's name for people.
        title: Option<String>,
    },
    /// More of a call's arguments.
    ToolArgumentsDelta {
        /// The call.
        call_id: String,
        /// The JSON text that is added.
        delta: String,
    },
    /// A call's arguments are complete.
    ToolArguments {
        /// The call.
        call_id: String,
        /// The arguments as the model wrote them; they may be anything.
        arguments: String,
    },
    /// A call is about to be made that can't simply be made again, since its tool may change something each time. Store
    /// what was told so far before going on: whoever goes on with the run after a crash then knows of the call.
    EffectAhead {
        /// The call.
        call_id: String,
    },
    /// A running tool reports.
    ToolProgress {
        /// The call.
        call_id: String,
        /// How far it is.
        progress: Progress,
    },
    /// A model call is complete. Store the items before going on: later turns read them again.
    StepDone {
        /// The model call, from 1.
        step: u32,
        /// The agent whose model it was.
        agent: String,
        /// The model that answered.
        model: String,
        /// What the model wrote, in order. An answer that has to have another form is followed by what the model is told
        /// about it; no text of such an answer was told.
        items: Vec<Item>,
        /// What the call used.
        usage: Usage,
        /// What it cost in US dollars, where the model has prices.
        cost: Option<f64>,
    },
    /// A call has its result. Store the item before going on: later turns read it again.
    ToolResult {
        /// The call.
        call_id: String,
        /// The result as the model reads it.
        item: Item,
        /// Whether the tool did what it was asked to.
        outcome: Outcome,
    },
    /// A call is finished; told for each call when it is, not when all are.
    ToolFinished {
        /// The call.
        call_id: String,
        /// The tool, as the model knows it.
        name: String,
        /// Whether the tool did what it was asked to.
        outcome: Outcome,
        /// What the model reads.
        text: String,
        /// What models used that the tool asked by itself.
        usage: Usage,
        /// What the user alone is to read, as Markdown: see [`ToolError::user_message`](crate::ToolError).
        /// At most [`MAX_USER_MESSAGE_BYTES`](crate::MAX_USER_MESSAGE_BYTES). No state has it, and no model is shown it.
        user_message: Option<String>,
    },
    /// Calls wait for the user, and the run ends here. None of them was made. At most
    /// [`MAX_ASKED_CALLS`](crate::MAX_ASKED_CALLS). Store them: [`resume`](crate::resume) takes them with the decision.
    ApprovalAsked {
        /// The calls, in the model's order.
        calls: Vec<AskedCall>,
    },
    /// A tool of the user's own page is called, and the run ends here. Its result comes with the next run's input.
    /// Such a call isn't told before, nor as finished; one that can't be made has a [`AgentEvent::ToolResult`] alone.
    ClientToolCalled {
        /// The call, with the page's own name for the tool.
        call: ToolCall,
        /// The agent that called.
        agent: String,
        /// The tool's name for people.
        title: Option<String>,
    },
}
