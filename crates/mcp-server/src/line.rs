//! The way back to the client while a call runs.

use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};

use rmcp::RoleServer;
use rmcp::model::ServerNotification;
use rmcp::service::Peer;
use serde_json::{Value, json};

/// How many notifications a recording keeps.
pub(crate) const MAX_RECORDED: usize = 1_000;

#[derive(Clone)]
pub(crate) enum Line {
    /// A client on a connection.
    Peer(Peer<RoleServer>),
    /// A recording, for clients in memory.
    Recorded(Arc<Mutex<Vec<Value>>>),
}

impl Line {
    /// Sends a notification; a client that has gone isn't an error of the call.
    pub(crate) async fn notify(&self, method: &str, params: Value) {
        let message = json!({"method": method, "params": params});
        match self {
            Self::Peer(peer) => {
                let sent = match serde_json::from_value::<ServerNotification>(message) {
                    Ok(notification) => peer.send_notification(notification).await.err().map(drop),
                    Err(_) => Some(()),
                };
                if sent.is_some() {
                    tracing::debug!(method, "a notification was not sent");
                }
            }
            Self::Recorded(all) => {
                let mut all = all.lock().unwrap_or_else(PoisonError::into_inner);
                if all.len() < MAX_RECORDED {
                    all.push(message);
                }
            }
        }
    }
}

impl fmt::Debug for Line {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Peer(_) => "Line::Peer",
            Self::Recorded(_) => "Line::Recorded",
        })
    }
}
