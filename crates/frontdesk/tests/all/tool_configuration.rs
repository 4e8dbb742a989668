//! `[mcp.NAME]`: what its keys mean, and what a mistake is told as.

use std::fs;
use std::time::Duration;

use frontdesk::config::{
    Config, ConfigError, Environment, McpAuth, McpEndpoint, McpSection, Sources, StaticUser,
};
use frontdesk_auth::guarded::Reach;
use frontdesk_auth::outgoing::{ArgumentSource, ClientMethod, ExchangeEndpoint, StaticHeader};
use frontdesk_mcp_client::Era;
use tempfile::TempDir;

const URL: &str = "url = \"http://tools.example/mcp\"\n";

/// What is read, with the file's path written as FILE.
fn read_with(file: &str, variables: &[(&str, &str)]) -> Result<Config, String> {
    let dir = TempDir::new().unwrap();
    let path = dir.path().join("frontdesk.toml");
    fs::write(&path, file).unwrap();
    let variables = variables
        .iter()
        .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
    let config = Config::read(&Sources {
        file: Some(path.clone()),
        environment: Environment::new(variables),
        ..Sources::default()
    });
    config.map_err(|error: ConfigError| error.to_string().replace(path.to_str().unwrap(), "FILE"))
}

/// `[mcp.desk]` with these lines.
fn desk(lines: &str) -> Result<McpSection, String> {
    let mut config = read_with(&format!("[mcp.desk]\n{lines}"), &[])?;
    Ok(config.mcp.remove("desk").unwrap())
}

#[test]
fn everything_about_calls_is_read() {
    let desk = desk(&format!(
        "{URL}call_timeout = \"20s\"\nmax_call_time = \"5m\"\nconnect_timeout = \"3s\"\nidle_timeout = \"1m\"\n\
         max_connections = 7\nera = \"initialize\"\ntools.allow = [\"read_*\"]\ntools.deny = [\"read_secret\"]\n\
         tool_timeouts = {{ slow = \"2m\" }}\narguments = {{ user_id = \"user.id\", org = \"claims.org.id\" }}\n"
    ))
    .unwrap();
    let calls = &desk.calls;
    assert_eq!(calls.call_timeout.value, Duration::from_secs(20));
    assert_eq!(calls.tool_timeouts["slow"].value, Duration::from_mins(2));
    let most = calls.max_call_time.as_ref().unwrap().value;
    assert_eq!(most, Duration::from_mins(5));
    assert_eq!(calls.connect_timeout.value, Duration::from_secs(3));
    let idle = calls.idle_timeout.as_ref().unwrap().value;
    assert_eq!(idle, Duration::from_mins(1));
    assert_eq!(calls.max_connections.as_ref().unwrap().value, 7);
    assert_eq!(calls.era.value, Era::Initialize);
    assert_eq!(
        (&desk.tools.allow[..], &desk.tools.deny[..]),
        (&["read_*".to_owned()][..], &["read_secret".to_owned()][..])
    );
    assert!(matches!(
        desk.arguments["user_id"].value,
        ArgumentSource::UserId
    ));
    assert!(
        matches!(&desk.arguments["org"].value, ArgumentSource::Claim(path) if path == &["org", "id"])
    );
    assert!(matches!(desk.auth.value, McpAuth::None));
}

#[test]
fn a_program_is_read_and_its_environment_does_not_show() {
    let desk = desk(
        "command = [\"notes\", \"--quiet\"]\nworking_dir = \"/srv\"\nenv = { NOTES_KEY = \"hush\" }\n\
         auth = \"arguments\"\narguments = { user = \"user.email\" }",
    )
    .unwrap();
    assert!(!format!("{desk:?}").contains("hush"));
    let McpEndpoint::Command(command) = &desk.endpoint.value else {
        panic!("{desk:?}");
    };
    assert_eq!(command.program.to_str(), Some("notes"));
    assert_eq!(command.args, ["--quiet"]);
    assert_eq!(command.env["NOTES_KEY"].expose(), "hush");
    assert_eq!(command.working_dir.as_ref().unwrap().to_str(), Some("/srv"));
    assert!(matches!(desk.auth.value, McpAuth::Arguments));
}

#[test]
fn an_exchange_is_read() {
    let read = |lines: &str| {
        let desk = desk(&format!("{URL}auth = \"exchange\"\n{lines}")).unwrap();
        let McpAuth::Exchange(exchange) = desk.auth.value else {
            panic!("not an exchange");
        };
        (*exchange, desk.audience.value)
    };
    let (exchange, audience) = read(
        "audience = \"tools\"\nallow_private_addresses = true\n[mcp.desk.exchange]\n\
         token_url = \"https://sso.example/token\"\nclient_id = \"desk\"\nclient_secret = \"hush\"\n\
         client_method = \"client_secret_post\"\nscopes = [\"read\", \"write\"]\nresource = \"https://tools.example\"",
    );
    assert!(!format!("{exchange:?}").contains("hush"));
    assert_eq!(audience, "tools");
    assert!(
        matches!(&exchange.endpoint, ExchangeEndpoint::At(url) if url.as_str() == "https://sso.example/token")
    );
    let client = exchange.client.unwrap();
    assert_eq!(
        (client.id.as_str(), client.method),
        ("desk", ClientMethod::Post)
    );
    assert_eq!(client.secret.unwrap().expose(), "hush");
    assert_eq!(exchange.scopes, ["read", "write"]);
    assert_eq!(exchange.resource.unwrap().value, "https://tools.example");
    assert_eq!(exchange.reach, Reach::Private);

    let (exchange, audience) = read("exchange.issuer = \"https://sso.example/realms/a\"");
    assert_eq!(audience, "http://tools.example/mcp");
    assert!(
        matches!(&exchange.endpoint, ExchangeEndpoint::Issuer(issuer) if issuer == "https://sso.example/realms/a")
    );
    assert!(exchange.client.is_none());
    assert_eq!(exchange.reach, Reach::PublicOnly);
}

#[test]
fn accounts_and_service_credentials_are_read() {
    let oauth = |lines: &str| {
        let desk = desk(&format!("{URL}auth = \"oauth\"\n{lines}")).unwrap();
        let McpAuth::OAuth(oauth) = desk.auth.value else {
            panic!("not oauth");
        };
        *oauth
    };
    assert!(oauth("").client.is_none());
    let found = oauth(
        "[mcp.desk.oauth]\nclient_id = \"desk\"\nclient_secret = \"hush\"\nissuer = \"https://login.example\"\n\
         scopes = [\"tasks:read\"]",
    );
    assert!(!format!("{found:?}").contains("hush"));
    assert_eq!(found.scopes, ["tasks:read"]);
    let client = found.client.unwrap();
    assert_eq!(client.issuer.as_deref(), Some("https://login.example"));
    assert_eq!((client.id.as_str(), client.method), ("desk", None));

    let fixed = |lines: &str| {
        let desk = desk(&format!("{URL}auth = \"static\"\n{lines}")).unwrap();
        let McpAuth::Static(fixed) = desk.auth.value else {
            panic!("not static");
        };
        *fixed
    };
    let bearer = fixed("token = \"hush\"");
    assert!(matches!(bearer.header, StaticHeader::Bearer));
    assert_eq!(bearer.user, StaticUser::Unsaid);
    let named =
        fixed("token = \"hush\"\nheader = \"X-Api-Key\"\nwith_user = true\naudience = \"tools\"");
    assert!(!format!("{named:?}").contains("hush"));
    assert!(matches!(&named.header, StaticHeader::Named(name) if name == "x-api-key"));
    assert_eq!(named.user, StaticUser::Signed);
}

/// Lines beside the URL, and what is told about them.
const MISTAKES: &[(&str, &str)] = &[
    (
        "auth = \"signed\"\ntoken = \"hush\"",
        "mcp.desk.token (from FILE) has no meaning for mcp.desk.auth = \"signed\" (from FILE); \
             it belongs to \"static\"",
    ),
    (
        "audience = \"a\"",
        "mcp.desk.audience (from FILE) has no meaning for mcp.desk.auth = \"none\" (from the default); \
             it belongs to \"exchange\", \"forward\", \"signed\", \"static\"",
    ),
    (
        "auth = \"oauth\"\nexchange.issuer = \"https://sso.example\"",
        "mcp.desk.exchange (from FILE) has no meaning for mcp.desk.auth = \"oauth\" (from FILE); \
             it belongs to \"exchange\"",
    ),
    (
        "auth = \"static\"",
        "mcp.desk.token is missing: expected the credential, or mcp.desk.token_file",
    ),
    (
        "auth = \"static\"\ntoken = \"a\\nb\"",
        "mcp.desk.token (from FILE): expected a text that a header can have",
    ),
    (
        "auth = \"static\"\ntoken = \"a\"\naudience = \"b\"",
        "mcp.desk.audience (from FILE) has no meaning without mcp.desk.with_user = true",
    ),
    (
        "auth = \"static\"\ntoken = \"a\"\nheader = \"Mcp-Session-Id\"",
        "mcp.desk.header (from FILE): expected the name of a header that isn't the protocol's own, \
             such as \"X-Api-Key\", found \"Mcp-Session-Id\"",
    ),
    (
        "auth = \"arguments\"",
        "mcp.desk.arguments is missing: expected what to fill in, such as { user_id = \"user.id\" }",
    ),
    (
        "arguments = { a = \"user.password\" }",
        "mcp.desk.arguments.a (from FILE): expected one of \"user.id\", \"user.name\", \"user.email\", \"tenant\", \
             \"token\" and \"claims.<name>\", found \"user.password\"",
    ),
    (
        "auth = \"exchange\"",
        "mcp.desk.exchange.token_url is missing: expected the address at which tokens are exchanged, \
             or mcp.desk.exchange.issuer to look it up",
    ),
    (
        "auth = \"exchange\"\nexchange = { issuer = \"https://a.example\", token_url = \"https://a.example/t\" }",
        "mcp.desk.exchange.token_url and mcp.desk.exchange.issuer (from FILE) are both set: keep one",
    ),
    (
        "auth = \"exchange\"\nexchange = { issuer = \"https://a.example\", client_secret = \"hush\" }",
        "mcp.desk.exchange.client_secret (from FILE) has no meaning without mcp.desk.exchange.client_id",
    ),
    (
        "auth = \"oauth\"\noauth = { client_id = \"desk\" }",
        "mcp.desk.oauth.issuer is missing: expected the authorization server at which mcp.desk.oauth.client_id \
             is registered, as it names itself",
    ),
    (
        "auth = \"oauth\"\noauth = { scopes = [\"a b\"] }",
        "mcp.desk.oauth.scopes (from FILE): expected a list of at most 32 scopes without spaces, found [\"a b\"]",
    ),
    (
        "auth = \"oauth\"\noauth = { scope = [\"a\"] }",
        "unknown key: mcp.desk.oauth.scope (from FILE); did you mean mcp.desk.oauth.scopes?",
    ),
    (
        "max_call_time = \"30s\"",
        "mcp.desk.max_call_time (from FILE) is shorter than mcp.desk.call_timeout or one of mcp.desk.tool_timeouts",
    ),
    (
        "tool_timeouts = { slow = \"0s\" }",
        "mcp.desk.tool_timeouts.slow (from FILE): expected a time span above zero such as \"500ms\", \"60s\", \
             \"5m\" or \"1h\", found \"0s\"",
    ),
    (
        "tools.allow = []",
        "mcp.desk.tools.allow (from FILE): expected names of tools, such as [\"list_*\"]; without the key, \
             all are offered",
    ),
    (
        "command = [\"notes\"]",
        "mcp.desk.url (from FILE) and mcp.desk.command (from FILE) are both set: keep one",
    ),
    (
        "env = { A = \"hush\" }",
        "mcp.desk.env.A (from FILE) has no meaning without mcp.desk.command",
    ),
    (
        "env = \"hush\"",
        "mcp.desk.env (from FILE): expected a table",
    ),
];

#[test]
fn what_does_not_belong_together_is_told() {
    for (lines, expected) in MISTAKES {
        let error = desk(&format!("{URL}{lines}")).unwrap_err();
        assert_eq!(error, *expected, "{lines}");
    }
    let program = desk("command = [\"notes\"]\nauth = \"signed\"").unwrap_err();
    assert_eq!(
        program,
        "mcp.desk.auth = \"signed\" (from FILE) has no meaning beside mcp.desk.command: \
         a program takes \"none\" or \"arguments\""
    );
    let empty = desk("command = []").unwrap_err();
    assert_eq!(
        empty,
        "mcp.desk.command (from FILE): expected a list of a program and its arguments, \
         such as [\"notes-server\", \"--quiet\"], found []"
    );
}

#[test]
fn no_variable_starts_a_program() {
    let file = "[mcp.desk]\ncommand = [\"notes\"]\nenv = { A = \"b\" }";
    let variables = [
        ("FRONTDESK__MCP__DESK__COMMAND", "sh", "command"),
        ("FRONTDESK__MCP__OTHER__COMMAND", "sh", "command"),
        ("FRONTDESK__MCP__DESK__WORKING_DIR", "/tmp", "working_dir"),
        (
            "FRONTDESK__MCP__DESK__ENV__LD_PRELOAD",
            "x",
            "env.ld_preload",
        ),
    ];
    for (name, value, key) in variables {
        let error = read_with(file, &[(name, value)]).unwrap_err();
        let server = if name.contains("OTHER") {
            "other"
        } else {
            "desk"
        };
        assert_eq!(
            error,
            format!(
                "mcp.{server}.{key} (from environment variable {name}): \
                 what is started is named in the configuration file only"
            )
        );
    }
}

#[test]
fn accounts_need_an_address_that_browsers_find() {
    let file = |server: &str, name: &str| {
        format!(
            "[auth]\nmode = \"api_key\"\n[server]\nlisten = \"{server}\"\n[mcp.{name}]\n{URL}auth = \"oauth\""
        )
    };
    assert!(read_with(&file("127.0.0.1:0", "desk"), &[]).is_ok());
    let public = ("FRONTDESK__SERVER__PUBLIC_URL", "https://chat.example");
    assert!(read_with(&file("0.0.0.0:0", "desk"), &[public]).is_ok());
    assert_eq!(
        read_with(&file("0.0.0.0:0", "desk"), &[]).unwrap_err(),
        "mcp.desk.auth = \"oauth\" (from FILE) needs server.public_url: users' browsers come back to it"
    );
    assert_eq!(
        read_with(&file("127.0.0.1:0", "callback"), &[]).unwrap_err(),
        "mcp.callback.auth = \"oauth\" (from FILE): /connect/callback is something else; name the server otherwise"
    );
}

#[tokio::test]
async fn users_without_a_token_have_none_to_pass_on() {
    let exchange = "auth = \"exchange\"\nexchange.issuer = \"https://sso.example\"";
    let cases = [
        ("auth = \"forward\"", "auth = \"forward\""),
        (exchange, "auth = \"exchange\""),
        ("arguments.a = \"token\"", "arguments.a = \"token\""),
    ];
    for mode in ["development", "api_key"] {
        for (lines, named) in cases {
            let dir = TempDir::new().unwrap();
            let file = format!(
                "[server]\ndata_dir = {:?}\n[auth]\nmode = \"{mode}\"\n[mcp.desk]\n{URL}{lines}",
                dir.path()
            );
            let config = read_with(&file, &[]).unwrap();
            let built = frontdesk::Frontdesk::builder().config(config).build().await;
            let error = built.err().unwrap().to_string();
            let told = format!("configuration: mcp.desk.{named} (from ");
            assert!(error.starts_with(&told), "{error}");
            let instead =
                format!("needs the user's own token, and with auth.mode = \"{mode}\" (from ");
            assert!(error.contains(&instead), "{error}");
            let better = "users sign in without one: use \"signed\" or \"oauth\", or sign users in by \"jwt\"";
            assert!(error.ends_with(better), "{error}");
        }
    }
}
