//! Frontdesk inside another axum application: the chat under `/support`, an own route beside it.
//!
//! Run it with `cargo run --example nested`, then open <http://127.0.0.1:3000/support>.

use std::net::SocketAddr;

use anyhow::Result;
use axum::Router;
use axum::routing::get;
use frontdesk::Frontdesk;
use tokio::net::TcpListener;

const ADDRESS: &str = "127.0.0.1:3000";

#[tokio::main]
async fn main() -> Result<()> {
    tracing_subscriber::fmt().init();
    let frontdesk = Frontdesk::builder()
        // The demonstration's tool server is called over a socket, at this application's own address.
        .own_url(format!("http://{ADDRESS}/support").parse()?)
        .build()
        .await?;
    let app = Router::new()
        .route(
            "/",
            get(async || "This is the application. The chat is at /support."),
        )
        .nest("/support", frontdesk.router());

    let listener = TcpListener::bind(ADDRESS).await?;
    // Sign-in has to know who is at the other end of the connection.
    let service = app.into_make_service_with_connect_info::<SocketAddr>();
    axum::serve(listener, service)
        .with_graceful_shutdown(async move {
            let _ = tokio::signal::ctrl_c().await;
            // Answers that are under way get their time before the listener closes.
            frontdesk.shutdown().await;
        })
        .await?;
    Ok(())
}
