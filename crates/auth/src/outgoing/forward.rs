//! `forward`: the user's own token, and only to a server that it was issued for.

use std::sync::Arc;

use async_trait::async_trait;
use frontdesk_clock::Clock;
use frontdesk_identity::SignedIn;

use super::own_token::own_token;
use super::{Attachment, Broker, OutgoingError, Refusal, RefusalKind};

/// Passes the caller's own token on where its audiences name the server. Passing on any other would be the token
/// passthrough that the
/// [specification forbids](https://modelcontextprotocol.io/specification/2025-11-25/basic/security_best_practices#token-passthrough).
#[derive(Debug, Clone)]
pub struct Forward {
    /// The server, as the tokens' `aud` names it.
    pub audience: String,
    /// Tells whether a token has run out.
    pub clock: Arc<dyn Clock>,
}

impl Forward {
    fn attach(
        &self,
        credential: frontdesk_identity::Credential,
    ) -> Result<Attachment, OutgoingError> {
        if credential.audiences.contains(&self.audience) {
            Ok(Attachment::bearer(credential.token))
        } else {
            Err(OutgoingError::NotUsable {
                reason: "the user's token was not issued for it",
            })
        }
    }
}

#[async_trait]
impl Broker for Forward {
    async fn attachment(&self, caller: &SignedIn) -> Result<Attachment, OutgoingError> {
        self.attach(own_token(caller, self.clock.as_ref()).await?)
    }

    /// A token that a later request of the caller brought meanwhile is tried; the refused one isn't again.
    async fn renewed(
        &self,
        caller: &SignedIn,
        refusal: &Refusal,
    ) -> Result<Attachment, OutgoingError> {
        if refusal.kind == RefusalKind::Unauthorized
            && let Some(credential) = caller.credentials.current()
            && !refusal.used_token(&credential.token)
        {
            return self.attach(credential);
        }
        Err(refusal.without_remedy())
    }
}
