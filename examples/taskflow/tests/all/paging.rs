//! Lists in pages: every task comes exactly once, whatever is equal and whatever comes and goes meanwhile.

use serde_json::{Value, json};

use super::desk::{Answer, Desk, Result};

/// The numbers on all pages of a list, page by page.
async fn pages(desk: &Desk, mut arguments: Value) -> Result<Vec<Vec<i64>>> {
    let mut pages = Vec::new();
    loop {
        let answer = desk.call("ann", "list_tasks", arguments.clone()).await?;
        let Answer::Done(page) = answer else {
            return Err(format!("{answer:?}").into());
        };
        let tasks = page.get("tasks").and_then(Value::as_array);
        let ids = tasks.ok_or("no tasks")?.iter();
        pages.push(
            ids.filter_map(|task| task.get("id").and_then(Value::as_i64))
                .collect(),
        );
        match page.get("next").cloned() {
            None => return Ok(pages),
            Some(next) => arguments
                .as_object_mut()
                .ok_or("no arguments")?
                .insert("after".to_owned(), next),
        };
    }
}

async fn fill(desk: &Desk) -> Result<()> {
    let days = [
        "2026-12-02",
        "",
        "2026-12-01",
        "2026-12-02",
        "",
        "2026-12-02",
    ];
    for (number, due) in days.into_iter().enumerate() {
        let new = json!({"title": format!("task {}", number + 1), "due": due});
        desk.call("ann", "add_task", new).await?;
    }
    Ok(())
}

#[tokio::test]
async fn check_15_pages_are_complete_in_every_order_though_times_are_equal() {
    let desk = Desk::open().await.unwrap();
    fill(&desk).await.unwrap();
    // The desk's clock stands still, so all tasks were changed at one time.
    let cases = [
        (json!({}), vec![1, 2, 3, 4, 5, 6]),
        (json!({"sort": "oldest"}), vec![1, 2, 3, 4, 5, 6]),
        (json!({"sort": "due"}), vec![3, 1, 4, 6, 2, 5]),
        (json!({"sort": "changed"}), vec![6, 5, 4, 3, 2, 1]),
        (json!({"due_by": "2026-12-01"}), vec![3]),
        (
            json!({"sort": "due", "due_by": "2026-12-02"}),
            vec![3, 1, 4, 6],
        ),
    ];
    for (arguments, expected) in cases {
        for limit in 1..=6 {
            let mut arguments = arguments.clone();
            arguments["limit"] = json!(limit);
            let pages = pages(&desk, arguments.clone()).await.unwrap();
            assert_eq!(
                pages,
                expected.chunks(limit).collect::<Vec<_>>(),
                "{arguments}"
            );
        }
    }
}

#[tokio::test]
async fn what_changed_last_comes_first() {
    let desk = Desk::open().await.unwrap();
    fill(&desk).await.unwrap();
    for id in [4, 2] {
        desk.tick();
        desk.call("ann", "start_task", json!({"id": id}))
            .await
            .unwrap();
    }
    let pages = pages(&desk, json!({"sort": "changed", "limit": 4}))
        .await
        .unwrap();
    assert_eq!(pages, [vec![2, 4, 6, 5], vec![3, 1]]);
}

#[tokio::test]
async fn a_page_goes_on_where_the_last_ended_whatever_was_deleted() {
    let desk = Desk::open().await.unwrap();
    fill(&desk).await.unwrap();
    desk.call("ann", "delete_task", json!({"id": 2}))
        .await
        .unwrap();
    assert_eq!(
        pages(&desk, json!({"after": "2", "limit": 3}))
            .await
            .unwrap(),
        [vec![3, 4, 5], vec![6]]
    );
}

#[tokio::test]
async fn a_cursor_of_another_order_is_refused() {
    let desk = Desk::open().await.unwrap();
    let cases = [
        ("oldest", "2026-12-01/3"),
        ("due", "3"),
        ("due", "tomorrow/3"),
        ("due", "2026-12-01/x"),
        ("changed", "3"),
        ("changed", "2026-12-01/3"),
    ];
    for (sort, after) in cases {
        let arguments = json!({"sort": sort, "after": after});
        assert_eq!(
            desk.call("ann", "list_tasks", arguments).await.unwrap(),
            Answer::Failed("after must be the next of the page before".to_owned()),
            "{sort} {after}"
        );
    }
}
