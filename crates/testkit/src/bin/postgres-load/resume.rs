//! Reading a turn that another replica runs: how much later an event is seen there, and how soon a reader who comes back
//! has the first one.

use std::collections::BTreeMap;
use std::time::Duration;

use anyhow::{Context, Result};
use frontdesk_testkit::clients::{Client, Streaming, create};
use tokio::time::Instant;

use super::site::{Answers, Site};
use super::{Options, percentile};

const DELTAS: usize = 300;
const PAUSE: Duration = Duration::from_millis(20);
/// How often a reader comes back.
const TIMES: usize = 100;

pub(super) async fn measure(options: &Options) -> Result<()> {
    let answers = Answers {
        deltas: DELTAS,
        pause: PAUSE,
    };
    let site = Site::open(options, &answers, 2).await?;
    let here = client(&site, 0)?;
    let there = client(&site, 1)?;
    let mut first = here.open(&create("Say the words.")).await?;
    let turn = first.headers.get("frontdesk-turn").context("no turn")?;
    let path = format!("/chatkit/turns/{}/events", turn.to_str()?);
    let mut second = there.follow(&path).await?;
    let coming = async {
        let mut times = Vec::new();
        for _ in 0..TIMES {
            let back = there.clone().with_header("last-event-id", "1-2");
            let asked = Instant::now();
            let mut stream = back.follow(&path).await?;
            stream.next().await?.context("nothing came")?;
            times.push(asked.elapsed());
        }
        anyhow::Ok(times)
    };
    let (shown, seen, mut back) = tokio::try_join!(times(&mut first), times(&mut second), coming)?;
    let later = seen.iter().filter_map(|(id, seen)| {
        // What was there before the reader came isn't measured.
        let shown = shown.get(id)?;
        Some(seen.saturating_duration_since(*shown))
    });
    let mut later: Vec<Duration> = later.skip(10).collect();
    println!(
        "a turn of {DELTAS} deltas at {} a second, read on another replica",
        1_000 / PAUSE.as_millis().max(1)
    );
    told("an event is seen later by", &mut later);
    told("a reader who comes back", &mut back);
    Ok(())
}

fn client(site: &Site, replica: usize) -> Result<Client> {
    let client = Client::new(site.replica(replica)?.url())?;
    Ok(client.with_header("frontdesk-resume", "1"))
}

async fn times(stream: &mut Streaming) -> Result<BTreeMap<String, Instant>> {
    let mut times = BTreeMap::new();
    while let Some(event) = stream.next().await? {
        if let Some(id) = event.id {
            times.insert(id, Instant::now());
        }
    }
    Ok(times)
}

fn told(what: &str, times: &mut [Duration]) {
    times.sort();
    let millis = |percent| percentile(times, percent).unwrap_or_default().as_secs_f64() * 1e3;
    println!("{what:<26} p50 {:>7.2} ms", millis(50));
    println!("{:<26} p99 {:>7.2} ms", "", millis(99));
}
