//! Stands in for the embedded server in a build without it.

use std::path::Path;
use std::sync::Arc;

use axum::Router;
use frontdesk_auth::outgoing::Signer;
use frontdesk_clock::Clock;
use url::Url;

use super::End;
use crate::Error;

/// There is no conversation to play.
pub(crate) fn rules() -> Option<&'static str> {
    None
}

/// Says that there is none.
#[expect(
    clippy::unused_async,
    reason = "the server of the other build is opened"
)]
pub(crate) async fn mount(
    _: &Signer,
    _: &str,
    _: &Url,
    _: Vec<String>,
    _: &Path,
    _: Arc<dyn Clock>,
    _: &mut End,
) -> Result<Router, Error> {
    Err(Error::Tools {
        detail: "this build has no embedded server".to_owned(),
    })
}
