//! What can be wrong with a tool server before it answers anything.

/// Why a tool server can't be mounted.
#[derive(Debug, thiserror::Error)]
pub enum KitError {
    /// Two tools or two prompts have one name, or two resources one address.
    #[error("two tools or two prompts have this name, or two resources this address: {0}")]
    Duplicate(String),
    /// A tool that no client could call.
    #[error("the tool {name:?} can't be offered: {problem}")]
    Tool {
        /// The tool's name.
        name: String,
        /// What has to be otherwise.
        problem: &'static str,
    },
    /// The resource isn't an absolute `http` or `https` URL with a path that can be served.
    #[error(
        "the resource must be an absolute http or https URL, such as https://tools.example.com/mcp: {0}"
    )]
    Resource(String),
    /// An address with variables can't be told apart: `{` without `}`, no name, or two variables side by side.
    #[error("not a template of an address: {0}")]
    Template(String),
    /// Something is completed that the prompt has no argument for, or the template no variable.
    #[error("there is no argument or variable of this name to complete: {0}")]
    Completion(String),
    /// A path that nothing can be served at, or that something else is served at.
    #[error(
        "not a path to serve at, which begins with a slash, has no variable and is like no other: {0:?}"
    )]
    Path(String),
    /// A host, an origin or a scope that is written in such a way that no caller could have it.
    #[error(
        "no caller could have this host (name, name:port), origin (https://name:port) or scope (one word): {0:?}"
    )]
    Unmatched(String),
    /// The system gave no random key.
    #[error("no key could be made")]
    Key,
}
