//! How a tool server learns who is calling.
//!
//! Each way is a [`Broker`]: it is asked for every request, and what it gives is seen by nobody but the request.
//! An error never holds a credential, nor anything that an issuer wrote, beyond a checked error code.

mod arguments;
mod broker;
mod client_authentication;
mod document;
mod exchange;
mod flights;
mod forward;
pub mod oauth;
mod own_token;
mod refusal;
mod seal;
mod server_metadata;
mod signed;
mod signer;
mod static_credential;
mod token_endpoint;

pub use arguments::{ArgumentSource, HiddenValue, UnknownSource};
pub use broker::{Anonymous, Attachment, Broker, OutgoingError};
pub use client_authentication::{ClientCredentials, ClientMethod};
pub use exchange::{Exchange, ExchangeConfig, ExchangeEndpoint};
pub use forward::Forward;
pub use own_token::arrival;
pub use refusal::{Refusal, RefusalKind};
pub use seal::Seal;
pub use signed::Signed;
pub use signer::{Signer, key_set};
pub use static_credential::{IDENTITY_HEADER, Static, StaticHeader};
