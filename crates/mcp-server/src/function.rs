//! Async functions over extractors as tools.

use std::future::Future;

use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use rmcp::model::CallToolResult;
use serde_json::{Map, Value};

use crate::{Call, FromCall, Outcome, ToolFailure};

/// An async function that can be a tool: up to five [`FromCall`] arguments, a `Result` of an [`Outcome`].
/// `Arguments` is the tuple of its arguments and is always inferred.
pub trait ToolFunction<S, Arguments>: Clone + Send + Sync + 'static {
    /// The schema of what the model gives.
    fn input_schema() -> Map<String, Value>;

    /// The schema of the structured result.
    fn output_schema() -> Option<Map<String, Value>>;

    /// Calls the function.
    fn call(&self, call: Call<S>) -> BoxFuture<'static, Result<CallToolResult, ToolFailure>>;
}

fn no_input() -> Map<String, Value> {
    let mut schema = Map::new();
    schema.insert("type".to_owned(), "object".into());
    schema.insert("properties".to_owned(), Value::Object(Map::new()));
    schema.insert("additionalProperties".to_owned(), false.into());
    schema
}

macro_rules! tool_function {
    ($($argument:ident),*) => {
        impl<S, F, Fut, O, $($argument,)*> ToolFunction<S, ($($argument,)*)> for F
        where
            F: Fn($($argument),*) -> Fut + Clone + Send + Sync + 'static,
            Fut: Future<Output = Result<O, ToolFailure>> + Send + 'static,
            O: Outcome,
            $($argument: FromCall<S>,)*
        {
            fn input_schema() -> Map<String, Value> {
                let given: Vec<Option<Map<String, Value>>> = vec![$(<$argument as FromCall<S>>::schema()),*];
                given.into_iter().flatten().next().unwrap_or_else(no_input)
            }

            fn output_schema() -> Option<Map<String, Value>> {
                O::schema()
            }

            fn call(&self, call: Call<S>) -> BoxFuture<'static, Result<CallToolResult, ToolFailure>> {
                let _ = &call;
                let future = Ok(()).and_then(|()| Ok(self($($argument::from_call(&call)?),*)));
                match future {
                    Ok(future) => async move { future.await?.into_result() }.boxed(),
                    Err(failure) => std::future::ready(Err(failure)).boxed(),
                }
            }
        }
    };
}

tool_function!();
tool_function!(A);
tool_function!(A, B);
tool_function!(A, B, C);
tool_function!(A, B, C, D);
tool_function!(A, B, C, D, E);
