//! `/healthz` and `/readyz`: no sign-in, no internals.

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::IntoResponse;
use serde_json::{Value, json};

use super::App;

/// The process lives.
pub(crate) async fn alive() -> Json<Value> {
    Json(json!({ "status": "ok" }))
}

/// Requests can be served: 503 only while the store is away or the process ends.
/// What works less well than it should is named in the body.
pub(crate) async fn ready(State(app): State<App>) -> impl IntoResponse {
    let report = app.health.report(&app.service).await;
    let status = if report.is_ready() {
        StatusCode::OK
    } else {
        StatusCode::SERVICE_UNAVAILABLE
    };
    (status, Json(report))
}
