//! What goes wrong, and when: by a seed.

use std::time::Duration;

use anyhow::Result;
use tokio::time::{Instant, sleep};

use super::figures::Figures;
use super::random::Random;
use super::world::{Replica, World};
use crate::postgres::Ending;
use crate::proxy::Direction;

/// The most time between two faults.
const PEACE: Duration = Duration::from_secs(4);
/// How long a killed replica or a stopped database stays away at most.
const DOWN: Duration = Duration::from_secs(3);
/// How long something is delayed, and by how much at most.
const SLOW: Duration = Duration::from_secs(2);
const DELAY: Duration = Duration::from_millis(300);

/// Disturbs until then; at the end everything runs again as it should.
pub(super) async fn reign(
    world: &World,
    random: &mut Random,
    figures: &Figures,
    until: Instant,
) -> Result<()> {
    while Instant::now() < until {
        sleep(random.time(PEACE)).await;
        fault(world, random, figures).await?;
    }
    Ok(())
}

async fn fault(world: &World, random: &mut Random, figures: &Figures) -> Result<()> {
    let count = world.replicas.len() as u64;
    let which = usize::try_from(random.below(count))?;
    let Some(replica) = world.replicas.get(which) else {
        return Ok(());
    };
    match random.below(100) {
        0..30 => {
            figures.count("replicas killed (SIGKILL)");
            replica.kill().await?;
            again(replica, random).await?;
        }
        30..45 => {
            figures.count("replicas ended (SIGTERM)");
            let asked = Instant::now();
            if let Some(wrong) = replica.terminate().await? {
                figures.complain(&format!("a replica that was asked to end: {wrong}"));
            }
            figures.end(asked.elapsed());
            again(replica, random).await?;
        }
        45..52 => {
            figures.count("PostgreSQL restarted (fast)");
            restart(world, random, Ending::Fast).await?;
        }
        52..58 => {
            figures.count("PostgreSQL restarted (immediate)");
            restart(world, random, Ending::Immediate).await?;
        }
        58..75 => {
            figures.count("clients cut off");
            replica.proxy.cut();
        }
        75..85 => {
            figures.count("database cut off");
            world.database.cut();
        }
        85..93 => {
            figures.count("clients delayed");
            slow(&replica.proxy, random).await;
        }
        _ => {
            figures.count("database delayed");
            slow(&world.database, random).await;
        }
    }
    Ok(())
}

async fn again(replica: &Replica, random: &mut Random) -> Result<()> {
    sleep(random.time(DOWN)).await;
    replica.start_again().await
}

async fn restart(world: &World, random: &mut Random, ending: Ending) -> Result<()> {
    world.postgres.stop(ending).await?;
    sleep(random.time(DOWN)).await;
    world.postgres.start_again().await
}

async fn slow(proxy: &crate::proxy::Proxy, random: &mut Random) {
    let by = random.time(DELAY);
    for direction in [Direction::ToServer, Direction::ToClient] {
        proxy.delay(direction, by);
    }
    sleep(random.time(SLOW)).await;
    for direction in [Direction::ToServer, Direction::ToClient] {
        proxy.delay(direction, Duration::ZERO);
    }
}
