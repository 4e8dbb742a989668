//! `taskflow`: the TaskFlow server on its own, for tokens of one issuer.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;

use anyhow::{Context, Result};
use clap::Parser;
use frontdesk_auth::SigningKey;
use frontdesk_auth::incoming::signed::Verifier;
use frontdesk_clock::SystemClock;
use frontdesk_identity::Secret;
use frontdesk_mcp_server::{Authentication, MountOptions, serve};
use frontdesk_taskflow::Tasks;
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;
use tracing_subscriber::EnvFilter;

/// The TaskFlow MCP server.
#[derive(Debug, Parser)]
#[command(version)]
struct Arguments {
    /// Address to listen on.
    #[arg(long, default_value = "127.0.0.1:8001")]
    listen: SocketAddr,
    /// Directory of the database.
    #[arg(long, default_value = ".")]
    data: PathBuf,
    /// Issuer of the tokens that are taken.
    #[arg(long, default_value = "frontdesk")]
    issuer: String,
    /// Public address of this server, which tokens name as their audience; by default `http://LISTEN/mcp`.
    #[arg(long)]
    resource: Option<String>,
    /// File with the secret that the tokens are signed with.
    #[arg(long)]
    secret_file: PathBuf,
    /// Further host names that are served.
    #[arg(long)]
    host: Vec<String>,
}

#[tokio::main]
async fn main() -> Result<()> {
    // The protocol library tells of each request at the level of information.
    let filter =
        EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new("info,rmcp=warn"));
    tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(std::io::stderr)
        .init();
    let arguments = Arguments::parse();
    let secret = std::fs::read_to_string(&arguments.secret_file)
        .with_context(|| format!("reading {}", arguments.secret_file.display()))?;
    let key = SigningKey::from_secret(&Secret::new(secret))?;
    let listener = TcpListener::bind(arguments.listen).await?;
    let address = listener.local_addr()?;
    let resource = arguments
        .resource
        .unwrap_or_else(|| format!("http://{address}/mcp"));
    let clock = Arc::new(SystemClock);
    let verifier = Verifier::new(
        &arguments.issuer,
        &resource,
        &[key.public().clone()],
        clock.clone(),
    );

    let shutdown = CancellationToken::new();
    let mut options = MountOptions::new(Authentication::Bearer(Arc::new(verifier)), resource);
    options.allowed_hosts.extend(arguments.host);
    options.health_path = Some("/healthz".to_owned());
    options.shutdown = shutdown.clone();
    let tasks = Tasks::open(&arguments.data.join("taskflow.db"), clock).await?;
    let router = frontdesk_taskflow::server(tasks.clone()).into_router(options)?;
    tracing::info!("listening on http://{address}");
    let stop = async {
        if tokio::signal::ctrl_c().await.is_ok() {
            shutdown.cancel();
        }
    };
    let (served, ()) = tokio::join!(serve(listener, router, shutdown.clone()), stop);
    tasks.close().await;
    Ok(served?)
}
