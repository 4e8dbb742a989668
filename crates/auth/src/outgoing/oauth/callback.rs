//! The answer of an authorization server, as the browser brings it
//! ([RFC 6749](https://www.rfc-editor.org/rfc/rfc6749#section-4.1.2), [RFC 9207](https://www.rfc-editor.org/rfc/rfc9207)).

use aws_lc_rs::constant_time::verify_slices_are_equal;
use frontdesk_identity::Secret;
use url::form_urlencoded;

use super::tokens::{IssuerParameter, PendingRecord};
use crate::outgoing::OutgoingError;
use crate::outgoing::token_endpoint::is_code;

/// The longest answer that is read, in bytes.
const MAX_QUERY_BYTES: usize = 8 * 1024;

/// The answer's parameters. One that comes twice makes the whole answer worthless.
#[derive(Default)]
pub(super) struct Callback {
    pub(super) state: Option<Secret>,
    code: Option<Secret>,
    issuer: Option<String>,
    error: Option<String>,
}

impl Callback {
    pub(super) fn read(query: &str) -> Result<Self, OutgoingError> {
        if query.len() > MAX_QUERY_BYTES {
            return Err(OutgoingError::refused("the answer is too long"));
        }
        let mut callback = Self::default();
        let query = query.strip_prefix('?').unwrap_or(query);
        for (name, value) in form_urlencoded::parse(query.as_bytes()) {
            let twice = match name.as_ref() {
                "state" => callback.state.replace(Secret::new(value)).is_some(),
                "code" => callback.code.replace(Secret::new(value)).is_some(),
                "iss" => callback.issuer.replace(value.into_owned()).is_some(),
                "error" => callback.error.replace(value.into_owned()).is_some(),
                _ => false,
            };
            if twice {
                return Err(OutgoingError::refused("the answer says something twice"));
            }
        }
        Ok(callback)
    }

    /// The code, where this answers what was begun. The issuer is looked at before anything else that the answer says.
    pub(super) fn code(self, pending: &PendingRecord) -> Result<Secret, OutgoingError> {
        let state = self.state.as_ref().map_or("", Secret::expose);
        let expected = pending.state.expose().as_bytes();
        if verify_slices_are_equal(state.as_bytes(), expected).is_err() {
            return Err(OutgoingError::refused(
                "the answer belongs to something else",
            ));
        }
        match (self.issuer.as_deref(), pending.issuer_parameter) {
            (Some(issuer), _) if issuer == pending.grant.issuer => {}
            (None, IssuerParameter::Optional) => {}
            (Some(_), _) => return Err(OutgoingError::refused("the answer is another issuer's")),
            (None, IssuerParameter::Required) => {
                return Err(OutgoingError::refused("the answer doesn't name its issuer"));
            }
        }
        if let Some(error) = self.error {
            let code = if is_code(&error) { &error } else { "error" };
            return Err(OutgoingError::refused(format!("authorization: {code}")));
        }
        self.code
            .filter(|code| !code.expose().is_empty())
            .ok_or_else(|| OutgoingError::refused("the answer has no code"))
    }

    /// Whether the user said no.
    pub(super) fn is_declined(&self) -> bool {
        self.error.as_deref() == Some("access_denied")
    }
}
