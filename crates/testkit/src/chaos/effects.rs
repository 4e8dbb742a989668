//! What was done: nothing twice, nothing that nobody wanted, and everything that a user was told of.

use std::collections::BTreeMap;

use anyhow::{Context, Result};

use super::figures::Figures;
use super::speech::Promise;
use super::user::User;
use super::world::World;

/// What a user was told to have been done.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Told {
    pub(super) user: String,
    pub(super) promise: Promise,
}

/// What was done to one task.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
struct Effect {
    /// `INSERT`, `UPDATE` or `DELETE`.
    what: String,
    user: String,
    task: String,
    title: String,
}

/// How often each thing was done.
type Effects = BTreeMap<Effect, u64>;

/// Complains of what was done twice, in vain or not at all.
pub(super) async fn look(
    world: &World,
    users: &[User],
    told: &[Told],
    figures: &Figures,
) -> Result<()> {
    let rows = world
        .rows(
            "select what, user_id, number, title, count(*) from taskflow.effects
             group by what, user_id, number, title",
        )
        .await?;
    let mut effects = Effects::new();
    for row in rows {
        let [what, user, task, title, count] = row.as_slice() else {
            continue;
        };
        let count: u64 = count.parse().context("no number of effects")?;
        figures.add("effects of tools", count);
        let effect = Effect {
            what: what.clone(),
            user: user.clone(),
            task: task.clone(),
            title: title.clone(),
        };
        effects.insert(effect, count);
    }
    let wanted = users.iter().flat_map(|user| {
        let adding = user.said().iter().filter(|said| said.wish.adds());
        adding.map(|said| (said.word.as_str(), user.name()))
    });
    for wrong in wrong(&effects, &wanted.collect(), told) {
        figures.complain(&wrong);
    }
    Ok(())
}

fn wrong(effects: &Effects, wanted: &BTreeMap<&str, &str>, told: &[Told]) -> Vec<String> {
    let mut wrong = Vec::new();
    let mut added: BTreeMap<&str, u64> = BTreeMap::new();
    for (effect, count) in effects.iter().filter(|(effect, _)| effect.what == "INSERT") {
        *added.entry(&effect.title).or_default() += count;
        if wanted.get(effect.title.as_str()) != Some(&effect.user.as_str()) {
            wrong.push(format!("nobody wanted this: {effect:?}"));
        }
    }
    for (title, count) in added.iter().filter(|(_, count)| **count > 1) {
        wrong.push(format!("the task {title} was added {count} times"));
    }
    for Told { user, promise } in told {
        let has = |what: &str| {
            effects.contains_key(&Effect {
                what: what.to_owned(),
                user: user.clone(),
                task: promise.task.clone(),
                title: promise.title.clone(),
            })
        };
        if !has("INSERT") || (promise.is_done && !has("UPDATE")) {
            let done = effects.iter();
            let done = done.filter(|(effect, _)| effect.title == promise.title);
            let done: Vec<_> = done.collect();
            wrong.push(format!(
                "{user} was told of {promise:?}, and it wasn't done: {done:?}"
            ));
        }
    }
    wrong
}

#[cfg(test)]
mod tests {
    use super::*;

    fn effect(what: &str, user: &str, task: &str) -> (Effect, u64) {
        let effect = Effect {
            what: what.to_owned(),
            user: user.to_owned(),
            task: task.to_owned(),
            title: "milk".to_owned(),
        };
        (effect, 1)
    }

    fn told(is_done: bool) -> Told {
        Told {
            user: "ann".to_owned(),
            promise: Promise {
                task: "1".to_owned(),
                title: "milk".to_owned(),
                is_done,
            },
        }
    }

    #[test]
    fn what_was_told_was_done_once_for_whom_it_was_told() {
        let (added, done) = (effect("INSERT", "ann", "1"), effect("UPDATE", "ann", "1"));
        let (other, again) = (effect("INSERT", "bob", "1"), effect("INSERT", "ann", "2"));
        let twice = (added.0.clone(), 2);
        let cases = [
            (vec![added.clone()], vec![], vec![]),
            (vec![added.clone()], vec![told(false)], vec![]),
            (vec![added.clone(), done], vec![told(true)], vec![]),
            (vec![added.clone()], vec![told(true)], vec!["wasn't done"]),
            (vec![], vec![told(false)], vec!["wasn't done"]),
            (vec![again.clone()], vec![told(false)], vec!["wasn't done"]),
            (vec![other], vec![], vec!["nobody wanted"]),
            (vec![twice], vec![], vec!["added 2 times"]),
            (vec![added, again], vec![], vec!["added 2 times"]),
        ];
        for (effects, told, expected) in cases {
            let effects = effects.into_iter().collect();
            let wanted = BTreeMap::from([("milk", "ann")]);
            let found = wrong(&effects, &wanted, &told);
            let fits = |(found, expected): (&String, &&str)| found.contains(expected);
            assert!(
                found.len() == expected.len() && found.iter().zip(&expected).all(fits),
                "{found:?}, not {expected:?}"
            );
        }
    }
}
