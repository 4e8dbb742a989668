//! Who is calling, as plain values: [`Principal`], [`Scope`], [`SignedIn`] and [`Secret`].
//!
//! A principal comes from a verified credential only; this crate does no verifying and no I/O.
//! Everything that touches a user's data takes a [`Scope`], so that a forgotten owner is a compile error.

mod credential;
mod principal;
mod scope;
mod secret;

pub use credential::{Credential, Credentials, SignedIn};
pub use principal::Principal;
pub use scope::{InvalidId, MAX_ID_BYTES, Scope, TenantId, UserId};
pub use secret::Secret;
