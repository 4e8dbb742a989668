//! `/connect`: users connect their accounts at tool servers, see which they have connected, and give them up.
//!
//! A link from the chat leads to a page that says what is about to be connected, and for whom. The way to the
//! authorization server begins only from there, and ends only in the browser in which it began.

mod page;

use std::net::SocketAddr;
use std::sync::Arc;

use axum::extract::rejection::PathRejection;
use axum::extract::{ConnectInfo, Path, State};
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use frontdesk_auth::AuthError;
use frontdesk_auth::incoming::development::DEFAULT_USER;
use frontdesk_auth::outgoing::oauth::{Connect, Connecting};
use frontdesk_identity::{Principal, Secret};
use frontdesk_store::{Store, StoreError};
use serde_json::{Value, json};
use url::{Url, form_urlencoded};

use super::caller::Caller;
use super::{App, HttpError};
use page::{Failure, confirmation, connected};

/// How long a browser may be on its way, in seconds.
const JOURNEY_SECONDS: u32 = 600;
/// Begins the names of the cookies that browsers take along, one for each way that they are on.
const COOKIE: &str = "frontdesk_connect_";
/// How much of the state tells the ways apart.
const STATE_CHARS: usize = 12;
/// Long enough that authorization servers seldom ask, short enough that they learn of a new address.
const CACHED: HeaderValue = HeaderValue::from_static("public, max-age=300");
/// When to come back while somebody doesn't answer, in seconds.
const WAIT: u32 = 10;

/// What connecting accounts needs.
pub(crate) struct Accounts {
    pub(crate) connect: Connect,
    pub(crate) store: Arc<dyn Store>,
    /// Where browsers find us.
    pub(crate) public_url: Option<Url>,
    pub(crate) unnamed: Unnamed,
}

/// Who a browser is that says nothing of its user.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Unnamed {
    /// Nobody.
    Nobody,
    /// The developer, so that the name says nothing.
    Developer,
}

/// The routes.
pub(crate) fn routes() -> Router<App> {
    Router::new()
        .route("/connect", get(list))
        .route("/connect/client.json", get(client_document))
        .route("/connect/callback/{server}", get(come_back))
        .route("/connect/{server}", get(confirm).post(set_out))
        .route("/connect/{server}/disconnect", post(disconnect))
}

/// `GET /connect`: the servers that accounts can be connected with, and which of them the caller has connected.
async fn list(State(app): State<App>, Caller(cx): Caller) -> Result<Json<Value>, HttpError> {
    let stored = app.accounts.store.connections(&cx.principal.scope()).await;
    let stored = stored.map_err(|error| away(&error))?;
    let servers = app.accounts.connect.servers().map(|server| {
        match stored.iter().find(|stored| stored.server == server) {
            Some(stored) => json!({
                "server": server,
                "connected": true,
                "connected_at": stored.created_at,
                "updated_at": stored.updated_at,
            }),
            None => json!({ "server": server, "connected": false }),
        }
    });
    Ok(Json(json!({ "data": servers.collect::<Vec<_>>() })))
}

/// `POST /connect/{server}/disconnect`. Giving up what isn't there changes nothing.
async fn disconnect(
    State(app): State<App>,
    Caller(cx): Caller,
    server: Result<Path<String>, PathRejection>,
) -> Result<Json<Value>, HttpError> {
    let Path(server) = server.map_err(|_| HttpError::not_found())?;
    let owner = cx.principal.scope();
    match app.accounts.connect.disconnect(&owner, &server).await {
        Ok(true) => Ok(Json(json!({}))),
        Ok(false) => Err(HttpError::not_found()),
        Err(error) => Err(unavailable(error.to_string())),
    }
}

/// The style of the pages below `/connect`.
pub(super) async fn style() -> Response {
    page::style()
}

/// `GET /connect/client.json`: what authorization servers read about us.
async fn client_document(State(app): State<App>) -> Result<Response, HttpError> {
    let document = app.accounts.connect.client_document();
    let document = document.map_err(|error| HttpError::internal(error.to_string()))?;
    let document = document.ok_or_else(HttpError::not_found)?;
    Ok(([(header::CACHE_CONTROL, CACHED)], Json(document)).into_response())
}

/// `GET /connect/{server}?ticket=…`: what is about to be connected, for whom.
async fn confirm(
    State(app): State<App>,
    server: Result<Path<String>, PathRejection>,
    parts: Parts,
) -> Result<Response, Failure> {
    let (_, connecting) = ticket(&app, server, &parts).await?;
    Ok(confirmation(&connecting))
}

/// `POST /connect/{server}?ticket=…`, from the page: to the authorization server.
async fn set_out(
    State(app): State<App>,
    server: Result<Path<String>, PathRejection>,
    parts: Parts,
) -> Result<Response, Failure> {
    let accounts = &app.accounts;
    let own = accounts.public_url.as_ref().ok_or(Failure::UNKNOWN)?;
    if !is_from(&parts.headers, own) {
        return Err(Failure::FOREIGN.into());
    }
    let (ticket, _) = ticket(&app, server, &parts).await?;
    let started = accounts.connect.start(&ticket).await?;
    let cookie = cookie_name(started.url.query().unwrap_or_default());
    let cookie = cookie.map(|name| set_cookie(own, &name, &started.browser, JOURNEY_SECONDS));
    let location = HeaderValue::from_str(started.url.as_str()).ok();
    match (cookie.flatten(), location) {
        (Some(cookie), Some(location)) => Ok((
            StatusCode::SEE_OTHER,
            [(header::LOCATION, location), (header::SET_COOKIE, cookie)],
            page::PRIVATE,
        )
            .into_response()),
        _ => Err(Failure::broken("an address that can't be sent".to_owned())),
    }
}

/// `GET /connect/callback/{server}`: the browser is back.
async fn come_back(
    State(app): State<App>,
    server: Result<Path<String>, PathRejection>,
    parts: Parts,
) -> Result<Response, Failure> {
    app.hosts.check(&parts)?;
    let Path(server) = server.map_err(|_| Failure::UNKNOWN)?;
    let accounts = &app.accounts;
    let query = parts.uri.query().unwrap_or_default();
    let cookie = cookie_name(query);
    let browser = cookie.as_deref().and_then(|name| cookie_of(&parts, name));
    let back = accounts.connect.callback(&server, query, browser).await?;
    tracing::info!(server = %back.server, "an account was connected");
    let mut page = connected(&back.server);
    let own = accounts.public_url.as_ref();
    let spent = own.zip(cookie).and_then(|(own, name)| {
        let nothing = Secret::new("");
        set_cookie(own, &name, &nothing, 0)
    });
    if let Some(spent) = spent {
        page.headers_mut().insert(header::SET_COOKIE, spent);
    }
    Ok(page)
}

/// The ticket of a link, and what it is for; where the browser is signed in, it has to be for that user.
async fn ticket(
    app: &App,
    server: Result<Path<String>, PathRejection>,
    parts: &Parts,
) -> Result<(String, Connecting), Failure> {
    app.hosts.check(parts)?;
    let Path(server) = server.map_err(|_| Failure::UNKNOWN)?;
    let ticket = single(parts.uri.query().unwrap_or_default(), "ticket").ok_or(Failure::UNKNOWN)?;
    let connecting = app.accounts.connect.connecting(&ticket)?;
    if connecting.server != server {
        return Err(Failure::UNKNOWN.into());
    }
    match visitor(app, parts).await? {
        Some(visitor) if visitor.scope() != connecting.owner => Err(Failure::SOMEONE_ELSE.into()),
        Some(_) | None => Ok((ticket, connecting)),
    }
}

/// Who sits at the browser, where it says so.
async fn visitor(app: &App, parts: &Parts) -> Result<Option<Arc<Principal>>, Failure> {
    let peer = parts.extensions.get::<ConnectInfo<SocketAddr>>();
    let peer = peer.map(|ConnectInfo(peer)| *peer);
    match app.authenticator.authenticate(parts, peer).await {
        Ok(signed_in) => {
            let says_nothing = app.accounts.unnamed == Unnamed::Developer
                && signed_in.principal.user.as_str() == DEFAULT_USER;
            Ok((!says_nothing).then_some(signed_in.principal))
        }
        Err(AuthError::Unauthenticated { .. }) => Ok(None),
        Err(error) => Err(HttpError::from(error).into()),
    }
}

/// Whether a request comes from our own page; browsers say so with each form that they send.
fn is_from(headers: &HeaderMap, own: &Url) -> bool {
    let mut origins = headers.get_all(header::ORIGIN).iter();
    let own = own.origin().ascii_serialization();
    let first = origins.next().is_some_and(|origin| origin == own.as_str());
    first && origins.next().is_none()
}

/// A parameter that is there once.
fn single(query: &str, wanted: &str) -> Option<String> {
    let pairs = form_urlencoded::parse(query.as_bytes());
    let mut values = pairs.filter(|(name, _)| name == wanted);
    let (_, value) = values.next()?;
    values.next().is_none().then(|| value.into_owned())
}

/// The cookie of the way that has this state, so that a browser can be on several ways at once.
fn cookie_name(query: &str) -> Option<String> {
    let state = single(query, "state")?;
    let plain = |sign: &char| sign.is_ascii_alphanumeric() || matches!(sign, '-' | '_');
    let begin: String = state.chars().filter(plain).take(STATE_CHARS).collect();
    (!begin.is_empty()).then(|| format!("{COOKIE}{begin}"))
}

fn cookie_of<'a>(parts: &'a Parts, wanted: &str) -> Option<&'a str> {
    let lines = parts.headers.get_all(header::COOKIE).iter();
    let mut pairs = lines
        .filter_map(|line| line.to_str().ok())
        .flat_map(|line| line.split(';'))
        .filter_map(|pair| pair.trim().split_once('='));
    pairs.find_map(|(name, value)| (name == wanted).then_some(value))
}

fn set_cookie(own: &Url, name: &str, value: &Secret, seconds: u32) -> Option<HeaderValue> {
    let path = own.path().trim_end_matches('/');
    let secure = if own.scheme() == "https" {
        "; Secure"
    } else {
        ""
    };
    let cookie = format!(
        "{name}={}; Path={path}/connect; Max-Age={seconds}; HttpOnly; SameSite=Lax{secure}",
        value.expose()
    );
    let mut cookie = HeaderValue::from_str(&cookie).ok()?;
    cookie.set_sensitive(true);
    Some(cookie)
}

fn away(error: &StoreError) -> HttpError {
    unavailable(format!("store: {error}"))
}

fn unavailable(detail: String) -> HttpError {
    let error = HttpError::new(
        StatusCode::SERVICE_UNAVAILABLE,
        "unavailable",
        "this doesn't work at the moment",
    );
    HttpError {
        detail: Some(detail),
        retry_after: Some(WAIT),
        ..error
    }
}
