//! How a request comes to a connection: past the breaker, to the one that is kept, or to a new one; and what its outcome
//! says about the server.

use std::sync::Arc;
use std::time::Duration;

use frontdesk_identity::SignedIn;
use tokio::sync::MutexGuard;
use tokio::time::Instant;

use crate::breaker::Gate;
use crate::connection::Connection;
use crate::credential::{Repeat, Sending};
use crate::opening::{Opening, is_program};
use crate::pool::Place;
use crate::{Endpoint, Era, McpError, McpServer};

/// A connection and the place where it is kept.
pub(crate) struct Held {
    pub(crate) connection: Arc<Connection>,
    place: Arc<Place>,
    since: Instant,
    /// Whether it was opened for this attempt.
    is_new: bool,
}

impl Held {
    fn new(place: &Arc<Place>, connection: Arc<Connection>) -> Self {
        Self {
            place: Arc::clone(place),
            connection,
            since: Instant::now(),
            is_new: false,
        }
    }

    fn opened(place: &Arc<Place>, connection: Connection) -> Self {
        Self {
            is_new: true,
            ..Self::new(place, place.put(connection))
        }
    }
}

impl McpServer {
    /// Begins an attempt to send something on a connection.
    pub(crate) async fn attempt(&self, sending: &mut Sending) -> Result<Held, McpError> {
        self.enter().await?;
        let held = match self.shared(&sending.caller).await? {
            Some(held) => held,
            None => self.own(&sending.caller).await?,
        };
        if held.is_new {
            // The server may have had the identity renewed by now.
            sending.renew(self.config.auth.attachment(&sending.caller).await?);
        }
        Ok(held)
    }

    /// Notes what came of an attempt. `Ok(None)` is to try once more, on a new connection: where the first try surely
    /// did nothing, or where doing it twice does no harm.
    pub(crate) fn settled<T>(
        &self,
        held: &Held,
        outcome: Result<T, McpError>,
        repeat: Repeat,
        tries: &mut u32,
    ) -> Result<Option<T>, McpError> {
        let error = match outcome {
            Ok(done) => {
                self.breaker.reached();
                return Ok(Some(done));
            }
            Err(error) => error,
        };
        self.note(&error, held.since);
        if error.doubts_era() {
            self.era.set(Era::Auto);
            held.place.forget(&held.connection);
        }
        if !error.ends_connection() {
            return Err(error);
        }
        held.place.forget(&held.connection);
        let again = match &error {
            McpError::Away { .. } => true,
            _ => repeat == Repeat::Harmless,
        };
        *tries += 1;
        if !again || *tries > 1 {
            return Err(error);
        }
        tracing::debug!(server = self.config.name, %error, "connecting again");
        Ok(None)
    }

    /// Waits where the server has just failed, and fails where it has failed too often.
    async fn enter(&self) -> Result<(), McpError> {
        match self.breaker.gate(Instant::now()) {
            Gate::Open => Ok(()),
            Gate::After(wait) if wait <= self.config.connect_timeout => {
                tokio::time::sleep(wait).await;
                Ok(())
            }
            Gate::After(wait) | Gate::Closed(wait) => Err(McpError::Resting { wait }),
        }
    }

    /// What an error says about whether the server is reached. That one user's sign-in is refused, it doesn't say.
    fn note(&self, error: &McpError, begun: Instant) {
        match error {
            error if error.is_ended_session() => self.breaker.reached(),
            McpError::Away { .. } => {
                if self.breaker.failed(begun, Instant::now()) {
                    let server = &self.config.name;
                    tracing::warn!(server, %error, "a tool server keeps failing and is left alone");
                }
            }
            McpError::Refused { .. } | McpError::Busy { .. } | McpError::Unexpected { .. } => {
                self.breaker.reached();
            }
            McpError::Identity(_)
            | McpError::Resting { .. }
            | McpError::Broken { .. }
            | McpError::Timeout { .. } => {}
        }
    }

    /// The connection that all users share; `None` where each has their own.
    async fn shared(&self, caller: &SignedIn) -> Result<Option<Held>, McpError> {
        if self.each_has_their_own() {
            return Ok(None);
        }
        let place = self.pool.shared();
        if let Some(connection) = place.live() {
            self.opened.used_by(caller);
            return Ok(Some(Held::new(place, connection)));
        }
        let turn = self.turn(place).await;
        if is_program(&self.config.endpoint) && turn.is_err() {
            return turn.map(|_| None);
        }
        if self.each_has_their_own() {
            return Ok(None);
        }
        if let Some(connection) = place.live() {
            return Ok(Some(Held::new(place, connection)));
        }
        let opened = match &self.config.endpoint {
            Endpoint::Command(command) => {
                let begun = Instant::now();
                let opening = self.opening(caller);
                let opened = opening.program(command, self.config.era).await;
                self.noted(opened, begun)?
            }
            Endpoint::Http(url) => {
                let begun = Instant::now();
                let era = self.era.get(self.config.era);
                match self.opening(caller).shared(url, era).await {
                    Ok(opened) => {
                        self.era.set(Era::Stateless);
                        self.noted(Ok(opened), begun)?
                    }
                    Err(error) => {
                        self.fall_back(error, begun)?;
                        return Ok(None);
                    }
                }
            }
        };
        let held = Held::opened(place, opened);
        self.opened.by(caller);
        Ok(Some(held))
    }

    /// The older protocol's turn, unless it can't do better about this.
    fn fall_back(&self, error: McpError, begun: Instant) -> Result<(), McpError> {
        let hopeless = matches!(
            error,
            McpError::Away { .. } | McpError::Identity(_) | McpError::Busy { .. }
        );
        if hopeless || self.config.era == Era::Stateless {
            return self.noted(Err(error), begun).map(|_: Connection| ());
        }
        tracing::debug!(server = self.config.name, %error, "falling back to the handshake");
        self.era.set(Era::Initialize);
        Ok(())
    }

    /// The caller's own connection.
    async fn own(&self, caller: &SignedIn) -> Result<Held, McpError> {
        let place = self.pool.of(&caller.principal.scope())?;
        let kept = || {
            let connection = place.live()?;
            connection.credential().renew(caller);
            Some(Held::new(&place, connection))
        };
        if let Some(held) = kept() {
            return Ok(held);
        }
        let Endpoint::Http(url) = &self.config.endpoint else {
            let detail = "the program has no connection".to_owned();
            return Err(McpError::Away { detail });
        };
        let _turn = self.turn(&place).await?;
        if let Some(held) = kept() {
            return Ok(held);
        }
        let begun = Instant::now();
        let opened = self.opening(caller).own(url).await;
        match self.noted(opened, begun) {
            Ok(opened) => {
                // What changed while nobody listened wasn't heard.
                self.lists.forget(&caller.principal.scope());
                Ok(Held::opened(&place, opened))
            }
            Err(error) => {
                if !matches!(error, McpError::Identity(_)) {
                    self.era.set(Era::Auto);
                }
                Err(error)
            }
        }
    }

    fn each_has_their_own(&self) -> bool {
        self.era.get(self.config.era) == Era::Initialize && !is_program(&self.config.endpoint)
    }

    /// The right to open a connection at this place. At a shared one, a user whose identity takes long must not hold up
    /// the others: they go ahead without it.
    async fn turn<'a>(&self, place: &'a Place) -> Result<MutexGuard<'a, ()>, McpError> {
        let limit = match &self.config.endpoint {
            Endpoint::Http(_) if std::ptr::eq(place, Arc::as_ptr(self.pool.shared())) => {
                self.config.turn_timeout.min(self.config.connect_timeout)
            }
            _ => self.config.connect_timeout,
        };
        let turn = tokio::time::timeout(limit, place.opening.lock()).await;
        turn.map_err(|_| no_connection(limit))
    }

    fn opening<'a>(&'a self, caller: &'a SignedIn) -> Opening<'a> {
        Opening {
            config: &self.config,
            http: &self.http,
            caller,
        }
    }

    /// Notes how an attempt to open a connection went. A server that is silent is away. So is one that hangs up, since
    /// nothing was asked of it yet, but that may be about the one user.
    fn noted<T>(&self, opened: Result<T, McpError>, begun: Instant) -> Result<T, McpError> {
        let opened = opened.map_err(|error| match error {
            McpError::Timeout { limit } => no_connection(limit),
            // Users share a program, so this isn't about one of them.
            McpError::Broken { detail } if is_program(&self.config.endpoint) => {
                McpError::Away { detail }
            }
            error => error,
        });
        match &opened {
            Ok(_) => self.breaker.reached(),
            Err(error) => self.note(error, begun),
        }
        opened.map_err(|error| match error {
            McpError::Broken { detail } => McpError::Away { detail },
            error => error,
        })
    }
}

fn no_connection(limit: Duration) -> McpError {
    McpError::Away {
        detail: format!("no connection within {limit:?}"),
    }
}
