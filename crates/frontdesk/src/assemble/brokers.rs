//! How each tool server learns who is calling, from its section.

use std::sync::Arc;

use axum::http::HeaderName;
use frontdesk_auth::GuardedHttp;
use frontdesk_auth::guarded::Reach;
use frontdesk_auth::outgoing::oauth::{
    Authorizer, CLIENT_DOCUMENT_PATH, ClientIdentity, Connect, DynamicRegistration, OAuth,
    OAuthServer, OAuthSetup, Vault,
};
use frontdesk_auth::outgoing::{
    Anonymous, Broker, Exchange, ExchangeConfig, ExchangeEndpoint, Forward, IDENTITY_HEADER, Seal,
    Signed, Signer, Static,
};
use frontdesk_clock::Clock;
use tokio_util::task::TaskTracker;
use url::{Host, Url};

use crate::Error;
use crate::config::{
    Config, ExchangeSection, McpAuth, McpSection, OAuthSection, Origin, StaticSection, StaticUser,
};

/// Our name at authorization servers.
const CLIENT_NAME: &str = "Frontdesk";

/// Makes the brokers, and keeps those that users connect accounts for.
pub(crate) struct Brokers {
    pub(crate) signer: Arc<Signer>,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) seal: Arc<Seal>,
    pub(crate) vault: Arc<dyn Vault>,
    pub(crate) tasks: TaskTracker,
    /// Where users' browsers find us.
    pub(crate) public_url: Option<Url>,
    pub(crate) accounts: Vec<OAuth>,
}

/// Where users' browsers find us: where the operator says, else on this machine.
pub(crate) fn public_url(config: &Config, own_url: Option<&Url>) -> Option<Url> {
    let configured = config.server.public_url.as_ref();
    let own = || own_url.filter(|url| is_this_machine(url)).cloned();
    configured.map(|url| url.value.clone()).or_else(own)
}

impl Brokers {
    /// The broker of a server at this address; a program has none.
    pub(crate) fn broker(
        &mut self,
        name: &str,
        section: &McpSection,
        url: Option<&Url>,
    ) -> Result<Arc<dyn Broker>, Error> {
        let audience = section.audience.value.clone();
        Ok(match (&section.auth.value, url) {
            (McpAuth::None | McpAuth::Arguments, _) | (_, None) => Arc::new(Anonymous),
            (McpAuth::Signed, Some(_)) => Arc::new(self.signed(audience)),
            (McpAuth::Forward, Some(_)) => Arc::new(Forward {
                audience,
                clock: Arc::clone(&self.clock),
            }),
            (McpAuth::Static(credential), Some(_)) => {
                Arc::new(self.static_credential(credential, audience))
            }
            (McpAuth::Exchange(exchange), Some(_)) => {
                Arc::new(self.exchange(exchange, &section.audience)?)
            }
            (McpAuth::OAuth(oauth), Some(url)) => {
                let broker = self.account(name, oauth, url)?;
                self.accounts.push(broker.clone());
                Arc::new(broker)
            }
        })
    }

    /// What the pages need by which users connect accounts.
    pub(crate) fn connect(self) -> Connect {
        Connect::new(self.accounts)
    }

    fn signed(&self, audience: String) -> Signed {
        Signed {
            signer: Arc::clone(&self.signer),
            audience,
        }
    }

    fn static_credential(&self, section: &StaticSection, audience: String) -> Static {
        let user: Option<(Signed, HeaderName)> = match section.user {
            StaticUser::Signed => Some((self.signed(audience), IDENTITY_HEADER)),
            StaticUser::Unsaid => None,
        };
        Static {
            token: section.token.value.clone(),
            header: section.header.clone(),
            user,
        }
    }

    fn exchange(
        &self,
        section: &ExchangeSection,
        audience: &crate::config::Setting<String>,
    ) -> Result<Exchange, Error> {
        let named = match &section.endpoint {
            ExchangeEndpoint::At(url) => host(url),
            ExchangeEndpoint::Issuer(issuer) => Url::parse(issuer).ok().as_ref().and_then(host),
        };
        let resource = section.resource.as_ref().map(|name| name.value.clone());
        // The address stands for the server where nobody gave it a name.
        let is_named = audience.origin != Origin::Default || resource.is_none();
        let config = ExchangeConfig {
            endpoint: section.endpoint.clone(),
            client: section.client.clone(),
            audience: is_named.then(|| audience.value.clone()),
            resource,
            scopes: section.scopes.clone(),
        };
        let http = guarded(section.reach, named)?;
        Ok(Exchange::new(config, http, Arc::clone(&self.clock)))
    }

    fn account(&self, name: &str, section: &OAuthSection, url: &Url) -> Result<OAuth, Error> {
        let Some(public_url) = &self.public_url else {
            return Err(Error::Tools {
                detail: format!(
                    "mcp.{name}.auth = \"oauth\" needs server.public_url: users' browsers come back to it"
                ),
            });
        };
        let mut document = public_url.clone();
        let prefix = public_url.path().trim_end_matches('/').to_owned();
        document.set_path(&format!("{prefix}/{CLIENT_DOCUMENT_PATH}"));
        let client = ClientIdentity {
            name: CLIENT_NAME.to_owned(),
            registered: section.client.clone(),
            metadata_document: Some(document),
            dynamic: DynamicRegistration::Allowed,
        };
        let issuer = section.client.as_ref();
        let issuer = issuer.and_then(|client| Url::parse(client.issuer.as_deref()?).ok());
        let named = [Some(url), issuer.as_ref()].into_iter().flatten();
        let http = guarded(section.reach, named.filter_map(host))?;
        let authorizer = Authorizer::new(client, http, Arc::clone(&self.clock));
        let server = OAuthServer {
            name: name.to_owned(),
            url: url.clone(),
            scopes: section.scopes.clone(),
        };
        let setup = OAuthSetup {
            public_url: public_url.clone(),
            vault: Arc::clone(&self.vault),
            seal: Arc::clone(&self.seal),
            clock: Arc::clone(&self.clock),
            tasks: self.tasks.clone(),
        };
        Ok(OAuth::new(server, authorizer, setup))
    }
}

/// What the operator has named is trusted, wherever it is; what is named there in turn is not.
fn guarded(
    reach: Reach,
    named: impl IntoIterator<Item = String>,
) -> Result<GuardedHttp, frontdesk_auth::AuthError> {
    GuardedHttp::new(reach, named)
}

fn host(url: &Url) -> Option<String> {
    url.host_str().map(str::to_owned)
}

fn is_this_machine(url: &Url) -> bool {
    match url.host() {
        Some(Host::Domain(name)) => name == "localhost",
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.is_loopback(),
        None => false,
    }
}
