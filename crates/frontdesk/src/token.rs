//! `frontdesk token`: an identity token for trying a tool server by hand.

use std::sync::Arc;

use frontdesk_auth::SigningKey;
use frontdesk_auth::outgoing::Signer;
use frontdesk_clock::{Clock, Ids, RandomIds, SystemClock};
use frontdesk_identity::{Principal, Secret, TenantId, UserId};

use crate::Error;
use crate::config::Config;
use crate::server_secret::server_secret;

/// Who signs, as tool servers know it.
pub(crate) const ISSUER: &str = "frontdesk";

/// A token that tells this tool server that this user is calling. It is valid for at most 60 seconds.
pub fn sign_token(config: &Config, user: &str, audience: &str) -> Result<Secret, Error> {
    let invalid = |error: frontdesk_identity::InvalidId| frontdesk_auth::AuthError::Invalid {
        message: error.to_string(),
    };
    let user = UserId::new(user).map_err(invalid)?;
    let principal = Principal::new(TenantId::single(), user);
    let dir = &config.server.data_dir.value;
    if config.server.secret.is_none() && !dir.is_dir() {
        return Err(Error::Data {
            path: dir.clone(),
            detail: format!(
                "no secret in {}: start frontdesk there once, or pass --data-dir",
                dir.display()
            ),
        });
    }
    let secret = server_secret(&config.server)?;
    let signer = signer(&secret, Arc::new(SystemClock), Arc::new(RandomIds))?;
    Ok(signer.sign(&principal, audience)?)
}

/// The signer that this secret makes.
pub(crate) fn signer(
    secret: &Secret,
    clock: Arc<dyn Clock>,
    ids: Arc<dyn Ids>,
) -> Result<Signer, Error> {
    Ok(Signer::new(
        ISSUER,
        SigningKey::from_secret(secret)?,
        clock,
        ids,
    ))
}
