//! `oauth`: the user connects an account with a tool server once, and their tokens are sealed, refreshed and given up on
//! request. The client side of
//! [MCP authorization](https://modelcontextprotocol.io/specification/2025-11-25/basic/authorization), 2025-03-26 to
//! 2026-07-28.
//!
//! [`Authorizer`] is the protocol, driven without a browser: begin, finish, refresh, revoke.
//! [`OAuth`] is the broker, [`Connect`] what the pages of the HTTP layer do, and the [`Vault`] keeps what is sealed.

mod authorizer;
mod broker;
mod callback;
mod challenge;
mod client;
mod connect;
mod links;
mod pkce;
mod registration;
mod resource;
mod scopes;
mod tokens;
mod vault;

pub use authorizer::{Authorizer, Begun, Granted, Wanted};
pub use broker::{OAuth, OAuthServer, OAuthSetup};
pub use challenge::Challenge;
pub use client::{ClientIdentity, DynamicRegistration, RegisteredClient};
pub use connect::{Connect, ConnectError, Connected, Connecting, Started};
pub use links::{CALLBACK_PATH, CLIENT_DOCUMENT_PATH};
pub use scopes::{MAX_SCOPES, split_scopes, union_of_scopes};
pub use tokens::{Pending, TokenSet};
pub use vault::{CameBack, MemoryVault, SetOut, Vault};
