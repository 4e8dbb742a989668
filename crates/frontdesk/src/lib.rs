//! A chat for your application that works with your application's own tools.
//!
//! [`Frontdesk::builder`] puts the product together from a [`Config`](config::Config) and, where you want them,
//! your own responder, store, sign-in or tools; [`Frontdesk::router`] is a router that nests into an axum
//! application under any prefix. The binary `frontdesk` is put together the same way, by [`serve`].

pub mod archive;
mod assemble;
mod attachments;
mod builder;
pub mod config;
mod connections;
mod data_lock;
mod error;
mod health;
mod http;
pub mod keys;
mod rate;
mod serve;
mod server_secret;
mod token;

pub use builder::{Builder, Frontdesk};
pub use error::Error;
pub use serve::serve;
pub use token::sign_token;
