//! A model server in a process of its own, for benches: every request gets the same text, after a tool was
//! called where one is named.
#![expect(
    clippy::print_stderr,
    reason = "a command line program speaks on its standard streams"
)]

use std::time::Duration;

use anyhow::Result;
use clap::Parser;
use frontdesk_testkit::model_server::{Call, ModelServer, Part, Response, Script, numbered_words};
use serde_json::json;

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
    /// A tool without arguments that is called before each answer
    #[arg(long)]
    tool: Option<String>,
}

#[tokio::main(flavor = "multi_thread", worker_threads = 1)]
async fn main() -> Result<()> {
    let options = Options::parse();
    let response = Response::of([Part::Text(numbered_words(options.deltas))])
        .with_pause(Duration::from_millis(options.pause_ms));
    let script = match &options.tool {
        Some(tool) => Script::Tools {
            calls: Response::calls([Call::new("call", tool, json!({}))]).into(),
            answer: response.into(),
        },
        None => Script::Always(response.into()),
    };
    let server = ModelServer::listen(&options.listen, script).await?;
    eprintln!("listening on {}", server.base_url().trim_end_matches("/v1"));
    server.serve().await
}
