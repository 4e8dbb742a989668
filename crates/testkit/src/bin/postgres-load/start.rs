//! A process that starts and does nothing: how soon it has answered, its memory, its size.

use std::fs;
use std::time::Duration;

use anyhow::{Result, ensure};
use frontdesk_testkit::clients::Client;
use tokio::time::{Instant, sleep};

use super::processes::memory;
use super::site::{Answers, database, launch, model, program};
use super::{Options, told};

/// How often it is started.
const TIMES: usize = 11;
/// Time for what was needed to begin to be given back.
const CALM: Duration = Duration::from_secs(2);

pub(super) async fn measure(options: &Options) -> Result<()> {
    let answers = Answers {
        deltas: options.deltas,
        pause: Duration::ZERO,
        tool: None,
    };
    let postgres = database().await?;
    let model = model(options, &answers).await?;
    let launch = launch(options, "started", &postgres, &model)?;
    // The first start makes the schema.
    let mut first = launch.start().await?;
    first.kill().await?;
    let (mut listening, mut answered) = (Vec::new(), Vec::new());
    let mut idle = 0;
    for time in 0..TIMES {
        let began = Instant::now();
        let mut server = launch.start().await?;
        listening.push(began.elapsed());
        let answer = Client::new(server.url())?.create("Say the words.").await?;
        answered.push(began.elapsed());
        ensure!(
            !answer.assistant_text()?.is_empty(),
            "no answer: {answer:?}"
        );
        if time + 1 == TIMES {
            sleep(CALM).await;
            idle = memory(&server)?;
        }
        server.kill().await?;
    }
    println!("a process on PostgreSQL whose schema is there, started {TIMES} times");
    told("from its start to listening", &mut listening);
    told("from its start to the first answer", &mut answered);
    println!(
        "memory after the first answer        {:>8.1} MB",
        megabytes(idle)?
    );
    let binary = fs::metadata(program(&options.programs, "frontdesk"))?.len();
    println!(
        "size of this build's binary          {:>8.1} MB",
        megabytes(binary / 1024)?
    );
    Ok(())
}

fn megabytes(kibibytes: u64) -> Result<f64> {
    Ok(f64::from(u32::try_from(kibibytes)?) / 1024.0)
}
