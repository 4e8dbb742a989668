//! How the work goes on and ends, step by step.

use std::sync::{Arc, Mutex};

use frontdesk_clock::{ManualClock, Timestamp};
use frontdesk_identity::{Principal, TenantId, UserId};
use frontdesk_mcp_server::Notifier;
use tempfile::TempDir;

use super::*;
use crate::store::{After, Filter, Order};

/// A desk of ann's, and the directory that its database lies in.
async fn desk() -> (Desk, TempDir) {
    let directory = tempfile::tempdir().unwrap();
    let clock = Arc::new(ManualClock::at(Timestamp::UNIX_EPOCH));
    let file = directory.path().join("taskflow.db");
    let caller = Principal::new(TenantId::single(), UserId::new("ann").unwrap());
    let flow = Tasks::open(&file, clock).await.unwrap();
    let desk = Desk {
        owner: caller.scope(),
        caller: Arc::new(caller),
        tasks: flow.store(),
        flow,
        notifier: Notifier::new(),
    };
    (desk, directory)
}

fn new(count: usize, project: Option<ProjectId>) -> Vec<NewTask> {
    let task = |number: usize| NewTask {
        title: format!("task {number}"),
        notes: String::new(),
        priority: Priority::Normal,
        due: None,
        project,
        assignee: None,
    };
    (0..count).map(task).collect()
}

/// Notes what is reported, and cancels once so many are done.
struct Noted {
    steps: Arc<Mutex<Vec<usize>>>,
    until: usize,
    cancelled: CancellationToken,
}

impl Report for Noted {
    async fn done(&self, done: usize) {
        self.steps.lock().unwrap().push(done);
        if done >= self.until {
            self.cancelled.cancel();
        }
    }
}

fn watch(until: usize) -> (Watch<Noted>, Arc<Mutex<Vec<usize>>>) {
    let steps = Arc::new(Mutex::new(Vec::new()));
    let cancelled = CancellationToken::new();
    let report = Noted {
        steps: Arc::clone(&steps),
        until,
        cancelled: cancelled.clone(),
    };
    (Watch { report, cancelled }, steps)
}

#[tokio::test]
async fn an_import_reports_each_step_and_stops_between_two() {
    let (desk, _directory) = desk().await;
    let cases = [
        (60, usize::MAX, vec![25, 50, 60], Ok(60)),
        (
            60,
            50,
            vec![25, 50],
            Err("cancelled; 50 tasks were added before that"),
        ),
        (25, 25, vec![25], Ok(25)),
    ];
    let mut stored = 0;
    for (count, until, steps, expected) in cases {
        let (watch, reported) = watch(until);
        let outcome = add_all(&desk, &new(count, None), watch).await;
        stored += steps.last().unwrap();
        assert_eq!(
            outcome
                .map(|ids| ids.len())
                .map_err(|failure| failure.message),
            expected.map_err(str::to_owned)
        );
        assert_eq!(*reported.lock().unwrap(), steps);
        let total = desk.tasks.count(&desk.owner, &Filter::default()).await;
        assert_eq!(total.unwrap(), i64::try_from(stored).unwrap());
    }
}

#[tokio::test]
async fn completing_a_project_leaves_others_alone_and_stops_between_two_steps() {
    let (desk, _directory) = desk().await;
    let garden = desk.tasks.add_project(&desk.owner, "Garden").await.unwrap();
    desk.tasks.add(&desk.owner, &new(2, None)).await.unwrap();
    desk.tasks
        .add(&desk.owner, &new(60, Some(garden.id)))
        .await
        .unwrap();

    let (stopping, reported) = watch(25);
    let outcome = finish_all(&desk, garden.id, stopping).await;
    assert_eq!(
        outcome.unwrap_err().message,
        "cancelled; 25 tasks were done before that"
    );
    assert_eq!(*reported.lock().unwrap(), [25]);

    let (patient, reported) = watch(usize::MAX);
    let outcome = finish_all(&desk, garden.id, patient).await;
    assert_eq!(outcome.unwrap(), (28..=62).map(TaskId).collect::<Vec<_>>());
    assert_eq!(*reported.lock().unwrap(), [25, 35]);

    let left = Filter {
        status: Some("unfinished"),
        ..Filter::default()
    };
    let left = desk
        .tasks
        .list(&desk.owner, &left, &After::start(Order::Oldest), 100)
        .await
        .unwrap();
    assert_eq!(
        left.iter().map(|task| task.id).collect::<Vec<_>>(),
        [TaskId(1), TaskId(2)]
    );
}
