//! The command line: what the operator asked for, and what the operator reads.

mod data;
mod key;

use std::io::{self, IsTerminal, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::Context;
use clap::{Args, Parser, Subcommand};
use frontdesk::config::{Config, DEFAULT_FILE, Environment, Sources};
use tracing_subscriber::EnvFilter;

/// What is logged when `RUST_LOG` says nothing.
const DEFAULT_LOG: &str = "info,rmcp=warn";

#[derive(Parser)]
#[command(
    name = "frontdesk",
    version,
    about = "A chat for your application that works with your application's own tools",
    after_help = AFTER_HELP
)]
struct Cli {
    #[command(subcommand)]
    command: Option<Command>,
    #[command(flatten)]
    place: Place,
    #[command(flatten)]
    serve: Serve,
}

const AFTER_HELP: &str = "\
Without a file and without a key, `frontdesk` runs a demonstration at http://127.0.0.1:8000:
a scripted assistant that manages tasks, with its data in the working directory.

Every key of the file can be set as FRONTDESK__SECTION__KEY, e.g. FRONTDESK__SERVER__LISTEN.
Also read: OPENAI_API_KEY, OPENAI_BASE_URL, OPENAI_MODEL, ANTHROPIC_API_KEY, ANTHROPIC_BASE_URL, MCP_SERVER_URL,
DATABASE_URL, RUST_LOG, and a .env file.
With --env-prefix MYAPP_CHAT_: MYAPP_CHAT_DATABASE_URL, MYAPP_CHAT_SCHEMA_NAME and the like, and every key as
MYAPP_CHAT_SECTION__KEY in place of FRONTDESK__SECTION__KEY.";

#[derive(Subcommand)]
enum Command {
    /// Serves the chat; this is what happens without a subcommand, too
    Serve(Serve),
    /// Prints a token for the embedded tool server at /mcp, valid for 60 seconds
    Token(Token),
    /// Makes, lists and revokes the keys that programs sign in with
    #[command(subcommand)]
    Key(key::Key),
    /// Writes all that is stored to standard output, as lines of JSON. Attachments' bytes and turns' logs are left out
    Export(data::Export),
    /// Reads what `export` wrote from standard input. What is there already is left as it is
    Import,
    /// Deletes all that a user has: threads, attachments, connections, use and keys
    Forget(data::Forget),
}

#[derive(Args)]
struct Place {
    /// The configuration file [default: frontdesk.toml, if there is one]
    #[arg(long, global = true, value_name = "FILE")]
    config: Option<PathBuf>,
    /// Where relative data files lie [default: the working directory]
    #[arg(long, global = true, value_name = "DIR")]
    data_dir: Option<PathBuf>,
    /// What the names of variables begin with in place of FRONTDESK__
    #[arg(long, global = true, value_name = "PREFIX")]
    env_prefix: Option<String>,
}

#[derive(Args)]
struct Serve {
    /// The address and port to listen on; port 0 takes a free one [default: 127.0.0.1:8000]
    #[arg(long, value_name = "ADDR")]
    listen: Option<String>,
}

#[derive(Args)]
struct Token {
    /// The user that the token is for
    #[arg(long)]
    user: String,
    /// The tool server that the token is for
    #[arg(long, default_value = "taskflow")]
    audience: String,
}

/// Does what the command line says.
pub(crate) async fn run() -> ExitCode {
    let cli = Cli::parse();
    match execute(cli).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            let _ = writeln!(io::stderr(), "error: {error:#}");
            ExitCode::FAILURE
        }
    }
}

async fn execute(cli: Cli) -> anyhow::Result<()> {
    let environment =
        Environment::new(std::env::vars_os().filter_map(|(name, value)| {
            Some((name.into_string().ok()?, value.into_string().ok()?))
        }));
    let mut environment = environment.with_file(Path::new(".env"))?;
    if let Some(prefix) = &cli.place.env_prefix {
        environment = environment.with_own_prefix(prefix)?;
    }
    match cli.command {
        Some(Command::Token(token)) => print_token(&config(&cli.place, None, environment)?, &token),
        Some(Command::Key(command)) => {
            key::run(command, &config(&cli.place, None, environment)?).await
        }
        Some(Command::Export(export)) => {
            log(&environment)?;
            data::export(export, &config(&cli.place, None, environment)?).await
        }
        Some(Command::Import) => {
            log(&environment)?;
            data::import(&config(&cli.place, None, environment)?).await
        }
        Some(Command::Forget(forget)) => {
            log(&environment)?;
            data::forget(forget, &config(&cli.place, None, environment)?).await
        }
        Some(Command::Serve(serve)) => {
            start(&cli.place, serve.listen.or(cli.serve.listen), environment).await
        }
        None => start(&cli.place, cli.serve.listen, environment).await,
    }
}

async fn start(
    place: &Place,
    listen: Option<String>,
    environment: Environment,
) -> anyhow::Result<()> {
    log(&environment)?;
    for variable in environment.unread() {
        tracing::warn!(variable, "nothing reads this variable");
    }
    let config = config(place, listen, environment)?;
    frontdesk::serve(config, |address| {
        let mut stderr = io::stderr();
        let _ = writeln!(stderr, "listening on http://{address}");
        let _ = writeln!(
            stderr,
            "open http://{address} in a browser to begin; Ctrl-C ends"
        );
    })
    .await?;
    Ok(())
}

fn print_token(config: &Config, token: &Token) -> anyhow::Result<()> {
    let signed = frontdesk::sign_token(config, &token.user, &token.audience)?;
    writeln!(io::stdout(), "{}", signed.expose()).context("the token can't be printed")
}

fn config(
    place: &Place,
    listen: Option<String>,
    environment: Environment,
) -> anyhow::Result<Config> {
    let found = Path::new(DEFAULT_FILE);
    let file = place
        .config
        .clone()
        .or_else(|| found.is_file().then(|| found.to_owned()));
    let data_dir = place.data_dir.as_ref().map(|dir| {
        dir.to_str()
            .map(str::to_owned)
            .context("--data-dir: the path isn't UTF-8")
    });
    let mut flags = Vec::new();
    if let Some(listen) = listen {
        flags.push(("server.listen", "--listen", listen));
    }
    if let Some(data_dir) = data_dir {
        flags.push(("server.data_dir", "--data-dir", data_dir?));
    }
    Ok(Config::read(&Sources {
        file,
        environment,
        flags,
    })?)
}

fn log(environment: &Environment) -> anyhow::Result<()> {
    let filter = environment
        .get("RUST_LOG")
        .map_or(DEFAULT_LOG.to_owned(), |filter| filter.value);
    let filter =
        EnvFilter::try_new(&filter).with_context(|| format!("RUST_LOG: not a filter: {filter}"))?;
    tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(io::stderr)
        .with_ansi(io::stderr().is_terminal())
        .init();
    Ok(())
}
