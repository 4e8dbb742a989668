//! Async functions over extractors: what tools, prompts, resources and completions are done by.

use std::future::Future;
use std::sync::Arc;

use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use serde_json::{Map, Value};

use crate::{Call, FromCall, ToolFailure};

/// An async function over up to six [`FromCall`] arguments that gives a `Result<_, ToolFailure>`.
/// `Arguments` is the tuple of its arguments and is always inferred.
#[diagnostic::on_unimplemented(
    message = "this isn't a function that a tool, a prompt or a resource can be done by",
    note = "it has to be an `async fn` of at most six extractors (`Caller`, `State` of the server's state, `Params` of a \
            type with `Deserialize` and `JsonSchema`, …) that gives a `Result<_, ToolFailure>` and whose future is `Send`"
)]
pub trait Function<S, Arguments>: Clone + Send + Sync + 'static {
    /// What it gives when it comes to something.
    type Output: Send + 'static;

    /// The schema of what the caller gives; `None` where it gives nothing.
    fn input_schema() -> Option<Map<String, Value>>;

    /// Calls the function.
    fn call(&self, call: &Call<S>) -> BoxFuture<'static, Result<Self::Output, ToolFailure>>;
}

/// A function whose arguments are no longer told apart.
pub(crate) type Erased<S, T> =
    Arc<dyn Fn(&Call<S>) -> BoxFuture<'static, Result<T, ToolFailure>> + Send + Sync>;

/// Forgets a function's arguments, and makes of its output what its user needs.
pub(crate) fn erase<S, F, Arguments, T>(
    function: F,
    turn: fn(F::Output) -> Result<T, ToolFailure>,
) -> Erased<S, T>
where
    F: Function<S, Arguments>,
    T: 'static,
{
    Arc::new(move |call| {
        let running = function.call(call);
        async move { turn(running.await?) }.boxed()
    })
}

/// What a function's input says about itself: the documentation of its type.
pub(crate) fn description(input: &Map<String, Value>) -> Option<String> {
    let text = input.get("description")?.as_str()?;
    Some(text.to_owned())
}

/// The schema of a function that takes nothing.
pub(crate) fn no_input() -> Map<String, Value> {
    let mut schema = Map::new();
    schema.insert("type".to_owned(), "object".into());
    schema.insert("properties".to_owned(), Value::Object(Map::new()));
    schema.insert("additionalProperties".to_owned(), false.into());
    schema
}

macro_rules! function {
    ($($argument:ident),*) => {
        impl<S, F, Fut, O, $($argument,)*> Function<S, ($($argument,)*)> for F
        where
            F: Fn($($argument),*) -> Fut + Clone + Send + Sync + 'static,
            Fut: Future<Output = Result<O, ToolFailure>> + Send + 'static,
            O: Send + 'static,
            $($argument: FromCall<S>,)*
        {
            type Output = O;

            fn input_schema() -> Option<Map<String, Value>> {
                let given: Vec<Option<Map<String, Value>>> = vec![$(<$argument as FromCall<S>>::schema()),*];
                given.into_iter().flatten().next()
            }

            fn call(&self, call: &Call<S>) -> BoxFuture<'static, Result<O, ToolFailure>> {
                let _ = call;
                let future = Ok(()).and_then(|()| Ok(self($($argument::from_call(call)?),*)));
                match future {
                    Ok(future) => future.boxed(),
                    Err(failure) => std::future::ready(Err(failure)).boxed(),
                }
            }
        }
    };
}

function!();
function!(A);
function!(A, B);
function!(A, B, C);
function!(A, B, C, D);
function!(A, B, C, D, E);
function!(A, B, C, D, E, G);
