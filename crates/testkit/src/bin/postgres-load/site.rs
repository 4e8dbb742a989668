//! The processes that are measured: a database as in production, a model, and replicas.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context, Result};
use frontdesk_testkit::postgres::{self, Durability, Postgres};
use frontdesk_testkit::process::{Launch, Server};

use super::Options;

/// What PostgreSQL has by itself; tests take less.
const SETTINGS: [(&str, &str); 2] = [
    ("shared_buffers", "128MB"),
    ("shared_preload_libraries", "pg_stat_statements"),
];
/// What is said of the database.
const DESCRIBED: [&str; 5] = [
    "server_version",
    "fsync",
    "synchronous_commit",
    "full_page_writes",
    "shared_buffers",
];

/// The processes.
pub(super) struct Site {
    // In this order they end.
    pub(super) replicas: Vec<Server>,
    pub(super) model: Server,
    pub(super) postgres: Postgres,
}

/// The model and its answers.
pub(super) struct Answers {
    pub(super) deltas: usize,
    /// The pause before each delta.
    pub(super) pause: Duration,
    /// A tool server, and the tool that is called before each answer.
    pub(super) tool: Option<Tool>,
}

pub(super) struct Tool {
    pub(super) url: String,
    pub(super) name: &'static str,
}

impl Site {
    pub(super) async fn open(
        options: &Options,
        answers: &Answers,
        replicas: usize,
    ) -> Result<Self> {
        let postgres = database().await?;
        postgres.sql("create extension pg_stat_statements").await?;
        let model = model(options, answers).await?;
        let mut started = Vec::new();
        for number in 0..replicas {
            let name = format!("replica-{number}");
            let launch = launch(options, &name, &postgres, &model)?;
            let launch = match &answers.tool {
                Some(tool) => launch.env("MCP_SERVER_URL", &tool.url),
                None => launch,
            };
            started.push(launch.start().await?);
        }
        Ok(Self {
            replicas: started,
            model,
            postgres,
        })
    }

    pub(super) fn replica(&self, number: usize) -> Result<&Server> {
        self.replicas.get(number).context("no such replica")
    }

    /// What the replicas said went wrong, to be told with a failure.
    pub(super) fn faults(&self) -> String {
        let logs = self.replicas.iter().map(Server::log);
        let lines: Vec<String> = logs
            .flat_map(|log| log.lines().map(str::to_owned).collect::<Vec<_>>())
            .filter(|line| line.contains("ERROR") || line.contains("WARN"))
            .collect();
        let last = lines.len().saturating_sub(10);
        lines.get(last..).unwrap_or_default().join("\n")
    }
}

/// Prints what the database is.
pub(super) async fn describe() -> Result<()> {
    let postgres = database().await?;
    let mut said = Vec::new();
    for setting in DESCRIBED {
        let value = postgres.sql(&format!("show {setting}")).await?;
        said.push(format!("{setting} {value}"));
    }
    println!("PostgreSQL: {}", said.join(", "));
    Ok(())
}

/// A database that keeps what it has said is kept.
pub(super) async fn database() -> Result<Postgres> {
    let settings = SETTINGS.map(|(name, value)| (name.to_owned(), value.to_owned()));
    Postgres::start(postgres::Options {
        durability: Durability::Durable,
        settings: settings.into(),
        ..postgres::Options::default()
    })
    .await
}

/// A model that gives every request the same answer.
pub(super) async fn model(options: &Options, answers: &Answers) -> Result<Server> {
    let launch = Launch::new(program(&options.programs, "model-server"))
        .arg("--deltas")
        .arg(answers.deltas.to_string())
        .arg("--pause-ms")
        .arg(answers.pause.as_millis().to_string());
    let launch = match &answers.tool {
        Some(tool) => launch.arg("--tool").arg(tool.name),
        None => launch,
    };
    launch.start().await.context("the model server")
}

/// A replica on this database, with this model and a folder of its own.
pub(super) fn launch(
    options: &Options,
    name: &str,
    postgres: &Postgres,
    model: &Server,
) -> Result<Launch> {
    let secret = options.folder.join("secret");
    fs::write(&secret, "what benches sign with, which is no secret")?;
    let data = options.folder.join(name);
    fs::create_dir_all(&data)?;
    Ok(Launch::new(program(&options.programs, "frontdesk"))
        .folder(&data)
        .arg("--listen")
        .arg("127.0.0.1:0")
        .env("DATABASE_URL", postgres.url())
        .env(
            "FRONTDESK__SERVER__SECRET_FILE",
            secret.display().to_string(),
        )
        .env("OPENAI_BASE_URL", format!("{}/v1", model.url()))
        .env("OPENAI_API_KEY", "test")
        .env("RUST_LOG", "warn"))
}

pub(super) fn program(folder: &Path, name: &str) -> PathBuf {
    folder.join(format!("{name}{}", std::env::consts::EXE_SUFFIX))
}
