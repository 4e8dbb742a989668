//! The statements of plain turns with nothing around: what the database and the disk of this machine give.

use anyhow::{Context, Result, bail};
use serde::Deserialize;
use tokio::process::Command;

use super::Options;
use super::processes::processor_time_of;
use super::site::{database, program};

/// Turns for each that is measured with everything around: they are much quicker.
const TIMES: usize = 5;
const AT_ONCE: [usize; 2] = [16, 256];

/// What it measured.
#[derive(Deserialize)]
struct Load {
    turns: u32,
    first: f64,
    follow_up: f64,
}

pub(super) async fn measure(options: &Options) -> Result<()> {
    let postgres = database().await?;
    let statements = options.programs.join("examples");
    for at_once in AT_ONCE {
        let before = processor_time_of(&postgres).await?;
        let output = Command::new(program(&statements, "statements"))
            .env("DATABASE_URL", postgres.url())
            .arg((options.turns * TIMES).to_string())
            .arg(at_once.to_string())
            .kill_on_drop(true)
            .output()
            .await
            .context("cannot run the statements")?;
        let used = processor_time_of(&postgres).await?.saturating_sub(before);
        if !output.status.success() {
            bail!(
                "the statements: {}",
                String::from_utf8_lossy(&output.stderr)
            );
        }
        let load: Load = serde_json::from_slice(&output.stdout)?;
        let turns = f64::from(load.turns);
        println!("the same statements alone, {turns} turns, {at_once} at once");
        println!(
            "first messages a second              {:>8.0}",
            turns / load.first
        );
        println!(
            "follow-up messages a second          {:>8.0}",
            turns / load.follow_up
        );
        println!(
            "processor time of the database, both {:>8.3} ms",
            used.as_secs_f64() * 1e3 / turns
        );
    }
    Ok(())
}
