//! Trims: where a thread is cut off for a retry or an edited message.

use frontdesk_protocol::ItemId;

use super::StoreUnderTest;
use super::sample::{
    ann, batch, begin, end, item, item_id, key, step, thread, thread_id, turn, turn_id,
};
use crate::{Began, Result, Trim, TurnStatus, TurnWrite};

/// Three turns: each a question and, a second later, an answer, a step and a log. The questions' ids come
/// after the answers', and two turns begin in the same second as something else.
async fn three_turns(subject: &StoreUnderTest) -> Result<()> {
    let (scope, store) = (ann()?, &subject.store);
    for name in ["thr_1", "thr_2"] {
        store.create_thread(&scope, thread(name, 1)).await?;
        for (number, second) in [(1, 10), (2, 20), (3, 21)] {
            let prefix = if name == "thr_1" { "" } else { "other_" };
            let turn = format!("{prefix}turn_{number}");
            let mut first = begin(name, &turn, second);
            first.put = vec![item(
                name,
                &format!("{prefix}q{number}"),
                second,
                "question",
            )];
            store.begin_turn(&scope, first).await?;
            let write = TurnWrite {
                put: vec![item(
                    name,
                    &format!("{prefix}a{number}"),
                    second + 1,
                    "answer",
                )],
                steps: vec![step(&turn, 1, "seen")?],
                log: vec![batch(&turn, 1, 2)],
                ..end(TurnStatus::Done, second + 1)
            };
            store.write_turn(&scope, &key(name, &turn), write).await?;
        }
    }
    Ok(())
}

async fn trim(subject: &StoreUnderTest, trim: Trim) -> Result<Began> {
    let mut next = begin("thr_1", "turn_4", 30);
    next.trim = Some(trim);
    next.put = vec![item("thr_1", "q4", 30, "again")];
    subject.store.begin_turn(&ann()?, next).await
}

async fn left(subject: &StoreUnderTest, thread: &str) -> Result<Vec<String>> {
    let items = subject
        .store
        .recent_items(&ann()?, &thread_id(thread), 99)
        .await?;
    Ok(items
        .into_iter()
        .map(|stored| stored.item.id().as_str().to_owned())
        .collect())
}

fn started(removed: &[&str]) -> Began {
    Began::Started {
        removed: removed.iter().map(|&id| ItemId::new(id)).collect(),
    }
}

/// After an item: it stays, all later ones go, by (time, id), and their ids are told, oldest first.
pub async fn a_trim_after_an_item_keeps_it(subject: &StoreUnderTest) -> Result<()> {
    three_turns(subject).await?;
    // By id, `a2` comes before `q3` of the same second.
    assert_eq!(
        left(subject, "thr_1").await?,
        ["q1", "a1", "q2", "a2", "q3", "a3"]
    );
    let began = trim(subject, Trim::After(item_id("a2"))).await?;
    assert_eq!(began, started(&["q3", "a3"]));
    assert_eq!(
        left(subject, "thr_1").await?,
        ["q1", "a1", "q2", "a2", "q4"]
    );
    Ok(())
}

/// From an item: it goes with all later ones. Other threads keep theirs.
pub async fn a_trim_from_an_item_removes_it(subject: &StoreUnderTest) -> Result<()> {
    three_turns(subject).await?;
    let began = trim(subject, Trim::From(item_id("q2"))).await?;
    assert_eq!(began, started(&["q2", "a2", "q3", "a3"]));
    assert_eq!(left(subject, "thr_1").await?, ["q1", "a1", "q4"]);
    let others = ["q1", "a1", "q2", "a2", "q3", "a3"].map(|id| format!("other_{id}"));
    assert_eq!(left(subject, "thr_2").await?, others);
    Ok(())
}

/// The turns that began at the named item's time or later lose their steps and logs, and no others.
pub async fn a_trim_deletes_steps_and_logs(subject: &StoreUnderTest) -> Result<()> {
    let (scope, store) = (ann()?, &subject.store);
    three_turns(subject).await?;
    trim(subject, Trim::After(item_id("q2"))).await?;
    let turns = ["turn_1", "turn_2", "turn_3", "turn_4"].map(turn_id);
    let kept = [step("turn_1", 1, "seen")?];
    assert_eq!(
        store.steps(&scope, &thread_id("thr_1"), &turns).await?,
        kept
    );
    let mut logs = Vec::new();
    for turn in &turns {
        logs.push(store.turn_log(&scope, turn, None).await?.len());
    }
    assert_eq!(logs, [1, 0, 0, 0]);
    // What began them is still known.
    let second = store.turn(&scope, &turn_id("turn_2")).await?;
    assert_eq!(second.map(|turn| turn.status), Some(TurnStatus::Done));
    for number in 1..=3 {
        let other = turn_id(&format!("other_turn_{number}"));
        assert_eq!(store.turn_log(&scope, &other, None).await?.len(), 1);
        assert_eq!(
            store
                .steps(&scope, &thread_id("thr_2"), &[other])
                .await?
                .len(),
            1
        );
    }
    Ok(())
}

/// A trim at an item that isn't in the thread changes nothing; nor does one in a busy thread.
pub async fn a_trim_of_nothing_known_changes_nothing(subject: &StoreUnderTest) -> Result<()> {
    let (scope, store) = (ann()?, &subject.store);
    three_turns(subject).await?;
    let before = left(subject, "thr_1").await?;
    for name in ["nothing", "other_q2"] {
        for cut in [Trim::After(item_id(name)), Trim::From(item_id(name))] {
            assert_eq!(trim(subject, cut).await?, Began::NoItem);
        }
    }
    assert_eq!(store.turn(&scope, &turn_id("turn_4")).await?, None);
    store
        .begin_turn(&scope, begin("thr_1", "turn_5", 40))
        .await?;
    let busy = Began::Busy(turn("thr_1", "turn_5", 40));
    assert_eq!(trim(subject, Trim::From(item_id("q1"))).await?, busy);
    assert_eq!(left(subject, "thr_1").await?, before);
    assert_eq!(left(subject, "thr_2").await?.len(), 6);
    let turns = ["turn_1", "turn_2", "turn_3"].map(turn_id);
    assert_eq!(
        store
            .steps(&scope, &thread_id("thr_1"), &turns)
            .await?
            .len(),
        3
    );
    Ok(())
}
