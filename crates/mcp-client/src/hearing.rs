//! Hears from servers of 2026-07-28 that their tools have changed: one stream for each server, only while its shared
//! connection is in use. In the `initialize` era each connection hears of it by itself.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use frontdesk_identity::SignedIn;
use rmcp::model::ServerNotification;
use tokio::sync::Notify;

use crate::connection::Connection;
use crate::credential::Repeat;
use crate::redact::Redactor;
use crate::{McpError, McpServer};

/// How long until a stream that ended is opened again.
const PAUSE: Duration = Duration::from_secs(10);

/// That a shared connection was opened, and as whom it can be listened on.
#[derive(Debug, Default)]
pub(crate) struct Opened {
    by: Mutex<Option<SignedIn>>,
    again: Notify,
}

impl Opened {
    pub(crate) fn by(&self, caller: &SignedIn) {
        *self.by.lock().unwrap_or_else(PoisonError::into_inner) = Some(caller.clone());
        self.again.notify_one();
    }

    /// That it is used; who uses it listens where nobody does.
    pub(crate) fn used_by(&self, caller: &SignedIn) {
        let mut by = self.by.lock().unwrap_or_else(PoisonError::into_inner);
        if by.is_none() {
            *by = Some(caller.clone());
            self.again.notify_one();
        }
    }

    /// It can't be listened on as whom it was.
    fn left(&self) {
        *self.by.lock().unwrap_or_else(PoisonError::into_inner) = None;
    }

    fn caller(&self) -> Option<SignedIn> {
        self.by
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }
}

impl McpServer {
    /// Hears of changed tools until it is dropped.
    pub(crate) async fn hear_of_changes(&self) {
        loop {
            self.opened.again.notified().await;
            while let (Some(connection), Some(caller)) =
                (self.pool.shared_connection(), self.opened.caller())
            {
                if !connection.tells_of_changes() {
                    break;
                }
                self.hear(connection, &caller).await;
                tokio::time::sleep(PAUSE).await;
            }
        }
    }

    /// Until the stream ends, as it does with its connection.
    async fn hear(&self, connection: Arc<Connection>, caller: &SignedIn) {
        let redactor = Redactor::default();
        let sending = self.sending(caller, Repeat::Harmless, &redactor).await;
        let listening = match sending {
            Ok(sending) => {
                let limit = self.config.connect_timeout;
                let listening = tokio::time::timeout(limit, connection.listen(&sending)).await;
                listening.unwrap_or(Err(McpError::Timeout { limit }))
            }
            Err(error) => Err(error),
        };
        let mut subscription = match listening {
            Ok(subscription) => subscription,
            Err(error) => {
                let error = error.redacted(&redactor);
                tracing::debug!(server = self.config.name, %error, "changes of tools aren't heard of");
                if let McpError::Identity(_) = error {
                    self.opened.left();
                }
                return;
            }
        };
        // Kept by its users alone, so that it closes when it is idle.
        drop(connection);
        // What changed before the stream was there wasn't heard.
        self.lists.changed();
        while let Ok(Some(notification)) = subscription.next().await {
            if let ServerNotification::ToolListChangedNotification(_) = notification {
                self.lists.changed();
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use frontdesk_identity::{Principal, TenantId, UserId};

    use super::*;

    #[test]
    fn whoever_uses_it_next_listens_where_somebody_no_longer_can() {
        let user = |name: &str| {
            let user = UserId::new(name).unwrap();
            SignedIn::new(Principal::new(TenantId::single(), user))
        };
        let opened = Opened::default();
        let heard = || {
            opened
                .caller()
                .map(|caller| caller.principal.user.to_string())
        };
        opened.by(&user("ann"));
        opened.used_by(&user("bob"));
        assert_eq!(heard().as_deref(), Some("ann"));
        opened.left();
        assert_eq!(heard(), None);
        opened.used_by(&user("bob"));
        assert_eq!(heard().as_deref(), Some("bob"));
    }
}
