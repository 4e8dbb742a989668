//! Where the tasks are kept: in a file of this machine, or in a schema of a PostgreSQL database.

use std::path::PathBuf;
use std::sync::Arc;

use anyhow::{Context, Result, ensure};
use clap::Args;
use frontdesk_clock::Clock;
use frontdesk_identity::Secret;
use frontdesk_taskflow::{SCHEMA, Tasks};

/// The database.
#[derive(Args)]
pub(crate) struct Database {
    /// Directory of the database file.
    #[arg(long, value_name = "DIR", default_value = ".")]
    data: PathBuf,
    /// PostgreSQL database in place of the file: `postgres://USER:PASSWORD@HOST/NAME`.
    #[arg(
        long = "database-url",
        value_name = "URL",
        env = "DATABASE_URL",
        hide_env_values = true
    )]
    url: Option<String>,
    /// Schema of the PostgreSQL database, made if need be.
    #[arg(long, value_name = "NAME", default_value = SCHEMA)]
    schema: String,
}

impl Database {
    pub(crate) async fn open(self, clock: Arc<dyn Clock>) -> Result<Tasks> {
        let Some(url) = self.url else {
            let file = self.data.join("taskflow.db");
            return Tasks::open(&file, clock).await.with_context(|| {
                format!("opening {}; --data names another directory", file.display())
            });
        };
        ensure!(
            url.starts_with("postgres://") || url.starts_with("postgresql://"),
            "--database-url (or DATABASE_URL) must begin with postgres:// or postgresql://"
        );
        Tasks::connect(&Secret::new(url), &self.schema, clock)
            .await
            .context("opening the database that --database-url (or DATABASE_URL) names")
    }
}

/// The address has a password in it.
impl std::fmt::Debug for Database {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Database").finish_non_exhaustive()
    }
}
