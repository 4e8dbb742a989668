//! What holds whatever is done: tried with many random histories, the same ones each time.

use std::collections::BTreeSet;

use frontdesk_identity::Scope;
use frontdesk_protocol::{Order, ThreadItem, ThreadMetadata};
use proptest::collection::vec;
use proptest::prelude::{Strategy, any};
use proptest::sample::select;
use proptest::strategy::ValueTree;
use proptest::test_runner::TestRunner;

use super::StoreUnderTest;
use super::archive::read;
use super::sample::{begin, end, item, item_id, key, owner, page, thread, thread_id};
use crate::memory::MemoryStore;
use crate::{PageRequest, Result, StoreError, Trim, TurnStatus, TurnWrite};

/// How many histories are tried.
const HISTORIES: usize = 24;
const THREADS: [&str; 3] = ["thr_a", "thr_b", "Thr_a"];
const ITEMS: [&str; 5] = ["msg_a", "msg_b", "MSG_a", "ä", "msg_\u{1f680}"];

/// The next random value.
fn next<S: Strategy>(runner: &mut TestRunner, strategy: &S) -> Result<S::Value> {
    let tree = strategy
        .new_tree(runner)
        .map_err(|reason| StoreError::Failed {
            detail: reason.to_string(),
        })?;
    Ok(tree.current())
}

/// Rows by id and second, of which many have the same time.
fn rows() -> impl Strategy<Value = Vec<(String, i64)>> {
    vec(("[a-cA-C0é]{1,3}", 1..4_i64), 1..12)
}

/// Check 7: pages of items and of threads, of any size and in both orders, show each row that was there once and in
/// order, whatever is added between them and while they are read.
pub async fn check_07_pages_show_each_row_once(subject: &StoreUnderTest) -> Result<()> {
    let mut runner = TestRunner::deterministic();
    for history in 0..HISTORIES {
        let strategy = (rows(), vec(rows(), 0..6), 1..5_u32, any::<bool>());
        let (mut there, added, limit, is_newest_first) = next(&mut runner, &strategy)?;
        let order = if is_newest_first {
            Order::Desc
        } else {
            Order::Asc
        };
        keep_first(&mut there);
        for listed in [Listed::Items, Listed::Threads] {
            let scope = owner("acme", &format!("{listed:?}_{history}"))?;
            if listed == Listed::Items {
                subject
                    .store
                    .create_thread(&scope, thread("thr", 1))
                    .await?;
            }
            listed.add(subject, &scope, &there).await?;
            let shown = listed.pages(subject, &scope, (limit, order), added.clone());
            let shown = shown.await?;
            let mut sorted = shown.clone();
            sorted.sort();
            if is_newest_first {
                sorted.reverse();
            }
            sorted.dedup();
            assert_eq!(shown, sorted, "in order, and each once");
            let shown: BTreeSet<_> = shown.into_iter().collect();
            for (id, second) in &there {
                assert!(shown.contains(&(*second, id.clone())), "{id} is missing");
            }
        }
    }
    Ok(())
}

/// What is listed in pages.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Listed {
    Items,
    Threads,
}

impl Listed {
    /// Adds rows; those that are there stay as they are.
    async fn add(
        self,
        subject: &StoreUnderTest,
        scope: &Scope,
        rows: &[(String, i64)],
    ) -> Result<()> {
        for (id, second) in rows {
            if self == Self::Items {
                let put = vec![item("thr", id, *second, "")];
                subject
                    .store
                    .put_items(scope, &thread_id("thr"), put)
                    .await?;
                continue;
            }
            match subject
                .store
                .create_thread(scope, thread(id, *second))
                .await
            {
                Ok(()) | Err(StoreError::Conflict { .. }) => {}
                Err(other) => return Err(other),
            }
        }
        Ok(())
    }

    /// What the pages show, while rows are added.
    async fn pages(
        self,
        subject: &StoreUnderTest,
        scope: &Scope,
        (limit, order): (u32, Order),
        mut added: Vec<Vec<(String, i64)>>,
    ) -> Result<Vec<(i64, String)>> {
        let mut shown = Vec::new();
        let mut after: Option<String> = None;
        loop {
            let request = page(limit, order, after.as_deref());
            let between = added.pop().unwrap_or_default();
            let meanwhile = added.pop().unwrap_or_default();
            let (rows, added) = tokio::join!(
                self.page(subject, scope, &request),
                self.add(subject, scope, &meanwhile),
            );
            added?;
            let (rows, next) = rows?.ok_or_else(|| StoreError::Failed {
                detail: format!("no page behind {after:?}"),
            })?;
            shown.extend(rows);
            if next.is_none() {
                return Ok(shown);
            }
            assert_ne!(next, after, "a page ends where it began");
            after = next;
            self.add(subject, scope, &between).await?;
        }
    }

    async fn page(
        self,
        subject: &StoreUnderTest,
        scope: &Scope,
        request: &PageRequest,
    ) -> Result<Option<(Vec<(i64, String)>, Option<String>)>> {
        let store = &subject.store;
        if self == Self::Items {
            let found = store.items(scope, &thread_id("thr"), request).await?;
            let row = |row: &ThreadItem| (row.created_at().as_second(), row.id().to_string());
            return Ok(found.map(|page| (page.data.iter().map(row).collect(), page.after)));
        }
        let found = store.threads(scope, request).await?;
        let row = |row: &ThreadMetadata| (row.created_at.as_second(), row.id.to_string());
        Ok(found.map(|page| (page.data.iter().map(row).collect(), page.after)))
    }
}

/// An item that is stored again keeps its first time, so each id counts once.
fn keep_first(rows: &mut Vec<(String, i64)>) {
    let mut ids = BTreeSet::new();
    rows.retain(|(id, _)| ids.insert(id.clone()));
}

/// Something that one of three owners does, with ids that all have: two users of a tenant, and one of the same name in
/// another.
#[derive(Debug, Clone)]
enum Step {
    Create(&'static str),
    Delete(&'static str),
    Put(&'static str, Vec<&'static str>),
    Begin(&'static str, Vec<&'static str>, Option<&'static str>),
    Write(&'static str, Vec<&'static str>, Vec<&'static str>),
    End(&'static str),
}

fn steps() -> impl Strategy<Value = Vec<(usize, Step)>> {
    let items = || vec(select(&ITEMS[..]), 0..3);
    let thread = || select(&THREADS[..]);
    let step = proptest::prop_oneof![
        thread().prop_map(Step::Create),
        thread().prop_map(Step::Delete),
        (thread(), items()).prop_map(|(thread, put)| Step::Put(thread, put)),
        (thread(), items(), proptest::option::of(select(&ITEMS[..])))
            .prop_map(|(thread, put, trim)| Step::Begin(thread, put, trim)),
        (thread(), items(), items())
            .prop_map(|(thread, put, remove)| Step::Write(thread, put, remove)),
        thread().prop_map(Step::End),
    ];
    vec((0..3_usize, step), 1..60)
}

/// Check 5: whatever owners do with the same ids, every outcome, and all that is there at the end, is what the store in
/// memory gives: so a repeated id, or another's, overwrites nothing.
pub async fn check_05_any_history_gives_the_same_everywhere(
    subject: &StoreUnderTest,
) -> Result<()> {
    let mut runner = TestRunner::deterministic();
    let steps = steps();
    for history in 0..HISTORIES {
        let model = StoreUnderTest::new(MemoryStore::new(), ());
        let owners = [
            owner("acme", &format!("ann_{history}"))?,
            owner("acme", &format!("bob_{history}"))?,
            owner("other", &format!("ann_{history}"))?,
        ];
        for (number, (who, step)) in next(&mut runner, &steps)?.into_iter().enumerate() {
            let Some(scope) = owners.get(who) else {
                continue;
            };
            let name = format!("turn_{history}_{number}");
            let expected = perform(&model, scope, &name, &step).await;
            let found = perform(subject, scope, &name, &step).await;
            assert_eq!(found, expected, "{step:?}");
        }
        for scope in &owners {
            assert_eq!(read(subject, scope).await?, read(&model, scope).await?);
        }
    }
    Ok(())
}

/// Does a step, and tells what came of it.
async fn perform(subject: &StoreUnderTest, scope: &Scope, turn: &str, step: &Step) -> String {
    match attempt(subject, scope, turn, step).await {
        Ok(outcome) => outcome,
        Err(StoreError::Conflict { .. }) => "conflict".to_owned(),
        Err(other) => format!("{other:?}"),
    }
}

async fn attempt(
    subject: &StoreUnderTest,
    scope: &Scope,
    turn: &str,
    step: &Step,
) -> Result<String> {
    let store = &subject.store;
    let made = |thread: &str, ids: &[&str]| {
        let ids = ids.iter().enumerate();
        let made = ids.map(|(at, id)| item(thread, id, i64::from(at > 0) + 2, turn));
        made.collect()
    };
    Ok(match step {
        Step::Create(id) => format!("{:?}", store.create_thread(scope, thread(id, 1)).await?),
        Step::Delete(id) => format!("{:?}", store.delete_thread(scope, &thread_id(id)).await?),
        Step::Put(id, put) => {
            let put = made(id, put);
            format!("{:?}", store.put_items(scope, &thread_id(id), put).await?)
        }
        Step::Begin(id, put, trim) => {
            let mut first = begin(id, turn, 2);
            first.put = made(id, put);
            first.trim = trim.map(|item| Trim::From(item_id(item)));
            format!("{:?}", store.begin_turn(scope, first).await?)
        }
        Step::Write(id, put, remove) => {
            let write = TurnWrite {
                put: made(id, put),
                remove: remove.iter().map(|id| item_id(id)).collect(),
                ..TurnWrite::default()
            };
            written(subject, scope, id, write).await?
        }
        Step::End(id) => written(subject, scope, id, end(TurnStatus::Done, 9)).await?,
    })
}

/// Writes on behalf of the turn that runs in a thread.
async fn written(
    subject: &StoreUnderTest,
    scope: &Scope,
    thread: &str,
    write: TurnWrite,
) -> Result<String> {
    let store = &subject.store;
    match store.running_turn(scope, &thread_id(thread)).await? {
        None => Ok("nothing runs".to_owned()),
        Some(running) => {
            let key = key(thread, running.as_str());
            Ok(format!("{:?}", store.write_turn(scope, &key, write).await?))
        }
    }
}
