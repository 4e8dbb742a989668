//! The broker: a user's own tokens for one tool server, from the vault, refreshed when it is time.

use std::sync::Arc;

use async_trait::async_trait;
use frontdesk_clock::Clock;
use frontdesk_identity::{Scope, SignedIn};
use tokio_util::task::TaskTracker;
use url::Url;

use super::callback::Callback;
use super::links::Links;
use super::resource::names;
use super::tokens::Origin;
use super::{Authorizer, Challenge, Pending, TokenSet, Vault};
use crate::outgoing::flights::Flights;
use crate::outgoing::{Attachment, Broker, OutgoingError, Refusal, RefusalKind, Seal};

/// A token isn't used when it holds no longer than this, in seconds.
const MARGIN_SECONDS: i64 = 30;
/// For how many users it is remembered that something is under way.
const MAX_KEPT: usize = 4_096;

/// What all connections share.
#[derive(Debug, Clone)]
pub struct OAuthSetup {
    /// Our own address as browsers see it, with the path under which our pages are.
    pub public_url: Url,
    /// Where sealed tokens are.
    pub vault: Arc<dyn Vault>,
    /// What seals them.
    pub seal: Arc<Seal>,
    /// The time.
    pub clock: Arc<dyn Clock>,
    /// On which a refresh, a connection and its end are carried through, even where the call that wanted them is given up:
    /// a code or a refresh token counts once, and what was given up is to be revoked.
    pub tasks: TaskTracker,
}

/// The tool server that accounts are connected with.
#[derive(Debug, Clone)]
pub struct OAuthServer {
    /// Its name in the configuration.
    pub name: String,
    /// Its address.
    pub url: Url,
    /// The scopes to ask for where it names none.
    pub scopes: Vec<String>,
}

/// Gives requests the user's own token for one tool server. Cheap to clone.
#[derive(Debug, Clone)]
pub struct OAuth(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    server: OAuthServer,
    authorizer: Authorizer,
    vault: Arc<dyn Vault>,
    links: Links,
    tasks: TaskTracker,
    refreshes: Flights<Scope, TokenSet>,
}

impl OAuth {
    /// A broker for one tool server.
    pub fn new(server: OAuthServer, authorizer: Authorizer, setup: OAuthSetup) -> Self {
        let OAuthSetup {
            public_url,
            vault,
            seal,
            clock,
            tasks,
        } = setup;
        Self(Arc::new(Inner {
            server,
            authorizer,
            vault,
            links: Links {
                public_url,
                seal,
                clock,
            },
            tasks,
            refreshes: Flights::new(MAX_KEPT),
        }))
    }

    pub(super) fn server(&self) -> &OAuthServer {
        &self.0.server
    }

    pub(super) fn authorizer(&self) -> &Authorizer {
        &self.0.authorizer
    }

    pub(super) fn vault(&self) -> &dyn Vault {
        self.0.vault.as_ref()
    }

    pub(super) fn links(&self) -> &Links {
        &self.0.links
    }

    /// The tokens that are stored for a user.
    pub(super) async fn stored(&self, owner: &Scope) -> Result<Option<TokenSet>, OutgoingError> {
        self.0.stored(owner).await
    }

    /// Gets the tokens that a user has given, and stores them in place of what was there.
    pub(super) async fn connect(
        &self,
        owner: Scope,
        pending: Pending,
        answer: Callback,
    ) -> Result<(), OutgoingError> {
        let inner = Arc::clone(&self.0);
        self.to_the_end(async move {
            let tokens = inner.authorizer.finish_with(&pending, answer).await?;
            let store = inner.save(&owner, &tokens);
            inner.refreshes.alone(owner.clone(), store).await
        })
        .await
    }

    /// Gives the user's tokens up: revoked where the issuer takes that, thrown away in any case.
    pub(super) async fn disconnect(&self, owner: Scope) -> Result<(), OutgoingError> {
        let inner = Arc::clone(&self.0);
        self.to_the_end(async move {
            let act = async {
                let tokens = inner.opened(&owner).await?;
                inner.vault.remove(&owner, &inner.server.name).await?;
                if let Some(tokens) = tokens {
                    inner.revoke(&tokens).await;
                }
                Ok(())
            };
            inner.refreshes.alone(owner.clone(), act).await
        })
        .await
    }

    /// Does something to its end, whatever becomes of who waits for it.
    async fn to_the_end<T: Send + 'static>(
        &self,
        act: impl Future<Output = Result<T, OutgoingError>> + Send + 'static,
    ) -> Result<T, OutgoingError> {
        let broken_off = |_| Err(OutgoingError::unavailable("it was broken off"));
        self.0.tasks.spawn(act).await.unwrap_or_else(broken_off)
    }

    /// Refreshes tokens, once for all who want that at the same time.
    async fn refreshed(
        &self,
        owner: Scope,
        used: TokenSet,
        origin: Origin,
    ) -> Result<TokenSet, OutgoingError> {
        let inner = Arc::clone(&self.0);
        self.to_the_end(async move {
            let fetch = inner.refresh(&owner, &used, origin);
            inner.refreshes.get(owner.clone(), |_| false, fetch).await
        })
        .await
    }

    fn not_connected(&self, caller: &SignedIn, challenge: &Challenge) -> OutgoingError {
        let server = &self.server().name;
        let link = self.links().link(&caller.principal, server, challenge);
        OutgoingError::NotConnected { link: link.ok() }
    }

    /// The same error, with the link where connecting is the remedy.
    fn told(
        &self,
        error: OutgoingError,
        caller: &SignedIn,
        challenge: &Challenge,
    ) -> OutgoingError {
        match error {
            OutgoingError::NotConnected { .. } => self.not_connected(caller, challenge),
            other => other,
        }
    }

    /// The server wants rights that the token lacks. The user may give them; where they have given them all, asking
    /// again would go on for ever.
    async fn step_up(
        &self,
        caller: &SignedIn,
        refusal: &Refusal,
    ) -> Result<OutgoingError, OutgoingError> {
        let tokens = self.stored(&caller.principal.scope()).await?;
        let granted = tokens.as_ref().map_or(&[][..], TokenSet::scopes);
        let challenge = Challenge::from(refusal);
        let missing: Vec<String> = challenge
            .scopes
            .iter()
            .filter(|scope| !granted.contains(scope))
            .cloned()
            .collect();
        if missing.is_empty() {
            return Ok(OutgoingError::refused(
                "the server forbids it although the rights are given",
            ));
        }
        let server = &self.server().name;
        let link = self.links().link(&caller.principal, server, &challenge);
        Ok(OutgoingError::MissingScope {
            scopes: missing,
            link: link.ok(),
        })
    }
}

#[async_trait]
impl Broker for OAuth {
    async fn attachment(&self, caller: &SignedIn) -> Result<Attachment, OutgoingError> {
        let owner = caller.principal.scope();
        let none = Challenge::default();
        let stored = self.stored(&owner).await?;
        let tokens = stored.ok_or_else(|| self.not_connected(caller, &none))?;
        let tokens = if self.0.holds(&tokens, MARGIN_SECONDS) {
            tokens
        } else {
            match self
                .refreshed(owner, tokens.clone(), Origin::Refreshed)
                .await
            {
                // The last seconds of a token are better than none.
                Err(OutgoingError::Unavailable { .. }) if self.0.holds(&tokens, 0) => tokens,
                refreshed => refreshed.map_err(|error| self.told(error, caller, &none))?,
            }
        };
        Ok(Attachment::bearer(tokens.access_token().clone()))
    }

    async fn renewed(
        &self,
        caller: &SignedIn,
        refusal: &Refusal,
    ) -> Result<Attachment, OutgoingError> {
        if refusal.kind == RefusalKind::Forbidden {
            return Err(if refusal.scopes.is_empty() {
                refusal.without_remedy()
            } else {
                self.step_up(caller, refusal).await?
            });
        }
        let challenge = Challenge::from(refusal);
        let owner = caller.principal.scope();
        let stored = self.stored(&owner).await?;
        let tokens = stored.ok_or_else(|| self.not_connected(caller, &challenge))?;
        let same = refusal.used_token(tokens.access_token());
        let tokens = if !same && self.0.holds(&tokens, MARGIN_SECONDS) {
            // Somebody was faster.
            tokens
        } else if same && tokens.0.origin == Origin::AfterRefusal {
            return Err(self.not_connected(caller, &challenge));
        } else {
            self.refreshed(owner, tokens, Origin::AfterRefusal)
                .await
                .map_err(|error| self.told(error, caller, &challenge))?
        };
        Ok(Attachment::bearer(tokens.access_token().clone()))
    }
}

impl Inner {
    /// The tokens that are stored for this server. Its name may once have been another's, whose tokens it mustn't get.
    async fn stored(&self, owner: &Scope) -> Result<Option<TokenSet>, OutgoingError> {
        let opened = self.opened(owner).await?;
        Ok(opened
            .filter(|tokens| names(&tokens.0.grant.resource, &self.server.url).unwrap_or_default()))
    }

    /// The tokens that are stored under this server's name.
    async fn opened(&self, owner: &Scope) -> Result<Option<TokenSet>, OutgoingError> {
        let name = &self.server.name;
        let sealed = self.vault.load(owner, name).await?;
        // What doesn't open was sealed with another secret; the user connects again.
        Ok(sealed.and_then(|sealed| TokenSet::open(&self.links.seal, owner, name, &sealed)))
    }

    async fn save(&self, owner: &Scope, tokens: &TokenSet) -> Result<(), OutgoingError> {
        let name = &self.server.name;
        let sealed = tokens.seal(&self.links.seal, owner, name)?;
        self.vault.save(owner, name, sealed).await
    }

    async fn revoke(&self, tokens: &TokenSet) {
        if let Err(error) = self.authorizer.revoke(tokens).await {
            tracing::warn!(server = %self.server.name, %error, "tokens not revoked");
        }
    }

    /// Runs while no other refresh of this owner runs here. Another replica may be at it all the same: then what it
    /// stored counts.
    async fn refresh(
        &self,
        owner: &Scope,
        used: &TokenSet,
        origin: Origin,
    ) -> Result<TokenSet, OutgoingError> {
        let newer = |tokens: &TokenSet| {
            let other = tokens.access_token().expose() != used.access_token().expose();
            other && self.holds(tokens, MARGIN_SECONDS)
        };
        let stored = self.stored(owner).await?;
        let stored = stored.ok_or(OutgoingError::NotConnected { link: None })?;
        if newer(&stored) {
            return Ok(stored);
        }
        match self.authorizer.refresh_as(&stored, origin).await {
            Ok(tokens) => self.keep(owner, &stored, tokens).await,
            Err(error @ OutgoingError::NotConnected { .. }) => {
                match self.stored(owner).await?.filter(newer) {
                    Some(tokens) => Ok(tokens),
                    None => Err(error),
                }
            }
            Err(error) => Err(error),
        }
    }

    /// Stores refreshed tokens, unless the user has given up or replaced at another replica what was refreshed: that
    /// counts. Where nobody can tell, they are stored, for the earlier ones may count no more.
    async fn keep(
        &self,
        owner: &Scope,
        refreshed: &TokenSet,
        tokens: TokenSet,
    ) -> Result<TokenSet, OutgoingError> {
        match self.stored(owner).await {
            Ok(None) => {
                self.revoke(&tokens).await;
                Err(OutgoingError::NotConnected { link: None })
            }
            Ok(Some(there))
                if there.0.origin == Origin::Given
                    && there.access_token().expose() != refreshed.access_token().expose() =>
            {
                Ok(there)
            }
            Ok(Some(_)) | Err(_) => {
                self.save(owner, &tokens).await?;
                Ok(tokens)
            }
        }
    }

    /// Whether tokens hold longer than so many seconds from now.
    fn holds(&self, tokens: &TokenSet, seconds: i64) -> bool {
        let now = self.links.clock.now().as_second();
        let end = tokens.expires_at();
        end.is_none_or(|end| end.saturating_sub(seconds) > now)
    }
}
