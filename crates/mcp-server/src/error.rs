//! What can be wrong with a tool server before it answers anything.

/// Why a tool server can't be mounted.
#[derive(Debug, thiserror::Error)]
pub enum KitError {
    /// Two tools have one name.
    #[error("two tools are named: {0}")]
    DuplicateTool(String),
    /// A tool's name isn't 1 to 128 letters, digits, `_`, `-` or `.`.
    #[error("not a tool name: {0}")]
    ToolName(String),
    /// A tool's parameters aren't an object.
    #[error("the parameters must be an object: {0}")]
    Parameters(String),
    /// The resource isn't an absolute `http` or `https` URL.
    #[error("the resource must be an absolute http or https URL: {0}")]
    Resource(String),
}
