//! How a tool server learns who is calling.

mod signer;

pub use signer::Signer;
