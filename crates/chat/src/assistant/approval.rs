//! Calls that ask the user first: the question, its answer, and what becomes of a question that nobody answers.
//!
//! What is decided about is read from the stored step of the turn that asked; whether it is still to be decided,
//! from the stored widget. A client says yes or no to a widget, and nothing else of what it sends counts.

mod card;
mod remembered;

use frontdesk_agent::{AskedCall, Because, Decision};
use frontdesk_protocol::{Action, Map, SdkHiddenContextItem, ThreadEvent, ThreadItem, WidgetItem};

use super::history::{Left, Past};
use super::notices::tell_user;
use super::step::{Asks, StepData, VERSION};
use crate::{ChatError, Turn, TurnError};

pub(super) use card::Standing;
pub(super) use remembered::approved;

use card::{Offer, heading};
use remembered::{may_be_remembered, remember};

/// The type of the action that the question's buttons send.
pub(super) const ACTION: &str = "frontdesk.approval";

/// What the model reads about a call that the user declined.
const DECLINED: &str =
    "the user declined this call, so it was not made; don't make it again unless asked to";

/// What the model reads about a call that the user didn't decide about.
const PUT_ASIDE: &str =
    "the user was asked to approve this call and wrote something else instead, so it was not made";

/// What the model reads about a call that may have been made, which the user doesn't want to be made again.
const NOT_AGAIN: &str = "the server was interrupted during this call, so it is not known whether it was made; \
     the user doesn't want it to be made again";

/// What the model reads about a call that may have been made, where the user didn't decide about making it again.
const NOT_AGAIN_YET: &str = "the server was interrupted during this call, so it is not known whether it was made; \
     the user was asked whether to make it again and wrote something else instead";

/// What the user reads when there is nothing left to decide about.
const ANSWERED: &str = "this was answered already";

/// What a button says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Answer {
    Approve,
    /// Approve, and don't ask about these tools any more in this thread.
    Always,
    Decline,
}

impl Answer {
    /// Reads the one thing of an action that counts.
    fn of(action: &Action) -> Option<Self> {
        match action.payload.get("decision")?.as_str()? {
            "approve" => Some(Self::Approve),
            "always" => Some(Self::Always),
            "decline" => Some(Self::Decline),
            _ => None,
        }
    }

    fn word(self) -> &'static str {
        match self {
            Self::Approve => "approve",
            Self::Always => "always",
            Self::Decline => "decline",
        }
    }

    fn standing(self) -> Standing {
        match self {
            Self::Approve | Self::Always => Standing::Approved,
            Self::Decline => Standing::Declined,
        }
    }
}

/// What was decided about calls.
pub(super) struct Decided {
    /// The agent that goes on.
    pub(super) agent: Option<String>,
    /// The calls.
    pub(super) calls: Vec<(AskedCall, Decision)>,
}

impl Decided {
    fn of(asks: &Asks, answer: Answer) -> Self {
        let decision = |asked: &AskedCall| match refusal(asked, answer.standing()) {
            Some(reason) => Decision::Declined {
                reason: reason.to_owned(),
            },
            None => Decision::Approved,
        };
        let calls = asks.calls.iter();
        Self {
            agent: asks.agent.clone(),
            calls: calls
                .map(|asked| (asked.clone(), decision(asked)))
                .collect(),
        }
    }

    /// The calls, whatever was decided.
    pub(super) fn asked(&self) -> Vec<AskedCall> {
        self.calls.iter().map(|(asked, _)| asked.clone()).collect()
    }
}

/// What the model reads about a call in place of its result, as its question stands; `None` where it may be made.
pub(super) fn refusal(asked: &AskedCall, standing: Standing) -> Option<&'static str> {
    let may_be_made = asked.because == Because::Interrupted;
    match standing {
        Standing::Approved => None,
        Standing::Declined if may_be_made => Some(NOT_AGAIN),
        Standing::Declined => Some(DECLINED),
        Standing::Pending | Standing::PutAside if may_be_made => Some(NOT_AGAIN_YET),
        Standing::Pending | Standing::PutAside => Some(PUT_ASIDE),
    }
}

/// Ends the turn with the question: the widget and the calls it stands for are stored with the turn's end.
pub(super) fn ask(turn: &mut Turn, calls: Vec<AskedCall>, agent: &str) -> Result<(), TurnError> {
    let offer = if calls.iter().all(may_be_remembered) {
        Offer::Always
    } else {
        Offer::Once
    };
    let widget = WidgetItem {
        id: turn.new_item_id("wdg"),
        thread_id: turn.thread_id().clone(),
        created_at: turn.now(),
        widget: card::of(&calls, Standing::Pending, offer)?,
        copy_text: Some(card::text_of(&calls, Standing::Pending)),
        extra: Map::new(),
    };
    let step = StepData {
        asks: Some(Asks {
            widget: widget.id.clone(),
            calls,
            agent: Some(agent.to_owned()),
        }),
        ..StepData::new(Vec::new(), vec![widget.id.clone()]).by(Some(agent))
    };
    turn.queue_step(VERSION, step.write()?);
    turn.wait_for_user();
    turn.conclude(ThreadEvent::item_done(ThreadItem::Widget(widget)));
    Ok(())
}

/// Whether an answer can be taken at all, as far as the stored widget tells.
pub(super) fn admit(action: &Action, sender: Option<&WidgetItem>) -> Result<(), ChatError> {
    let Some(widget) = sender else {
        return Err(ChatError::BadRequest {
            field: "params.item_id".to_owned(),
            message: "must name the widget that asks".to_owned(),
        });
    };
    if Answer::of(action).is_none() {
        return Err(ChatError::BadRequest {
            field: "params.action.payload.decision".to_owned(),
            message: "must be \"approve\", \"always\" or \"decline\"".to_owned(),
        });
    }
    match Standing::of(widget) {
        Some(Standing::Pending) => Ok(()),
        Some(_) => Err(ChatError::conflict(ANSWERED)),
        None => Err(ChatError::conflict("this widget asks for no approval")),
    }
}

/// Takes an answer: stores it, and then gives back the calls with what was decided about them.
///
/// It is stored before anything is made of it, so no answer counts twice, whatever happens afterwards.
pub(super) async fn decide(
    turn: &mut Turn,
    past: &Past,
    action: &Action,
    sender: Option<&WidgetItem>,
) -> Result<Option<Decided>, TurnError> {
    let asked = sender.and_then(|sender| past.question(&sender.id));
    let (Some(question), Some(answer)) = (asked, Answer::of(action)) else {
        tell_user(turn, "I can't do that any more. Please ask me again.").await?;
        return Ok(None);
    };
    if question.standing != Standing::Pending {
        return Err(TurnError::Custom {
            message: ANSWERED.to_owned(),
            allow_retry: false,
        });
    }
    if question.is_overtaken {
        put_aside(turn, past).await?;
        tell_user(
            turn,
            "You wrote something since, so I left that. Please ask me again.",
        )
        .await?;
        return Ok(None);
    }
    if answer == Answer::Always {
        let calls = question.asks.calls.iter();
        remember(turn, calls.filter(|asked| may_be_remembered(asked)));
    }
    settle(turn, question.widget, question.asks, answer.standing()).await?;
    // Trying again would forget that something was done, and ask for it anew.
    if answer != Answer::Decline {
        turn.never_retry();
    }
    note(turn, question.asks, answer).await?;
    Ok(Some(Decided::of(question.asks, answer)))
}

/// The answer that this turn has taken, where an earlier process of it took it; `None` where none did.
pub(super) async fn decided_before(
    turn: &mut Turn,
    past: &Past,
    left: &Left,
    action: &Action,
    sender: Option<&WidgetItem>,
) -> Result<Option<Decided>, TurnError> {
    let question = sender.and_then(|sender| past.question(&sender.id));
    let (Some(question), Some(answer)) = (question, Answer::of(action)) else {
        return Ok(None);
    };
    if question.standing != answer.standing() {
        return Ok(None);
    }
    if answer == Answer::Always {
        let calls = question.asks.calls.iter();
        remember(turn, calls.filter(|asked| may_be_remembered(asked)));
    }
    if answer != Answer::Decline {
        turn.never_retry();
    }
    if !left.has_note() {
        note(turn, question.asks, answer).await?;
    }
    Ok(Some(Decided::of(question.asks, answer)))
}

/// An item of this turn's own, unseen: history finds the turn's steps by its items.
async fn note(turn: &mut Turn, asks: &Asks, answer: Answer) -> Result<(), TurnError> {
    let titles: Vec<String> = asks.calls.iter().map(heading).collect();
    let note = ThreadItem::SdkHiddenContext(SdkHiddenContextItem {
        id: turn.new_item_id("shcx"),
        thread_id: turn.thread_id().clone(),
        created_at: turn.now(),
        content: format!(
            "The user's answer: {}: {}",
            answer.word(),
            titles.join(", ")
        ),
        extra: Map::new(),
    });
    let step = StepData::new(Vec::new(), vec![note.id().clone()]);
    let step = step.by(asks.agent.as_deref());
    turn.queue_step(VERSION, step.write()?);
    turn.emit(ThreadEvent::item_done(note)).await
}

/// Takes back the questions that wait: the user wrote something else.
pub(super) async fn put_aside(turn: &mut Turn, past: &Past) -> Result<(), TurnError> {
    for question in past.questions() {
        if question.standing == Standing::Pending {
            settle(turn, question.widget, question.asks, Standing::PutAside).await?;
        }
    }
    Ok(())
}

/// Replaces the question by what became of it.
async fn settle(
    turn: &mut Turn,
    widget: &WidgetItem,
    asks: &Asks,
    standing: Standing,
) -> Result<(), TurnError> {
    let settled = WidgetItem {
        widget: card::of(&asks.calls, standing, Offer::Once)?,
        copy_text: Some(card::text_of(&asks.calls, standing)),
        ..widget.clone()
    };
    turn.emit(ThreadEvent::item_replaced(ThreadItem::Widget(settled)))
        .await
}
