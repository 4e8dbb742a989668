//! Connections: bounded in number, each with a deadline for the head of a request, ended in order.

use std::convert::Infallible;
use std::net::SocketAddr;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::extract::ConnectInfo;
use axum::response::Response;
use hyper::Request;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use tower::ServiceExt;

/// Connections at the same time; further ones wait to be accepted.
const MAX_CONNECTIONS: usize = 16_384;
/// How long a connection may take for the head of a request, or stay idle before the next.
/// Longer than what clients keep an idle connection, so that theirs is the decision.
const HEAD_TIMEOUT: Duration = Duration::from_mins(2);
/// The pause after a connection could not be accepted, for want of descriptors above all.
const ACCEPT_PAUSE: Duration = Duration::from_millis(100);

/// Serves until the token is cancelled; then each connection ends with the request that it is about.
pub(crate) async fn serve(listener: TcpListener, router: Router, stop: CancellationToken) {
    let slots = Arc::new(Semaphore::new(MAX_CONNECTIONS));
    let connections = TaskTracker::new();
    while let Some((socket, peer, slot)) = accept(&listener, &slots, &stop).await {
        // Deltas are small and must not wait for each other.
        let _ = socket.set_nodelay(true);
        connections.spawn(connection(socket, peer, router.clone(), stop.clone(), slot));
    }
    connections.close();
    connections.wait().await;
}

async fn accept(
    listener: &TcpListener,
    slots: &Arc<Semaphore>,
    stop: &CancellationToken,
) -> Option<(TcpStream, SocketAddr, OwnedSemaphorePermit)> {
    let next = async {
        let slot = Arc::clone(slots).acquire_owned().await.ok()?;
        loop {
            match listener.accept().await {
                Ok((socket, peer)) => return Some((socket, peer, slot)),
                Err(error) => {
                    tracing::warn!(%error, "a connection could not be accepted");
                    tokio::time::sleep(ACCEPT_PAUSE).await;
                }
            }
        }
    };
    tokio::select! {
        () = stop.cancelled() => None,
        accepted = next => accepted,
    }
}

async fn connection(
    socket: TcpStream,
    peer: SocketAddr,
    router: Router,
    stop: CancellationToken,
    _slot: OwnedSemaphorePermit,
) {
    let service = service_fn(move |request: Request<Incoming>| {
        let router = router.clone();
        async move {
            let mut request = request.map(Body::new);
            request.extensions_mut().insert(ConnectInfo(peer));
            let answer: Result<Response, Infallible> = router.oneshot(request).await;
            answer
        }
    });
    let mut connection = pin!(
        http1::Builder::new()
            .timer(TokioTimer::new())
            .header_read_timeout(HEAD_TIMEOUT)
            .serve_connection(TokioIo::new(socket), service)
    );
    let ended = tokio::select! {
        ended = connection.as_mut() => ended,
        () = stop.cancelled() => {
            connection.as_mut().graceful_shutdown();
            connection.await
        }
    };
    if let Err(error) = ended {
        tracing::debug!(%peer, %error, "a connection broke");
    }
}

#[cfg(test)]
mod tests {
    use axum::routing::get;
    use tokio::io::{AsyncReadExt, AsyncWriteExt};

    use super::*;

    #[tokio::test(start_paused = true)]
    async fn half_a_head_does_not_hold_a_connection_for_ever() {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let stop = CancellationToken::new();
        let router = Router::new().route("/", get(|| async { "here" }));
        let serving = serve(listener, router, stop.clone());
        let asking = async {
            let mut whole = TcpStream::connect(address).await.unwrap();
            whole
                .write_all(b"GET / HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n")
                .await
                .unwrap();
            let mut answer = String::new();
            whole.read_to_string(&mut answer).await.unwrap();
            assert!(answer.ends_with("here"), "{answer}");

            let mut half = TcpStream::connect(address).await.unwrap();
            half.write_all(b"GET / HTTP/1.1\r\nho").await.unwrap();
            let mut rest = Vec::new();
            half.read_to_end(&mut rest).await.unwrap();
            stop.cancel();
        };
        tokio::join!(serving, asking);
    }
}
