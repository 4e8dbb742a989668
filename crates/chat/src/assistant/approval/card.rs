//! The widget that asks, and what it becomes: which tool, with which arguments, and two buttons.
//!
//! All of it is text, never markup: a model wrote the arguments. Its `key` says how the question stands.

use frontdesk_agent::{AskedCall, Because};
use frontdesk_protocol::{Widget, WidgetItem};
use serde_json::{Map, Value, json};

use super::super::brief::value_title;
use super::super::narrate::tool_title;
use super::{ACTION, Answer};
use crate::TurnError;

/// Arguments of one call that are shown.
const MOST_LINES: usize = 16;

/// Characters of one argument that are shown.
const MOST_CHARS: usize = 300;

/// How deep arguments within arguments get lines of their own.
const MOST_DEPTH: usize = 3;

/// What the user reads of a call that may have been made.
const INTERRUPTED: &str =
    "The server was interrupted while doing this, and it isn't known whether it was done.";

/// The button that approves for good.
const ALWAYS: &str = "Always for this thread";

/// How a question stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in super::super) enum Standing {
    /// It waits for its answer.
    Pending,
    Approved,
    Declined,
    /// The user wrote something else instead.
    PutAside,
}

impl Standing {
    const ALL: [Self; 4] = [
        Self::Pending,
        Self::Approved,
        Self::Declined,
        Self::PutAside,
    ];

    /// How the question of this widget stands; `None` for any other widget.
    pub(in super::super) fn of(item: &WidgetItem) -> Option<Self> {
        let key = item.widget.as_map().get("key")?.as_str()?;
        Self::ALL.into_iter().find(|standing| standing.key() == key)
    }

    fn key(self) -> &'static str {
        match self {
            Self::Pending => "frontdesk.approval/pending",
            Self::Approved => "frontdesk.approval/approved",
            Self::Declined => "frontdesk.approval/declined",
            Self::PutAside => "frontdesk.approval/put-aside",
        }
    }

    fn word(self, because: Because) -> &'static str {
        let may_be_done = because == Because::Interrupted;
        match self {
            Self::Pending if may_be_done => "Interrupted",
            Self::Pending => "Needs your approval",
            Self::Approved if may_be_done => "To be done again",
            Self::Approved => "Approved",
            Self::Declined | Self::PutAside if may_be_done => "Not done again",
            Self::Declined => "Declined",
            Self::PutAside => "Not done",
        }
    }
}

/// How far an approval may go.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Offer {
    /// For these calls.
    Once,
    /// For these calls, or for their tools in the whole thread.
    Always,
}

/// The widget for these calls.
pub(super) fn of(
    calls: &[AskedCall],
    standing: Standing,
    offer: Offer,
) -> Result<Widget, TurnError> {
    let mut children = Vec::new();
    for call in calls {
        if !children.is_empty() {
            children.push(json!({"type": "Divider"}));
        }
        children.push(json!({"type": "Title", "size": "sm", "value": title(call, standing)}));
        children.push(json!({"type": "Caption", "value": plain(&call.toolset)}));
        if may_be_done(call) {
            children.push(json!({"type": "Text", "value": INTERRUPTED}));
        }
        let lines = lines(call).into_iter();
        children.extend(lines.map(|line| json!({"type": "Text", "value": line})));
    }
    if standing == Standing::Pending {
        let (approve, decline) = if calls.iter().all(may_be_done) {
            ("Do it again", "Don't")
        } else {
            ("Approve", "Decline")
        };
        let mut approval = button(approve, Answer::Approve, "primary");
        let destroys = calls.iter().any(|call| call.destructive);
        if let Some(approval) = approval.as_object_mut().filter(|_| destroys) {
            approval.insert("color".to_owned(), "danger".into());
        }
        let mut buttons = vec![approval, button(decline, Answer::Decline, "secondary")];
        if offer == Offer::Always {
            buttons.push(button(ALWAYS, Answer::Always, "secondary"));
        }
        children.push(json!({"type": "Row", "children": buttons}));
    }
    let mut card = Map::new();
    card.insert("type".to_owned(), "Card".into());
    card.insert("key".to_owned(), standing.key().into());
    card.insert("children".to_owned(), children.into());
    Widget::new(card).ok_or_else(|| TurnError::other("a card is no widget"))
}

/// The same in words.
pub(super) fn text_of(calls: &[AskedCall], standing: Standing) -> String {
    let texts = calls.iter().map(|call| {
        let mut text = vec![title(call, standing)];
        text.extend(may_be_done(call).then(|| INTERRUPTED.to_owned()));
        text.extend(lines(call));
        text.join("\n")
    });
    texts.collect::<Vec<_>>().join("\n\n")
}

/// A tool's name for people, in one line.
pub(super) fn heading(call: &AskedCall) -> String {
    let title = call
        .title
        .as_deref()
        .filter(|title| !title.trim().is_empty());
    plain(&title.map_or_else(|| tool_title(&call.call.name), str::to_owned))
}

fn title(call: &AskedCall, standing: Standing) -> String {
    format!("{} · {}", standing.word(call.because), heading(call))
}

/// Whether a process that died may have made the call.
fn may_be_done(call: &AskedCall) -> bool {
    call.because == Because::Interrupted
}

fn button(label: &str, answer: Answer, style: &str) -> Value {
    json!({
        "type": "Button",
        "label": label,
        "style": style,
        "onClickAction": {
            "type": ACTION,
            "payload": {"decision": answer.word()},
            "loadingBehavior": "container",
        },
    })
}

/// The arguments, one in a line, those within them in lines of their own unless that takes too many.
fn lines(call: &AskedCall) -> Vec<String> {
    let Some(arguments) = call.arguments() else {
        return vec![plain(&call.call.arguments)];
    };
    let of_depth = |depth| {
        let mut lines = Vec::new();
        for (name, value) in &arguments {
            add_lines(&value_title(name), value, depth, &mut lines);
        }
        lines
    };
    let mut lines = of_depth(1);
    if lines.len() > MOST_LINES {
        lines = of_depth(MOST_DEPTH);
    }
    let beyond = lines.len().saturating_sub(MOST_LINES);
    if beyond > 0 {
        lines.truncate(MOST_LINES);
        lines.push(format!("… and {beyond} more"));
    }
    lines
}

fn add_lines(name: &str, value: &Value, depth: usize, lines: &mut Vec<String>) {
    match value {
        Value::Object(inner) if depth < MOST_DEPTH && !inner.is_empty() => {
            for (key, value) in inner {
                add_lines(
                    &format!("{name} · {}", value_title(key)),
                    value,
                    depth + 1,
                    lines,
                );
            }
        }
        Value::String(text) => lines.push(line(name, text)),
        other => lines.push(line(name, &other.to_string())),
    }
}

fn line(name: &str, value: &str) -> String {
    format!("{}: {}", plain(name), plain(value))
}

/// A text in one line and within bounds, without what could make it look like something else.
fn plain(text: &str) -> String {
    let shown = |c: char| if c.is_control() { ' ' } else { c };
    let mut chars = text.chars().filter(|c| !turns_text(*c)).map(shown);
    let mut plain: String = chars.by_ref().take(MOST_CHARS).collect();
    let beyond = chars.count();
    if beyond > 0 {
        plain.extend(["… (", &beyond.to_string(), " more characters)"]);
    }
    plain
}

/// Whether a character isn't seen and changes how others are: directions, joiners, breaks and tags.
fn turns_text(c: char) -> bool {
    matches!(c,
        '\u{ad}' | '\u{61c}' | '\u{180e}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}'
        | '\u{2060}'..='\u{206f}' | '\u{feff}' | '\u{fff9}'..='\u{fffb}' | '\u{e0000}'..='\u{e007f}')
}
