//! The address of a database, as libpq, `SQLAlchemy` and asyncpg write it.

use frontdesk_identity::Secret;
use url::Url;

use super::super::super::{ConfigError, Setting};

/// What the address of a database begins with.
const SCHEMES: [&str; 2] = ["postgres", "postgresql"];
/// What an address looks like.
const EXPECTED: &str = "postgres://USER:PASSWORD@HOST:PORT/DATABASE, with %XX for signs in the password that have a \
                        meaning in URLs";
/// The port when none is said.
const DEFAULT_PORT: u16 = 5432;
/// How asyncpg says whether there is TLS, which libpq calls `sslmode`.
const SSL: &str = "ssl";
const SSL_MODE: &str = "sslmode";
/// The modes of libpq.
const SSL_MODES: [&str; 6] = [
    "disable",
    "allow",
    "prefer",
    "require",
    "verify-ca",
    "verify-full",
];

/// Whether this is the address of a PostgreSQL, well written or not.
pub(in super::super) fn is_meant(url: &str) -> bool {
    let (scheme, _) = url.split_once(':').unwrap_or((url, ""));
    scheme.starts_with("postgres")
}

/// Whether the server's certificate is checked.
pub(super) fn is_verifying(url: &Secret) -> bool {
    let url = Url::parse(url.expose()).ok();
    url.is_some_and(|url| {
        let mut pairs = url.query_pairs();
        pairs.any(|(name, value)| name == SSL_MODE && value.starts_with("verify-"))
    })
}

/// The address as libpq writes it, and what of it may be shown.
pub(super) fn read(
    key: &str,
    given: Setting<Secret>,
) -> Result<(Setting<Secret>, String), ConfigError> {
    let refused = |expected: String| ConfigError::Invalid {
        key: key.to_owned(),
        origin: given.origin.clone(),
        expected,
        found: None,
    };
    let text = given.value.expose();
    let (scheme, rest) = text.split_once("://").unwrap_or((text, ""));
    // SQLAlchemy names the driver that it shall use.
    let (dialect, _driver) = scheme.split_once('+').unwrap_or((scheme, ""));
    if !SCHEMES.contains(&dialect) {
        return Err(refused(EXPECTED.to_owned()));
    }
    let parsed = Url::parse(&format!("postgres://{rest}"));
    let mut url = parsed.map_err(|_| refused(EXPECTED.to_owned()))?;
    if url.fragment().is_some() {
        return Err(refused(EXPECTED.to_owned()));
    }
    translate(&mut url).map_err(|()| {
        refused(format!(
            "an {SSL_MODE} that is one of {}",
            SSL_MODES.join(", ")
        ))
    })?;
    let shown = shown(&url);
    Ok((given.map(|_| Secret::new(url.as_str())), shown))
}

/// Writes asyncpg's parameters as libpq's, and checks the mode of TLS.
fn translate(url: &mut Url) -> Result<(), ()> {
    if url.query().is_none() {
        return Ok(());
    }
    let pairs: Vec<(String, String)> = url.query_pairs().into_owned().collect();
    let mut written = url.query_pairs_mut();
    written.clear();
    for (name, value) in pairs {
        let (name, value) = match name.as_str() {
            SSL => (SSL_MODE, ssl_mode(&value)),
            name => (name, value.as_str()),
        };
        if name == SSL_MODE && !SSL_MODES.contains(&value) {
            return Err(());
        }
        written.append_pair(name, value);
    }
    Ok(())
}

fn ssl_mode(value: &str) -> &str {
    match value.to_ascii_lowercase().as_str() {
        "true" | "1" | "on" => "require",
        "false" | "0" | "off" => "disable",
        _ => value,
    }
}

/// Host, port and database; neither user nor password.
fn shown(url: &Url) -> String {
    let pair = |wanted: &str| {
        let mut pairs = url.query_pairs();
        pairs.find_map(|(name, value)| (name == wanted).then(|| value.into_owned()))
    };
    let host = url.host_str().filter(|host| !host.is_empty());
    let host = host.map(str::to_owned).or_else(|| pair("host"));
    let port = url.port().unwrap_or(DEFAULT_PORT);
    let path = url.path().trim_start_matches('/');
    let database = Some(path)
        .filter(|path| !path.is_empty())
        .map(str::to_owned);
    let database = database.or_else(|| pair("dbname")).unwrap_or_default();
    format!(
        "{}:{port}/{database}",
        host.unwrap_or_else(|| "localhost".to_owned())
    )
}
