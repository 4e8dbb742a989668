//! What an application does when its users write: the [`Responder`].

use async_trait::async_trait;
use bytes::Bytes;
use frontdesk_protocol::{
    Action, FeedbackKind, ItemId, SyncCustomActionResponse, ThreadId, ThreadMetadata,
    TranscriptionResult, UserMessageInput, UserMessageItem, WidgetItem,
};
use frontdesk_store::Step;

use crate::{ChatError, RequestContext, Turn};

/// Why a turn failed. The user reads `message` and nothing else.
#[derive(Debug, thiserror::Error)]
pub enum TurnError {
    /// The user is told this, in these words.
    #[error("{message}")]
    Custom {
        /// For the user.
        message: String,
        /// Whether trying again can help.
        allow_retry: bool,
    },
    /// The user is told that the stream failed, in the front end's own words.
    #[error("the stream failed")]
    Stream {
        /// Whether trying again can help.
        allow_retry: bool,
    },
    /// Anything else: the user is told that the stream failed, the operator why.
    #[error("{detail}")]
    Other {
        /// For the operator.
        detail: String,
    },
    /// The turn no longer exists: its thread was deleted, or it goes on elsewhere.
    #[error("the turn is gone")]
    Gone,
    /// The process that ran the turn died, and nothing can go on with it: the user is told so and may try again.
    #[error("the turn was interrupted")]
    Interrupted,
}

impl TurnError {
    /// Anything that isn't the user's to read.
    pub fn other(detail: impl Into<String>) -> Self {
        Self::Other {
            detail: detail.into(),
        }
    }

    /// The answer to an action that nothing here is made for.
    pub(crate) fn unknown_action(action: &Action) -> Self {
        Self::Custom {
            message: format!("Nothing here answers the action “{}”.", action.kind),
            allow_retry: false,
        }
    }
}

/// What a turn was called for whose process died before its end.
#[derive(Debug, Clone, PartialEq)]
pub enum Unfinished {
    /// To answer this message, or, without one, to go on after a client tool's output or a form's answers.
    Respond(Option<Box<UserMessageItem>>),
    /// To do this action.
    Action {
        /// The action.
        action: Action,
        /// The widget that sent it, as it is stored now: what the turn has made of it by then.
        sender: Option<Box<WidgetItem>>,
    },
}

/// Speech to be written down.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Audio {
    /// The recording.
    pub data: Bytes,
    /// Its media type with parameters, as the client sent it.
    pub mime_type: String,
}

impl Audio {
    /// The media type without parameters.
    pub fn media_type(&self) -> &str {
        self.mime_type.split(';').next().unwrap_or_default().trim()
    }
}

/// What the application does. Each call is for one verified caller; nothing is shared between calls but `self`.
///
/// A future that is dropped has been stopped by the user.
#[async_trait]
pub trait Responder: Send + Sync {
    /// Answers: to a new message, or, without one, goes on after a client tool's output or a form's answers.
    async fn respond(
        &self,
        turn: &mut Turn,
        input: Option<UserMessageItem>,
    ) -> Result<(), TurnError>;

    /// The title that a new thread begins with, made of its first message. It may be changed at any time.
    fn title(&self, first: &UserMessageItem) -> Option<String> {
        let _ = first;
        None
    }

    /// Whether a message can be answered as it wishes: what is refused here begins no turn and is not stored.
    fn admit_message(&self, message: &UserMessageInput) -> Result<(), ChatError> {
        let _ = message;
        Ok(())
    }

    /// A widget's button was pressed, or the host page sent an action.
    async fn action(
        &self,
        turn: &mut Turn,
        action: Action,
        sender: Option<WidgetItem>,
    ) -> Result<(), TurnError> {
        let _ = (turn, sender);
        Err(TurnError::unknown_action(&action))
    }

    /// Goes on with a turn whose process died before its end, in whatever process took it over.
    ///
    /// What the turn stored is there: its items, and its steps by [`Turn::steps`] with [`Turn::id`]. What readers have
    /// seen of items that were never done is taken back from them at the first event. Nothing that a responder knew
    /// besides is left.
    async fn go_on(&self, turn: &mut Turn, call: Unfinished) -> Result<(), TurnError> {
        let _ = (turn, call);
        Err(TurnError::Interrupted)
    }

    /// The tokens that these steps of a turn used. Where the turn's process died they are counted with its end, however
    /// that comes.
    fn tokens_of(&self, steps: &[Step]) -> u64 {
        let _ = steps;
        0
    }

    /// Whether an action that is about to begin a turn can be answered now: what is refused here begins none.
    /// The widget is as it is stored.
    fn admit_action(&self, action: &Action, sender: Option<&WidgetItem>) -> Result<(), ChatError> {
        let _ = (action, sender);
        Ok(())
    }

    /// An action that is answered at once, with at most one item.
    async fn sync_action(
        &self,
        cx: &RequestContext,
        thread: &ThreadMetadata,
        action: Action,
        sender: Option<WidgetItem>,
    ) -> Result<SyncCustomActionResponse, ChatError> {
        let _ = (cx, thread, action, sender);
        Err(ChatError::NotSupported {
            what: "actions that are answered at once",
        })
    }

    /// The user liked or disliked items. The thread and the items are the caller's; it is stored already.
    async fn feedback(
        &self,
        cx: &RequestContext,
        thread: &ThreadId,
        items: &[ItemId],
        kind: FeedbackKind,
    ) -> Result<(), ChatError> {
        let _ = (cx, thread, items, kind);
        Ok(())
    }

    /// Writes down what was said.
    async fn transcribe(
        &self,
        cx: &RequestContext,
        audio: Audio,
    ) -> Result<TranscriptionResult, ChatError> {
        let _ = (cx, audio);
        Err(ChatError::NotSupported {
            what: "transcription",
        })
    }
}
