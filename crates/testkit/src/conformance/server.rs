//! The server that the suite tests: everything that it asks for by name. Anybody may call it, so it is served on this
//! machine alone.

mod changes;
mod content;
mod media;
mod prompts;
mod resources;
mod rounds;
mod schema;
mod talk;

use std::sync::Arc;

use anyhow::{Context, Result};
use frontdesk_identity::{Principal, TenantId, UserId};
use frontdesk_mcp_server::{Authentication, MountOptions, Sessions, ToolServer};
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

/// Serves until the token is cancelled.
pub async fn serve(listener: TcpListener, shutdown: CancellationToken) -> Result<()> {
    let address = listener
        .local_addr()
        .context("the listener has no address")?;
    let principal = Principal::new(TenantId::single(), UserId::new("conformance")?);
    let mut options = MountOptions::new(
        Authentication::Everyone(Arc::new(principal)),
        format!("http://{address}/mcp"),
    );
    options.allowed_origins = vec![format!("http://{address}")];
    options.sessions = Sessions::kept();
    options.shutdown = shutdown.clone();
    let router = server().into_router(options)?;
    frontdesk_mcp_server::serve(listener, router, shutdown).await?;
    Ok(())
}

fn server() -> ToolServer<()> {
    let server = ToolServer::new("conformance-server", "1.0.0", ());
    let server = content::add(server);
    let server = talk::add(server);
    let server = rounds::add(server);
    let server = changes::add(server);
    let server = schema::add(server);
    resources::add(prompts::add(server))
}
