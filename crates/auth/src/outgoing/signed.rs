//! `signed`: a token that we sign ourselves.

use std::sync::Arc;

use async_trait::async_trait;
use frontdesk_identity::SignedIn;

use super::{Attachment, Broker, OutgoingError, Signer};

/// Says who is calling by a token of our own for one audience.
#[derive(Debug, Clone)]
pub struct Signed {
    /// What signs it.
    pub signer: Arc<Signer>,
    /// The server, as it knows itself.
    pub audience: String,
}

#[async_trait]
impl Broker for Signed {
    async fn attachment(&self, caller: &SignedIn) -> Result<Attachment, OutgoingError> {
        let token = self.signer.sign(&caller.principal, &self.audience);
        token
            .map(Attachment::bearer)
            .map_err(|error| OutgoingError::Unavailable {
                detail: error.to_string(),
            })
    }
}
