//! What goes wrong, and when: by a seed.
//!
//! Faults are dealt from a shuffled deck, so that each of them comes in every round, and so does a while of calm.

use std::sync::Arc;
use std::time::Duration;

use anyhow::Result;
use tokio::time::{Instant, sleep, timeout_at};

use super::Store;
use super::figures::Figures;
use super::random::Random;
use super::trouble::{Fault, Trouble};
use super::world::{Replica, World};
use crate::postgres::Ending;
use crate::proxy::{Direction, Proxy};

/// The most time between two faults.
const PEACE: Duration = Duration::from_secs(3);
/// How long nothing goes wrong once a round, so that it is seen how everything is then.
const CALM: Duration = Duration::from_secs(8);
/// How long a killed replica or a stopped database stays away at most.
const DOWN: Duration = Duration::from_secs(3);
/// How long something is delayed, and by how much at most.
const SLOW: Duration = Duration::from_secs(2);
const DELAY: Duration = Duration::from_millis(300);
/// How long a replica that was asked to end may take before it is asked what is left.
const SLOW_END: Duration = Duration::from_secs(10);

/// What is dealt.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Card {
    Fault(Fault),
    Calm,
}

/// The cards that are left of a round.
struct Deck {
    round: Vec<Card>,
    left: Vec<Card>,
}

impl Deck {
    /// With SQLite nobody but the tools has the database that can be cut off.
    fn of(store: Store) -> Self {
        let is_felt = |fault: &Fault| {
            let of_database = matches!(fault, Fault::DatabaseCut | Fault::DatabaseDelayed);
            store == Store::Postgres || !of_database
        };
        let faults = Fault::ALL.into_iter().filter(is_felt).map(Card::Fault);
        let more = [Card::Fault(Fault::Killed), Card::Calm];
        Self {
            round: faults.chain(more).collect(),
            left: Vec::new(),
        }
    }

    fn deal(&mut self, random: &mut Random) -> Card {
        if self.left.is_empty() {
            self.left.clone_from(&self.round);
        }
        let at = usize::try_from(random.below(self.left.len() as u64)).unwrap_or(0);
        self.left.swap_remove(at)
    }
}

/// Disturbs until then; at the end everything runs again as it should.
pub(super) async fn reign(
    world: &World,
    random: &mut Random,
    figures: &Figures,
    trouble: &Arc<Trouble>,
    until: Instant,
) -> Result<()> {
    let mut deck = Deck::of(world.store);
    loop {
        let peace = random.time(PEACE);
        match deck.deal(random) {
            Card::Calm => {
                figures.count("whiles of calm");
                sleep(CALM).await;
            }
            Card::Fault(fault) => {
                sleep(peace).await;
                if Instant::now() >= until {
                    return Ok(());
                }
                figures.count(fault.name());
                let _under_way = trouble.begins(fault);
                go_wrong(fault, world, random, figures).await?;
            }
        }
    }
}

async fn go_wrong(
    fault: Fault,
    world: &World,
    random: &mut Random,
    figures: &Figures,
) -> Result<()> {
    let count = world.replicas.len() as u64;
    let which = usize::try_from(random.below(count))?;
    let Some(replica) = world.replicas.get(which) else {
        return Ok(());
    };
    match fault {
        Fault::Killed => {
            replica.kill().await?;
            again(replica, random).await?;
        }
        Fault::Terminated => {
            terminate(replica, world, figures).await?;
            again(replica, random).await?;
        }
        Fault::FastRestart => restart(world, random, Ending::Fast).await?,
        Fault::ImmediateRestart => restart(world, random, Ending::Immediate).await?,
        Fault::ClientsCut => replica.proxy.cut(),
        Fault::DatabaseCut => world.database.cut(),
        Fault::ClientsDelayed => slow(&replica.proxy, random).await,
        Fault::DatabaseDelayed => slow(&world.database, random).await,
    }
    Ok(())
}

/// Asks a replica to end. Which turns run when that takes long is noted; what its process says is in its log.
async fn terminate(replica: &Replica, world: &World, figures: &Figures) -> Result<()> {
    let asked = Instant::now();
    let mut ending = Box::pin(replica.terminate());
    let slowly = timeout_at(asked + SLOW_END, &mut ending).await;
    let ended = if let Ok(ended) = slowly {
        ended?
    } else {
        let running = world.running_turns().await;
        let ended = ending.await?;
        figures.note(&format!(
            "one took {:?}; after {SLOW_END:?} there ran: {running}",
            asked.elapsed()
        ));
        ended
    };
    if let Some(wrong) = ended {
        figures.complain(&format!("a replica that was asked to end: {wrong}"));
    }
    figures.end(asked.elapsed());
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

async fn slow(proxy: &Proxy, random: &mut Random) {
    let by = random.time(DELAY);
    for direction in [Direction::ToServer, Direction::ToClient] {
        proxy.delay(direction, by);
    }
    sleep(random.time(SLOW)).await;
    for direction in [Direction::ToServer, Direction::ToClient] {
        proxy.delay(direction, Duration::ZERO);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_round_has_every_fault_and_calm() {
        for (store, faults) in [(Store::Postgres, 8), (Store::Sqlite, 6)] {
            let (mut deck, mut random) = (Deck::of(store), Random::of(1, 0));
            let mut orders = Vec::new();
            for _ in 0..3 {
                let round: Vec<Card> = (0..faults + 2).map(|_| deck.deal(&mut random)).collect();
                let times = |card| round.iter().filter(|other| **other == card).count();
                let counts: Vec<usize> = Fault::ALL.map(|fault| times(Card::Fault(fault))).into();
                let (of_database, killed) = (usize::from(store == Store::Postgres), 2);
                let expected = [1, 1, 1, killed, of_database, of_database, 1, 1];
                assert_eq!((counts, times(Card::Calm)), (expected.to_vec(), 1));
                orders.push(round);
            }
            assert_ne!(orders[0], orders[1]);
        }
    }
}
