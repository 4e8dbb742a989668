//! Tools that are functions of the application: typed arguments, the schema derived from the type.

use std::collections::BTreeMap;
use std::sync::Arc;

use async_trait::async_trait;
use frontdesk_model::{Schema, Strictness, ToolDefinition};
use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use schemars::{JsonSchema, SchemaGenerator};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::context::{RunContext, ToolContext};
use crate::tool::{Annotations, ToolError, ToolInfo, ToolOutput, Toolset, ToolsetError};

/// The arguments of a tool that takes none.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize, JsonSchema)]
pub struct NoArguments {}

type Invoke<C> = dyn Fn(Map<String, Value>, ToolContext<C>) -> BoxFuture<'static, Result<ToolOutput, ToolError>>
    + Send
    + Sync;

/// A function as a tool. `C` is the context that it needs of an agent.
pub struct FunctionTool<C> {
    info: ToolInfo,
    invoke: Arc<Invoke<C>>,
}

impl<C> FunctionTool<C> {
    /// The tool with other annotations.
    #[must_use]
    pub fn annotated(mut self, annotations: Annotations) -> Self {
        self.info.annotations = annotations;
        self
    }
}

impl<C> std::fmt::Debug for FunctionTool<C> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("FunctionTool")
            .field("info", &self.info)
            .finish_non_exhaustive()
    }
}

/// Makes a tool of a function. The schema of its arguments is derived from `A`; a `String` result is given to the model
/// as it is, anything else as JSON.
///
/// The description and the fields' doc comments are what the model knows of the tool.
pub fn function_tool<C, A, R, F, Fut>(
    name: impl Into<String>,
    description: impl Into<String>,
    function: F,
) -> FunctionTool<C>
where
    A: DeserializeOwned + JsonSchema,
    R: Serialize,
    F: Fn(A, ToolContext<C>) -> Fut + Send + Sync + 'static,
    Fut: Future<Output = Result<R, ToolError>> + Send + 'static,
{
    let definition = ToolDefinition {
        name: name.into(),
        description: description.into(),
        parameters: Schema::new(schema_of::<A>()),
        strict: Strictness::Lenient,
    };
    let invoke = move |arguments: Map<String, Value>, context: ToolContext<C>| {
        let call = serde_json::from_value(Value::Object(arguments))
            .map(|arguments| function(arguments, context));
        match call {
            Ok(call) => call
                .map(|result| result.and_then(|value| output(&value)))
                .boxed(),
            Err(error) => {
                let unfit = ToolError::plain(format!("the arguments don't fit: {error}"));
                std::future::ready(Err(unfit)).boxed()
            }
        }
    };
    FunctionTool {
        info: ToolInfo::new(definition, Annotations::default()),
        invoke: Arc::new(invoke),
    }
}

/// Functions of the application as a toolset.
#[derive(Debug)]
pub struct FunctionTools<C> {
    name: String,
    tools: Vec<ToolInfo>,
    by_name: BTreeMap<String, FunctionTool<C>>,
}

impl<C> FunctionTools<C> {
    /// A toolset of functions. Of two with the same name the later one counts.
    pub fn new(name: impl Into<String>, tools: Vec<FunctionTool<C>>) -> Self {
        let mut by_name = BTreeMap::new();
        let mut order = Vec::with_capacity(tools.len());
        for tool in tools {
            let name = tool.info.definition.name.clone();
            order.retain(|info: &ToolInfo| info.definition.name != name);
            order.push(tool.info.clone());
            by_name.insert(name, tool);
        }
        Self {
            name: name.into(),
            tools: order,
            by_name,
        }
    }
}

#[async_trait]
impl<C: Send + Sync + 'static> Toolset<C> for FunctionTools<C> {
    fn name(&self) -> &str {
        &self.name
    }

    async fn list(&self, _context: &RunContext<C>) -> Result<Vec<ToolInfo>, ToolsetError> {
        Ok(self.tools.clone())
    }

    async fn call(
        &self,
        name: &str,
        arguments: Map<String, Value>,
        context: ToolContext<C>,
    ) -> Result<ToolOutput, ToolError> {
        match self.by_name.get(name) {
            Some(tool) => (tool.invoke)(arguments, context).await,
            None => Err(ToolError::plain(format!("tool not found: {name}"))),
        }
    }
}

fn output<R: Serialize>(value: &R) -> Result<ToolOutput, ToolError> {
    let value = serde_json::to_value(value)
        .map_err(|error| ToolError::new("the tool's result can't be shown", error.to_string()))?;
    Ok(ToolOutput::json(&value))
}

/// The schema that a type has, without what no model needs.
pub(crate) fn schema_of<A: JsonSchema>() -> Value {
    let mut schema = SchemaGenerator::default()
        .into_root_schema_for::<A>()
        .to_value();
    if let Some(schema) = schema.as_object_mut() {
        // Neither is of use to a model, and every request carries them.
        schema.remove("$schema");
        schema.remove("title");
    }
    schema
}
