//! The seam between a call that needs an identity and the ways to give it one.

use std::fmt;

use async_trait::async_trait;
use frontdesk_identity::{Secret, SignedIn};
use http::HeaderName;

use super::Refusal;

/// Gives requests to one tool server the identity of their caller. It is asked anew for each request, so what it gives
/// is short-lived and kept by nobody else; an implementation keeps what is costly to get.
#[async_trait]
pub trait Broker: fmt::Debug + Send + Sync {
    /// What goes onto a request of this caller.
    async fn attachment(&self, caller: &SignedIn) -> Result<Attachment, OutgoingError>;

    /// The server refused what was attached: something to try once more with, or why there is nothing.
    async fn renewed(
        &self,
        _caller: &SignedIn,
        refusal: &Refusal,
    ) -> Result<Attachment, OutgoingError> {
        Err(refusal.without_remedy())
    }
}

/// What goes onto a request.
#[derive(Debug, Clone, Default)]
pub struct Attachment {
    /// The token of `Authorization: Bearer`.
    pub bearer: Option<Secret>,
    /// Further headers.
    pub headers: Vec<(HeaderName, Secret)>,
}

impl Attachment {
    /// A bearer token alone.
    pub fn bearer(token: Secret) -> Self {
        Self {
            bearer: Some(token),
            headers: Vec::new(),
        }
    }
}

/// Why a call can't be made with an identity. No variant holds a credential. A link is as good as one for ten minutes, so
/// `Debug` doesn't show it.
#[derive(Clone, PartialEq, Eq, thiserror::Error)]
pub enum OutgoingError {
    /// The user has to connect an account with this server first, or again.
    #[error("no account is connected")]
    NotConnected {
        /// Where the user does that; for the user alone, never for a model.
        link: Option<String>,
    },
    /// The server wants more rights than the caller has given.
    #[error("the permission is missing: {}", scopes.join(" "))]
    MissingScope {
        /// The rights that are asked for, as OAuth scopes.
        scopes: Vec<String>,
        /// Where the user can give them; for the user alone.
        link: Option<String>,
    },
    /// The caller's own sign-in can't be used for this server.
    #[error("the sign-in can't be used for this server: {reason}")]
    NotUsable {
        /// Why.
        reason: &'static str,
    },
    /// The caller's own sign-in has run out.
    #[error("the sign-in has run out")]
    Expired,
    /// The server or its issuer refuses the identity.
    #[error("the identity is refused: {detail}")]
    Refused {
        /// What was said, for the operator's log.
        detail: String,
    },
    /// The identity can't be had at present.
    #[error("the identity can't be had: {detail}")]
    Unavailable {
        /// What failed, for the operator's log.
        detail: String,
    },
}

impl OutgoingError {
    pub(crate) fn refused(detail: impl Into<String>) -> Self {
        Self::Refused {
            detail: detail.into(),
        }
    }

    pub(crate) fn unavailable(detail: impl Into<String>) -> Self {
        Self::Unavailable {
            detail: detail.into(),
        }
    }
}

impl fmt::Debug for OutgoingError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let hidden = |link: &Option<String>| link.as_ref().map(|_| format_args!("…"));
        match self {
            Self::NotConnected { link } => f
                .debug_struct("NotConnected")
                .field("link", &hidden(link))
                .finish(),
            Self::MissingScope { scopes, link } => f
                .debug_struct("MissingScope")
                .field("scopes", scopes)
                .field("link", &hidden(link))
                .finish(),
            Self::NotUsable { reason } => {
                f.debug_struct("NotUsable").field("reason", reason).finish()
            }
            Self::Expired => f.write_str("Expired"),
            Self::Refused { detail } => f.debug_struct("Refused").field("detail", detail).finish(),
            Self::Unavailable { detail } => f
                .debug_struct("Unavailable")
                .field("detail", detail)
                .finish(),
        }
    }
}

/// No identity at all, for servers that don't want one.
#[derive(Debug, Clone, Copy, Default)]
pub struct Anonymous;

#[async_trait]
impl Broker for Anonymous {
    async fn attachment(&self, _caller: &SignedIn) -> Result<Attachment, OutgoingError> {
        Ok(Attachment::default())
    }
}
