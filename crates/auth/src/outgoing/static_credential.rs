//! `static`: a service credential of the operator's, with the user in signed form beside it where wanted.

use async_trait::async_trait;
use frontdesk_identity::{Secret, SignedIn};
use http::HeaderName;

use super::{Attachment, Broker, OutgoingError, Signed};

/// The header that carries the user beside a service credential, unless another is named.
pub const IDENTITY_HEADER: HeaderName = HeaderName::from_static("frontdesk-identity");

/// Where a service credential goes.
#[derive(Debug, Clone)]
pub enum StaticHeader {
    /// `Authorization: Bearer`.
    Bearer,
    /// A header of its own, such as `X-Api-Key`.
    Named(HeaderName),
}

/// The same credential for every caller.
#[derive(Debug, Clone)]
pub struct Static {
    /// The credential.
    pub token: Secret,
    /// Where it goes.
    pub header: StaticHeader,
    /// Who is calling, signed, and the header for it ([`IDENTITY_HEADER`] by default).
    pub user: Option<(Signed, HeaderName)>,
}

impl Static {
    /// A bearer token that says nothing about the user.
    pub fn bearer(token: Secret) -> Self {
        Self {
            token,
            header: StaticHeader::Bearer,
            user: None,
        }
    }
}

#[async_trait]
impl Broker for Static {
    async fn attachment(&self, caller: &SignedIn) -> Result<Attachment, OutgoingError> {
        let mut attachment = match &self.header {
            StaticHeader::Bearer => Attachment::bearer(self.token.clone()),
            StaticHeader::Named(name) => Attachment {
                bearer: None,
                headers: vec![(name.clone(), self.token.clone())],
            },
        };
        if let Some((signed, header)) = &self.user
            && let Some(identity) = signed.attachment(caller).await?.bearer
        {
            attachment.headers.push((header.clone(), identity));
        }
        Ok(attachment)
    }
}
