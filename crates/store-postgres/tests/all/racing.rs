//! Stores of several processes that do something to the same turns at once.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use frontdesk_protocol::{Order, ThreadId, ThreadItem, ThreadMetadata, Timestamp};
use frontdesk_store::{
    Began, Items, Lease, LogBatch, Maintenance, PageRequest, ProcessId, Result, StoreError,
    Threads, TurnWrite, Turns, Written,
};
use frontdesk_store_postgres::PostgresStore;
use tokio::task::JoinSet;
use tokio::time::sleep;

use super::database::{schema, sql};
use super::sample::{ann, at, begin, end, failed, key, says};

const ROUNDS: usize = 40;

async fn two_stores() -> Result<(String, Arc<PostgresStore>, Arc<PostgresStore>)> {
    let options = schema().await?;
    let one = PostgresStore::open(options.clone()).await?;
    let two = PostgresStore::open(options.clone()).await?;
    Ok((options.schema, Arc::new(one), Arc::new(two)))
}

fn lease(holder: &str) -> Lease {
    Lease {
        holder: ProcessId::new(holder),
        length: Duration::ZERO,
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_late_write_leaves_nothing_of_a_thread_that_is_deleted() -> Result<()> {
    let (schema, one, two) = two_stores().await?;
    let scope = ann()?;
    for round in 0..ROUNDS {
        let name = format!("thr_{round}");
        one.begin_turn(&scope, begin(&name)).await?;
        let part = TurnWrite {
            end: None,
            ..end(&name)?
        };
        let batch = (scope.clone(), end(&name)?.log.remove(0));
        let (key, thread, batches) = (key(&name), ThreadId::new(&name), [batch]);
        let (written, deleted, appended, ended) = tokio::join!(
            one.write_turn(&scope, &key, part),
            two.delete_thread(&scope, &thread),
            one.append_logs(&batches),
            two.write_turn(&scope, &key, end(&name)?),
        );
        written?;
        ended?;
        appended?;
        assert!(deleted?);
    }
    for table in ["items", "attachments", "turns", "steps", "turn_logs"] {
        let left = sql(&format!("select count(*) from {schema}.{table}")).await?;
        assert_eq!(left, "0", "{table}");
    }
    Ok(())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_turn_is_ended_or_taken_over() -> Result<()> {
    let (_, one, two) = two_stores().await?;
    let scope = ann()?;
    // Neither is behind because it has to connect.
    two.ping().await?;
    let mut seen = [0, 0];
    let mut ahead = Duration::ZERO;
    for round in 0..ROUNDS {
        let name = format!("thr_{round}");
        one.begin_turn(&scope, begin(&name)).await?;
        let (key, lease) = (key(&name), lease("process_2"));
        // Now one of them is ahead, now the other, by more and more, so that neither wins each time.
        let (ends_in, taken_in) = match round % 2 {
            0 => (Duration::ZERO, ahead),
            _ => (ahead, Duration::ZERO),
        };
        let (written, taken) = tokio::join!(
            async {
                sleep(ends_in).await;
                one.write_turn(&scope, &key, end(&name)?).await
            },
            async {
                sleep(taken_in).await;
                two.take_over(&scope, &key.turn, 1, &lease).await
            },
        );
        let is_taken = taken?.is_some();
        assert_eq!(written? == Written::Gone, is_taken);
        seen[usize::from(is_taken)] += 1;
        let turn = one.turn(&scope, &key.turn).await?;
        assert_eq!(turn.map(|turn| turn.attempt), Some(1 + u32::from(is_taken)));
        ahead += Duration::from_micros(500);
    }
    assert!(!seen.contains(&0), "ended or taken over: {seen:?}");
    Ok(())
}

/// Check 7, while another process adds rows at every place.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn check_07_pages_show_each_row_once_while_another_process_adds_some() -> Result<()> {
    let (_, one, two) = two_stores().await?;
    let scope = ann()?;
    let made = |kind: &str, number: i64| format!("{}_{kind}_{number}", number % 3);
    let add = async |store: &PostgresStore, kind: &str, number: i64| {
        let name = ThreadId::new(made(kind, number));
        let thread = ThreadMetadata::new(name, at(number % 5));
        store.create_thread(&scope, thread).await?;
        let item = says("thr", &made(kind, number), number % 5, "");
        store
            .put_items(&scope, &ThreadId::new("thr"), vec![item])
            .await
    };
    let thread = ThreadMetadata::new(ThreadId::new("thr"), at(9));
    one.create_thread(&scope, thread).await?;
    let expected: BTreeSet<String> = (0..30).map(|number| made("there", number)).collect();
    for number in 0..30 {
        assert!(add(&one, "there", number).await?);
    }
    for (round, order) in [Order::Asc, Order::Desc].into_iter().enumerate() {
        let is_read = AtomicBool::new(false);
        let adding = async {
            let mut number = 0;
            while !is_read.load(Ordering::Relaxed) && number < 300 {
                add(&two, &format!("added_{round}"), number).await?;
                number += 1;
            }
            Ok(number)
        };
        let reading = async {
            let read = tokio::try_join!(
                shown(order, async |page| {
                    let page = one.threads(&scope, &page).await?;
                    let ids = |one: ThreadMetadata| (one.created_at, one.id.to_string());
                    Ok(page.map(|page| (page.data.into_iter().map(ids).collect(), page.after)))
                }),
                shown(order, async |page| {
                    let page = one.items(&scope, &ThreadId::new("thr"), &page).await?;
                    let ids = |one: ThreadItem| (one.created_at(), one.id().to_string());
                    Ok(page.map(|page| (page.data.into_iter().map(ids).collect(), page.after)))
                }),
            );
            is_read.store(true, Ordering::Relaxed);
            read
        };
        let (added, read): (Result<i64>, _) = tokio::join!(adding, reading);
        assert!(added? > 0);
        let (threads, items) = read?;
        assert!(expected.is_subset(&threads), "{threads:?}");
        assert!(expected.is_subset(&items), "{items:?}");
    }
    Ok(())
}

/// What pages show: each row once and in order, or it isn't well.
async fn shown(
    order: Order,
    read: impl AsyncFn(PageRequest) -> Result<Option<(Vec<(Timestamp, String)>, Option<String>)>>,
) -> Result<BTreeSet<String>> {
    let mut rows = Vec::new();
    let mut after = None;
    loop {
        let request = PageRequest {
            limit: 3,
            order,
            after,
        };
        let page = read(request).await?;
        let (some, next) = page.ok_or_else(|| failed("no page"))?;
        rows.extend(some);
        after = next;
        if after.is_none() {
            break;
        }
    }
    let mut sorted = rows.clone();
    sorted.sort();
    if order == Order::Desc {
        sorted.reverse();
    }
    sorted.dedup();
    assert_eq!(rows, sorted, "in order, and each once");
    Ok(rows.into_iter().map(|(_, id)| id).collect())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_upkeep_of_many_turns_never_stands_in_its_own_way() -> Result<()> {
    let (_, one, two) = two_stores().await?;
    let scope = ann()?;
    let names: Vec<String> = (0..ROUNDS).map(|number| format!("thr_{number}")).collect();
    for name in &names {
        let began = one.begin_turn(&scope, begin(name)).await?;
        assert!(matches!(began, Began::Started { .. }));
    }
    let mut tasks: JoinSet<Result<()>> = JoinSet::new();
    for task in 0..6_u64 {
        let store = if task % 2 == 0 { &one } else { &two };
        let (store, scope, mut names) = (store.clone(), scope.clone(), names.clone());
        if task > 2 {
            names.reverse();
        }
        tasks.spawn(async move {
            let turns: Vec<_> = names.iter().map(|it| (scope.clone(), key(it))).collect();
            for round in 0..10 {
                let batch = |name: &String| LogBatch {
                    turn: key(name).turn,
                    attempt: 1,
                    first_seq: task * 100 + round,
                    last_seq: task * 100 + round,
                    events: bytes::Bytes::from_static(b"event"),
                };
                let batches = names.iter().map(|name| (scope.clone(), batch(name)));
                store.append_logs(&batches.collect::<Vec<_>>()).await?;
                let held = store.renew_leases(&lease("process_1"), &turns).await?;
                assert_eq!(held.len(), ROUNDS);
            }
            Ok(())
        });
    }
    while let Some(done) = tasks.join_next().await {
        done.map_err(failed)??;
    }
    for name in &names {
        let log = one.turn_log(&scope, &key(name).turn, None).await?;
        assert_eq!(log.len(), 60);
    }
    Ok(())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_one_request_that_comes_at_once_one_turn_begins() -> Result<()> {
    let (_, one, two) = two_stores().await?;
    let scope = ann()?;
    for round in 0..10_u8 {
        let mut tasks: JoinSet<Result<Began>> = JoinSet::new();
        for number in 0..8 {
            let store = if number % 2 == 0 { &one } else { &two };
            let (store, scope) = (store.clone(), scope.clone());
            let mut begin = begin(&format!("thr_{round}_{number}"));
            begin.turn.request = Some(frontdesk_store::Fingerprint {
                key: Some([round; 32]),
                body: [1; 32],
            });
            tasks.spawn(async move { store.begin_turn(&scope, begin).await });
        }
        let mut started = 0;
        while let Some(began) = tasks.join_next().await {
            match began.map_err(failed)?? {
                Began::Started { .. } => started += 1,
                Began::Repeated(_) => {}
                other => {
                    return Err(StoreError::Failed {
                        detail: format!("{other:?}"),
                    });
                }
            }
        }
        assert_eq!(started, 1);
    }
    Ok(())
}
