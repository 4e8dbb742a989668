//! What a function may ask for. Only [`Params`] comes from the model.

use std::sync::Arc;

use frontdesk_identity::Principal;
use schemars::JsonSchema;
use schemars::generate::SchemaSettings;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value, json};
use tokio_util::sync::CancellationToken;

use crate::asking::Asking;
use crate::line::Line;
use crate::{Elicit, Log, Notifier, RequestInfo, Roots, Sample, ToolFailure};

/// One call, as extractors see it.
#[derive(Debug)]
pub struct Call<S> {
    pub(crate) principal: Arc<Principal>,
    pub(crate) state: S,
    pub(crate) arguments: Map<String, Value>,
    pub(crate) partial: Option<String>,
    pub(crate) cancel: CancellationToken,
    pub(crate) info: Arc<RequestInfo>,
    pub(crate) progress: Progress,
    pub(crate) log: Log,
    pub(crate) notifier: Notifier,
    pub(crate) asking: Arc<Asking>,
}

/// Something that a function takes as an argument.
#[diagnostic::on_unimplemented(
    message = "`{Self}` can't be an argument of a function of this server",
    note = "arguments are extractors: `Caller`, `State` of the server's state, `Params` of a type with `Deserialize` \
            and `JsonSchema`, `Progress`, `Elicit`, … or a type with a `FromCall` of its own"
)]
pub trait FromCall<S>: Sized {
    /// Takes it from the call.
    ///
    /// # Errors
    /// The call lacks it; the model reads the failure's message.
    fn from_call(call: &Call<S>) -> Result<Self, ToolFailure>;

    /// The JSON schema of what the model must give for it; `None` for what the model has no say in.
    /// The schema's own description describes a tool that has no other.
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

/// The arguments of the call, read as a `T`: a tool's arguments, a prompt's arguments (always texts),
/// or the variables of a resource template (texts too).
#[derive(Debug, Clone)]
pub struct Params<T>(pub T);

/// What the user has typed so far of the value that is to be completed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Partial(pub String);

/// Told when the caller has gone or has cancelled.
/// The function's future is dropped then anyway; work that it started elsewhere needs this.
#[derive(Debug, Clone)]
pub struct Cancelled(pub CancellationToken);

/// Reports how far a call has come, to callers that asked for it. Each report resets the caller's deadline.
#[derive(Debug, Clone)]
pub struct Progress(pub(crate) Option<(Line, Value)>);

impl Progress {
    /// Reports `done` of `total`; without a caller that asked it does nothing.
    pub async fn report(&self, done: f64, total: Option<f64>, message: Option<&str>) {
        let Some((line, token)) = &self.0 else { return };
        let mut params = json!({"progressToken": token, "progress": done});
        if let Some(params) = params.as_object_mut() {
            if let Some(total) = total {
                params.insert("total".to_owned(), total.into());
            }
            if let Some(message) = message {
                params.insert("message".to_owned(), message.into());
            }
        }
        line.notify("notifications/progress", params).await;
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
        Some(schema)
    }
}

impl<S: Clone> FromCall<S> for State<S> {
    fn from_call(call: &Call<S>) -> Result<Self, ToolFailure> {
        Ok(Self(call.state.clone()))
    }
}

macro_rules! given {
    ($($extractor:ty: $call:ident => $value:expr),* $(,)?) => {$(
        impl<S> FromCall<S> for $extractor {
            fn from_call($call: &Call<S>) -> Result<Self, ToolFailure> {
                Ok($value)
            }
        }
    )*};
}

given! {
    Caller: call => Self(Arc::clone(&call.principal)),
    Partial: call => Self(call.partial.clone().unwrap_or_default()),
    Cancelled: call => Self(call.cancel.clone()),
    Progress: call => call.progress.clone(),
    Log: call => call.log.clone(),
    Notifier: call => call.notifier.only(call.principal.scope()),
    Arc<RequestInfo>: call => Arc::clone(&call.info),
    RequestInfo: call => (*call.info).clone(),
    Elicit: call => Self { asking: Arc::clone(&call.asking), name: None },
    Sample: call => Self { asking: Arc::clone(&call.asking), name: None },
    Roots: call => Self { asking: Arc::clone(&call.asking), name: None },
}
