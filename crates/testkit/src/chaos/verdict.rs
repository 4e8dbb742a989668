//! What is left when chaos is over, as the store, the tools and the clients have it.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use anyhow::{Context, Result};
use futures_util::{StreamExt, stream};
use tokio::time::{Instant, sleep};

use super::Store;
use super::figures::Figures;
use super::user::{Taken, User};
use super::world::World;

/// How long turns may still run when nobody disturbs them any more.
const SETTLING: Duration = Duration::from_mins(1);
const GLANCE: Duration = Duration::from_millis(500);
/// How many users are looked at at once.
const AT_ONCE: usize = 16;
/// The ways in which a turn may have ended.
const ENDS: [&str; 5] = ["done", "stopped", "failed", "waiting", "interrupted"];

/// Complains of everything that must not be.
pub(super) async fn give(world: &World, users: &[User], figures: &Figures) -> Result<()> {
    if world.store == Store::Postgres {
        ended(world, figures).await?;
    }
    let mut checks = stream::iter(users)
        .map(User::check)
        .buffer_unordered(AT_ONCE);
    while let Some(checked) = checks.next().await {
        if let Err(error) = checked {
            figures.complain(&format!("a user can't look at what is left: {error:#}"));
        }
    }
    effects(world, users, figures).await?;
    for (number, replica) in world.replicas.iter().enumerate() {
        let log = replica.log().await;
        for line in log.lines().filter(|line| line.contains("panicked")) {
            figures.complain(&format!("replica {number}: {line}"));
        }
    }
    Ok(())
}

/// Every turn ended, in a way that there is.
async fn ended(world: &World, figures: &Figures) -> Result<()> {
    let until = Instant::now() + SETTLING;
    let turns = loop {
        let turns = world
            .rows("select status, count(*), sum(attempt - 1) from frontdesk.turns group by status")
            .await?;
        let runs = turns
            .iter()
            .any(|row| row.first().is_some_and(|status| status == "running"));
        if !runs || Instant::now() > until {
            break turns;
        }
        sleep(GLANCE).await;
    };
    for row in turns {
        let [status, count, takeovers] = row.as_slice() else {
            continue;
        };
        figures.add("takeovers", takeovers.parse().unwrap_or(0));
        let count = count.parse().context("no number of turns")?;
        match ENDS.iter().find(|end| *end == status) {
            Some(end) => figures.add(as_told(end), count),
            None => figures.complain(&format!("{count} turns are still {status}")),
        }
    }
    Ok(())
}

fn as_told(end: &str) -> &'static str {
    match end {
        "done" => "turns in the store: done",
        "stopped" => "turns in the store: stopped",
        "failed" => "turns in the store: failed",
        "waiting" => "turns in the store: waiting",
        _ => "turns in the store: interrupted",
    }
}

/// No task was added twice, and none that nobody wanted.
async fn effects(world: &World, users: &[User], figures: &Figures) -> Result<()> {
    let rows = world
        .rows("select what, title, count(*) from taskflow.effects group by what, title")
        .await?;
    let mut added = BTreeMap::new();
    for row in rows {
        let [what, title, count] = row.as_slice() else {
            continue;
        };
        let count: u64 = count.parse().context("no number of effects")?;
        figures.add("effects of tools", count);
        if what == "INSERT" {
            added.insert(title.clone(), count);
        }
    }
    let said = users.iter().flat_map(User::said);
    let wanted: BTreeSet<_> = said
        .filter(|said| said.adds.is_some() || said.taken == Taken::Unknown)
        .filter_map(|said| said.adds.as_ref())
        .collect();
    for (title, count) in added {
        if count > 1 {
            figures.complain(&format!("the task {title} was added {count} times"));
        }
        if !wanted.contains(&title) {
            figures.complain(&format!("nobody wanted the task {title}"));
        }
    }
    Ok(())
}
