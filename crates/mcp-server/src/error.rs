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
    /// A tool's parameters aren't an object, or an `x-mcp-header` in them can't be a header.
    #[error("the parameters must be an object, and each x-mcp-header a plain field's own: {0}")]
    Parameters(String),
    /// The resource isn't an absolute `http` or `https` URL.
    #[error("the resource must be an absolute http or https URL: {0}")]
    Resource(String),
    /// Two prompts have one name, or two resources one address.
    #[error("two prompts have this name, or two resources this address: {0}")]
    Duplicate(String),
    /// An address with variables can't be told apart: `{` without `}`, no name, or two variables side by side.
    #[error("not a template of an address: {0}")]
    Template(String),
    /// The mount path doesn't begin with a slash, or has a variable.
    #[error("not a path to mount at: {0}")]
    Path(String),
    /// The system gave no random key.
    #[error("no key could be made")]
    Key,
}
