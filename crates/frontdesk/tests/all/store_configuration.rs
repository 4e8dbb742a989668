//! Where threads are kept: the forms of addresses, what belongs to which kind of store, and variables with a prefix.

use std::fs;
use std::time::Duration;

use frontdesk::config::{
    Config, ConfigError, Environment, Origin, PostgresSection, Sources, StorePlace,
};
use tempfile::TempDir;

const SECRET: (&str, &str) = (
    "FRONTDESK__SERVER__SECRET",
    "0123456789012345678901234567890123456789",
);

fn environment(variables: &[(&str, &str)]) -> Environment {
    let owned = variables
        .iter()
        .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
    Environment::new(owned)
}

fn read(variables: &[(&str, &str)]) -> Result<Config, ConfigError> {
    Config::read(&Sources {
        environment: environment(variables),
        ..Sources::default()
    })
}

fn postgres(config: &Config) -> &PostgresSection {
    match &config.store.place {
        StorePlace::Postgres(postgres) => postgres,
        StorePlace::Sqlite(sqlite) => panic!("{sqlite:?}"),
    }
}

#[test]
fn addresses_are_understood_as_they_are_written_elsewhere() {
    for (given, url, shown) in [
        (
            "postgres://ann:p%40ss@db.example.com:6432/app",
            "postgres://ann:p%40ss@db.example.com:6432/app",
            "db.example.com:6432/app",
        ),
        (
            "postgresql://ann@db/app?sslmode=verify-full&application_name=x",
            "postgres://ann@db/app?sslmode=verify-full&application_name=x",
            "db:5432/app",
        ),
        (
            "postgresql+asyncpg://ann:secret@db/app?ssl=require",
            "postgres://ann:secret@db/app?sslmode=require",
            "db:5432/app",
        ),
        (
            "postgresql+asyncpg://ann:secret@db/app?ssl=true",
            "postgres://ann:secret@db/app?sslmode=require",
            "db:5432/app",
        ),
        (
            "postgresql+psycopg://ann:secret@[::1]/app?ssl=false",
            "postgres://ann:secret@[::1]/app?sslmode=disable",
            "[::1]:5432/app",
        ),
        (
            "postgresql:///app?host=/run/postgresql&user=ann",
            "postgres:///app?host=%2Frun%2Fpostgresql&user=ann",
            "/run/postgresql:5432/app",
        ),
    ] {
        let config = read(&[SECRET, ("DATABASE_URL", given)]).unwrap();
        let postgres = postgres(&config);
        assert_eq!(postgres.url.value.expose(), url);
        assert_eq!(postgres.shown, shown);
        assert_eq!(config.store.place.to_string(), shown);
        assert_eq!(
            postgres.url.origin,
            Origin::Variable("DATABASE_URL".to_owned())
        );
        let debug = format!("{config:?}");
        assert!(!debug.contains("secret@") && !debug.contains("p%40ss"));
    }
}

#[test]
fn all_keys_of_a_database_are_read() {
    let dir = TempDir::new().unwrap();
    let path = dir.path().join("frontdesk.toml");
    let (url, listen) = (dir.path().join("url"), dir.path().join("listen"));
    fs::write(&url, "postgres://ann:secret@pooler/app?sslmode=verify-ca\n").unwrap();
    fs::write(
        &listen,
        "postgresql+asyncpg://ann:secret@db/app?ssl=verify-full\n",
    )
    .unwrap();
    let file = format!(
        "[server]\nsecret = \"{}\"\n[store]\nurl_file = {url:?}\nlisten_url_file = {listen:?}\n\
         schema = \"Chat \\\"1\\\"\"\npool = 7\nacquire_timeout = \"2s\"\nstatement_timeout = \"3s\"\n\
         lock_timeout = \"4s\"\ntls_root_file = \"/etc/ca.pem\"\n",
        SECRET.1
    );
    fs::write(&path, file).unwrap();
    let config = Config::read(&Sources {
        file: Some(path),
        // The file says more than what is known elsewhere.
        environment: environment(&[("DATABASE_URL", "sqlite://other.db")]),
        ..Sources::default()
    })
    .unwrap();
    let section = postgres(&config);
    assert_eq!(
        section.url.value.expose(),
        "postgres://ann:secret@pooler/app?sslmode=verify-ca"
    );
    let listen = section.listen_url.as_ref().unwrap();
    assert_eq!(
        listen.value.expose(),
        "postgres://ann:secret@db/app?sslmode=verify-full"
    );
    assert_eq!(section.schema.as_ref().unwrap().value, "Chat \"1\"");
    assert_eq!(section.pool.as_ref().unwrap().value, 7);
    let timeouts = [
        &section.acquire_timeout,
        &section.statement_timeout,
        &section.lock_timeout,
    ];
    let timeouts = timeouts.map(|timeout| timeout.as_ref().unwrap().value);
    assert_eq!(timeouts, [2, 3, 4].map(Duration::from_secs));
    let root = section.tls_root_file.as_ref().unwrap();
    assert_eq!(root.value.to_str(), Some("/etc/ca.pem"));
}

#[test]
fn what_cannot_be_is_told_without_the_password() {
    const URL: (&str, &str) = ("DATABASE_URL", "postgres://ann:secret@db/app");
    let form = "expected postgres://USER:PASSWORD@HOST:PORT/DATABASE, with %XX for signs in the password that have a \
                meaning in URLs";
    let variable = "store.url (from environment variable DATABASE_URL)";
    for (variables, expected) in [
        (
            &[URL][..],
            "server.secret is missing: expected a secret that all processes on this database share, there or in the \
             file that server.secret_file names; `openssl rand -hex 32` makes one"
                .to_owned(),
        ),
        (
            &[SECRET, ("DATABASE_URL", "postgres:ann:secret@db")],
            format!("{variable}: {form}"),
        ),
        (
            &[SECRET, ("DATABASE_URL", "postgresqll://ann:secret@db/app")],
            format!("{variable}: {form}"),
        ),
        (
            &[SECRET, ("DATABASE_URL", "postgres://ann:secret#1@db/app")],
            format!("{variable}: {form}"),
        ),
        (
            &[SECRET, ("DATABASE_URL", "postgres://ann:secret@db/app?ssl=perhaps")],
            format!(
                "{variable}: expected an sslmode that is one of disable, allow, prefer, require, verify-ca, verify-full"
            ),
        ),
        (
            &[SECRET, URL, ("FRONTDESK__STORE__SCHEMA", "pg_chat")],
            "store.schema (from environment variable FRONTDESK__STORE__SCHEMA): expected a name of 1 to 63 bytes that \
             doesn't begin with \"pg_\", found \"pg_chat\""
                .to_owned(),
        ),
        (
            &[SECRET, URL, ("FRONTDESK__STORE__POOL", "1001")],
            "store.pool (from environment variable FRONTDESK__STORE__POOL): expected a number of connections from 1 \
             to 1000, found 1001"
                .to_owned(),
        ),
        (
            &[SECRET, URL, ("FRONTDESK__STORE__LISTEN_URL", "mysql://ann:secret@db")],
            format!(
                "store.listen_url (from environment variable FRONTDESK__STORE__LISTEN_URL): {form}"
            ),
        ),
        (
            &[SECRET, URL, ("FRONTDESK__STORE__TLS_ROOT_FILE", "ca.pem")],
            "store.tls_root_file (from environment variable FRONTDESK__STORE__TLS_ROOT_FILE) counts with \
             sslmode=verify-full or verify-ca alone, and store.url (from environment variable DATABASE_URL) asks for \
             neither"
                .to_owned(),
        ),
        (
            &[
                SECRET,
                ("DATABASE_URL", "postgres://ann:secret@db/app?sslmode=verify-full"),
                ("FRONTDESK__STORE__LISTEN_URL", "postgres://ann:secret@db/app?sslmode=require"),
                ("FRONTDESK__STORE__TLS_ROOT_FILE", "ca.pem"),
            ],
            "store.tls_root_file (from environment variable FRONTDESK__STORE__TLS_ROOT_FILE) counts with \
             sslmode=verify-full or verify-ca alone, and store.listen_url (from environment variable \
             FRONTDESK__STORE__LISTEN_URL) asks for neither"
                .to_owned(),
        ),
        (
            &[("FRONTDESK__STORE__SCHEMA", "chat")],
            "store.schema (from environment variable FRONTDESK__STORE__SCHEMA) is for PostgreSQL, and store.url names \
             none"
                .to_owned(),
        ),
        (
            &[SECRET, URL, ("FRONTDESK__STORE__SHEMA", "chat")],
            "unknown key: store.shema (from environment variable FRONTDESK__STORE__SHEMA); did you mean store.schema?"
                .to_owned(),
        ),
    ] {
        let error = read(variables).unwrap_err().to_string();
        assert_eq!(error, expected);
    }
}

#[test]
fn an_application_brings_its_own_prefix() {
    let variables = environment(&[
        ("DATABASE_URL", "postgres://app@db/app"),
        ("MCP_SERVER_URL", "http://elsewhere/mcp"),
        ("OPENAI_API_KEY", "sk-shared"),
        ("OPENAI_BASE_URL", "http://shared/v1"),
        ("FRONTDESK__SERVER__LISTEN", "127.0.0.1:1"),
        (
            "TASKFLOW_CHATKIT_DATABASE_URL",
            "postgresql+asyncpg://chat:secret@db/app",
        ),
        ("TASKFLOW_CHATKIT_SCHEMA_NAME", "chatkit"),
        ("TASKFLOW_CHATKIT_MCP_SERVER_URL", "http://127.0.0.1:8/mcp"),
        ("TASKFLOW_CHATKIT_OPENAI_BASE_URL", "http://own/v1"),
        ("TASKFLOW_CHATKIT_LISTEN", "127.0.0.1:2"),
        ("TASKFLOW_CHATKIT_SECRET", SECRET.1),
        ("TASKFLOW_CHATKIT_CHAT__PLAIN_SSE", "true"),
        ("TASKFLOW_CHATKIT_DEBUG_SQL", "1"),
    ]);
    for prefix in ["TASKFLOW_CHATKIT_", "TASKFLOW_CHATKIT"] {
        let environment = variables.clone().with_own_prefix(prefix).unwrap();
        assert_eq!(environment.unread(), ["TASKFLOW_CHATKIT_DEBUG_SQL"]);
        let config = Config::read(&Sources {
            environment,
            ..Sources::default()
        })
        .unwrap();
        let section = postgres(&config);
        assert_eq!(section.url.value.expose(), "postgres://chat:secret@db/app");
        let origin = |name: &str| Origin::Variable(format!("TASKFLOW_CHATKIT_{name}"));
        assert_eq!(section.url.origin, origin("DATABASE_URL"));
        let schema = section.schema.as_ref().unwrap();
        assert_eq!(
            (schema.value.as_str(), &schema.origin),
            ("chatkit", &origin("SCHEMA_NAME"))
        );
        assert_eq!(config.server.listen.value.port(), 2);
        assert_eq!(config.server.listen.origin, origin("LISTEN"));
        assert_eq!(config.chat.framing.origin, origin("CHAT__PLAIN_SSE"));
        let told = format!("{config:?}");
        assert!(
            told.contains("http://own/v1") || told.contains("\"own\""),
            "{told}"
        );
        assert!(!told.contains("elsewhere"), "{told}");
        assert!(told.contains("OPENAI_API_KEY"), "{told}");
    }
}

#[test]
fn slips_behind_a_prefix_are_told() {
    for (prefix, name, expected) in [
        (
            "MINE_",
            "MINE_DATABSE_URL",
            "unknown key: MINE_DATABSE_URL (from environment variable MINE_DATABSE_URL); did you mean \
             MINE_DATABASE_URL?",
        ),
        (
            "MINE_",
            "MINE_STORE__URLL",
            "unknown key: store.urll (from environment variable MINE_STORE__URLL); did you mean store.url?",
        ),
        (
            "",
            "X",
            "the prefix of variables (from --env-prefix): expected letters, digits and _, found \"\"",
        ),
        (
            "MY-APP_",
            "X",
            "the prefix of variables (from --env-prefix): expected letters, digits and _, found \"MY-APP_\"",
        ),
    ] {
        let told = environment(&[(name, "x")])
            .with_own_prefix(prefix)
            .and_then(|environment| {
                Config::read(&Sources {
                    environment,
                    ..Sources::default()
                })
            });
        assert_eq!(told.unwrap_err().to_string(), expected);
    }
    let alone = environment(&[("MINE_DATABASE_URL", "sqlite://mine.db")]);
    let alone = alone.with_own_prefix("MINE_").unwrap();
    let config = Config::read(&Sources {
        environment: alone,
        ..Sources::default()
    });
    assert_eq!(config.unwrap().store.place.to_string(), "./mine.db");
}
