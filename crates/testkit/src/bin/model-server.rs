//! A model server in a process of its own, for benches: every request gets the same text.
#![expect(
    clippy::print_stderr,
    reason = "a command line program speaks on its standard streams"
)]

use std::time::Duration;

use anyhow::Result;
use clap::Parser;
use frontdesk_testkit::model_server::{ModelServer, Part, Response, Script, numbered_words};

#[derive(Parser)]
struct Options {
    /// Where to listen
    #[arg(long, default_value = "127.0.0.1:0")]
    listen: String,
    /// In how many deltas the text comes
    #[arg(long, default_value_t = 20)]
    deltas: usize,
    /// The pause before each delta, in milliseconds
    #[arg(long, default_value_t = 0)]
    pause_ms: u64,
}

#[tokio::main(flavor = "multi_thread", worker_threads = 1)]
async fn main() -> Result<()> {
    let options = Options::parse();
    let response = Response::of([Part::Text(numbered_words(options.deltas))])
        .with_pause(Duration::from_millis(options.pause_ms));
    let server = ModelServer::listen(&options.listen, Script::Always(response.into())).await?;
    eprintln!("listening on {}", server.base_url().trim_end_matches("/v1"));
    server.serve().await
}
