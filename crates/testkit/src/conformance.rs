//! The fixtures of `cargo xtask conformance`: a server built with our kit and a client built on our client,
//! both with exactly what the [official suite](https://github.com/modelcontextprotocol/conformance) asks for by name.
//! They are here and not in the product, and they see of the protocol only what the kit and the client offer.

pub mod client;
pub mod server;
