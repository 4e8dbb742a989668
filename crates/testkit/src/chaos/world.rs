//! What the users talk to: replicas on one PostgreSQL, TaskFlow on it, too, and a proxy wherever something can be cut.

use std::fs::OpenOptions;
use std::io::Write;
use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, Result, bail};
use tokio::process::Command;
use tokio::sync::Mutex;

use super::Store;
use crate::postgres::{self, Postgres};
use crate::process::{Launch, Server};
use crate::proxy::Proxy;

const RULES: &str = include_str!("rules.toml");
/// A file in the data folder.
const SQLITE: &str = "sqlite://frontdesk.db";
/// Where the store's tables are.
const SCHEMA: &str = "frontdesk";
/// How long a replica may take to end by itself: its grace, what is stored then, and the load of everything else.
const ENDING: Duration = Duration::from_secs(45);
/// Each change of a task is noted, by whatever program it is made, and takes some time, so that calls are interrupted.
const EFFECTS: &str = "
    create table taskflow.effects (
        seq bigserial primary key, what text not null, user_id text not null, number bigint not null, title text not null
    );
    create function taskflow.note_effect() returns trigger language plpgsql security definer as $$
    begin
        insert into taskflow.effects (what, user_id, number, title)
            values (tg_op, coalesce(new.user_id, old.user_id), coalesce(new.number, old.number),
                coalesce(new.title, old.title));
        perform pg_sleep(random() * 0.25);
        return coalesce(new, old);
    end $$;
    create trigger effects before insert or update or delete on taskflow.tasks
        for each row execute function taskflow.note_effect();";

/// Where the programs are, and how many replicas run.
#[derive(Debug, Clone)]
pub(super) struct Plan {
    pub(super) programs: PathBuf,
    pub(super) replicas: usize,
    pub(super) store: Store,
}

/// All that runs.
pub(super) struct World {
    // In this order they end.
    pub(super) replicas: Vec<Replica>,
    _taskflow: Server,
    pub(super) database: Proxy,
    pub(super) postgres: Postgres,
    pub(super) store: Store,
    program: PathBuf,
    folder: PathBuf,
}

/// One process of the product, behind a proxy whose address stays.
pub(super) struct Replica {
    pub(super) proxy: Proxy,
    launch: Launch,
    server: Mutex<Option<Server>>,
    /// Where it is kept what its processes wrote.
    logs: PathBuf,
}

impl World {
    pub(super) async fn open(plan: &Plan, folder: &Path) -> Result<Self> {
        let options = postgres::Options::default();
        let postgres = Postgres::start(options).await?;
        let database = Proxy::start(postgres.address()).await?;
        std::fs::write(folder.join("rules.toml"), RULES)?;
        std::fs::write(
            folder.join("secret"),
            "what chaos signs with, which is no secret",
        )?;
        let taskflow = Launch::new(program(&plan.programs, "taskflow"))
            .folder(folder)
            .arg("--listen")
            .arg("127.0.0.1:0")
            .arg("--secret-file")
            .arg("secret")
            .env("DATABASE_URL", postgres.url())
            .env("RUST_LOG", "warn,taskflow=info")
            .start()
            .await
            .context("TaskFlow")?;
        postgres.sql(EFFECTS).await?;
        std::fs::write(
            folder.join("frontdesk.toml"),
            configuration(taskflow.url(), plan.store),
        )?;
        let mut replicas = Vec::new();
        for number in 0..plan.replicas {
            let url = match plan.store {
                Store::Postgres => postgres.url_through(database.address()),
                Store::Sqlite => SQLITE.to_owned(),
            };
            replicas.push(Replica::start(plan, folder, number, &url).await?);
        }
        Ok(Self {
            replicas,
            _taskflow: taskflow,
            database,
            postgres,
            store: plan.store,
            program: program(&plan.programs, "frontdesk"),
            folder: folder.to_path_buf(),
        })
    }

    /// The product's command line, on what a replica has.
    pub(super) fn command(&self, replica: usize) -> Command {
        let mut command = Command::new(&self.program);
        command
            .current_dir(&self.folder)
            .arg("--data-dir")
            .arg(data(&self.folder, replica))
            .env("DATABASE_URL", self.url())
            .env("RUST_LOG", "warn")
            .stdin(Stdio::null());
        command
    }

    /// Where the replicas keep everything.
    fn url(&self) -> String {
        match self.store {
            Store::Postgres => self.postgres.url_through(self.database.address()),
            Store::Sqlite => SQLITE.to_owned(),
        }
    }

    /// What the database says of turns that run.
    pub(super) async fn running_turns(&self) -> String {
        if self.store == Store::Sqlite {
            return String::new();
        }
        let running = "select id, attempt, holder, leased_until, clock_timestamp(), stop_asked
             from frontdesk.turns where status = 'running' limit 50";
        let running = self.postgres.sql(running).await;
        running.unwrap_or_else(|error| format!("{error:#}"))
    }

    /// Where the users find the replicas.
    pub(super) fn urls(&self) -> Arc<[String]> {
        let urls = self.replicas.iter();
        urls.map(|replica| format!("http://{}", replica.proxy.address()))
            .collect()
    }

    /// The rows of a query, with its columns.
    pub(super) async fn rows(&self, query: &str) -> Result<Vec<Vec<String>>> {
        let table = self.postgres.sql(query).await?;
        let rows = table.lines().filter(|line| !line.is_empty());
        Ok(rows
            .map(|row| row.split('|').map(str::to_owned).collect())
            .collect())
    }
}

impl Replica {
    async fn start(plan: &Plan, folder: &Path, number: usize, database: &str) -> Result<Self> {
        let address = free_address()?;
        let data = data(folder, number);
        std::fs::create_dir_all(&data)?;
        let launch = Launch::new(program(&plan.programs, "frontdesk"))
            .folder(folder)
            .arg("--listen")
            .arg(address.to_string())
            .arg("--data-dir")
            .arg(data.display().to_string())
            .env("DATABASE_URL", database)
            .env("RUST_LOG", "warn,frontdesk::serve=info,frontdesk_chat=info");
        let server = launch
            .start()
            .await
            .with_context(|| format!("replica {number}"))?;
        Ok(Self {
            proxy: Proxy::start(address).await?,
            launch,
            server: Mutex::new(Some(server)),
            logs: folder.join(format!("replica-{number}.log")),
        })
    }

    /// Ends it as a crash does.
    pub(super) async fn kill(&self) -> Result<()> {
        match self.server.lock().await.take() {
            Some(mut server) => {
                server.kill().await?;
                self.keep_log(&server)
            }
            None => Ok(()),
        }
    }

    /// Asks it to end, and waits until it has. Gives what was wrong with that.
    pub(super) async fn terminate(&self) -> Result<Option<String>> {
        let Some(mut server) = self.server.lock().await.take() else {
            return Ok(None);
        };
        let id = server.id().context("no process")?.to_string();
        let sent = Command::new("kill").args(["-s", "TERM", &id]).status();
        if !sent.await?.success() {
            bail!("no signal was sent to {id}");
        }
        let ended = match server.wait(ENDING).await {
            Ok(status) if status.success() => None,
            Ok(status) => Some(format!("{status}: {}", server.log())),
            Err(error) => {
                server.kill().await?;
                Some(format!("{error:#}: {}", server.log()))
            }
        };
        self.keep_log(&server)?;
        Ok(ended)
    }

    fn keep_log(&self, ended: &Server) -> Result<()> {
        let mut logs = OpenOptions::new()
            .create(true)
            .append(true)
            .open(&self.logs)?;
        logs.write_all(ended.log().as_bytes())?;
        Ok(())
    }

    /// Starts it, unless it runs.
    pub(super) async fn start_again(&self) -> Result<()> {
        let mut server = self.server.lock().await;
        if server.is_none() {
            *server = Some(self.launch.start().await?);
        }
        Ok(())
    }

    /// What all of its processes wrote.
    pub(super) async fn log(&self) -> Result<String> {
        if let Some(server) = self.server.lock().await.as_ref() {
            self.keep_log(server)?;
        }
        Ok(std::fs::read_to_string(&self.logs)?)
    }
}

fn configuration(taskflow: &str, store: Store) -> String {
    let store = match store {
        Store::Postgres => format!("[store]\nschema = \"{SCHEMA}\"\n"),
        Store::Sqlite => String::new(),
    };
    format!(
        "[server]\nsecret_file = \"secret\"\nshutdown_grace = \"2s\"\n\
         {store}\
         [model.default]\nprovider = \"scripted\"\nrules_file = \"rules.toml\"\n\
         [agent.assistant]\nmodel = \"default\"\nmcp = [\"taskflow\"]\n\
         [mcp.taskflow]\nurl = \"{taskflow}/mcp\"\nauth = \"signed\"\n"
    )
}

fn free_address() -> Result<SocketAddr> {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).context("no free port")?;
    Ok(listener.local_addr()?)
}

fn data(folder: &Path, replica: usize) -> PathBuf {
    folder.join(format!("replica-{replica}"))
}

fn program(folder: &Path, name: &str) -> PathBuf {
    folder.join(format!("{name}{}", std::env::consts::EXE_SUFFIX))
}
