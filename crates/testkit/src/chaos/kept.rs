//! The turns as the store has them when all is over.

use std::collections::BTreeMap;
use std::process::{Output, Stdio};

use anyhow::{Context, Result, bail};
use frontdesk_clock::Timestamp;
use serde_json::Value;
use tokio::io::{AsyncBufReadExt, BufReader};

use super::Store;
use super::trouble::{Moment, now};
use super::world::World;

/// A turn that is stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct KeptTurn {
    /// How it stands.
    pub(super) status: String,
    pub(super) attempt: u64,
    pub(super) ended_at: Option<Moment>,
}

/// All turns, by their ids.
pub(super) async fn turns(world: &World) -> Result<BTreeMap<String, KeptTurn>> {
    match world.store {
        Store::Postgres => from_database(world).await,
        Store::Sqlite => from_archive(world).await,
    }
}

async fn from_database(world: &World) -> Result<BTreeMap<String, KeptTurn>> {
    let rows = world
        .rows("select id, status, attempt, coalesce(ended_at, -1) from frontdesk.turns")
        .await?;
    let turns = rows.into_iter().map(|row| {
        let [id, status, attempt, ended_at] = row.as_slice() else {
            bail!("not a turn: {row:?}");
        };
        let ended_at: Moment = ended_at.parse()?;
        let kept = KeptTurn {
            status: status.clone(),
            attempt: attempt.parse()?,
            ended_at: (ended_at >= 0).then_some(ended_at),
        };
        Ok((id.clone(), kept))
    });
    turns.collect()
}

/// What `frontdesk export` says. It says of a turn that runs that it ends as interrupted, just now.
async fn from_archive(world: &World) -> Result<BTreeMap<String, KeptTurn>> {
    let began = now();
    let mut export = world.command(0);
    export
        .arg("export")
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    let mut exporting = export.kill_on_drop(true).spawn()?;
    let lines = exporting.stdout.take().context("no standard output")?;
    let mut lines = BufReader::new(lines).lines();
    let mut turns = BTreeMap::new();
    while let Some(line) = lines.next_line().await? {
        if line.starts_with("{\"turn\":") {
            let line: Value = serde_json::from_str(&line)?;
            let (id, turn) = entry(&line, began).with_context(|| format!("not a turn: {line}"))?;
            turns.insert(id, turn);
        }
    }
    let Output { status, stderr, .. } = exporting.wait_with_output().await?;
    if !status.success() {
        let said = String::from_utf8_lossy(&stderr);
        bail!("frontdesk export: {status}: {said}");
    }
    Ok(turns)
}

fn entry(line: &Value, began: Moment) -> Option<(String, KeptTurn)> {
    let turn = line.get("turn")?.get("is")?;
    let field = |name: &str| Some(turn.get(name)?.as_str()?.to_owned());
    let ended_at: Timestamp = field("ended_at")?.parse().ok()?;
    let ended_at = ended_at.as_microsecond();
    let runs = ended_at >= began;
    let kept = KeptTurn {
        status: if runs {
            "running".to_owned()
        } else {
            field("status")?
        },
        attempt: turn.get("attempt")?.as_u64()?,
        ended_at: (!runs).then_some(ended_at),
    };
    Some((field("id")?, kept))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_turn_of_an_archive_that_ends_just_now_runs() {
        let line = json!({"turn": {"tenant": "default", "user": "ann", "is": {
            "id": "turn_1", "thread": "thr_1", "status": "interrupted", "attempt": 2,
            "created_at": "1970-01-01T00:00:00Z", "ended_at": "1970-01-01T00:00:05Z",
        }}});
        let kept = |status: &str, ended_at| KeptTurn {
            status: status.to_owned(),
            attempt: 2,
            ended_at,
        };
        for (began, expected) in [
            (5_000_001, kept("interrupted", Some(5_000_000))),
            (5_000_000, kept("running", None)),
        ] {
            let expected = ("turn_1".to_owned(), expected);
            assert_eq!(entry(&line, began), Some(expected));
        }
    }
}
