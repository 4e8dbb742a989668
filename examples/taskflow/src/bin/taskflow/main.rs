//! `taskflow`: the TaskFlow server on its own. With nothing given it serves this machine alone, signed in as one user.

mod database;
mod sign_in;

use std::net::SocketAddr;
use std::sync::Arc;

use anyhow::{Context, Result, ensure};
use clap::Parser;
use database::Database;
use frontdesk_clock::SystemClock;
use frontdesk_mcp_server::{MountOptions, Sessions, serve};
use sign_in::SignIn;
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;
use tracing_subscriber::EnvFilter;

/// The TaskFlow MCP server.
#[derive(Debug, Parser)]
#[command(version)]
struct Arguments {
    /// Address to listen on.
    #[arg(long, value_name = "ADDR", default_value = "127.0.0.1:8001")]
    listen: SocketAddr,
    #[command(flatten)]
    database: Database,
    /// Public address of this server, which tokens name as their audience [default: the address that it listens on, with /mcp].
    #[arg(long, value_name = "URL")]
    resource: Option<String>,
    /// Further host name that is served; may be repeated.
    #[arg(long, value_name = "NAME")]
    host: Vec<String>,
    /// Origin whose pages may call; may be repeated.
    #[arg(long, value_name = "ORIGIN")]
    origin: Vec<String>,
    /// Keep sessions for clients of the protocol's older revisions: they can be asked and hear of changes then, and
    /// every one of their requests needs a session.
    #[arg(long)]
    sessions: bool,
    /// Page where users whose list is full get more room; clients that can lead them there are asked to.
    #[arg(long, value_name = "URL")]
    more_room: Option<String>,
    #[command(flatten)]
    sign_in: SignIn,
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
    run(Arguments::parse()).await
}

async fn run(arguments: Arguments) -> Result<()> {
    ensure!(
        !arguments.sign_in.is_development() || arguments.listen.ip().is_loopback(),
        "without --secret-file or --issuer nobody is checked, so it listens on this machine alone, not on {}",
        arguments.listen
    );
    ensure!(
        !arguments.listen.ip().is_unspecified() || arguments.resource.is_some(),
        "{} is every address of this machine, and it can't tell by which of them callers and tokens name it: \
         give it with --resource",
        arguments.listen
    );
    let listener = TcpListener::bind(arguments.listen).await.with_context(|| {
        format!(
            "can't listen on {}; --listen names another address",
            arguments.listen
        )
    })?;
    let address = listener.local_addr()?;
    let resource = arguments
        .resource
        .unwrap_or_else(|| format!("http://{address}/mcp"));
    let clock = Arc::new(SystemClock);

    let shutdown = CancellationToken::new();
    let authentication = arguments.sign_in.authentication(&resource, clock.clone())?;
    let mut options = MountOptions::new(authentication, &resource);
    options.granted_scopes = arguments.sign_in.granted();
    options.authorization_servers = arguments.sign_in.authorization_servers();
    if arguments.sessions {
        options.sessions = Sessions::kept();
    }
    options.allowed_hosts.extend(arguments.host);
    options.allowed_origins.extend(arguments.origin);
    options.health_path = Some("/healthz".to_owned());
    options.shutdown = shutdown.clone();
    let mut tasks = arguments.database.open(clock).await?;
    if let Some(page) = arguments.more_room {
        tasks = tasks.with_more_room_at(page);
    }
    let router = frontdesk_taskflow::server(tasks.clone()).into_router(options)?;
    let router = arguments.sign_in.guard(router);
    arguments.sign_in.tell(&resource);
    tracing::info!("listening on http://{address}");
    let stop = async {
        stop_asked().await?;
        shutdown.cancel();
        Ok(())
    };
    let stopped = tokio::try_join!(serve(listener, router, shutdown.clone()), stop);
    tasks.close().await;
    stopped?;
    Ok(())
}

/// Waits for Ctrl-C, or for what asks a service to stop.
async fn stop_asked() -> std::io::Result<()> {
    #[cfg(unix)]
    {
        use tokio::signal::unix::{SignalKind, signal};
        let mut terminate = signal(SignalKind::terminate())?;
        tokio::select! {
            interrupted = tokio::signal::ctrl_c() => interrupted,
            _ = terminate.recv() => Ok(()),
        }
    }
    #[cfg(not(unix))]
    tokio::signal::ctrl_c().await
}
