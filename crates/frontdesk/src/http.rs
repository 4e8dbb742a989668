//! The HTTP surface: one file per family of routes, one envelope around all of them.
//!
//! Every answer of a route carries `Frontdesk: 1` and a request id. The errors of our own routes are JSON and tell no
//! internals. Those of the mounted tool server are JSON-RPC; and what isn't HTTP at all is answered before any route is
//! reached, without a body.

mod answer;
mod caller;
mod chatkit;
mod connect;
mod cors;
mod envelope;
mod files;
mod front_end;
mod health;
mod hosts;
mod json_body;
mod limits;
mod page_headers;
mod search;
mod stream;
mod turns;
mod well_known;

use std::sync::Arc;

use axum::Router;
use axum::body::Bytes;
use axum::middleware::from_fn_with_state;
use axum::routing::{get, post};
use frontdesk_auth::incoming::Authenticator;
use frontdesk_chat::{ChatError, Service};
use frontdesk_clock::Ids;

use crate::attachments::Attachments;
use crate::config::Framing;
use crate::data_lock::DataLock;
use crate::health::Health;

pub(crate) use answer::HttpError;
pub(crate) use caller::Challenge;
pub(crate) use connect::{Accounts, Unnamed};
pub(crate) use cors::Cors;
pub(crate) use hosts::Hosts;
pub(crate) use limits::Limits;
pub(crate) use page_headers::PageHeaders;

/// What the routes share. Cheap to clone.
#[derive(Clone)]
pub(crate) struct App(Arc<AppParts>);

/// See [`App`].
pub(crate) struct AppParts {
    pub(crate) service: Service,
    pub(crate) authenticator: Arc<dyn Authenticator>,
    pub(crate) challenge: Challenge,
    pub(crate) hosts: Hosts,
    pub(crate) cors: Cors,
    pub(crate) limits: Limits,
    /// The keys that check what we sign, as JSON.
    pub(crate) key_set: Bytes,
    pub(crate) accounts: Accounts,
    /// `None` where they have no place.
    pub(crate) attachments: Option<Arc<Attachments>>,
    pub(crate) ids: Arc<dyn Ids>,
    pub(crate) framing: Framing,
    pub(crate) page_headers: PageHeaders,
    pub(crate) health: Health,
    #[expect(dead_code, reason = "it is held for as long as there are routes")]
    pub(crate) data_lock: DataLock,
}

impl App {
    pub(crate) fn new(parts: AppParts) -> Self {
        Self(Arc::new(parts))
    }

    /// The attachments, or that there are none here.
    fn attachments(&self) -> Result<&Attachments, HttpError> {
        let attachments = self.attachments.as_deref();
        let what = "attachments";
        attachments.ok_or_else(|| ChatError::NotSupported { what }.into())
    }
}

impl std::ops::Deref for App {
    type Target = AppParts;

    fn deref(&self) -> &AppParts {
        &self.0
    }
}

/// All routes. `mounted` is put beside them, inside the envelope: the embedded tool server.
pub(crate) fn router(app: App, mounted: Option<Router>) -> Router {
    // All that a caller may have to sign in for is counted by address first, so that guessing is bounded. But the tool
    // server isn't: all users' calls come from one address, ours, with tokens that nobody guesses.
    let counted = Router::new()
        .route("/chatkit", post(chatkit::handle))
        .route("/chatkit/search", get(search::search))
        .route("/chatkit/turns/{turn}/events", get(turns::events))
        .route("/chatkit/turns/{turn}/stop", post(turns::stop))
        .route("/chatkit/files", post(files::create))
        .route(
            "/chatkit/files/{attachment}",
            get(files::download)
                .post(files::receive)
                .put(files::receive),
        )
        .merge(connect::routes())
        .route_layer(from_fn_with_state(app.clone(), limits::per_address));
    let routes = Router::new()
        .route("/", get(front_end::page))
        .route("/embed", get(front_end::embed))
        .route("/chatkit.js", get(front_end::script))
        .route("/ui/{*path}", get(front_end::part))
        // Pages under `/connect` lie at two depths and name their style relative to themselves.
        .route("/page.css", get(connect::style))
        .route("/connect/page.css", get(connect::style))
        .route("/.well-known/jwks.json", get(well_known::key_set))
        .route("/healthz", get(health::alive))
        .route("/readyz", get(health::ready))
        .merge(counted)
        .fallback(answer::not_found)
        .method_not_allowed_fallback(answer::method_not_allowed)
        .with_state(app.clone());
    routes
        .merge(mounted.unwrap_or_default())
        .layer(from_fn_with_state(app, envelope::envelope))
}
