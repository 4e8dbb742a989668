//! A tool server's refusal of an identity, read from its `WWW-Authenticate` header
//! ([RFC 6750](https://www.rfc-editor.org/rfc/rfc6750#section-3), [RFC 9728](https://www.rfc-editor.org/rfc/rfc9728#section-5.1)).

use frontdesk_identity::Secret;

use super::oauth::union_of_scopes;
use super::{Attachment, OutgoingError};

/// What kind of refusal it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RefusalKind {
    /// 401: no identity, or one that doesn't hold.
    Unauthorized,
    /// 403: the identity holds, and isn't allowed to do this.
    Forbidden,
}

/// A refusal.
#[derive(Debug, Clone)]
pub struct Refusal {
    /// Its kind.
    pub kind: RefusalKind,
    /// What was attached to the refused request.
    pub used: Attachment,
    /// The scopes that the server names as needed.
    pub scopes: Vec<String>,
    /// Where the server says how to get a token.
    pub resource_metadata: Option<String>,
}

impl Refusal {
    /// Whether this is the token that was refused.
    pub(crate) fn used_token(&self, token: &Secret) -> bool {
        let used = self.used.bearer.as_ref();
        used.is_some_and(|used| used.expose() == token.expose())
    }

    /// What is left to say where nothing can be renewed.
    pub fn without_remedy(&self) -> OutgoingError {
        // The server wrote them, and users and models read them.
        let scopes = union_of_scopes(self.scopes.iter().map(String::as_str));
        match self.kind {
            RefusalKind::Forbidden if !scopes.is_empty() => {
                OutgoingError::MissingScope { scopes, link: None }
            }
            RefusalKind::Forbidden => OutgoingError::Refused {
                detail: "the server forbids it".to_owned(),
            },
            RefusalKind::Unauthorized => OutgoingError::Refused {
                detail: "the server doesn't take the credential".to_owned(),
            },
        }
    }
}
