//! TLS: what each mode asks of the server, and what is told where the server isn't it.

use std::path::{Path, PathBuf};
use std::time::Duration;

use frontdesk_identity::Secret;
use frontdesk_store::{Maintenance, Result, StoreError};
use frontdesk_store_postgres::{Options, PostgresStore};
use frontdesk_testkit::postgres::{Options as ServerOptions, Postgres};

use super::database::{schema, server};
use super::sample::failed;

/// The name in the server's certificate; its address isn't in it.
const NAME: &str = "localhost";

/// A server whose certificate is for its name.
async fn certified() -> Result<Postgres> {
    let options = ServerOptions {
        certified: vec![NAME.to_owned()],
        ..ServerOptions::default()
    };
    Postgres::start(options).await.map_err(failed)
}

/// How the server is reached by its name, or by its address, in this mode and trusting this root.
fn options(server: &Postgres, by_name: bool, mode: &str, root: Option<PathBuf>) -> Options {
    let mut url = server.url();
    if by_name {
        let address = server.address();
        url = url.replace(&address.to_string(), &format!("{NAME}:{}", address.port()));
    }
    if !mode.is_empty() {
        url = format!("{url}?sslmode={mode}");
    }
    Options {
        root_certificate: root,
        acquire_timeout: Duration::from_secs(10),
        ..Options::new(Secret::new(url))
    }
}

/// How many sessions of the store there are, and whether all of them are encrypted.
async fn sessions(server: &Postgres) -> Result<String> {
    let sessions =
        "select count(*), bool_and(ssl) from pg_stat_ssl join pg_stat_activity using (pid)
                    where application_name = 'frontdesk'";
    server.sql(sessions).await.map_err(failed)
}

#[tokio::test]
async fn a_mode_encrypts_and_checks_what_it_says() -> Result<()> {
    let (server, other) = (certified().await?, certified().await?);
    let right = || Some(server.root_certificate());
    let wrong = || Some(other.root_certificate());
    for (by_name, mode, root, expected) in [
        (true, "verify-full", right(), "t"),
        (false, "verify-ca", right(), "t"),
        (false, "require", wrong(), "t"),
        (false, "require", None, "t"),
        (false, "prefer", None, "t"),
        (false, "", None, "t"),
        (false, "allow", None, "f"),
        (false, "disable", None, "f"),
    ] {
        let store = PostgresStore::open(options(&server, by_name, mode, root)).await?;
        store.ping().await?;
        // One that listens, and one that was just used.
        assert_eq!(sessions(&server).await?, format!("2|{expected}"), "{mode}");
        store.close().await;
        while sessions(&server).await? != "0|" {}
    }
    let absent = || Some(Path::new("/nowhere/root.pem").to_owned());
    for (by_name, mode, root, expected) in [
        (false, "verify-full", right(), "not valid for name"),
        (true, "verify-full", wrong(), "UnknownIssuer"),
        (false, "verify-ca", wrong(), "UnknownIssuer"),
        (true, "verify-full", None, "UnknownIssuer"),
        (true, "verify-full", absent(), "No such file"),
    ] {
        let refused = PostgresStore::open(options(&server, by_name, mode, root)).await;
        let error = refused.err().map(|error| error.to_string());
        let error = error.unwrap_or_default();
        assert!(error.contains(expected), "{mode}: {error}");
        assert!(!error.contains(server.password()), "{mode}: {error}");
        assert_eq!(sessions(&server).await?, "0|", "{mode}");
    }
    Ok(())
}

#[tokio::test]
async fn a_server_without_encryption_is_taken_only_where_none_is_asked_for() -> Result<()> {
    let plain = server().await?;
    for (mode, is_taken) in [
        ("disable", true),
        ("prefer", true),
        ("require", false),
        ("verify-ca", false),
        ("verify-full", false),
    ] {
        let options = Options {
            schema: schema().await?.schema,
            ..options(plain, false, mode, None)
        };
        match PostgresStore::open(options).await {
            Ok(store) => {
                assert!(is_taken, "{mode}");
                store.close().await;
            }
            Err(StoreError::Unavailable { detail }) => {
                assert!(!is_taken, "{mode}: {detail}");
                assert!(detail.contains("does not support TLS"), "{detail}");
            }
            Err(error) => return Err(error),
        }
    }
    Ok(())
}
