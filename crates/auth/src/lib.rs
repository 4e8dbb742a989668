//! Sign-in: credentials in, a [`Principal`] out; and the user's identity on the way to tools.
//!
//! [`incoming`] turns a request into a principal, [`outgoing`] attaches a principal to a call.
//! A user comes from a verified credential only; a header such as `X-User-ID` is never read.
//!
//! [`Principal`]: frontdesk_identity::Principal

mod claims;
mod error;
pub mod guarded;
pub mod incoming;
mod key;
pub mod outgoing;

pub use claims::MAX_LIFETIME;
pub use error::AuthError;
pub use guarded::{FetchError, GuardedHttp, Reach};
pub use key::{PublicKey, SigningKey};
