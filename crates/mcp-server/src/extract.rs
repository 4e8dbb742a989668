//! What a tool function may ask for. Only [`Params`] comes from the model.

use std::sync::Arc;

use frontdesk_identity::Principal;
use rmcp::RoleServer;
use rmcp::model::{ProgressNotificationParam, ProgressToken};
use rmcp::service::Peer;
use schemars::JsonSchema;
use schemars::generate::SchemaSettings;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};
use tokio_util::sync::CancellationToken;

use crate::ToolFailure;

/// One call of a tool, as extractors see it.
#[derive(Debug)]
pub struct Call<S> {
    pub(crate) principal: Arc<Principal>,
    pub(crate) state: S,
    pub(crate) arguments: Map<String, Value>,
    pub(crate) cancel: CancellationToken,
    pub(crate) progress: Progress,
}

/// Something that a tool function takes as an argument.
pub trait FromCall<S>: Sized {
    /// Takes it from the call.
    ///
    /// # Errors
    /// The call lacks it; the model reads the failure's message.
    fn from_call(call: &Call<S>) -> Result<Self, ToolFailure>;

    /// The JSON schema of what the model must give for it; `None` for what the model has no say in.
    fn schema() -> Option<Map<String, Value>> {
        None
    }
}

/// Who is calling: what the verified credential of the request proved.
#[derive(Debug, Clone)]
pub struct Caller(pub Arc<Principal>);

/// The server's state.
#[derive(Debug, Clone)]
pub struct State<S>(pub S);

/// The arguments of the call, read as a `T`.
#[derive(Debug, Clone)]
pub struct Params<T>(pub T);

/// Told when the caller has gone or has cancelled.
/// The tool's future is dropped then anyway; work that it started elsewhere needs this.
#[derive(Debug, Clone)]
pub struct Cancelled(pub CancellationToken);

/// Reports how far a call has come, to callers that asked for it. Each report resets the caller's deadline.
#[derive(Debug, Clone)]
pub struct Progress(pub(crate) Option<(Peer<RoleServer>, ProgressToken)>);

impl Progress {
    /// Reports `done` of `total`; without a caller that asked it does nothing.
    pub async fn report(&self, done: f64, total: Option<f64>, message: Option<&str>) {
        let Some((peer, token)) = &self.0 else { return };
        let mut param = ProgressNotificationParam::new(token.clone(), done);
        param.total = total;
        param.message = message.map(ToOwned::to_owned);
        if let Err(error) = peer.notify_progress(param).await {
            tracing::debug!(%error, "progress was not sent");
        }
    }
}

impl<S> FromCall<S> for Caller {
    fn from_call(call: &Call<S>) -> Result<Self, ToolFailure> {
        Ok(Self(Arc::clone(&call.principal)))
    }
}

impl<S: Clone> FromCall<S> for State<S> {
    fn from_call(call: &Call<S>) -> Result<Self, ToolFailure> {
        Ok(Self(call.state.clone()))
    }
}

impl<S, T: DeserializeOwned + JsonSchema> FromCall<S> for Params<T> {
    fn from_call(call: &Call<S>) -> Result<Self, ToolFailure> {
        serde_path_to_error::deserialize(&call.arguments)
            .map(Self)
            .map_err(|error| {
                let path = error.path().to_string();
                let reason = error.into_inner();
                ToolFailure::new(if path == "." {
                    format!("invalid arguments: {reason}")
                } else {
                    format!("invalid argument {path}: {reason}")
                })
            })
    }

    fn schema() -> Option<Map<String, Value>> {
        let schema = SchemaSettings::draft2020_12()
            .into_generator()
            .into_root_schema_for::<T>();
        let mut schema = schema.as_object().cloned().unwrap_or_default();
        schema.remove("title");
        schema.remove("description");
        Some(schema)
    }
}

impl<S> FromCall<S> for Cancelled {
    fn from_call(call: &Call<S>) -> Result<Self, ToolFailure> {
        Ok(Self(call.cancel.clone()))
    }
}

impl<S> FromCall<S> for Progress {
    fn from_call(call: &Call<S>) -> Result<Self, ToolFailure> {
        Ok(call.progress.clone())
    }
}
