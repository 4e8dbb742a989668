//! What is left when chaos is over, as the store, the tools and the clients have it.

use std::collections::BTreeMap;
use std::time::Duration;

use anyhow::{Context, Result};
use futures_util::{StreamExt, stream};
use tokio::time::{Instant, sleep};

use super::effects::{self, Told};
use super::figures::Figures;
use super::kept::{self, KeptTurn};
use super::speech::{is_failure, promise};
use super::trouble::Trouble;
use super::user::{Answer, Said, Taken, User};
use super::world::World;

/// How long turns may still run when nobody disturbs them any more.
const SETTLING: Duration = Duration::from_mins(1);
const GLANCE: Duration = Duration::from_millis(500);
/// How many users are looked at at once.
const AT_ONCE: usize = 16;
/// The ways in which a turn may have ended.
const ENDS: [(&str, &str); 5] = [
    ("done", "turns in the store: done"),
    ("stopped", "turns in the store: stopped"),
    ("failed", "turns in the store: failed"),
    ("waiting", "turns in the store: waiting"),
    ("interrupted", "turns in the store: interrupted"),
];

type Kept = BTreeMap<String, KeptTurn>;
/// The texts of messages, each with those that answered it.
type Spoken = Vec<(String, Vec<String>)>;

/// Complains of everything that must not be, and tells how long users waited.
pub(super) async fn give(
    world: &World,
    users: &[User],
    figures: &Figures,
    trouble: &Trouble,
) -> Result<String> {
    let kept = settled(world).await?;
    ended(&kept, figures);
    let checks = users
        .iter()
        .map(|user| async move { (user, user.check().await) });
    let mut checks = stream::iter(checks).buffer_unordered(AT_ONCE);
    let mut told = Vec::new();
    while let Some((user, checked)) = checks.next().await {
        match checked {
            Ok(spoken) => told.extend(look_at(user, &spoken, &kept, figures)),
            Err(error) => {
                let name = user.name();
                figures.complain(&format!("{name} can't look at what is left: {error:#}"));
            }
        }
    }
    effects::look(world, users, &told, figures).await?;
    for (number, replica) in world.replicas.iter().enumerate() {
        let log = replica.log().await?;
        for line in log.lines().filter(|line| line.contains("panicked")) {
            figures.complain(&format!("replica {number}: {line}"));
        }
    }
    let judged = figures.delays.judge(trouble, &kept);
    for complaint in &judged.complaints {
        figures.complain(complaint);
    }
    Ok(judged.figures)
}

/// The turns, once none runs any more or nobody waits for that any longer.
async fn settled(world: &World) -> Result<Kept> {
    let until = Instant::now() + SETTLING;
    loop {
        let turns = kept::turns(world)
            .await
            .context("the turns that are left")?;
        let runs = turns.values().any(|turn| turn.ended_at.is_none());
        if !runs || Instant::now() > until {
            return Ok(turns);
        }
        sleep(GLANCE).await;
    }
}

/// Every turn ended, in a way that there is.
fn ended(kept: &Kept, figures: &Figures) {
    for (id, turn) in kept {
        figures.add("takeovers", turn.attempt.saturating_sub(1));
        match ENDS.iter().find(|(end, _)| *end == turn.status) {
            Some((_, name)) => figures.count(name),
            None => figures.complain(&format!("turn {id} is still {}", turn.status)),
        }
    }
}

/// Whether what a user said and read is what the store has. Gives what the user was told to have been done.
fn look_at(user: &User, spoken: &Spoken, kept: &Kept, figures: &Figures) -> Vec<Told> {
    let name = user.name();
    let mut told = Vec::new();
    for said in user.said() {
        let message = said.wish.message(&said.word);
        let times: Vec<_> = spoken.iter().filter(|(text, _)| *text == message).collect();
        let answers = times.first().map_or(&[][..], |(_, answers)| answers);
        let answer = said.answer.as_ref();
        let wrong = [
            stored(said.taken, times.len()),
            answered(said, answers, kept),
            answer.and_then(|answer| told_of(answer, kept)),
        ];
        for wrong in wrong.into_iter().flatten() {
            figures.complain(&format!("{name}: {message:?}: {wrong}"));
        }
        for promise in answers.iter().filter_map(|text| promise(text)) {
            figures.count("tasks that users were told of");
            told.push(Told {
                user: name.to_owned(),
                promise,
            });
        }
    }
    told
}

/// A message is stored once, or not at all where nobody took it.
fn stored(taken: Taken, times: usize) -> Option<String> {
    let fits = match taken {
        Taken::Yes => times == 1,
        Taken::Unknown => times <= 1,
    };
    (!fits).then(|| format!("it is stored {times} times"))
}

/// An answer is said once, and whole where its turn is done.
fn answered(said: &Said, answers: &[String], kept: &Kept) -> Option<String> {
    let ending = said.wish.ending(&said.word);
    let whole = answers
        .iter()
        .filter(|text| text.ends_with(&ending))
        .count();
    if whole > 1 {
        return Some(format!("it was answered {whole} times: {answers:?}"));
    }
    let turn = kept.get(&said.answer.as_ref()?.turn)?;
    let is_done = turn.status == "done";
    let fails = answers.iter().any(|text| is_failure(text));
    (is_done && whole == 0 && !fails).then(|| format!("its answer isn't whole: {answers:?}"))
}

/// A turn has ended as its reader was told.
fn told_of(answer: &Answer, kept: &Kept) -> Option<String> {
    let turn = &answer.turn;
    let Some(found) = kept.get(turn) else {
        return Some(format!("turn {turn} isn't there"));
    };
    let may_be: &[&str] = match (answer.failed, answer.stopped) {
        (true, _) => &["failed", "interrupted"],
        (false, true) => &["stopped", "done", "waiting"],
        (false, false) => &["done", "waiting"],
    };
    let fits = may_be.contains(&found.status.as_str());
    (!fits).then(|| {
        format!(
            "turn {turn} ended as {}, and was read as {may_be:?}",
            found.status
        )
    })
}

#[cfg(test)]
mod tests {
    use super::super::speech::Wish;
    use super::*;

    fn kept(status: &str) -> Kept {
        let turn = KeptTurn {
            status: status.to_owned(),
            attempt: 1,
            ended_at: Some(1),
        };
        Kept::from([("turn".to_owned(), turn)])
    }

    fn answer(failed: bool, stopped: bool) -> Answer {
        Answer {
            turn: "turn".to_owned(),
            failed,
            stopped,
        }
    }

    #[test]
    fn a_message_that_was_taken_is_stored_once() {
        let cases = [
            (Taken::Yes, [false, true, false]),
            (Taken::Unknown, [true, true, false]),
        ];
        for (taken, fits) in cases {
            let found = [0, 1, 2].map(|times| stored(taken, times).is_none());
            assert_eq!(found, fits, "{taken:?}");
        }
    }

    #[test]
    fn an_answer_is_whole_and_comes_once() {
        let said = Said {
            wish: Wish::List,
            word: "w".to_owned(),
            taken: Taken::Yes,
            answer: Some(answer(false, false)),
        };
        let whole = format!("There are 3 tasks, {}", Wish::List.ending("w"));
        let failed = "That failed: list_tasks: away".to_owned();
        let cases = [
            ("done", vec![whole.clone()], true),
            ("done", vec![failed], true),
            ("done", vec!["There are".to_owned()], false),
            ("done", vec![], false),
            ("stopped", vec!["There are".to_owned()], true),
            ("stopped", vec![whole.clone(), whole], false),
        ];
        for (status, answers, fits) in cases {
            let wrong = answered(&said, &answers, &kept(status));
            assert_eq!(wrong.is_none(), fits, "{status} {answers:?}");
        }
    }

    #[test]
    fn a_turn_ends_as_its_reader_was_told() {
        let all = [
            "done",
            "stopped",
            "failed",
            "waiting",
            "interrupted",
            "running",
        ];
        let cases = [
            (answer(false, false), &["done", "waiting"][..]),
            (answer(false, true), &["done", "stopped", "waiting"]),
            (answer(true, true), &["failed", "interrupted"]),
        ];
        for (answer, expected) in cases {
            let fits = all
                .into_iter()
                .filter(|status| told_of(&answer, &kept(status)).is_none());
            assert_eq!(fits.collect::<Vec<_>>(), expected, "{answer:?}");
        }
        assert!(told_of(&answer(false, false), &Kept::new()).is_some());
    }
}
