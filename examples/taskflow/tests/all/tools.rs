//! What the tools do, for whom, and what they refuse.

use serde_json::{Value, json};

use super::desk::{Answer, Desk};

fn task(id: i64, title: &str, status: &str) -> Value {
    json!({
        "id": id, "title": title, "notes": "", "status": status, "priority": "normal", "due": null,
        "project": null, "assignee": null,
        "created_at": "1970-01-01T00:00:00Z", "updated_at": "1970-01-01T00:00:00Z",
    })
}

fn failed(message: &str) -> Answer {
    Answer::Failed(message.to_owned())
}

#[tokio::test]
async fn a_task_is_added_listed_started_completed_reopened_and_deleted() {
    let desk = Desk::open().await.unwrap();
    let call =
        async |tool: &str, arguments: Value| desk.call("ann", tool, arguments).await.unwrap();
    let milk = |status| task(1, "buy milk", status);

    assert_eq!(
        call("add_task", json!({"title": " buy milk "})).await,
        Answer::Done(milk("open"))
    );
    assert_eq!(
        call("list_tasks", json!({})).await,
        Answer::Done(json!({"tasks": [milk("open")], "total": 1}))
    );
    assert_eq!(
        call("start_task", json!({"id": 1})).await,
        Answer::Done(milk("in_progress"))
    );
    assert_eq!(
        call("complete_task", json!({"id": "#1"})).await,
        Answer::Done(milk("done"))
    );
    assert_eq!(
        call("complete_task", json!({"id": "1"})).await,
        Answer::Done(milk("done"))
    );
    assert_eq!(
        call("get_task", json!({"id": 1})).await,
        Answer::Done(milk("done"))
    );
    assert_eq!(
        call("reopen_task", json!({"id": 1})).await,
        Answer::Done(milk("open"))
    );
    assert_eq!(
        call("delete_task", json!({"id": 1})).await,
        Answer::Done(json!({"deleted": milk("open")}))
    );
    assert_eq!(
        call("delete_task", json!({"id": 1})).await,
        failed("there is no task 1")
    );
    assert_eq!(
        call("add_task", json!({"title": "next"})).await,
        Answer::Done(task(2, "next", "open"))
    );
}

#[tokio::test]
async fn an_update_changes_what_it_names_and_an_empty_text_removes() {
    let desk = Desk::open().await.unwrap();
    let call =
        async |tool: &str, arguments: Value| desk.call("ann", tool, arguments).await.unwrap();
    let added = json!({"title": "a", "notes": "n", "due": "2026-11-30", "priority": "high"});
    let mut expected = task(1, "a", "open");
    expected["notes"] = json!("n");
    expected["due"] = json!("2026-11-30");
    expected["priority"] = json!("high");
    assert_eq!(
        call("add_task", added).await,
        Answer::Done(expected.clone())
    );
    expected["title"] = json!("b");
    assert_eq!(
        call("update_task", json!({"id": 1, "title": "b"})).await,
        Answer::Done(expected.clone())
    );
    expected["notes"] = json!("");
    expected["due"] = json!(null);
    assert_eq!(
        call("update_task", json!({"id": 1, "notes": "", "due": ""})).await,
        Answer::Done(expected)
    );
    assert_eq!(
        call("update_task", json!({"id": 9, "title": "b"})).await,
        failed("there is no task 9")
    );
}

#[tokio::test]
async fn check_15_lists_come_in_pages_and_by_status_and_text() {
    let desk = Desk::open().await.unwrap();
    let titles = async |arguments: Value| {
        let Answer::Done(page) = desk.call("ann", "list_tasks", arguments).await.unwrap() else {
            return None;
        };
        let ids: Vec<i64> = page["tasks"]
            .as_array()?
            .iter()
            .filter_map(|task| task["id"].as_i64())
            .collect();
        Some((
            ids,
            page["next"].as_str().map(str::to_owned),
            page["total"].as_i64()?,
        ))
    };
    for title in ["milk", "50% off", "bread", "MILK again", "100 off"] {
        desk.call("ann", "add_task", json!({"title": title}))
            .await
            .unwrap();
    }
    desk.call("ann", "complete_task", json!({"id": 1}))
        .await
        .unwrap();
    desk.call("ann", "start_task", json!({"id": 2}))
        .await
        .unwrap();

    let cases = [
        (json!({}), vec![1, 2, 3, 4, 5], None, 5),
        (json!({"limit": 2}), vec![1, 2], Some("2"), 5),
        (json!({"limit": 2, "after": "2"}), vec![3, 4], Some("4"), 5),
        (json!({"limit": 2, "after": "4"}), vec![5], None, 5),
        (
            json!({"status": "unfinished", "limit": 1}),
            vec![2],
            Some("2"),
            4,
        ),
        (json!({"status": "open"}), vec![3, 4, 5], None, 3),
        (json!({"status": "in_progress"}), vec![2], None, 1),
        (json!({"status": "done"}), vec![1], None, 1),
        (json!({"search": "milk"}), vec![1, 4], None, 2),
        (json!({"search": "0% o"}), vec![2], None, 1),
        (json!({"search": "' or 1=1 --"}), vec![], None, 0),
    ];
    for (arguments, ids, next, total) in cases {
        assert_eq!(
            titles(arguments.clone()).await.unwrap(),
            (ids, next.map(str::to_owned), total),
            "{arguments}"
        );
    }
}

#[tokio::test]
async fn no_user_and_no_tenant_sees_or_touches_another_s_tasks() {
    let desk = Desk::open().await.unwrap();
    let added = desk
        .call("ann", "add_task", json!({"title": "ann's"}))
        .await
        .unwrap();
    for other in ["bob", "acme/ann"] {
        let listed = desk.call(other, "list_tasks", json!({})).await.unwrap();
        assert_eq!(listed, Answer::Done(json!({"tasks": [], "total": 0})));
        for tool in [
            "get_task",
            "update_task",
            "start_task",
            "complete_task",
            "reopen_task",
            "delete_task",
        ] {
            assert_eq!(
                desk.call(other, tool, json!({"id": 1})).await.unwrap(),
                failed("there is no task 1"),
                "{tool}"
            );
        }
        let claimed = desk
            .call(other, "list_tasks", json!({"user_id": "ann"}))
            .await
            .unwrap();
        assert!(
            matches!(claimed, Answer::Failed(message) if message.contains("unknown field `user_id`"))
        );
    }
    assert_eq!(
        desk.call("ann", "get_task", json!({"id": 1}))
            .await
            .unwrap(),
        added
    );
}

#[tokio::test]
async fn check_15_what_does_not_fit_is_an_error_that_names_the_field() {
    let desk = Desk::open().await.unwrap();
    let cases = [
        ("add_task", json!({}), "missing field `title`"),
        ("add_task", json!({"title": 3}), "invalid argument title"),
        ("add_task", json!({"title": " "}), "title must not be empty"),
        (
            "add_task",
            json!({"title": "a\nb"}),
            "title must be one line",
        ),
        (
            "add_task",
            json!({"title": "x".repeat(201)}),
            "title must have at most 200 characters, not 201",
        ),
        (
            "add_task",
            json!({"title": "a", "notes": "x".repeat(4_001)}),
            "notes must have at most 4000 characters",
        ),
        (
            "add_task",
            json!({"title": "a", "due": "tomorrow"}),
            "due must be a day such as 2026-11-30",
        ),
        (
            "add_task",
            json!({"title": "a", "due": "2026-02-30"}),
            "due must be a day such as 2026-11-30",
        ),
        (
            "add_task",
            json!({"title": "a", "priority": "huge"}),
            "invalid argument priority",
        ),
        ("list_tasks", json!({"limit": 0}), "limit must be 1 to 100"),
        (
            "list_tasks",
            json!({"limit": 101}),
            "limit must be 1 to 100",
        ),
        (
            "list_tasks",
            json!({"after": "x"}),
            "after must be the next of the page before",
        ),
        (
            "get_task",
            json!({"id": "first"}),
            "invalid argument id: expected a task's number",
        ),
        ("get_task", json!({"id": -1}), "there is no task -1"),
    ];
    for (tool, arguments, message) in cases {
        let answer = desk.call("ann", tool, arguments.clone()).await.unwrap();
        assert!(
            matches!(&answer, Answer::Failed(text) if text.contains(message)),
            "{tool} {arguments}: {answer:?}"
        );
    }
    assert_eq!(
        desk.call("ann", "list_tasks", json!({})).await.unwrap(),
        Answer::Done(json!({"tasks": [], "total": 0}))
    );
}

#[tokio::test]
async fn check_16_what_destroys_says_so_and_no_tool_takes_a_user() {
    let desk = Desk::open().await.unwrap();
    let listed = desk.request("ann", "tools/list", json!({})).await.unwrap();
    let tools: Vec<(&str, bool, bool, bool)> = listed["tools"]
        .as_array()
        .unwrap()
        .iter()
        .map(|tool| {
            let hint = |name: &str| tool["annotations"][name].as_bool().unwrap();
            assert!(
                tool["title"].is_string()
                    && tool["description"].is_string()
                    && tool["outputSchema"].is_object()
            );
            assert_eq!(tool["inputSchema"]["additionalProperties"], json!(false));
            (
                tool["name"].as_str().unwrap(),
                hint("readOnlyHint"),
                hint("destructiveHint"),
                hint("idempotentHint"),
            )
        })
        .collect();
    assert_eq!(
        tools,
        [
            ("add_task", false, false, false),
            ("list_tasks", true, false, true),
            ("get_task", true, false, true),
            ("update_task", false, false, true),
            ("start_task", false, false, true),
            ("complete_task", false, false, true),
            ("reopen_task", false, false, true),
            ("delete_task", false, true, false),
            ("assign_task", false, false, true),
            ("unassign_task", false, false, true),
            ("add_project", false, false, false),
            ("list_projects", true, false, true),
            ("rename_project", false, false, true),
            ("archive_project", false, false, true),
            ("restore_project", false, false, true),
            ("delete_project", false, true, false),
            ("import_tasks", false, false, false),
            ("complete_all", false, false, true),
        ]
    );
    let schemas = listed.to_string();
    assert!(!schemas.contains("user_id") && !schemas.contains("tenant"));
}
