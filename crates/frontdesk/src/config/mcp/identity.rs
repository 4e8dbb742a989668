//! How a tool server learns who is calling: `auth`, and the keys that belong to each way.

use axum::http::{HeaderName, HeaderValue};
use frontdesk_auth::guarded::Reach;
use frontdesk_auth::outgoing::{ClientCredentials, ClientMethod, ExchangeEndpoint, StaticHeader};
use frontdesk_identity::Secret;

use super::super::section::Section;
use super::super::web_address::web_address;
use super::super::{ConfigError, Origin, Setting};
use super::McpEndpoint;
use super::oauth::{self, OAuthSection};

/// The ways, as the file names them.
const WAYS: [&str; 7] = [
    "exchange",
    "oauth",
    "forward",
    "signed",
    "static",
    "arguments",
    "none",
];
/// The keys that belong to some of the ways alone.
const KEYS: &[(&str, &[&str])] = &[
    ("audience", &["exchange", "forward", "signed", "static"]),
    ("token", &["static"]),
    ("token_file", &["static"]),
    ("header", &["static"]),
    ("with_user", &["static"]),
    ("exchange", &["exchange"]),
    ("oauth", &["oauth"]),
    ("allow_private_addresses", &["exchange", "oauth"]),
];
/// Headers that say something else than who is calling.
const RESERVED_HEADERS: [&str; 8] = [
    "accept",
    "connection",
    "content-length",
    "content-type",
    "host",
    "last-event-id",
    "te",
    "transfer-encoding",
];
/// The most rights that are asked for.
const MAX_SCOPES: usize = 32;

/// How a tool server learns who is calling.
#[derive(Debug, Clone)]
pub enum McpAuth {
    /// Not at all.
    None,
    /// By a token that we sign, at most 60 s old.
    Signed,
    /// By a token that the user's own is exchanged for.
    Exchange(Box<ExchangeSection>),
    /// By an account that the user connects.
    OAuth(Box<OAuthSection>),
    /// By the user's own token.
    Forward,
    /// By a credential of the operator's, the same for everybody.
    Static(Box<StaticSection>),
    /// By arguments alone.
    Arguments,
}

/// `[mcp.NAME.exchange]`.
#[derive(Debug, Clone)]
pub struct ExchangeSection {
    /// `token_url` or `issuer`.
    pub endpoint: ExchangeEndpoint,
    /// `client_id`, `client_secret` or `client_secret_file`, and `client_method`.
    pub client: Option<ClientCredentials>,
    /// `scopes`: what to ask for.
    pub scopes: Vec<String>,
    /// `resource`: the server by its address, where the issuer wants that.
    pub resource: Option<Setting<String>>,
    /// `allow_private_addresses`: which addresses the issuer's documents may name.
    pub reach: Reach,
}

/// The keys of `auth = "static"`.
#[derive(Debug, Clone)]
pub struct StaticSection {
    /// `token` or `token_file`.
    pub token: Setting<Secret>,
    /// `header`; `Authorization: Bearer` when nothing is said.
    pub header: StaticHeader,
    /// `with_user`: whether the user goes beside it, in signed form.
    pub user: StaticUser,
}

/// Whether a service credential has the user beside it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum StaticUser {
    /// It has, in a token that we sign.
    Signed,
    /// It hasn't.
    Unsaid,
}

impl McpAuth {
    /// The way as the file names it.
    pub fn name(&self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Signed => "signed",
            Self::Exchange(_) => "exchange",
            Self::OAuth(_) => "oauth",
            Self::Forward => "forward",
            Self::Static(_) => "static",
            Self::Arguments => "arguments",
        }
    }
}

pub(super) fn read(
    section: &mut Section<'_>,
    endpoint: &Setting<McpEndpoint>,
) -> Result<Setting<McpAuth>, ConfigError> {
    let named = section.choice("auth", &WAYS.map(|way| (way, way)))?;
    let named = named.unwrap_or_else(|| Setting::default_value("none"));
    check_keys(section, &named)?;
    check_endpoint(section, &named, endpoint)?;
    let auth = match named.value {
        "exchange" => McpAuth::Exchange(Box::new(exchange(section)?)),
        "oauth" => McpAuth::OAuth(Box::new(oauth::read(section)?)),
        "forward" => McpAuth::Forward,
        "signed" => McpAuth::Signed,
        "static" => McpAuth::Static(Box::new(static_credential(section)?)),
        "arguments" => McpAuth::Arguments,
        _ => McpAuth::None,
    };
    Ok(named.map(|_| auth))
}

/// Fails on a key of another way.
fn check_keys(section: &Section<'_>, named: &Setting<&str>) -> Result<(), ConfigError> {
    let foreign = KEYS
        .iter()
        .filter(|(_, ways)| !ways.contains(&named.value))
        .find_map(|(key, ways)| Some((key, ways, section.origin_of(key)?)));
    let Some((key, ways, origin)) = foreign else {
        return Ok(());
    };
    let ways: Vec<String> = ways.iter().map(|way| format!("\"{way}\"")).collect();
    Err(ConfigError::Conflict {
        message: format!(
            "{} (from {origin}) has no meaning for {} = \"{}\" (from {}); it belongs to {}",
            section.key(key),
            section.key("auth"),
            named.value,
            named.origin,
            ways.join(", ")
        ),
    })
}

/// A program is spoken with by all users alike; nothing but arguments can tell it who calls.
fn check_endpoint(
    section: &Section<'_>,
    named: &Setting<&str>,
    endpoint: &Setting<McpEndpoint>,
) -> Result<(), ConfigError> {
    match &endpoint.value {
        McpEndpoint::Command(_) if !matches!(named.value, "none" | "arguments") => {
            Err(ConfigError::Conflict {
                message: format!(
                    "{} = \"{}\" (from {}) has no meaning beside {}: a program takes \"none\" or \"arguments\"",
                    section.key("auth"),
                    named.value,
                    named.origin,
                    section.key("command")
                ),
            })
        }
        McpEndpoint::At(_) | McpEndpoint::Embedded | McpEndpoint::Command(_) => Ok(()),
    }
}

fn exchange(section: &mut Section<'_>) -> Result<ExchangeSection, ConfigError> {
    let reach = reach(section)?;
    let mut section = section.below("exchange");
    let token_url = section.text("token_url")?;
    let issuer = section.name("issuer")?;
    let (url_key, issuer_key) = (section.key("token_url"), section.key("issuer"));
    let endpoint = match (token_url, issuer) {
        (Some(_), Some(issuer)) => {
            return Err(ConfigError::Conflict {
                message: format!(
                    "{url_key} and {issuer_key} (from {}) are both set: keep one",
                    issuer.origin
                ),
            });
        }
        (Some(url), None) => {
            let url = web_address(url_key, url, "https://sso.example.com/token")?;
            ExchangeEndpoint::At(url.value)
        }
        (None, Some(issuer)) => {
            web_address(issuer_key, issuer.clone(), "https://sso.example.com")?;
            ExchangeEndpoint::Issuer(issuer.value)
        }
        (None, None) => {
            return Err(ConfigError::Missing {
                key: url_key,
                expected: format!(
                    "the address at which tokens are exchanged, or {issuer_key} to look it up"
                ),
            });
        }
    };
    let found = ExchangeSection {
        endpoint,
        client: client(&mut section)?,
        scopes: scopes(&mut section)?,
        resource: section.name("resource")?,
        reach,
    };
    section.finish()?;
    Ok(found)
}

/// Who we are at the issuer.
fn client(section: &mut Section<'_>) -> Result<Option<ClientCredentials>, ConfigError> {
    let id = section.name("client_id")?;
    let secret = section.secret("client_secret")?;
    let method = client_method(section)?;
    let stray = |key: &str, origin: &Origin, without: &str| ConfigError::Conflict {
        message: format!(
            "{} (from {origin}) has no meaning without {}",
            section.key(key),
            section.key(without)
        ),
    };
    match (id, secret, method) {
        (None, None, None) => Ok(None),
        (None, Some(secret), _) => Err(stray("client_secret", &secret.origin, "client_id")),
        (_, None, Some(method)) => Err(stray("client_method", &method.origin, "client_secret")),
        (Some(id), None, None) => Ok(Some(ClientCredentials::public(id.value))),
        (Some(id), Some(secret), method) => Ok(Some(ClientCredentials {
            id: id.value,
            secret: Some(secret.value),
            method: method.map_or(ClientMethod::Basic, |method| method.value),
        })),
    }
}

fn static_credential(section: &mut Section<'_>) -> Result<StaticSection, ConfigError> {
    let key = section.key("token");
    let token = section
        .secret("token")?
        .ok_or_else(|| ConfigError::Missing {
            key: key.clone(),
            expected: format!("the credential, or {key}_file"),
        })?;
    if HeaderValue::from_str(token.value.expose()).is_err() {
        return Err(ConfigError::Invalid {
            key,
            origin: token.origin,
            expected: "a text that a header can have".to_owned(),
            found: None,
        });
    }
    let header = section.read(
        "header",
        "the name of a header that isn't the protocol's own, such as \"X-Api-Key\"",
        |value| {
            let name: HeaderName = value.as_str()?.parse().ok()?;
            let text = name.as_str();
            let reserved = RESERVED_HEADERS.contains(&text) || text.starts_with("mcp-");
            (!reserved).then_some(name)
        },
    )?;
    let user = section.flag("with_user", (StaticUser::Unsaid, StaticUser::Signed))?;
    let user = user.map_or(StaticUser::Unsaid, |user| user.value);
    if let (StaticUser::Unsaid, Some(origin)) = (user, section.origin_of("audience")) {
        return Err(ConfigError::Conflict {
            message: format!(
                "{} (from {origin}) has no meaning without {} = true",
                section.key("audience"),
                section.key("with_user")
            ),
        });
    }
    Ok(StaticSection {
        token,
        header: header.map_or(StaticHeader::Bearer, |name| StaticHeader::Named(name.value)),
        user,
    })
}

pub(super) fn reach(section: &mut Section<'_>) -> Result<Reach, ConfigError> {
    let reach = section.flag(
        "allow_private_addresses",
        (Reach::PublicOnly, Reach::Private),
    )?;
    Ok(reach.map_or(Reach::PublicOnly, |reach| reach.value))
}

/// How a client's secret is sent.
pub(super) fn client_method(
    section: &mut Section<'_>,
) -> Result<Option<Setting<ClientMethod>>, ConfigError> {
    section.choice(
        "client_method",
        &[
            ("client_secret_basic", ClientMethod::Basic),
            ("client_secret_post", ClientMethod::Post),
        ],
    )
}

/// Rights to ask for ([RFC 6749](https://www.rfc-editor.org/rfc/rfc6749#section-3.3)).
pub(super) fn scopes(section: &mut Section<'_>) -> Result<Vec<String>, ConfigError> {
    let Some(list) = section.list("scopes")? else {
        return Ok(Vec::new());
    };
    let plain = |byte: u8| byte.is_ascii_graphic() && !matches!(byte, b'"' | b'\\');
    let fits = |scope: &String| !scope.is_empty() && scope.bytes().all(plain);
    if list.value.len() <= MAX_SCOPES && list.value.iter().all(fits) {
        return Ok(list.value);
    }
    Err(ConfigError::Invalid {
        key: section.key("scopes"),
        origin: list.origin,
        expected: format!("a list of at most {MAX_SCOPES} scopes without spaces"),
        found: Some(format!("{:?}", list.value)),
    })
}
