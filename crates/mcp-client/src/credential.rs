//! Attaches the user's identity to each request of a connection, at the moment in which it is sent.

use std::collections::HashMap;
use std::sync::{Arc, PoisonError, RwLock};

use frontdesk_auth::outgoing::Broker;
use frontdesk_identity::SignedIn;
use futures_util::stream::BoxStream;
use http::{HeaderName, HeaderValue};
use rmcp::model::ClientJsonRpcMessage;
use rmcp::transport::streamable_http_client::{
    SseError, StreamableHttpClient, StreamableHttpError, StreamableHttpPostResponse,
};
use sse_stream::Sse;

type HttpError = StreamableHttpError<reqwest::Error>;
type Headers = HashMap<HeaderName, HeaderValue>;

/// Whose connection it is, and how requests on it say so.
#[derive(Debug)]
pub(crate) struct Credential {
    auth: Arc<dyn Broker>,
    caller: RwLock<SignedIn>,
}

impl Credential {
    pub(crate) fn new(auth: Arc<dyn Broker>, caller: SignedIn) -> Self {
        Self {
            auth,
            caller: RwLock::new(caller),
        }
    }

    /// The same user, as the newest request knows them.
    pub(crate) fn renew(&self, caller: &SignedIn) {
        *self.caller.write().unwrap_or_else(PoisonError::into_inner) = caller.clone();
    }

    async fn bearer(&self) -> Result<Option<String>, HttpError> {
        let caller = self
            .caller
            .read()
            .unwrap_or_else(PoisonError::into_inner)
            .clone();
        self.auth
            .attachment(&caller)
            .await
            .map(|attachment| attachment.bearer.map(|token| token.expose().to_owned()))
            .map_err(|error| HttpError::Io(std::io::Error::other(error)))
    }
}

/// The pooled client with one user's credential.
#[derive(Debug, Clone)]
pub(crate) struct SignedHttp {
    pub(crate) http: reqwest::Client,
    pub(crate) credential: Arc<Credential>,
}

impl StreamableHttpClient for SignedHttp {
    type Error = reqwest::Error;

    async fn post_message(
        &self,
        uri: Arc<str>,
        message: ClientJsonRpcMessage,
        session: Option<Arc<str>>,
        _auth: Option<String>,
        headers: Headers,
    ) -> Result<StreamableHttpPostResponse, HttpError> {
        self.http
            .post_message(
                uri,
                message,
                session,
                self.credential.bearer().await?,
                headers,
            )
            .await
    }

    async fn post_message_with_max_sse_event_size(
        &self,
        uri: Arc<str>,
        message: ClientJsonRpcMessage,
        session: Option<Arc<str>>,
        _auth: Option<String>,
        headers: Headers,
        max: usize,
    ) -> Result<StreamableHttpPostResponse, HttpError> {
        let bearer = self.credential.bearer().await?;
        self.http
            .post_message_with_max_sse_event_size(uri, message, session, bearer, headers, max)
            .await
    }

    async fn delete_session(
        &self,
        uri: Arc<str>,
        session: Arc<str>,
        _auth: Option<String>,
        headers: Headers,
    ) -> Result<(), HttpError> {
        self.http
            .delete_session(uri, session, self.credential.bearer().await?, headers)
            .await
    }

    async fn get_stream(
        &self,
        uri: Arc<str>,
        session: Option<Arc<str>>,
        last_event_id: Option<String>,
        _auth: Option<String>,
        headers: Headers,
    ) -> Result<BoxStream<'static, Result<Sse, SseError>>, HttpError> {
        self.http
            .get_stream(
                uri,
                session,
                last_event_id,
                self.credential.bearer().await?,
                headers,
            )
            .await
    }

    async fn get_stream_with_max_sse_event_size(
        &self,
        uri: Arc<str>,
        session: Option<Arc<str>>,
        last_event_id: Option<String>,
        _auth: Option<String>,
        headers: Headers,
        max: usize,
    ) -> Result<BoxStream<'static, Result<Sse, SseError>>, HttpError> {
        let bearer = self.credential.bearer().await?;
        self.http
            .get_stream_with_max_sse_event_size(uri, session, last_event_id, bearer, headers, max)
            .await
    }
}
