//! [`Frontdesk`] and its [`Builder`]: a configuration, with parts of one's own where one wants them.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use frontdesk_agent::{Agents, Hook, Toolset};
use frontdesk_auth::incoming::Authenticator;
use frontdesk_chat::assistant::TurnContext;
use frontdesk_chat::{Responder, Service};
use frontdesk_store::{FileUpkeep, Files, Keys, Maintenance, Store, Wakeups};
use url::Url;

use crate::assemble::Stores;
use crate::config::{Config, Sources};
use crate::{Error, assemble};

/// The product, put together and running.
pub struct Frontdesk {
    pub(crate) router: Router,
    pub(crate) service: Service,
    pub(crate) grace: Duration,
    pub(crate) end: assemble::End,
}

impl Frontdesk {
    /// Begins to put it together. With nothing said, it is the demonstration.
    pub fn builder() -> Builder {
        Builder::default()
    }

    /// All routes. It nests into another router, under a prefix too.
    ///
    /// Sign-in in development and by a proxy has to know the peer, and so have limits per address: serve the whole with
    /// [`into_make_service_with_connect_info::<SocketAddr>()`](Router::into_make_service_with_connect_info).
    pub fn router(&self) -> Router {
        self.router.clone()
    }

    /// Begins no new turns, gives the running ones their grace and stores everything.
    pub async fn shutdown(&self) {
        self.service.shutdown(self.grace).await;
        self.end.end().await;
    }
}

/// Puts a [`Frontdesk`] together.
#[derive(Default)]
pub struct Builder {
    pub(crate) config: Option<Config>,
    pub(crate) responder: Option<Arc<dyn Responder>>,
    pub(crate) agents: Option<Agents<TurnContext>>,
    pub(crate) store: Option<Stores>,
    pub(crate) authenticator: Option<Arc<dyn Authenticator>>,
    pub(crate) toolsets: Vec<Arc<dyn Toolset<TurnContext>>>,
    pub(crate) hooks: Vec<Arc<dyn Hook<TurnContext>>>,
    pub(crate) own_url: Option<Url>,
}

impl Builder {
    /// The configuration.
    #[must_use]
    pub fn config(self, config: Config) -> Self {
        Self {
            config: Some(config),
            ..self
        }
    }

    /// What answers, in place of the assistant that the configuration describes.
    #[must_use]
    pub fn responder(self, responder: Arc<dyn Responder>) -> Self {
        Self {
            responder: Some(responder),
            ..self
        }
    }

    /// The agents that answer, in place of the configured ones. What `[chat]` says of titles, history and the like holds
    /// for them, too; tools of configured servers, and what [`toolset`](Self::toolset)
    /// and [`hook`](Self::hook) bring, aren't theirs.
    #[must_use]
    pub fn agents(self, agents: Agents<TurnContext>) -> Self {
        Self {
            agents: Some(agents),
            ..self
        }
    }

    /// Where threads and keys are kept, in place of the configured store.
    #[must_use]
    pub fn store<S>(self, store: Arc<S>) -> Self
    where
        S: Store + Maintenance + Wakeups + Keys + Files + FileUpkeep + 'static,
    {
        Self {
            store: Some(Stores::of(store)),
            ..self
        }
    }

    /// How users sign in, in place of the configured way.
    #[must_use]
    pub fn authenticator(self, authenticator: Arc<dyn Authenticator>) -> Self {
        Self {
            authenticator: Some(authenticator),
            ..self
        }
    }

    /// Further tools for all configured agents, beside those of the tool servers.
    #[must_use]
    pub fn toolset(mut self, toolset: Arc<dyn Toolset<TurnContext>>) -> Self {
        self.toolsets.push(toolset);
        self
    }

    /// Code of one's own at every step of all configured agents, those included that are tools of others.
    #[must_use]
    pub fn hook(mut self, hook: Arc<dyn Hook<TurnContext>>) -> Self {
        self.hooks.push(hook);
        self
    }

    /// The address that [`Frontdesk::router`] is served at, where it isn't nested.
    #[must_use]
    pub fn own_address(self, address: SocketAddr) -> Self {
        let loopback = if address.is_ipv6() {
            "[::1]".to_owned()
        } else {
            "127.0.0.1".to_owned()
        };
        let host = if address.ip().is_unspecified() {
            loopback
        } else if address.is_ipv6() {
            format!("[{}]", address.ip())
        } else {
            address.ip().to_string()
        };
        let own_url = Url::parse(&format!("http://{host}:{}/", address.port())).ok();
        Self { own_url, ..self }
    }

    /// The URL under which this process can reach the router, with the prefix that it is nested at.
    /// The embedded tool server is called there.
    #[must_use]
    pub fn own_url(self, url: Url) -> Self {
        Self {
            own_url: Some(url),
            ..self
        }
    }

    /// Opens the store, connects the parts and ends the turns that an earlier process left behind.
    pub async fn build(mut self) -> Result<Frontdesk, Error> {
        let config = match self.config.take() {
            Some(config) => config,
            None => Config::read(&Sources::default())?,
        };
        Box::pin(assemble::assemble(self, config)).await
    }
}
