//! Sign-in as a server uses it.

#[path = "all/development.rs"]
mod development;
#[path = "all/signed.rs"]
mod signed;
