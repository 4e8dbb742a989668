//! Reading a running turn: how much later an event is seen on a replica that doesn't run it, and how soon a reader who
//! comes back has the first event, here and there.

use std::collections::BTreeMap;
use std::time::Duration;

use anyhow::{Context, Result};
use frontdesk_testkit::clients::{Client, Streaming, create};
use tokio::time::Instant;

use super::site::{Answers, Site};
use super::{Options, told};

const DELTAS: usize = 300;
const PAUSE: Duration = Duration::from_millis(20);
/// How often a reader comes back to each replica.
const TIMES: usize = 200;
/// What was there before the second reader came isn't measured.
const BEFORE: usize = 10;

pub(super) async fn measure(options: &Options) -> Result<()> {
    let answers = Answers {
        deltas: DELTAS,
        pause: PAUSE,
        tool: None,
    };
    let site = Site::open(options, &answers, 2).await?;
    let here = client(&site, 0)?;
    let there = client(&site, 1)?;
    let mut first = here.open(&create("Say the words.")).await?;
    let turn = first.headers.get("frontdesk-turn").context("no turn")?;
    let path = format!("/chatkit/turns/{}/events", turn.to_str()?);
    let mut second = there.follow(&path).await?;
    let (shown, seen, mut returned, mut elsewhere) = tokio::try_join!(
        times(&mut first),
        times(&mut second),
        coming_back(&here, &path),
        coming_back(&there, &path),
    )?;
    let later = seen.iter().filter_map(|(id, seen)| {
        let shown = shown.get(id)?;
        Some(seen.saturating_duration_since(*shown))
    });
    let mut later: Vec<Duration> = later.skip(BEFORE).collect();
    println!(
        "a turn of {DELTAS} deltas at {} a second, two replicas",
        1_000 / PAUSE.as_millis().max(1)
    );
    told("resuming where it runs", &mut returned);
    told("resuming at the other replica", &mut elsewhere);
    told("an event is seen there later by", &mut later);
    Ok(())
}

fn client(site: &Site, replica: usize) -> Result<Client> {
    let client = Client::new(site.replica(replica)?.url())?;
    Ok(client.with_header("frontdesk-resume", "1"))
}

/// From asking for the rest to its first event, over a connection of its own each time.
async fn coming_back(client: &Client, path: &str) -> Result<Vec<Duration>> {
    let mut times = Vec::new();
    for _ in 0..TIMES {
        let back = client.clone().with_header("last-event-id", "1-2");
        let asked = Instant::now();
        let mut stream = back.follow(path).await?;
        stream.next().await?.context("nothing came")?;
        times.push(asked.elapsed());
    }
    Ok(times)
}

async fn times(stream: &mut Streaming) -> Result<BTreeMap<(u32, u64), Instant>> {
    let mut times = BTreeMap::new();
    while let Some(event) = stream.next().await? {
        let id = event.id.as_deref().and_then(|id| id.split_once('-'));
        if let Some((attempt, number)) = id {
            times.insert((attempt.parse()?, number.parse()?), Instant::now());
        }
    }
    Ok(times)
}
