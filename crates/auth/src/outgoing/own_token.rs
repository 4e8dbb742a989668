//! The caller's own token, waited for where it has run out or isn't here: the next request of the same caller brings one.

use std::time::Duration;

use frontdesk_clock::Clock;
use frontdesk_identity::{Credential, SignedIn};

use super::OutgoingError;

/// How long a call waits for a sign-in that is renewed.
const RENEWAL_WAIT: Duration = Duration::from_secs(30);
/// How often it looks.
const POLL: Duration = Duration::from_millis(250);

/// The caller's token while it holds. One that isn't here yet is waited for as one that has run out.
///
/// # Errors
/// [`OutgoingError::NotUsable`]: they signed in without one; [`OutgoingError::Expired`]: it ran out or wasn't here, and
/// no request brought another within 30 seconds.
pub(super) async fn own_token(
    caller: &SignedIn,
    clock: &dyn Clock,
) -> Result<Credential, OutgoingError> {
    arrival(caller).await?;
    let mut waited = Duration::ZERO;
    loop {
        let credential = caller
            .credentials
            .current()
            .ok_or(OutgoingError::NotUsable {
                reason: "the user signed in without a token",
            })?;
        let now = clock.now().as_second();
        if credential.expires_at.is_none_or(|end| end > now) {
            return Ok(credential);
        }
        if waited >= RENEWAL_WAIT {
            return Err(OutgoingError::Expired);
        }
        tokio::time::sleep(POLL).await;
        waited += POLL;
    }
}

/// Waits for a token that isn't here yet, and not at all for one that is or never will be.
///
/// # Errors
/// [`OutgoingError::Expired`]: no request brought it within 30 seconds.
pub async fn arrival(caller: &SignedIn) -> Result<(), OutgoingError> {
    let mut waited = Duration::ZERO;
    while caller.credentials.is_awaited() {
        if waited >= RENEWAL_WAIT {
            caller.credentials.miss();
            return Err(OutgoingError::Expired);
        }
        tokio::time::sleep(POLL).await;
        waited += POLL;
    }
    Ok(())
}
