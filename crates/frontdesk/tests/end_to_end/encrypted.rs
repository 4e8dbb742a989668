//! PostgreSQL over TLS, as it is configured: the right server is taken, another one is told.

use frontdesk_testkit::postgres::{Options, Postgres};
use frontdesk_testkit::process::Launch;
use tempfile::TempDir;

use super::desk::{BINARY, valid};
use super::postgres::{desk, variables};

const ROOT_FILE: &str = "FRONTDESK__STORE__TLS_ROOT_FILE";

async fn certified(test: &str) -> Option<Postgres> {
    let options = Options {
        certified: vec!["localhost".to_owned()],
        ..Options::default()
    };
    Postgres::start_or_skip(test, options).await.unwrap()
}

#[tokio::test]
async fn a_database_is_reached_by_tls_and_another_one_is_refused() {
    let test = "frontdesk::a_database_is_reached_by_tls_and_another_one_is_refused";
    let Some(postgres) = certified(test).await else {
        return;
    };
    let other = certified(test).await.unwrap();
    let address = postgres.address();
    let named = format!("localhost:{}", address.port());
    let by_address = format!("{}?sslmode=verify-full", postgres.url());
    let by_name = by_address.replace(&address.to_string(), &named);
    let [root, wrong] = [&postgres, &other].map(|postgres| {
        let root = postgres.root_certificate();
        root.to_str().unwrap().to_owned()
    });

    let desk = desk(&by_name, "frontdesk", &[(ROOT_FILE, &root)]).await;
    valid(&desk.client().create("Hello").await.unwrap());
    let sessions = "select bool_and(ssl) from pg_stat_ssl join pg_stat_activity using (pid) \
                    where application_name = 'frontdesk'";
    assert_eq!(postgres.sql(sessions).await.unwrap(), "t");

    for (url, root, expected) in [
        (&by_address, &root, "not valid for name"),
        (&by_name, &wrong, "UnknownIssuer"),
    ] {
        let dir = TempDir::new().unwrap();
        let mut launch = Launch::new(BINARY)
            .arg("--listen")
            .arg("127.0.0.1:0")
            .folder(dir.path())
            .env(ROOT_FILE, root);
        for (name, value) in variables(url, "frontdesk") {
            launch = launch.env(name, value);
        }
        let error = launch.start().await.err().map(|error| format!("{error:#}"));
        let error = error.unwrap();
        assert!(error.contains(expected), "{error}");
        assert!(
            error.contains("(store.url, from environment variable DATABASE_URL)"),
            "{error}"
        );
        assert!(!error.contains(postgres.password()), "{error}");
    }
}
