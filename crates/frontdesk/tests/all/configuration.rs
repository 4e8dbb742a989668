//! Configuration: the overlay, the origins, and what a mistake is told as.

use std::fs;
use std::time::Duration;

use frontdesk::config::{
    Config, ConfigError, Environment, Framing, McpAuth, McpEndpoint, Origin, Provider, Sources,
};
use tempfile::TempDir;

struct Given {
    file: &'static str,
    environment: &'static [(&'static str, &'static str)],
    flags: &'static [(&'static str, &'static str, &'static str)],
}

const NOTHING: Given = Given {
    file: "",
    environment: &[],
    flags: &[],
};

fn read(given: &Given) -> Result<Config, ConfigError> {
    let dir = TempDir::new().unwrap();
    let path = dir.path().join("frontdesk.toml");
    fs::write(&path, given.file).unwrap();
    let environment = given
        .environment
        .iter()
        .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
    let flags = given
        .flags
        .iter()
        .map(|(key, flag, value)| (*key, *flag, (*value).to_owned()));
    Config::read(&Sources {
        file: Some(path),
        environment: Environment::new(environment),
        flags: flags.collect(),
    })
}

#[test]
fn nothing_said_is_the_demonstration() {
    let config = Config::read(&Sources::default()).unwrap();
    assert_eq!(config.server.listen.value.to_string(), "127.0.0.1:8000");
    assert_eq!(config.store.place.to_string(), "./frontdesk.db");
    assert!(matches!(
        config.models["default"].provider,
        Provider::Scripted { rules_file: None }
    ));
    let taskflow = &config.mcp["taskflow"];
    assert!(matches!(taskflow.endpoint.value, McpEndpoint::Embedded));
    assert!(matches!(taskflow.auth.value, McpAuth::Signed));
    assert_eq!(config.chat.framing.value, Framing::Resumable);
}

#[test]
fn flags_win_over_the_environment_which_wins_over_the_file() {
    let file =
        "[server]\nlisten = \"127.0.0.1:1\"\nshutdown_grace = \"1s\"\n[chat]\nplain_sse = true";
    let environment = &[
        ("FRONTDESK__SERVER__LISTEN", "127.0.0.1:2"),
        ("FRONTDESK__CHAT__PLAIN_SSE", "false"),
    ];
    let config = read(&Given {
        file,
        environment,
        ..NOTHING
    })
    .unwrap();
    assert_eq!(config.server.listen.value.port(), 2);
    assert_eq!(
        config.server.listen.origin,
        Origin::Variable("FRONTDESK__SERVER__LISTEN".to_owned())
    );
    assert_eq!(config.chat.framing.value, Framing::Resumable);
    assert_eq!(config.server.shutdown_grace.value, Duration::from_secs(1));
    assert!(matches!(
        config.server.shutdown_grace.origin,
        Origin::File(_)
    ));

    let flags = &[("server.listen", "--listen", "localhost:3")];
    let config = read(&Given {
        file,
        environment,
        flags,
    })
    .unwrap();
    assert_eq!(config.server.listen.value.to_string(), "127.0.0.1:3");
    assert_eq!(config.server.listen.origin, Origin::Flag("--listen"));
}

#[test]
fn variables_that_are_known_elsewhere_count() {
    let key = read(&Given {
        environment: &[("OPENAI_API_KEY", "sk-secret")],
        ..NOTHING
    })
    .unwrap();
    let Provider::OpenAiResponses { endpoint, .. } = &key.models["default"].provider else {
        panic!("{key:?}");
    };
    assert_eq!(
        endpoint.base_url.value.as_str(),
        "https://api.openai.com/v1"
    );
    assert_eq!(endpoint.name.value, "gpt-5.6");
    let api_key = &endpoint.api_key.as_ref().unwrap().value;
    assert_eq!(api_key.expose(), "sk-secret");
    let endpoint = &key.mcp["taskflow"].endpoint.value;
    assert!(matches!(endpoint, McpEndpoint::Embedded));
    assert!(!format!("{key:?}").contains("sk-secret"));

    let environment = &[
        ("OPENAI_BASE_URL", "http://127.0.0.1:9/v1"),
        ("OPENAI_MODEL", "small"),
        ("OPENAI_API_KEY", ""),
        ("MCP_SERVER_URL", "http://127.0.0.1:8/mcp"),
        ("DATABASE_URL", "sqlite:///data/chat.db"),
        ("FRONTDESK__MCP__DEFAULT__CALL_TIMEOUT", "5s"),
    ];
    let config = read(&Given {
        environment,
        ..NOTHING
    })
    .unwrap();
    let Provider::OpenAiResponses { endpoint, .. } = &config.models["default"].provider else {
        panic!("{config:?}");
    };
    let name = &endpoint.name;
    assert_eq!(
        (endpoint.base_url.value.as_str(), name.value.as_str()),
        ("http://127.0.0.1:9/v1", "small")
    );
    assert_eq!(name.origin, Origin::Variable("OPENAI_MODEL".to_owned()));
    assert!(endpoint.api_key.is_none());
    assert_eq!(config.store.place.to_string(), "/data/chat.db");
    let names: Vec<&String> = config.mcp.keys().collect();
    assert_eq!(names, ["default"]);
    let server = &config.mcp["default"];
    let McpEndpoint::At(url) = &server.endpoint.value else {
        panic!("{server:?}");
    };
    assert_eq!(url.as_str(), "http://127.0.0.1:8/mcp");
    assert!(matches!(server.auth.value, McpAuth::None));
    assert_eq!(server.calls.call_timeout.value, Duration::from_secs(5));
}

#[test]
fn what_the_file_says_is_not_replaced_by_what_is_known_elsewhere() {
    let file = "[store]\nurl = \"sqlite://own.db\"\n[model.default]\nprovider = \"scripted\"\n\
                [mcp.desk]\nurl = \"http://localhost:1/mcp\"\nauth = \"signed\"";
    let environment = &[
        ("DATABASE_URL", "postgres://elsewhere"),
        ("OPENAI_API_KEY", "sk-secret"),
        ("MCP_SERVER_URL", "http://elsewhere/mcp"),
    ];
    let config = read(&Given {
        file,
        environment,
        ..NOTHING
    })
    .unwrap();
    assert_eq!(config.store.place.to_string(), "./own.db");
    assert!(matches!(
        config.models["default"].provider,
        Provider::Scripted { .. }
    ));
    assert_eq!(config.mcp.keys().collect::<Vec<_>>(), ["desk"]);
    assert_eq!(config.mcp["desk"].audience.value, "http://localhost:1/mcp");
}

#[test]
fn secrets_come_from_files_and_do_not_show() {
    let dir = TempDir::new().unwrap();
    let secret = dir.path().join("secret");
    fs::write(&secret, "0123456789012345678901234567890123456789\n").unwrap();
    let variables = [(
        "FRONTDESK__SERVER__SECRET_FILE".to_owned(),
        secret.to_str().unwrap().to_owned(),
    )];
    let environment = Environment::new(variables);
    let config = Config::read(&Sources {
        environment,
        ..Sources::default()
    })
    .unwrap();
    assert_eq!(
        config.server.secret.as_ref().unwrap().value.expose().len(),
        40
    );
    assert!(!format!("{config:?}").contains("0123456789"));
}

#[test]
fn a_dotenv_file_counts_less_than_the_process() {
    let dir = TempDir::new().unwrap();
    let path = dir.path().join(".env");
    fs::write(
        &path,
        "OPENAI_MODEL=from-file\nOPENAI_BASE_URL='http://localhost:1/v1' # here\n",
    )
    .unwrap();
    let process = [("OPENAI_MODEL".to_owned(), "from-process".to_owned())];
    let environment = Environment::new(process).with_file(&path).unwrap();
    assert_eq!(
        environment.get("OPENAI_MODEL").unwrap().value,
        "from-process"
    );
    let base_url = environment.get("OPENAI_BASE_URL").unwrap();
    assert_eq!(base_url.value, "http://localhost:1/v1");
    assert_eq!(
        base_url.origin,
        Origin::DotEnv("OPENAI_BASE_URL".to_owned())
    );
    assert!(!format!("{environment:?}").contains("from-process"));

    fs::write(&path, "OPENAI_API_KEY sk-secret\n").unwrap();
    let error = Environment::default()
        .with_file(&path)
        .unwrap_err()
        .to_string();
    assert!(error.ends_with(".env: a line isn't NAME=value"), "{error}");
}

/// A file, variables of the environment, and what is said about them.
type Mistake = (
    &'static str,
    &'static [(&'static str, &'static str)],
    &'static str,
);

const MISTAKES: &[Mistake] = &[
    (
        "[server]\nlisen = \"x\"",
        &[],
        "unknown key: server.lisen (from FILE); did you mean server.listen?",
    ),
    (
        "[sever]\nlisten = \"x\"",
        &[],
        "unknown key: sever.listen (from FILE); did you mean server.listen?",
    ),
    ("colour = \"red\"", &[], "unknown key: colour (from FILE)"),
    (
        "server = 1",
        &[],
        "server (from FILE): expected a section, [server]",
    ),
    (
        "",
        &[("FRONTDESK__STORE__URI", "x")],
        "unknown key: store.uri (from environment variable FRONTDESK__STORE__URI); did you mean store.url?",
    ),
    (
        "[server]\nlisten = 8000",
        &[],
        "server.listen (from FILE): expected an address and a port such as \"127.0.0.1:8000\", found 8000",
    ),
    (
        "",
        &[("FRONTDESK__SERVER__LISTEN", "0.0.0.0:80")],
        "server.listen (from environment variable FRONTDESK__SERVER__LISTEN) is 0.0.0.0:80, but auth.mode = \
             \"development\" (from the default) lets everyone in and is for loopback only: listen on 127.0.0.1 or [::1]",
    ),
    (
        "[server]\nsecret = \"short\"",
        &[],
        "server.secret (from FILE): expected at least 32 bytes",
    ),
    (
        "[server]\nsecret = \"a\"\nsecret_file = \"b\"",
        &[],
        "server.secret and server.secret_file (from FILE) are both set: keep one",
    ),
    (
        "[server]\nsecret_file = \"/nowhere\"",
        &[],
        "/nowhere: No such file or directory (os error 2)",
    ),
    (
        "[server\nlisten",
        &[],
        "FILE: line 1: unclosed table, expected `]`",
    ),
    (
        "[store]\nurl = \"mysql://u:secret@h\"",
        &[],
        "store.url (from FILE): expected sqlite:// and a file, or postgres://USER:PASSWORD@HOST:PORT/DATABASE",
    ),
    (
        "[model.default]\nprovider = \"scripted\"\nname = \"x\"",
        &[],
        "model.default.name (from FILE) has no meaning for the provider \"scripted\"",
    ),
    (
        "[model.default]\nbase_url = \"localhost\"",
        &[],
        "model.default.base_url (from FILE): expected a URL such as \"https://api.openai.com/v1\", found \"localhost\"",
    ),
    (
        "[model.default]\ntemprature = 1",
        &[],
        "unknown key: model.default.temprature (from FILE); did you mean model.default.temperature?",
    ),
    (
        "",
        &[("OPENAI_BASE_URL", "nowhere")],
        "OPENAI_BASE_URL (from environment variable OPENAI_BASE_URL): expected a URL such as \
             \"https://api.openai.com/v1\", found \"nowhere\"",
    ),
    (
        "[agent.assistant]\nmodel = \"big\"",
        &[],
        "agent.assistant.model (from FILE): expected one of default, found \"big\"",
    ),
    (
        "[agent.assistant]\nmcp = [\"taskflw\"]\n[mcp.taskflow]\nurl = \"http://localhost/mcp\"",
        &[],
        "agent.assistant.mcp (from FILE): expected names of [mcp.NAME] sections, \
             found \"taskflw\"; did you mean \"taskflow\"?",
    ),
    (
        "[agent.a]\n[agent.b]",
        &[],
        "chat.agent is missing: expected which of the agents begins: a, b",
    ),
    (
        "[mcp.desk]",
        &[],
        "mcp.desk.url is missing: expected a URL such as \"http://localhost:8001/mcp\"",
    ),
    (
        "[mcp.desk]\nurl = \"http://localhost/mcp\"\nauth = \"basic\"",
        &[],
        "mcp.desk.auth (from FILE): expected one of \"exchange\", \"oauth\", \"forward\", \"signed\", \"static\", \
         \"arguments\", \"none\", found \"basic\"",
    ),
    (
        "[mcp.desk]\nurl = \"http://localhost/mcp\"\ncall_timeout = 60",
        &[],
        "mcp.desk.call_timeout (from FILE): expected a time span above zero such as \"500ms\", \"60s\", \"5m\" or \"1h\", found 60",
    ),
    (
        "[mcp.desk]\nurl = \"http://localhost/mcp\"\nconnect_timeout = \"0ms\"",
        &[],
        "mcp.desk.connect_timeout (from FILE): \
             expected a time span above zero such as \"500ms\", \"60s\", \"5m\" or \"1h\", found \"0ms\"",
    ),
    (
        "",
        &[("FRONTDESK__CHAT__TURN_DEADLINE", "0s")],
        "chat.turn_deadline (from environment variable FRONTDESK__CHAT__TURN_DEADLINE): \
             expected a time span above zero such as \"500ms\", \"60s\", \"5m\" or \"1h\", found \"0s\"",
    ),
    (
        "[chat]\nmessage_chars = 0",
        &[],
        "chat.message_chars (from FILE): expected a number of characters from 1, found 0",
    ),
    (
        "[agent.assistant]\nmax_turns = 0",
        &[],
        "agent.assistant.max_turns (from FILE): expected a number from 1, found 0",
    ),
    (
        "[agent.assistant]\nask_before = \"always\"",
        &[],
        "agent.assistant.ask_before (from FILE): expected one of \"destructive\", \"never\", found \"always\"",
    ),
    (
        "[agent.assistant]\nalways_ask = [\"pay\", \"send\"]\nnever_ask = [\"send\"]",
        &[],
        "agent.assistant.always_ask and agent.assistant.never_ask both name \"send\": keep one",
    ),
    (
        "[model.default]\nmax_output_tokens = 0",
        &[],
        "model.default.max_output_tokens (from FILE): expected a number of tokens from 1, found 0",
    ),
    (
        "[model.default]\nbase_url = \"http://u:secret@h/v1\"",
        &[],
        "model.default.base_url (from FILE): expected a URL without a user and a password",
    ),
    (
        "",
        &[("OPENAI_BASE_URL", "https://secret@h/v1")],
        "OPENAI_BASE_URL (from environment variable OPENAI_BASE_URL): \
             expected a URL without a user and a password",
    ),
    (
        "",
        &[("OPENAI_BASE_URL", "ftp://u:secret@h/v1")],
        "OPENAI_BASE_URL (from environment variable OPENAI_BASE_URL): \
             expected a URL without a user and a password",
    ),
    (
        "[model.default]\nbase_url = \"u:secret@h\"",
        &[],
        "model.default.base_url (from FILE): expected a URL such as \"https://api.openai.com/v1\"",
    ),
    (
        "[mcp.desk]\nurl = \"http://:secret@h/mcp\"",
        &[],
        "mcp.desk.url (from FILE): expected a URL without a user and a password",
    ),
    (
        "",
        &[("MCP_SERVER_URL", "http://u:secret@h/mcp")],
        "mcp.default.url (from environment variable MCP_SERVER_URL): expected a URL without a user and a password",
    ),
    (
        "[chat]\non_disconnect = \"never\"",
        &[],
        "chat.on_disconnect (from FILE): expected one of \"auto\", \"continue\", \"stop\", found \"never\"",
    ),
    (
        "[chat]\nwhen_busy = \"queue\"",
        &[],
        "chat.when_busy (from FILE): expected one of \"refuse\", \"wait\", \"stop\", found \"queue\"",
    ),
];

#[test]
fn mistakes_name_the_key_its_origin_and_what_was_expected() {
    for (file, environment, expected) in MISTAKES {
        let dir = TempDir::new().unwrap();
        let path = dir.path().join("frontdesk.toml");
        fs::write(&path, file).unwrap();
        let variables = environment
            .iter()
            .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
        let sources = Sources {
            file: Some(path.clone()),
            environment: Environment::new(variables),
            flags: Vec::new(),
        };
        let error = Config::read(&sources).map(|_| ()).unwrap_err().to_string();
        assert_eq!(
            error.replace(path.to_str().unwrap(), "FILE"),
            *expected,
            "{file} {environment:?}"
        );
        assert!(!error.contains("secret@"), "{error}");
    }
}
