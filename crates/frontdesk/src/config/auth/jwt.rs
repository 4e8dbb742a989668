//! The keys of `auth.mode = "jwt"`: who issues the tokens, whom they are for, and what their claims mean.

use std::time::Duration;

use frontdesk_auth::guarded::Reach;
use frontdesk_identity::Secret;
use url::Url;

use super::super::section::Section;
use super::super::web_address::web_address;
use super::super::{ConfigError, Setting};
use super::{required, without_meaning};

/// The keys that belong to this mode alone.
pub(super) const KEYS: &[&str] = &[
    "issuer",
    "audience",
    "jwks_url",
    "secret",
    "secret_file",
    "cookie",
    "claims",
    "stale_keys",
    "allow_private_addresses",
];

const EXAMPLE_ISSUER: &str = "https://sso.example.com";
const EXAMPLE_JWKS: &str = "https://sso.example.com/jwks.json";
/// The shortest secret of HS256, in bytes ([RFC 7518](https://www.rfc-editor.org/rfc/rfc7518#section-3.2)).
const MIN_SECRET_BYTES: usize = 32;

/// The keys of `auth.mode = "jwt"`.
#[derive(Debug, Clone)]
pub struct JwtSection {
    /// `issuer`: the value of `iss`, exactly.
    pub issuer: Setting<String>,
    /// `audience`: one of these has to be in `aud`.
    pub audience: Setting<Vec<String>>,
    /// What checks the signatures.
    pub keys: JwtKeys,
    /// `cookie`: where the token is when there is no `Authorization` header.
    pub cookie: Option<Setting<String>>,
    /// `claims`: which claim says what.
    pub claims: ClaimsSection,
    /// `stale_keys`: how long keys are used that can't be fetched anew.
    pub stale_keys: Option<Setting<Duration>>,
    /// `allow_private_addresses`: which addresses documents of the issuer may name.
    pub reach: Reach,
}

/// What checks the signatures of tokens.
#[derive(Debug, Clone)]
pub enum JwtKeys {
    /// The key set that the issuer's discovery document names.
    Discovery(Url),
    /// `jwks_url`: the key set at this address.
    Jwks(Setting<Url>),
    /// `secret` or `secret_file`: a secret that is shared with the issuer (HS256).
    Secret(Setting<Secret>),
}

/// `[auth.claims]`: the claim for each thing, as a path such as `realm_access.roles`.
#[derive(Debug, Clone, Default)]
pub struct ClaimsSection {
    /// `user`.
    pub user: Option<Setting<String>>,
    /// `tenant`.
    pub tenant: Option<Setting<String>>,
    /// `name`.
    pub name: Option<Setting<String>>,
    /// `email`.
    pub email: Option<Setting<String>>,
    /// `roles`.
    pub roles: Option<Setting<String>>,
    /// `scopes`.
    pub scopes: Option<Setting<String>>,
}

pub(super) fn read(section: &mut Section<'_>) -> Result<JwtSection, ConfigError> {
    let issuer = section.name("issuer")?;
    let issuer = required(
        section,
        "issuer",
        issuer,
        &format!("the issuer of the tokens, such as \"{EXAMPLE_ISSUER}\""),
    )?;
    let audience = section.list("audience")?;
    let audience = required(
        section,
        "audience",
        audience.filter(|audience| {
            !audience.value.is_empty() && audience.value.iter().all(|name| !name.is_empty())
        }),
        "whom the tokens are for, such as \"frontdesk\"",
    )?;
    let claims = claims(section)?;
    let stale_keys = section.duration("stale_keys")?;
    let reach = section.flag(
        "allow_private_addresses",
        (Reach::PublicOnly, Reach::Private),
    )?;
    let keys = keys(section, &issuer)?;
    if let JwtKeys::Secret(_) = &keys {
        let unused = [
            ("stale_keys", stale_keys.as_ref().map(|set| &set.origin)),
            (
                "allow_private_addresses",
                reach.as_ref().map(|set| &set.origin),
            ),
        ];
        for (key, origin) in unused {
            if let Some(origin) = origin {
                return Err(without_meaning(
                    &section.key(key),
                    origin,
                    "auth.secret: nothing is fetched",
                ));
            }
        }
    }
    Ok(JwtSection {
        issuer,
        audience,
        keys,
        cookie: cookie(section)?,
        claims,
        stale_keys,
        reach: reach.map_or(Reach::PublicOnly, |setting| setting.value),
    })
}

fn keys(section: &mut Section<'_>, issuer: &Setting<String>) -> Result<JwtKeys, ConfigError> {
    let secret = section.secret("secret")?;
    let jwks_url = section.text("jwks_url")?;
    match (secret, jwks_url) {
        (Some(_), Some(url)) => Err(without_meaning(
            &section.key("jwks_url"),
            &url.origin,
            "auth.secret: keep one",
        )),
        (Some(secret), None) if secret.value.expose().len() < MIN_SECRET_BYTES => {
            Err(ConfigError::Invalid {
                key: section.key("secret"),
                origin: secret.origin,
                expected: format!("at least {MIN_SECRET_BYTES} bytes"),
                found: None,
            })
        }
        (Some(secret), None) => Ok(JwtKeys::Secret(secret)),
        (None, Some(url)) => {
            web_address(section.key("jwks_url"), url, EXAMPLE_JWKS).map(JwtKeys::Jwks)
        }
        (None, None) => {
            let url = web_address(section.key("issuer"), issuer.clone(), EXAMPLE_ISSUER)?;
            Ok(JwtKeys::Discovery(url.value))
        }
    }
}

fn cookie(section: &mut Section<'_>) -> Result<Option<Setting<String>>, ConfigError> {
    section.read("cookie", "the name of a cookie", |value| {
        let name = value.as_str()?;
        let fits = |sign: char| sign.is_ascii_graphic() && !"()<>@,;:\\\"/[]?={}".contains(sign);
        (!name.is_empty() && name.chars().all(fits)).then(|| name.to_owned())
    })
}

fn claims(section: &mut Section<'_>) -> Result<ClaimsSection, ConfigError> {
    let mut section = section.below("claims");
    let claims = ClaimsSection {
        user: section.name("user")?,
        tenant: section.name("tenant")?,
        name: section.name("name")?,
        email: section.name("email")?,
        roles: section.name("roles")?,
        scopes: section.name("scopes")?,
    };
    section.finish()?;
    Ok(claims)
}
