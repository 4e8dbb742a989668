//! Readers who wait: what each costs the process in memory.

use std::time::Duration;

use anyhow::{Context, Result, ensure};
use frontdesk_testkit::clients::{Client, create};
use futures_util::{StreamExt, TryStreamExt, stream};
use tokio::time::sleep;

use super::Options;
use super::processes::{memory, most_open_files};
use super::site::{Answers, Site};

/// Longer than anybody waits.
const SILENT: Duration = Duration::from_hours(1);
/// How many turns they read.
const TURNS: usize = 10;
/// How many come at once.
const AT_ONCE: usize = 64;
/// Time for what was needed to begin to be given back.
const CALM: Duration = Duration::from_secs(2);
/// Files that a process has open besides the readers' connections, at most.
const OTHER_FILES: usize = 200;

pub(super) async fn measure(options: &Options) -> Result<()> {
    let (may, need) = (most_open_files()?, options.readers + OTHER_FILES);
    ensure!(
        may >= need,
        "{} readers need {need} open files here and in the server, and a process may have {may}: \
         run it behind `ulimit -n {need}`, or with fewer --readers",
        options.readers
    );
    let answers = Answers {
        deltas: 2,
        pause: SILENT,
        tool: None,
    };
    let site = Site::open(options, &answers, 1).await?;
    let server = site.replica(0)?;
    let client = Client::new(server.url())?.with_header("frontdesk-resume", "1");
    let mut paths = Vec::new();
    let mut running = Vec::new();
    for _ in 0..TURNS {
        let stream = client.open(&create("Say nothing.")).await?;
        let turn = stream.headers.get("frontdesk-turn").context("no turn")?;
        paths.push(format!("/chatkit/turns/{}/events", turn.to_str()?));
        running.push(stream);
    }
    sleep(CALM).await;
    let before = memory(server)?;
    let waiting: Vec<_> = stream::iter(paths.iter().cycle().take(options.readers))
        .map(|path| async {
            let mut reader = client.follow(path).await?;
            // What there is so far; then it waits.
            reader.next().await?;
            anyhow::Ok(reader)
        })
        .buffer_unordered(AT_ONCE)
        .try_collect()
        .await
        .with_context(|| site.faults())?;
    sleep(CALM).await;
    let used = memory(server)?.saturating_sub(before);
    let readers = u32::try_from(waiting.len())?;
    println!("{readers} readers who wait, of {TURNS} turns");
    println!(
        "memory before                        {:>8.1} MB",
        f64::from(u32::try_from(before)?) / 1024.0
    );
    println!(
        "memory of all readers                {:>8.1} MB",
        f64::from(u32::try_from(used)?) / 1024.0
    );
    println!(
        "memory of each                       {:>8.1} KiB",
        f64::from(u32::try_from(used)?) / f64::from(readers.max(1))
    );
    Ok(())
}
