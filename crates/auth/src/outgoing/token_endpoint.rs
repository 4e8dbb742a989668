//! Requests to a token endpoint ([RFC 6749](https://www.rfc-editor.org/rfc/rfc6749#section-3.2)), and what is believed
//! of their answers.

use bytes::Bytes;
use frontdesk_identity::Secret;
use http::header::{ACCEPT, AUTHORIZATION, CONTENT_TYPE};
use http::{HeaderValue, Request, StatusCode};
use serde::Deserialize;
use url::{Url, form_urlencoded};

use super::document::{parse, send};
use super::{ClientCredentials, OutgoingError};
use crate::GuardedHttp;

/// The longest token that is taken, in bytes.
const MAX_TOKEN_BYTES: usize = 16 * 1024;
/// The longest error code that is told.
const MAX_CODE_BYTES: usize = 64;
/// The longest that a token is taken to hold, in seconds.
const MAX_LIFETIME_SECONDS: i64 = 366 * 24 * 60 * 60;

/// The fields of a request.
pub(super) type Form = Vec<(&'static str, String)>;

/// An answer with a token, checked in what all grants have in common.
#[derive(Debug, Clone)]
pub(super) struct TokenAnswer {
    pub(super) access: Secret,
    pub(super) refresh: Option<Secret>,
    /// For how many seconds it holds, where it says.
    pub(super) lifetime: Option<i64>,
    pub(super) scope: Option<String>,
    pub(super) issued_type: Option<String>,
}

/// Why there is no token.
#[derive(Debug)]
pub(super) enum TokenFailure {
    /// The endpoint says so, with this code of RFC 6749 and its like.
    Denied(String),
    /// There is no answer that can be read.
    Broken(OutgoingError),
}

#[derive(Deserialize)]
struct Answer {
    access_token: String,
    token_type: String,
    #[serde(default)]
    refresh_token: Option<String>,
    #[serde(default)]
    expires_in: Option<Seconds>,
    #[serde(default)]
    scope: Option<String>,
    #[serde(default)]
    issued_token_type: Option<String>,
}

/// Some issuers write the number as text, or with a point in it.
#[derive(Deserialize)]
#[serde(untagged)]
enum Seconds {
    Whole(i64),
    Broken(f64),
    Text(String),
}

#[derive(Deserialize)]
struct Denial {
    error: String,
}

/// Asks for a token.
pub(super) async fn ask(
    http: &GuardedHttp,
    endpoint: &Url,
    client: Option<&ClientCredentials>,
    form: Form,
) -> Result<TokenAnswer, TokenFailure> {
    let response = post(http, endpoint, client, form).await?;
    if response.status() != StatusCode::OK {
        return Err(denial(response.status(), response.body()));
    }
    let answer: Answer = parse(response.body())?;
    if !answer.token_type.eq_ignore_ascii_case("bearer") {
        return Err(
            OutgoingError::refused("the issuer gives a token that is no bearer token").into(),
        );
    }
    let refresh = answer.refresh_token.filter(|token| !token.is_empty());
    Ok(TokenAnswer {
        access: checked(answer.access_token)?,
        refresh: refresh.map(checked).transpose()?,
        lifetime: answer.expires_in.and_then(Seconds::value),
        scope: answer.scope,
        issued_type: answer.issued_token_type,
    })
}

/// Sends a form as this client.
pub(super) async fn post(
    http: &GuardedHttp,
    endpoint: &Url,
    client: Option<&ClientCredentials>,
    mut form: Form,
) -> Result<http::Response<Bytes>, OutgoingError> {
    let authorization = client.and_then(|client| client.apply(&mut form));
    let body = form_urlencoded::Serializer::new(String::new())
        .extend_pairs(form)
        .finish();
    let mut request = Request::post(endpoint.as_str())
        .header(CONTENT_TYPE, "application/x-www-form-urlencoded")
        .header(ACCEPT, "application/json");
    if let Some(authorization) = authorization {
        let mut authorization = HeaderValue::from_str(authorization.expose())
            .map_err(|_| OutgoingError::refused("the client's credentials can't be sent"))?;
        authorization.set_sensitive(true);
        request = request.header(AUTHORIZATION, authorization);
    }
    let request = request
        .body(Bytes::from(body))
        .map_err(|_| OutgoingError::refused("not an address"))?;
    send(http, request).await
}

impl Seconds {
    fn value(self) -> Option<i64> {
        let seconds = match self {
            Self::Whole(seconds) => seconds,
            Self::Broken(seconds) => {
                let whole = seconds.clamp(0.0, 1.0e9).floor();
                format!("{whole:.0}").parse().ok()?
            }
            Self::Text(text) => text.parse().ok()?,
        };
        Some(seconds.clamp(0, MAX_LIFETIME_SECONDS))
    }
}

impl From<OutgoingError> for TokenFailure {
    fn from(error: OutgoingError) -> Self {
        Self::Broken(error)
    }
}

fn denial(status: StatusCode, body: &[u8]) -> TokenFailure {
    if status.is_server_error() || status == StatusCode::TOO_MANY_REQUESTS {
        return OutgoingError::unavailable(format!("token endpoint: {status}")).into();
    }
    match parse::<Denial>(body) {
        Ok(denial) if is_code(&denial.error) => TokenFailure::Denied(denial.error),
        _ => OutgoingError::refused(format!("token endpoint: {status}")).into(),
    }
}

/// A code is told to operators; anything else that an issuer writes might be the token.
pub(super) fn is_code(text: &str) -> bool {
    let plain = |byte: u8| byte.is_ascii_lowercase() || byte == b'_';
    !text.is_empty() && text.len() <= MAX_CODE_BYTES && text.bytes().all(plain)
}

fn checked(token: String) -> Result<Secret, OutgoingError> {
    let fits = (1..=MAX_TOKEN_BYTES).contains(&token.len());
    if fits && token.bytes().all(|byte| byte.is_ascii_graphic()) {
        Ok(Secret::new(token))
    } else {
        Err(OutgoingError::refused(
            "the issuer gives a token that can't be sent",
        ))
    }
}
