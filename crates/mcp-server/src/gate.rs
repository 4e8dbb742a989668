//! Sign-in before anything else: no request without a good token learns more than where to get one.

use std::sync::Arc;

use axum::Json;
use axum::extract::{Request, State};
use axum::http::StatusCode;
use axum::http::header::WWW_AUTHENTICATE;
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use frontdesk_auth::AuthError;
use frontdesk_auth::incoming::bearer;
use frontdesk_identity::Principal;
use serde_json::json;

use crate::Authentication;

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
    match gate.principal(&request) {
        Ok(principal) => {
            request.extensions_mut().insert(principal);
            next.run(request).await
        }
        Err(error) => gate.refusal(&error),
    }
}

impl Gate {
    fn principal(&self, request: &Request) -> Result<Arc<Principal>, AuthError> {
        let token =
            bearer(request.headers()).ok_or(AuthError::Unauthenticated { detail: "no token" })?;
        match &self.authentication {
            Authentication::Signed(verifier) => verifier.verify(token),
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
