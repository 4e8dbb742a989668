//! Sign-in before anything else: no request without a good token learns more than where to get one.

use std::sync::Arc;
use std::time::Duration;

use axum::Json;
use axum::extract::{Request, State};
use axum::http::StatusCode;
use axum::http::header::WWW_AUTHENTICATE;
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use frontdesk_auth::AuthError;
use frontdesk_auth::incoming::bearer;
use frontdesk_identity::Principal;
use futures_util::StreamExt;
use serde_json::json;

use crate::{Authentication, MAX_BODY_BYTES};

/// How long a refused request may take to be sent.
const DRAIN_TIMEOUT: Duration = Duration::from_secs(1);

#[derive(Debug)]
pub(crate) struct Gate {
    pub(crate) authentication: Authentication,
    pub(crate) metadata_url: String,
}

pub(crate) async fn check(
    State(gate): State<Arc<Gate>>,
    mut request: Request,
    next: Next,
) -> Response {
    let token = bearer(request.headers()).map(str::to_owned);
    match gate.principal(token.as_deref()).await {
        Ok(principal) => {
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
        let token = token.ok_or(AuthError::Unauthenticated { detail: "no token" })?;
        match &self.authentication {
            Authentication::Bearer(verifier) => verifier.verify(token).await,
        }
    }

    fn refusal(&self, error: &AuthError) -> Response {
        let (status, code) = match error {
            AuthError::Unauthenticated { detail } => {
                tracing::debug!(detail, "refused a request");
                let challenge = format!("Bearer resource_metadata=\"{}\"", self.metadata_url);
                let body =
                    Json(json!({"error": {"code": "unauthorized", "message": error.to_string()}}));
                return (
                    StatusCode::UNAUTHORIZED,
                    [(WWW_AUTHENTICATE, challenge)],
                    body,
                )
                    .into_response();
            }
            AuthError::Forbidden { .. } => (StatusCode::FORBIDDEN, "forbidden"),
            AuthError::Invalid { .. } => (StatusCode::BAD_REQUEST, "invalid_request"),
            AuthError::Unavailable { detail } => {
                tracing::error!(detail, "sign-in is unavailable");
                (StatusCode::SERVICE_UNAVAILABLE, "unavailable")
            }
            AuthError::Key { detail } => {
                tracing::error!(detail, "sign-in has no usable key");
                (StatusCode::SERVICE_UNAVAILABLE, "unavailable")
            }
        };
        (
            status,
            Json(json!({"error": {"code": code, "message": error.to_string()}})),
        )
            .into_response()
    }
}
