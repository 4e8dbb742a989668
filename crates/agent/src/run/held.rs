//! What is held back of a reply until it was checked, by guardrails or against its form: everything but thoughts and calls.

use frontdesk_model::{ContentPart, Item, Message, Role};

use crate::event::{AgentEvent, OutputKey};
use crate::guardrail::WITHHELD_ANSWER;

/// What waits to be told. It is as long as the reply at most, which is bounded.
#[derive(Default)]
pub(super) struct Held(Vec<AgentEvent>);

impl Held {
    /// Holds an event back, or gives it back to be told at once.
    pub(super) fn take(&mut self, event: AgentEvent) -> Option<AgentEvent> {
        match event {
            AgentEvent::TextDelta { key, part, delta } => {
                self.add_text(key, part, delta);
                None
            }
            AgentEvent::TextStarted { .. }
            | AgentEvent::TextDone { .. }
            | AgentEvent::AnnotationAdded { .. }
            | AgentEvent::ImageDone { .. } => {
                self.0.push(event);
                None
            }
            // The whole image comes at once with the others.
            AgentEvent::ImagePartial { .. } => None,
            event => Some(event),
        }
    }

    /// The words that are told and aren't among these: a provider may finish another answer than it has streamed.
    pub(super) fn words_beside(&self, words: &str) -> Vec<String> {
        let mut others: Vec<String> = Vec::new();
        for event in &self.0 {
            if let AgentEvent::TextDelta { delta: text, .. } | AgentEvent::TextDone { text, .. } =
                event
                && !words.contains(text.as_str())
                && !others.contains(text)
            {
                others.push(text.clone());
            }
        }
        others
    }

    /// All of it, as it came.
    pub(super) fn released(self) -> Vec<AgentEvent> {
        self.0
    }

    /// All of it, with this text in place of all texts.
    pub(super) fn replaced(self, text: &str) -> Self {
        let key = self.0.iter().find_map(|event| match event {
            AgentEvent::TextStarted { key } => Some(*key),
            _ => None,
        });
        let words = key.filter(|_| !text.is_empty()).map(|key| said(key, text));
        let words = words.into_iter().flatten();
        Self(words.chain(self.without_texts().0).collect())
    }

    /// All but the texts.
    pub(super) fn without_texts(self) -> Self {
        let is_image = |event: &AgentEvent| matches!(event, AgentEvent::ImageDone { .. });
        Self(self.0.into_iter().filter(is_image).collect())
    }

    /// What is to be told in place of all of it.
    pub(super) fn of(event: Option<AgentEvent>) -> Self {
        Self(event.into_iter().collect())
    }

    /// Nothing is sent for each word when all words are there.
    fn add_text(&mut self, key: OutputKey, part: usize, delta: String) {
        if let Some(AgentEvent::TextDelta {
            key: last_key,
            part: last_part,
            delta: text,
        }) = self.0.last_mut()
            && (*last_key, *last_part) == (key, part)
        {
            text.push_str(&delta);
            return;
        }
        self.0.push(AgentEvent::TextDelta { key, part, delta });
    }
}

/// The words of a reply, as it is finished and as it would be told, refusals included; `None` where there are none.
pub(super) fn words_of(output: &[Item], held: &Held) -> Option<String> {
    let finished: Vec<String> = output
        .iter()
        .filter_map(message)
        .map(Message::text)
        .filter(|text| !text.is_empty())
        .collect();
    let mut texts = held.words_beside(&finished.join("\n\n"));
    texts.splice(0..0, finished);
    (!texts.is_empty()).then(|| texts.join("\n\n"))
}

/// The reply with these words in place of its own; without any, where they are empty.
pub(super) fn with_words(output: Vec<Item>, text: &str) -> Vec<Item> {
    let has_calls = output
        .iter()
        .any(|item| matches!(item, Item::FunctionCall(_)));
    let mut words = (!text.is_empty()).then(|| text.to_owned());
    let mut kept = Vec::with_capacity(output.len());
    for mut item in output {
        if let Item::Message(message) = &mut item {
            let Some(text) = words.take() else { continue };
            let annotations = Vec::new();
            message.role = Role::Assistant;
            message.content = vec![ContentPart::OutputText { text, annotations }];
        }
        item.forget_answer();
        // A final answer's thoughts have thought of what was taken out, and no later call needs them.
        if has_calls || !matches!(item, Item::Reasoning(_)) {
            kept.push(item);
        }
    }
    while matches!(kept.last(), Some(Item::Reasoning(_))) {
        kept.pop();
    }
    kept
}

/// What is kept of a reply that wasn't let through: a note, and the calls that weren't made.
pub(super) fn withheld(output: Vec<Item>) -> Vec<Item> {
    let calls = output.into_iter().filter_map(|mut item| {
        item.forget_answer();
        matches!(item, Item::FunctionCall(_)).then_some(item)
    });
    std::iter::once(Item::assistant(WITHHELD_ANSWER))
        .chain(calls)
        .collect()
}

fn said(key: OutputKey, text: &str) -> [AgentEvent; 3] {
    [
        AgentEvent::TextStarted { key },
        AgentEvent::TextDelta {
            key,
            part: 0,
            delta: text.to_owned(),
        },
        AgentEvent::TextDone {
            key,
            text: text.to_owned(),
            annotations: Vec::new(),
        },
    ]
}

/// A message of the model, whatever role it gives itself.
fn message(item: &Item) -> Option<&Message> {
    match item {
        Item::Message(message) => Some(message),
        _ => None,
    }
}
