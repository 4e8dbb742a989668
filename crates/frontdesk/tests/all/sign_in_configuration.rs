//! `[auth]`, `[cors]` and `[limits]`: what they mean, and what a mistake is told as.

use std::fs;
use std::time::Duration;

use frontdesk::config::{
    AuthMode, Config, ConfigError, CorsCredentials, CorsOrigins, JwtKeys, Sources,
};
use frontdesk_auth::guarded::Reach;
use tempfile::TempDir;

const SECRET: &str = "0123456789012345678901234567890123456789";

/// What is read, and the file's path.
fn read(file: &str) -> (Result<Config, ConfigError>, String) {
    let dir = TempDir::new().unwrap();
    let path = dir.path().join("frontdesk.toml");
    fs::write(&path, file).unwrap();
    let config = Config::read(&Sources {
        file: Some(path.clone()),
        ..Sources::default()
    });
    (config, path.to_str().unwrap().to_owned())
}

#[test]
fn a_token_issuer_is_read_with_all_that_belongs_to_it() {
    let file = "[server]\nlisten = \"0.0.0.0:80\"\npublic_url = \"https://chat.example.com\"\n\
                [auth]\nmode = \"jwt\"\nissuer = \"https://sso.example.com\"\naudience = [\"a\", \"b\"]\n\
                cookie = \"session\"\nstale_keys = \"2h\"\nallow_private_addresses = true\n\
                [auth.claims]\nuser = \"email\"\nroles = \"realm_access.roles\"";
    let config = read(file).0.unwrap();
    let AuthMode::Jwt(jwt) = &config.auth.mode.value else {
        panic!("{config:?}");
    };
    assert_eq!(jwt.issuer.value, "https://sso.example.com");
    assert_eq!(jwt.audience.value, ["a", "b"]);
    assert!(
        matches!(&jwt.keys, JwtKeys::Discovery(url) if url.host_str() == Some("sso.example.com"))
    );
    assert_eq!(jwt.cookie.as_ref().unwrap().value, "session");
    assert_eq!(
        jwt.stale_keys.as_ref().unwrap().value,
        Duration::from_hours(2)
    );
    assert_eq!(jwt.reach, Reach::Private);
    assert_eq!(jwt.claims.user.as_ref().unwrap().value, "email");
    assert_eq!(
        jwt.claims.roles.as_ref().unwrap().value,
        "realm_access.roles"
    );
    assert!(jwt.claims.tenant.is_none());
    let public_url = &config.server.public_url.as_ref().unwrap().value;
    assert_eq!(public_url.as_str(), "https://chat.example.com/");
}

#[test]
fn one_audience_is_a_text_and_a_secret_does_not_show() {
    let file = format!(
        "[auth]\nmode = \"jwt\"\nissuer = \"own\"\naudience = \"frontdesk\"\nsecret = \"{SECRET}\""
    );
    let config = read(&file).0.unwrap();
    let AuthMode::Jwt(jwt) = &config.auth.mode.value else {
        panic!("{config:?}");
    };
    assert_eq!(jwt.audience.value, ["frontdesk"]);
    assert!(matches!(&jwt.keys, JwtKeys::Secret(secret) if secret.value.expose() == SECRET));
    assert!(!format!("{config:?}").contains(SECRET));
}

#[test]
fn proxies_pages_and_limits_are_read() {
    let file = "[server]\nlisten = \"0.0.0.0:80\"\n\
                [auth]\nmode = \"trusted_proxy\"\npeers = [\"10.0.0.5\", \"10.1.0.0/16\"]\nuser_header = \"X-User\"\n\
                [cors]\nallowed_origins = [\"https://app.example.com:8443\"]\nallow_credentials = true\n\
                [limits]\nrequests_per_minute = 60\nrequests_per_minute_per_address = 600\n\
                turns_at_once = 2\ntokens_per_day = 100000";
    let config = read(file).0.unwrap();
    let AuthMode::TrustedProxy(proxy) = &config.auth.mode.value else {
        panic!("{config:?}");
    };
    let contains = |address: &str| {
        let address = address.parse().unwrap();
        proxy.peers.value.iter().any(|peer| peer.contains(address))
    };
    assert!(contains("10.0.0.5") && contains("10.1.2.3") && !contains("10.0.0.6"));
    assert_eq!(proxy.user_header.value, "x-user");
    let listed = CorsOrigins::Listed(vec!["https://app.example.com:8443".to_owned()]);
    assert_eq!(config.cors.allowed_origins.value, listed);
    assert_eq!(config.cors.credentials.value, CorsCredentials::Allowed);
    assert_eq!(config.limits.requests_per_minute.unwrap().value, 60);
    let per_address = config.limits.requests_per_minute_per_address;
    assert_eq!(per_address.unwrap().value, 600);
    assert_eq!(config.limits.turns_at_once.unwrap().value, 2);
    assert_eq!(config.limits.tokens_per_day.unwrap().value, 100_000);
}

#[test]
fn every_page_may_call_only_where_the_browser_signs_nobody_in() {
    let file = "[auth]\nmode = \"api_key\"\n[cors]\nallowed_origins = [\"*\"]";
    assert_eq!(
        read(file).0.unwrap().cors.allowed_origins.value,
        CorsOrigins::Any
    );
}

/// A file, and what is said about it.
const MISTAKES: &[(&str, &str)] = &[
    (
        "[auth]\nmode = \"none\"",
        "auth.mode (from FILE): expected one of \"development\", \"jwt\", \"trusted_proxy\", \"api_key\", \
         found \"none\"",
    ),
    (
        "[auth]\nallowed_hosts = [\"https://chat.example.com\"]",
        "auth.allowed_hosts (from FILE): expected names of hosts such as \"chat.example.com\" \
         or \"chat.example.com:8443\", found \"https://chat.example.com\"",
    ),
    (
        "[auth]\nallowed_origins = [\"app.example.com\"]",
        "auth.allowed_origins (from FILE): expected origins such as \"https://app.example.com\", \
         found \"app.example.com\"",
    ),
    (
        "[auth]\nmode = \"jwt\"\nissuer = \"https://h\"\naudience = [\"\"]",
        "auth.audience is missing: expected whom the tokens are for, such as \"frontdesk\"",
    ),
    (
        "[auth]\nissuer = \"https://sso.example.com\"",
        "auth.issuer (from FILE) has no meaning for auth.mode = \"development\" (from the default); \
         it belongs to \"jwt\"",
    ),
    (
        "[auth]\nmode = \"api_key\"\n[auth.claims]\nuser = \"sub\"",
        "auth.claims (from FILE) has no meaning for auth.mode = \"api_key\" (from FILE); it belongs to \"jwt\"",
    ),
    (
        "[auth]\nmode = \"jwt\"\nuser_header = \"X-User\"",
        "auth.user_header (from FILE) has no meaning for auth.mode = \"jwt\" (from FILE); \
         it belongs to \"trusted_proxy\"",
    ),
    (
        "[auth]\nmode = \"jwt\"",
        "auth.issuer is missing: expected the issuer of the tokens, such as \"https://sso.example.com\"",
    ),
    (
        "[auth]\nmode = \"jwt\"\nissuer = \"https://sso.example.com\"",
        "auth.audience is missing: expected whom the tokens are for, such as \"frontdesk\"",
    ),
    (
        "[auth]\nmode = \"jwt\"\nissuer = \"own\"\naudience = \"a\"",
        "auth.issuer (from FILE): expected a URL such as \"https://sso.example.com\", found \"own\"",
    ),
    (
        "[auth]\nmode = \"jwt\"\nissuer = \"own\"\naudience = \"a\"\nsecret = \"secret@\"",
        "auth.secret (from FILE): expected at least 32 bytes",
    ),
    (
        "[auth]\nmode = \"jwt\"\nissuer = \"own\"\naudience = \"a\"\nsecret = \"secret@\"\n\
         jwks_url = \"https://sso.example.com/jwks\"",
        "auth.jwks_url (from FILE) has no meaning beside auth.secret: keep one",
    ),
    (
        "[auth]\nmode = \"jwt\"\nissuer = \"own\"\naudience = \"a\"\nstale_keys = \"1h\"\n\
         secret = \"0123456789012345678901234567890123456789\"",
        "auth.stale_keys (from FILE) has no meaning beside auth.secret: nothing is fetched",
    ),
    (
        "[auth]\nmode = \"jwt\"\nissuer = \"own\"\naudience = \"a\"\njwks_url = \"https://u:secret@h/jwks\"",
        "auth.jwks_url (from FILE): expected a URL without a user and a password",
    ),
    (
        "[auth]\nmode = \"jwt\"\nisuer = \"x\"\nissuer = \"https://h\"\naudience = \"a\"",
        "unknown key: auth.isuer (from FILE); did you mean auth.issuer?",
    ),
    (
        "[auth]\nmode = \"jwt\"\nissuer = \"https://h\"\naudience = \"a\"\n[auth.claims]\nusr = \"sub\"",
        "unknown key: auth.claims.usr (from FILE); did you mean auth.claims.user?",
    ),
    (
        "[auth]\nmode = \"jwt\"\nissuer = \"https://h\"\naudience = \"a\"\ncookie = \"a b\"",
        "auth.cookie (from FILE): expected the name of a cookie, found \"a b\"",
    ),
    (
        "[auth]\nmode = \"trusted_proxy\"\nuser_header = \"X-User\"",
        "auth.peers is missing: expected the addresses or networks of the proxies, \
         such as [\"10.0.0.5\", \"10.1.0.0/16\"]",
    ),
    (
        "[auth]\nmode = \"trusted_proxy\"\npeers = [\"10.0.0.5/33\"]",
        "auth.peers (from FILE): expected addresses or networks such as \"10.0.0.5\" or \"10.1.0.0/16\", \
         found \"10.0.0.5/33\"",
    ),
    (
        "[auth]\nmode = \"trusted_proxy\"\npeers = [\"10.0.0.5\"]",
        "auth.user_header is missing: expected the header that names the user, such as \"X-Forwarded-User\"",
    ),
    (
        "[auth]\nmode = \"trusted_proxy\"\npeers = [\"10.0.0.5\"]\nuser_header = \"X User\"",
        "auth.user_header (from FILE): expected the name of a header, found \"X User\"",
    ),
    (
        "[cors]\nallowed_origins = [\"https://app.example.com/\"]",
        "cors.allowed_origins (from FILE): expected origins such as \"https://app.example.com\", or \"*\" alone, \
         found \"https://app.example.com/\"",
    ),
    (
        "[cors]\nallowed_origins = [\"https://app.example.com\", \"*\"]",
        "cors.allowed_origins (from FILE) has \"*\" beside other origins: keep one or the other",
    ),
    (
        "[cors]\nallowed_origins = [\"*\"]",
        "cors.allowed_origins (from FILE) is \"*\", but with auth.mode = \"development\" (from the default) \
         browsers sign in by themselves: name the origins",
    ),
    (
        "[auth]\nmode = \"jwt\"\nissuer = \"https://h\"\naudience = \"a\"\ncookie = \"session\"\n\
         [cors]\nallowed_origins = [\"*\"]",
        "cors.allowed_origins (from FILE) is \"*\", but with auth.mode = \"jwt\" (from FILE) \
         browsers sign in by themselves: name the origins",
    ),
    (
        "[auth]\nmode = \"api_key\"\n[cors]\nallowed_origins = [\"*\"]\nallow_credentials = true",
        "cors.allowed_origins (from FILE) is \"*\", but cors.allow_credentials (from FILE) is on: name the origins",
    ),
    (
        "[limits]\nrequests_per_minute = 0",
        "limits.requests_per_minute (from FILE): expected a number of requests from 1, found 0",
    ),
    (
        "[limits]\nturns = 1",
        "unknown key: limits.turns (from FILE)",
    ),
    (
        "[server]\npublic_url = \"chat.example.com\"",
        "server.public_url (from FILE): expected a URL such as \"https://chat.example.com\", \
         found \"chat.example.com\"",
    ),
];

#[test]
fn mistakes_about_sign_in_name_the_key_its_mode_and_what_was_expected() {
    for (file, expected) in MISTAKES {
        let (config, path) = read(file);
        let error = config.map(|_| ()).unwrap_err().to_string();
        assert_eq!(error.replace(&path, "FILE"), *expected, "{file}");
        assert!(!error.contains("secret@"), "{error}");
    }
}
