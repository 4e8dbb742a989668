//! Sign-in before anything else: no request without a good token learns more than where to get one.

use std::sync::Arc;
use std::time::Duration;

use axum::extract::{Request, State};
use axum::http::StatusCode;
use axum::http::header::{AUTHORIZATION, COOKIE, WWW_AUTHENTICATE};
use axum::middleware::Next;
use axum::response::Response;
use frontdesk_auth::AuthError;
use frontdesk_auth::incoming::bearer;
use frontdesk_identity::Principal;
use futures_util::StreamExt;

use crate::refusal::{INVALID_REQUEST, SERVER_ERROR, refusal};
use crate::{Authentication, MAX_BODY_BYTES};

/// How long a refused request may take to be sent.
const DRAIN_TIMEOUT: Duration = Duration::from_secs(1);

#[derive(Debug)]
pub(crate) struct Gate {
    pub(crate) authentication: Authentication,
    pub(crate) metadata_url: String,
    /// Every scope that the server asks for.
    pub(crate) scopes: String,
}

pub(crate) async fn check(
    State(gate): State<Arc<Gate>>,
    mut request: Request,
    next: Next,
) -> Response {
    let token = bearer(request.headers()).map(str::to_owned);
    match gate.principal(token.as_deref()).await {
        Ok(principal) => {
            // Nothing further in has a use for them, so nothing further in can show them.
            request.headers_mut().remove(AUTHORIZATION);
            request.headers_mut().remove(COOKIE);
            request.extensions_mut().insert(principal);
            next.run(request).await
        }
        Err(error) => {
            drain(request).await;
            gate.refusal(&error)
        }
    }
}

/// Reads what is still to come and forgets it. An answer before the end of the request closes the connection,
/// and then a caller that is still sending may never see why it was refused.
async fn drain(request: Request) {
    let mut body = request.into_body().into_data_stream();
    let mut left = MAX_BODY_BYTES;
    let all = async {
        while let Some(Ok(chunk)) = body.next().await {
            match left.checked_sub(chunk.len()) {
                Some(rest) => left = rest,
                None => break,
            }
        }
    };
    if tokio::time::timeout(DRAIN_TIMEOUT, all).await.is_err() {
        tracing::debug!("a refused request was not sent to its end");
    }
}

impl Gate {
    async fn principal(&self, token: Option<&str>) -> Result<Arc<Principal>, AuthError> {
        match &self.authentication {
            Authentication::Bearer(verifier) => {
                let token = token.ok_or(AuthError::Unauthenticated { detail: "no token" })?;
                verifier.verify(token).await
            }
            Authentication::Everyone(principal) => Ok(Arc::clone(principal)),
        }
    }

    fn refusal(&self, error: &AuthError) -> Response {
        let (status, code, message) = match error {
            AuthError::Unauthenticated { detail } => {
                tracing::debug!(detail, "refused a request");
                (
                    StatusCode::UNAUTHORIZED,
                    SERVER_ERROR,
                    "sign-in required".to_owned(),
                )
            }
            AuthError::Forbidden { .. } => (StatusCode::FORBIDDEN, SERVER_ERROR, error.to_string()),
            AuthError::Invalid { .. } => {
                (StatusCode::BAD_REQUEST, INVALID_REQUEST, error.to_string())
            }
            AuthError::Unavailable { detail } => {
                tracing::error!(detail, "sign-in is unavailable");
                unavailable()
            }
            AuthError::Key { detail } => {
                tracing::error!(detail, "sign-in has no usable key");
                unavailable()
            }
        };
        let mut response = refusal(status, code, &message);
        if status == StatusCode::UNAUTHORIZED
            && let Ok(challenge) = self.challenge().parse()
        {
            response.headers_mut().insert(WWW_AUTHENTICATE, challenge);
        }
        response
    }

    /// Where to get a token, and for what.
    fn challenge(&self) -> String {
        let challenge = format!("Bearer resource_metadata=\"{}\"", self.metadata_url);
        if self.scopes.is_empty() {
            challenge
        } else {
            format!("{challenge}, scope=\"{}\"", self.scopes)
        }
    }
}

/// Why it is so is for the operator.
fn unavailable() -> (StatusCode, i32, String) {
    let message = "sign-in is unavailable".to_owned();
    (StatusCode::SERVICE_UNAVAILABLE, SERVER_ERROR, message)
}
