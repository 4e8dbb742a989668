//! How a tool server learns who is calling.

mod broker;
mod refusal;
mod signed;
mod signer;

pub use broker::{Anonymous, Attachment, Broker, OutgoingError};
pub use refusal::{Refusal, RefusalKind};
pub use signed::Signed;
pub use signer::Signer;
