//! Serves a router on a socket, for tool servers that stand alone.

use axum::Router;
use axum::serve::ListenerExt;
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

/// Serves until the token is cancelled, then lets running requests end. It is best the one in
/// [`MountOptions::shutdown`](crate::MountOptions::shutdown), so that calls and streams without an end are ended too.
///
/// # Errors
/// The listener can't be served.
pub async fn serve(
    listener: TcpListener,
    router: Router,
    shutdown: CancellationToken,
) -> std::io::Result<()> {
    // Small answers must not wait for the acknowledgement of the packet before them.
    let listener = listener.tap_io(|stream| {
        if let Err(error) = stream.set_nodelay(true) {
            tracing::debug!(%error, "nodelay was not set");
        }
    });
    axum::serve(listener, router)
        .with_graceful_shutdown(shutdown.cancelled_owned())
        .await
}
