//! How a tool server learns who is calling.

mod signer;

use std::fmt;
use std::sync::Arc;

use frontdesk_identity::{Principal, Secret};

pub use signer::Signer;

use crate::AuthError;

/// How calls to one server carry the user's identity. It is asked anew for each request.
#[derive(Clone)]
pub enum Outgoing {
    /// As a token that we sign ourselves, for this audience.
    Signed {
        /// What signs it.
        signer: Arc<Signer>,
        /// The server, as it knows itself.
        audience: String,
    },
    /// Not at all.
    None,
}

impl Outgoing {
    /// The bearer token for a request of this principal.
    pub fn bearer(&self, principal: &Principal) -> Result<Option<Secret>, AuthError> {
        match self {
            Self::Signed { signer, audience } => signer.sign(principal, audience).map(Some),
            Self::None => Ok(None),
        }
    }
}

impl fmt::Debug for Outgoing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Signed { audience, .. } => write!(f, "Signed({audience})"),
            Self::None => f.write_str("None"),
        }
    }
}
