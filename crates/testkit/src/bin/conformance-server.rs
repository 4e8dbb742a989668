//! The server that `cargo xtask conformance` tests, on a free port of this machine; it says on standard error which.
#![expect(
    clippy::print_stderr,
    reason = "a command line program speaks on its standard streams"
)]

use anyhow::{Context, Result};
use frontdesk_testkit::conformance::server;
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

#[tokio::main]
async fn main() -> Result<()> {
    let listener = TcpListener::bind(("127.0.0.1", 0))
        .await
        .context("cannot listen")?;
    let address = listener.local_addr().context("no address")?;
    eprintln!("listening on http://{address}");
    server::serve(listener, CancellationToken::new()).await
}
