//! The processes, and what is seen of them from outside.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context, Result, bail};
use frontdesk_testkit::postgres::{self, Durability, Postgres};
use frontdesk_testkit::process::{Launch, Server};
use tokio::process::Command;

use super::Options;

/// A database as in production, a model, and replicas.
pub(super) struct Site {
    pub(super) replicas: Vec<Server>,
    _model: Server,
    pub(super) postgres: Postgres,
}

/// The model and its answers.
pub(super) struct Answers {
    pub(super) deltas: usize,
    /// The pause before each delta.
    pub(super) pause: Duration,
}

impl Site {
    pub(super) async fn open(
        options: &Options,
        answers: &Answers,
        replicas: usize,
    ) -> Result<Self> {
        let preload = (
            "shared_preload_libraries".to_owned(),
            "pg_stat_statements".to_owned(),
        );
        let postgres = Postgres::start(postgres::Options {
            durability: Durability::Durable,
            settings: vec![preload],
            ..postgres::Options::default()
        })
        .await?;
        postgres.sql("create extension pg_stat_statements").await?;
        let model = Launch::new(program(&options.programs, "model-server"))
            .arg("--deltas")
            .arg(answers.deltas.to_string())
            .arg("--pause-ms")
            .arg(answers.pause.as_millis().to_string())
            .start()
            .await
            .context("the model server")?;
        let secret = options.folder.join("secret");
        fs::write(&secret, "what benches sign with, which is no secret")?;
        let mut started = Vec::new();
        for number in 0..replicas {
            let data = options.folder.join(format!("replica-{number}"));
            fs::create_dir_all(&data)?;
            let launch = Launch::new(program(&options.programs, "frontdesk"))
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
                .env("RUST_LOG", "warn");
            started.push(launch.start().await?);
        }
        Ok(Self {
            replicas: started,
            _model: model,
            postgres,
        })
    }

    pub(super) fn replica(&self, number: usize) -> Result<&Server> {
        self.replicas.get(number).context("no such replica")
    }
}

/// User and system time of a process so far.
/// <https://man7.org/linux/man-pages/man5/proc_pid_stat.5.html>
pub(super) async fn processor_time(server: &Server) -> Result<Duration> {
    let stat = proc(server, "stat")?;
    // Fields 14 and 15, counted behind the name, which may hold spaces.
    let (_, fields) = stat.rsplit_once(") ").context("no times")?;
    let mut fields = fields.split(' ').skip(11).map(str::parse::<u64>);
    let (Some(Ok(user)), Some(Ok(system))) = (fields.next(), fields.next()) else {
        bail!("no times");
    };
    let a_second = Command::new("getconf").arg("CLK_TCK").output().await?;
    let a_second: u64 = String::from_utf8(a_second.stdout)?.trim().parse()?;
    let millis = ((user + system) * 1_000).checked_div(a_second);
    Ok(Duration::from_millis(millis.context("no ticks")?))
}

/// The resident memory of a process, in KiB.
pub(super) fn memory(server: &Server) -> Result<u64> {
    let status = proc(server, "status")?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    let number = line.and_then(|line| line.trim().strip_suffix(" kB"));
    Ok(number.context("no resident memory")?.parse()?)
}

pub(super) fn program(folder: &Path, name: &str) -> PathBuf {
    folder.join(format!("{name}{}", std::env::consts::EXE_SUFFIX))
}

fn proc(server: &Server, file: &str) -> Result<String> {
    let id = server.id().context("the process is gone")?;
    fs::read_to_string(format!("/proc/{id}/{file}")).context("this runs on Linux")
}
