//! The client that `cargo xtask conformance` tests. The suite gives it the server's address, and tells it the rest by
//! environment variables.

use std::env;

use anyhow::{Context, Result};
use clap::Parser;
use frontdesk_testkit::conformance::client::{self, Given, Scenario};
use url::Url;

#[derive(Parser)]
struct Options {
    /// The server
    url: Url,
}

#[tokio::main]
async fn main() -> Result<()> {
    let options = Options::parse();
    let variable = |name: &str| env::var(name).with_context(|| format!("{name} is missing"));
    let context = match env::var("MCP_CONFORMANCE_CONTEXT") {
        Ok(text) => {
            serde_json::from_str(&text).context("MCP_CONFORMANCE_CONTEXT is not understood")?
        }
        Err(_) => Given::default(),
    };
    let scenario = Scenario {
        name: variable("MCP_CONFORMANCE_SCENARIO")?,
        revision: variable("MCP_CONFORMANCE_PROTOCOL_VERSION")?,
        context,
    };
    client::run(options.url, scenario).await
}
