//! Chaos: users talk to replicas of the product on one PostgreSQL while processes are killed, the database restarts and
//! connections break; afterwards every client's view has to be what the store has, and nothing may have been done twice.
//!
//! The same seed gives the same users and the same faults, though not the same moments.

mod delays;
mod effects;
mod faults;
mod figures;
mod kept;
mod random;
mod reading;
mod rereading;
mod speech;
mod trouble;
mod user;
mod verdict;
mod wire;
mod world;

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::AtomicUsize;
use std::time::Duration;

use anyhow::{Context, Result};
use tokio::task::JoinSet;
use tokio::time::Instant;

use crate::clients::http;
use figures::Figures;
use random::Random;
use trouble::Trouble;
use user::User;
use wire::Wire;
use world::{Plan, World};

/// One user of so many has a client that knows nothing of resuming.
const PLAIN: usize = 5;

/// How much chaos.
#[derive(Debug, Clone)]
pub struct Options {
    /// The folder with the programs `frontdesk` and `taskflow`.
    pub programs: PathBuf,
    /// An empty folder for what the processes keep.
    pub folder: PathBuf,
    /// How long something goes wrong again and again.
    pub time: Duration,
    /// What decides who says what and what goes wrong.
    pub seed: u64,
    /// How many users talk.
    pub users: usize,
    /// How many replicas they talk to; one with SQLite.
    pub replicas: usize,
    /// Where the replicas keep everything.
    pub store: Store,
}

/// Where the replicas keep everything.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Store {
    /// One database for all.
    Postgres,
    /// A file for one process.
    Sqlite,
}

/// What came of it.
#[derive(Debug)]
pub struct Report {
    /// What was counted, a line each.
    pub figures: String,
    /// What must not have been.
    pub complaints: Vec<String>,
}

/// Lets chaos reign, and looks what is left.
pub async fn run(options: &Options) -> Result<Report> {
    let plan = Plan {
        programs: options.programs.clone(),
        replicas: match options.store {
            Store::Postgres => options.replicas,
            Store::Sqlite => 1,
        },
        store: options.store,
    };
    let world = World::open(&plan, &options.folder).await?;
    let figures = Arc::new(Figures::default());
    let http = http()?;
    let until = Instant::now() + options.time;
    let mut talking = JoinSet::new();
    for number in 0..options.users {
        let wire = Wire {
            http: http.clone(),
            replicas: world.urls(),
            next: AtomicUsize::new(number),
            user: format!("user-{number}"),
            is_plain: number % PLAIN == PLAIN - 1,
            figures: Arc::clone(&figures),
        };
        let random = Random::of(options.seed, 1 + number as u64);
        let mut user = User::new(wire, random, Arc::clone(&figures));
        talking.spawn(async move {
            user.talk(until).await;
            user
        });
    }
    let mut random = Random::of(options.seed, 0);
    let trouble = Arc::new(Trouble::default());
    faults::reign(&world, &mut random, &figures, &trouble, until).await?;
    let mut users = Vec::new();
    while let Some(user) = talking.join_next().await {
        users.push(user.context("a user broke off")?);
    }
    let delays = verdict::give(&world, &users, &figures, &trouble).await?;
    Ok(Report {
        figures: format!("{figures}{delays}"),
        complaints: figures.complaints(),
    })
}
