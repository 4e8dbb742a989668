//! Fakes and fixtures for tests: a model server, an issuer of tokens, an authorization server, tool servers, ChatKit's
//! schemas, a PostgreSQL, a disturbed network, the product as a process, and a client for it.
//! Used from tests and benches only.
//!
//! What may be missing on a machine says so: [`python::Python::find`] gives the reason,
//! and [`skip::note`] tells `cargo xtask test` what was left out.

pub mod authorization_server;
pub mod chaos;
pub mod clients;
pub mod conformance;
pub mod held_tools;
pub mod issuer;
pub mod model_server;
pub mod piecework;
pub mod postgres;
pub mod process;
pub mod proxy;
pub mod python;
pub mod schemas;
pub mod skip;
pub mod sse;
pub mod statements;
pub mod tool_server;
pub mod view;
