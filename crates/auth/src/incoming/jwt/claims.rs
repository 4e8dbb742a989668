//! From a token's claims to a principal.

use std::sync::Arc;
use std::time::Duration;

use frontdesk_identity::{Principal, TenantId, UserId};
use serde_json::{Map, Value};

use super::{ClaimNames, JwtConfig, refused};
use crate::AuthError;

/// How far the issuer's clock and ours may be apart, in seconds.
const LEEWAY_SECONDS: i64 = 60;
/// How many roles and how many scopes are kept.
const MAX_LIST: usize = 256;
/// The longest name, address, role or scope that is kept, in bytes.
const MAX_TEXT_BYTES: usize = 512;
/// How many further claims are kept, and how many bytes of them, as JSON.
const MAX_CLAIMS: usize = 64;
const MAX_CLAIMS_BYTES: usize = 8 * 1024;
/// How deep a claim may lie.
const MAX_DEPTH: usize = 8;

/// Claims about the token rather than about its user ([RFC 7519](https://www.rfc-editor.org/rfc/rfc7519#section-4.1)).
const ABOUT_THE_TOKEN: [&str; 7] = ["iss", "sub", "aud", "exp", "nbf", "iat", "jti"];

/// What a token with a right signature says.
#[derive(Debug)]
pub(super) struct Verified {
    pub(super) principal: Arc<Principal>,
    pub(super) audiences: Vec<String>,
    pub(super) expires: i64,
    begins: i64,
}

impl Verified {
    /// Checks issuer and audience and reads who the user is. The time is left to [`Self::check_time`].
    pub(super) fn read(
        mut claims: Map<String, Value>,
        config: &JwtConfig,
    ) -> Result<Self, AuthError> {
        if claims.get("iss").and_then(Value::as_str) != Some(&config.issuer) {
            return Err(refused("another issuer"));
        }
        let audiences = audiences(&claims);
        if !audiences
            .iter()
            .any(|audience| config.audiences.contains(audience))
        {
            return Err(refused("another audience"));
        }
        let expires = seconds(&claims, "exp")?.ok_or(refused("a token that never expires"))?;
        let begins = seconds(&claims, "nbf")?.max(seconds(&claims, "iat")?);
        let mut principal = principal(&claims, &config.claims)?;
        for name in ABOUT_THE_TOKEN {
            claims.remove(name);
        }
        principal.claims = bounded(claims);
        Ok(Self {
            principal: Arc::new(principal),
            audiences,
            expires,
            begins: begins.unwrap_or(i64::MIN),
        })
    }

    pub(super) fn check_time(&self, now: i64) -> Result<(), AuthError> {
        if self.expires.saturating_add(LEEWAY_SECONDS) <= now {
            return Err(refused("an expired token"));
        }
        if self.begins > now.saturating_add(LEEWAY_SECONDS) {
            return Err(refused("a token from the future"));
        }
        Ok(())
    }
}

fn principal(claims: &Map<String, Value>, names: &ClaimNames) -> Result<Principal, AuthError> {
    let user = id(claims, &names.user).ok_or(refused("a token without the user"))?;
    if names.user == "email" && is_unverified(claims) {
        return Err(refused("a user named by an address that isn't verified"));
    }
    let user = UserId::new(user).map_err(|_| refused("a user that can't be"))?;
    let tenant = match &names.tenant {
        None => TenantId::single(),
        Some(name) => {
            let tenant = id(claims, name).ok_or(refused("a token without the tenant"))?;
            TenantId::new(tenant).map_err(|_| refused("a tenant that can't be"))?
        }
    };
    let mut principal = Principal::new(tenant, user);
    principal.name = text(claims, &names.name);
    principal.email = text(claims, &names.email);
    principal.roles = list(find(claims, &names.roles), |c| c == ',');
    let scopes = match &names.scopes {
        Some(name) => find(claims, name),
        None => claims.get("scope").or_else(|| claims.get("scp")),
    };
    principal.scopes = list(scopes, char::is_whitespace);
    Ok(principal)
}

/// A claim by its name, or by the path to it. Names may have dots themselves: `https://example.com/roles`.
fn find<'a>(claims: &'a Map<String, Value>, name: &str) -> Option<&'a Value> {
    if let Some(value) = claims.get(name) {
        return Some(value);
    }
    let (first, rest) = name.split_once('.')?;
    let mut value = claims.get(first)?;
    for part in rest.split('.').take(MAX_DEPTH) {
        value = value.get(part)?;
    }
    Some(value)
}

/// What tells users apart: a text, or a whole number, which some applications have as ids.
fn id(claims: &Map<String, Value>, name: &str) -> Option<String> {
    match find(claims, name)? {
        Value::String(text) => Some(text.clone()),
        Value::Number(number) if number.is_i64() || number.is_u64() => Some(number.to_string()),
        _ => None,
    }
}

/// Whether the issuer says that it doesn't know whose the mail address is: then anybody may have written it there
/// ([OpenID Connect](https://openid.net/specs/openid-connect-core-1_0.html#StandardClaims)).
fn is_unverified(claims: &Map<String, Value>) -> bool {
    match claims.get("email_verified") {
        Some(Value::Bool(verified)) => !verified,
        Some(Value::String(verified)) => verified == "false",
        _ => false,
    }
}

fn text(claims: &Map<String, Value>, name: &str) -> Option<String> {
    let text = find(claims, name)?.as_str()?;
    fits(text).then(|| text.to_owned())
}

fn list(value: Option<&Value>, separator: impl Fn(char) -> bool) -> Vec<String> {
    let entries: Vec<&str> = match value {
        Some(Value::String(text)) => text.split(separator).map(str::trim).collect(),
        Some(Value::Array(entries)) => entries.iter().filter_map(Value::as_str).collect(),
        _ => Vec::new(),
    };
    let entries = entries.into_iter().filter(|entry| fits(entry));
    entries.take(MAX_LIST).map(str::to_owned).collect()
}

fn fits(text: &str) -> bool {
    !text.is_empty() && text.len() <= MAX_TEXT_BYTES
}

/// For whom the token was issued: a text or several.
fn audiences(claims: &Map<String, Value>) -> Vec<String> {
    match claims.get("aud") {
        Some(Value::String(text)) => vec![text.clone()],
        Some(Value::Array(entries)) => {
            let texts = entries.iter().filter_map(Value::as_str);
            texts.take(MAX_LIST).map(str::to_owned).collect()
        }
        _ => Vec::new(),
    }
}

/// A time in seconds since the epoch, which may have a fraction; a time before the epoch can't be.
fn seconds(claims: &Map<String, Value>, name: &str) -> Result<Option<i64>, AuthError> {
    let Some(value) = claims.get(name) else {
        return Ok(None);
    };
    let whole = value.as_i64().filter(|seconds| *seconds >= 0);
    let seconds = whole.or_else(|| {
        let seconds = Duration::try_from_secs_f64(value.as_f64()?).ok()?;
        i64::try_from(seconds.as_secs()).ok()
    });
    seconds
        .map(Some)
        .ok_or(refused("a time that can't be read"))
}

fn bounded(claims: Map<String, Value>) -> Map<String, Value> {
    let mut left = MAX_CLAIMS_BYTES;
    let fits = |(name, value): &(String, Value)| {
        let bytes = name.len().saturating_add(value.to_string().len());
        match left.checked_sub(bytes) {
            Some(rest) => {
                left = rest;
                true
            }
            None => false,
        }
    };
    claims.into_iter().filter(fits).take(MAX_CLAIMS).collect()
}
