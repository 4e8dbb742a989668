//! Serves until the process is told to end: the listener, the signals and the order in which things stop.

use std::net::SocketAddr;
use std::time::Duration;

use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

use crate::config::Config;
use crate::{Error, Frontdesk, connections};

/// How long open connections get after the last turn has ended.
const CONNECTIONS_GRACE: Duration = Duration::from_secs(2);
/// The exit code of a process that was told twice to end: 128 and the number of SIGINT.
const INTERRUPTED: i32 = 130;

/// Listens, says so by `on_ready` with the address, and serves until SIGTERM or SIGINT.
///
/// Then no new turn begins, running ones get their grace, and connections end. A second signal ends the process at once.
pub async fn serve(config: Config, on_ready: impl FnOnce(SocketAddr)) -> Result<(), Error> {
    let listen = config.server.listen.clone();
    let cannot_listen = |error: std::io::Error| Error::Listen {
        address: listen.value,
        origin: listen.origin.clone(),
        detail: match error.kind() {
            std::io::ErrorKind::AddrInUse => {
                "the address is in use; choose another with --listen".to_owned()
            }
            _ => error.to_string(),
        },
    };
    let listener = TcpListener::bind(listen.value)
        .await
        .map_err(cannot_listen)?;
    let address = listener.local_addr().map_err(cannot_listen)?;
    let frontdesk = Frontdesk::builder()
        .config(config)
        .own_address(address)
        .build()
        .await?;
    let mut signals = Signals::listen().map_err(|error| Error::Serve {
        detail: error.to_string(),
    })?;

    let stop_accepting = CancellationToken::new();
    let serving = connections::serve(listener, frontdesk.router(), stop_accepting.clone());
    let ending = async {
        on_ready(address);
        signals.next().await;
        tracing::info!("ending: running turns get their grace; a second signal ends at once");
        // Turns may still call the tool server at our own address, so the listener stays until they are over.
        tokio::select! {
            () = frontdesk.shutdown() => {}
            () = signals.next() => end_at_once(),
        }
        stop_accepting.cancel();
        tokio::select! {
            () = tokio::time::sleep(CONNECTIONS_GRACE) => {}
            () = signals.next() => end_at_once(),
        }
    };
    tokio::select! {
        () = serving => {}
        () = ending => {}
    }
    Ok(())
}

fn end_at_once() -> ! {
    std::process::exit(INTERRUPTED);
}

/// The signals that end the process.
#[cfg(unix)]
struct Signals {
    terminate: tokio::signal::unix::Signal,
    interrupt: tokio::signal::unix::Signal,
}

#[cfg(unix)]
impl Signals {
    fn listen() -> std::io::Result<Self> {
        use tokio::signal::unix::{SignalKind, signal};
        Ok(Self {
            terminate: signal(SignalKind::terminate())?,
            interrupt: signal(SignalKind::interrupt())?,
        })
    }

    async fn next(&mut self) {
        tokio::select! {
            _ = self.terminate.recv() => {}
            _ = self.interrupt.recv() => {}
        }
    }
}

/// The signal that ends the process.
#[cfg(not(unix))]
struct Signals;

#[cfg(not(unix))]
impl Signals {
    #[expect(clippy::unnecessary_wraps, reason = "on Unix it can fail")]
    fn listen() -> std::io::Result<Self> {
        Ok(Self)
    }

    async fn next(&mut self) {
        let _ = tokio::signal::ctrl_c().await;
    }
}
