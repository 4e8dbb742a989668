//! Projects, and who does what.

use serde_json::{Value, json};

use super::desk::{Answer, Desk, Result};

fn project(id: i64, name: &str, unfinished: i64, done: i64) -> Value {
    json!({
        "id": id, "name": name, "archived": false, "unfinished": unfinished, "done": done,
        "created_at": "1970-01-01T00:00:00Z", "updated_at": "1970-01-01T00:00:00Z",
    })
}

fn failed(message: &str) -> Answer {
    Answer::Failed(message.to_owned())
}

/// The numbers of the tasks that are listed.
async fn listed(desk: &Desk, user: &str, arguments: Value) -> Result<Vec<i64>> {
    match desk.call(user, "list_tasks", arguments).await? {
        Answer::Done(page) => Ok(page
            .get("tasks")
            .and_then(Value::as_array)
            .into_iter()
            .flatten()
            .filter_map(|task| task.get("id").and_then(Value::as_i64))
            .collect()),
        Answer::Failed(message) => Err(message.into()),
    }
}

#[tokio::test]
async fn a_project_is_added_listed_renamed_archived_restored_and_deleted() {
    let desk = Desk::open().await.unwrap();
    let call =
        async |tool: &str, arguments: Value| desk.call("ann", tool, arguments).await.unwrap();
    let garden = project(1, "Garden", 0, 0);
    let mut archived = garden.clone();
    archived["archived"] = json!(true);
    let one = json!({"project": "garden"});

    assert_eq!(
        call("add_project", json!({"name": " Garden "})).await,
        Answer::Done(garden.clone())
    );
    assert_eq!(
        call("list_projects", json!({})).await,
        Answer::Done(json!({"projects": [garden.clone()], "total": 1}))
    );
    assert_eq!(
        call("archive_project", one.clone()).await,
        Answer::Done(archived.clone())
    );
    assert_eq!(
        call("archive_project", json!({"project": 1})).await,
        Answer::Done(archived.clone())
    );
    assert_eq!(
        call("list_projects", json!({})).await,
        Answer::Done(json!({"projects": [], "total": 0}))
    );
    for state in ["archived", "all"] {
        assert_eq!(
            call("list_projects", json!({"state": state})).await,
            Answer::Done(json!({"projects": [archived.clone()], "total": 1}))
        );
    }
    assert_eq!(
        call("restore_project", json!({"project": "#1"})).await,
        Answer::Done(garden)
    );
    assert_eq!(
        call(
            "rename_project",
            json!({"project": "GARDEN", "name": "Yard"})
        )
        .await,
        Answer::Done(project(1, "Yard", 0, 0))
    );
    assert_eq!(
        call("delete_project", one).await,
        failed("there is no project garden")
    );
    assert_eq!(
        call("delete_project", json!({"project": "yard"})).await,
        Answer::Done(json!({"deleted": project(1, "Yard", 0, 0)}))
    );
    assert_eq!(
        call("add_project", json!({"name": "next"})).await,
        Answer::Done(project(2, "next", 0, 0))
    );
}

#[tokio::test]
async fn tasks_come_into_projects_move_and_leave() {
    let desk = Desk::open().await.unwrap();
    let call =
        async |tool: &str, arguments: Value| desk.call("ann", tool, arguments).await.unwrap();
    for name in ["Garden", "Größe"] {
        call("add_project", json!({"name": name})).await;
    }
    for (title, place) in [("dig", "garden"), ("sow", "1"), ("grow", "GRÖßE")] {
        call("add_task", json!({"title": title, "project": place})).await;
    }
    call("add_task", json!({"title": "sleep"})).await;

    let place = async |id: i64| match call("get_task", json!({"id": id})).await {
        Answer::Done(task) => task["project"].clone(),
        Answer::Failed(message) => json!(message),
    };
    assert_eq!(place(1).await, json!({"id": 1, "name": "Garden"}));
    assert_eq!(place(3).await, json!({"id": 2, "name": "Größe"}));
    assert_eq!(place(4).await, json!(null));

    call("complete_task", json!({"id": 2})).await;
    assert_eq!(
        call("list_projects", json!({"limit": 1})).await,
        Answer::Done(json!({"projects": [project(1, "Garden", 1, 1)], "total": 2, "next": "1"}))
    );
    assert_eq!(
        call("list_projects", json!({"limit": 1, "after": "1"})).await,
        Answer::Done(json!({"projects": [project(2, "Größe", 1, 0)], "total": 2}))
    );

    let cases = [
        (json!({"project": "garden"}), vec![1, 2]),
        (json!({"project": 2}), vec![3]),
        (json!({"project": "garden", "status": "done"}), vec![2]),
        (json!({"project": ""}), vec![1, 2, 3, 4]),
        (json!({}), vec![1, 2, 3, 4]),
    ];
    for (arguments, ids) in cases {
        assert_eq!(listed(&desk, "ann", arguments).await.unwrap(), ids);
    }

    call("update_task", json!({"id": 1, "project": 2})).await;
    call("update_task", json!({"id": 3, "project": ""})).await;
    call("update_task", json!({"id": 2, "title": "sow"})).await;
    assert_eq!(place(1).await, json!({"id": 2, "name": "Größe"}));
    assert_eq!(place(2).await, json!({"id": 1, "name": "Garden"}));
    assert_eq!(place(3).await, json!(null));

    call("archive_project", json!({"project": 2})).await;
    assert_eq!(
        listed(&desk, "ann", json!({})).await.unwrap(),
        [2, 3, 4],
        "tasks of archived projects come only when asked for"
    );
    assert_eq!(
        listed(&desk, "ann", json!({"project": 2})).await.unwrap(),
        [1]
    );
    let archived = failed("the project is archived: Größe; restore it first");
    assert_eq!(
        call("add_task", json!({"title": "x", "project": 2})).await,
        archived
    );
    assert_eq!(
        call("update_task", json!({"id": 2, "project": 2})).await,
        archived
    );
    assert_eq!(
        call("import_tasks", json!({"titles": ["x"], "project": 2})).await,
        archived
    );
}

#[tokio::test]
async fn names_of_projects_are_new_and_no_numbers() {
    let desk = Desk::open().await.unwrap();
    let call =
        async |tool: &str, arguments: Value| desk.call("ann", tool, arguments).await.unwrap();
    for name in ["Garden", "House"] {
        call("add_project", json!({"name": name})).await;
    }
    let cases = [
        (
            "add_project",
            json!({"name": "GARDEN"}),
            "there is a project of this name already: GARDEN",
        ),
        (
            "rename_project",
            json!({"project": 2, "name": "garden"}),
            "there is a project of this name already: garden",
        ),
        (
            "add_project",
            json!({"name": "#7"}),
            "name must not be a number",
        ),
        (
            "add_project",
            json!({"name": " "}),
            "name must not be empty",
        ),
        (
            "add_project",
            json!({"name": "x".repeat(101)}),
            "name must have at most 100 characters, not 101",
        ),
        (
            "add_task",
            json!({"title": "x", "project": "Yard"}),
            "there is no project Yard",
        ),
        (
            "add_task",
            json!({"title": "x", "project": true}),
            "invalid argument project: expected a project's name or number",
        ),
        ("list_tasks", json!({"project": 9}), "there is no project 9"),
        (
            "archive_project",
            json!({"project": ""}),
            "there is no project ",
        ),
        (
            "import_tasks",
            json!({"titles": []}),
            "titles must be 1 to 1000, not 0",
        ),
        (
            "import_tasks",
            json!({"titles": ["x", " "]}),
            "title must not be empty",
        ),
    ];
    for (tool, arguments, message) in cases {
        assert_eq!(
            call(tool, arguments.clone()).await,
            failed(message),
            "{tool} {arguments}"
        );
    }
    assert_eq!(
        call("rename_project", json!({"project": 1, "name": "GARDEN"})).await,
        Answer::Done(project(1, "GARDEN", 0, 0))
    );
    assert_eq!(
        listed(&desk, "ann", json!({})).await.unwrap(),
        Vec::<i64>::new()
    );
}

#[tokio::test]
async fn a_task_is_assigned_by_name_and_found_by_it() {
    let desk = Desk::open().await.unwrap();
    let call =
        async |tool: &str, arguments: Value| desk.call("ann", tool, arguments).await.unwrap();
    let assignee = async |id: i64| match call("get_task", json!({"id": id})).await {
        Answer::Done(task) => task["assignee"].clone(),
        Answer::Failed(message) => json!(message),
    };
    call("add_task", json!({"title": "a", "assignee": " Kim "})).await;
    call("add_task", json!({"title": "b", "assignee": "me"})).await;
    call("add_task", json!({"title": "c"})).await;
    assert_eq!(
        (assignee(1).await, assignee(2).await, assignee(3).await),
        (json!("Kim"), json!("ann"), json!(null))
    );
    let cases = [
        (json!({"assignee": "KIM"}), vec![1]),
        (json!({"assignee": "Me"}), vec![2]),
        (json!({"assignee": "nobody"}), vec![3]),
        (json!({"assignee": "K%"}), vec![]),
        (json!({"assignee": ""}), vec![1, 2, 3]),
    ];
    for (arguments, ids) in cases {
        assert_eq!(
            listed(&desk, "ann", arguments.clone()).await.unwrap(),
            ids,
            "{arguments}"
        );
    }
    call("assign_task", json!({"id": 3, "assignee": "Kim"})).await;
    call("unassign_task", json!({"id": 1})).await;
    assert_eq!(
        listed(&desk, "ann", json!({"assignee": "kim"}))
            .await
            .unwrap(),
        [3]
    );
    assert_eq!(
        call("assign_task", json!({"id": 3, "assignee": " "})).await,
        failed("assignee must not be empty")
    );
    assert_eq!(
        call("assign_task", json!({"id": 9, "assignee": "Kim"})).await,
        failed("there is no task 9")
    );
}

#[tokio::test]
async fn no_user_and_no_tenant_sees_or_touches_another_s_projects() {
    let desk = Desk::open().await.unwrap();
    let call =
        async |tool: &str, arguments: Value| desk.call("ann", tool, arguments).await.unwrap();
    call("add_project", json!({"name": "Garden"})).await;
    call("add_task", json!({"title": "dig", "project": 1})).await;
    for other in ["bob", "acme/ann"] {
        assert_eq!(
            desk.call(other, "list_projects", json!({"state": "all"}))
                .await
                .unwrap(),
            Answer::Done(json!({"projects": [], "total": 0}))
        );
        for key in ["1", "garden"] {
            let cases = [
                ("rename_project", json!({"project": key, "name": "x"})),
                ("archive_project", json!({"project": key})),
                ("restore_project", json!({"project": key})),
                ("delete_project", json!({"project": key})),
                ("complete_all", json!({"project": key})),
                ("list_tasks", json!({"project": key})),
                ("add_task", json!({"title": "x", "project": key})),
                ("import_tasks", json!({"titles": ["x"], "project": key})),
            ];
            for (tool, arguments) in cases {
                assert_eq!(
                    desk.call(other, tool, arguments).await.unwrap(),
                    failed(&format!("there is no project {key}")),
                    "{tool}"
                );
            }
        }
        for (tool, arguments) in [
            ("assign_task", json!({"id": 1, "assignee": "x"})),
            ("unassign_task", json!({"id": 1})),
            ("update_task", json!({"id": 1, "project": ""})),
        ] {
            assert_eq!(
                desk.call(other, tool, arguments).await.unwrap(),
                failed("there is no task 1"),
                "{tool}"
            );
        }
        assert_eq!(
            desk.call(other, "add_project", json!({"name": "Garden"}))
                .await
                .unwrap(),
            Answer::Done(project(1, "Garden", 0, 0)),
            "names are each user's own"
        );
    }
    assert_eq!(
        call("list_projects", json!({})).await,
        Answer::Done(json!({"projects": [project(1, "Garden", 1, 0)], "total": 1}))
    );
}

#[tokio::test]
async fn many_tasks_are_added_and_completed_at_once() {
    let desk = Desk::open().await.unwrap();
    let call =
        async |tool: &str, arguments: Value| desk.call("ann", tool, arguments).await.unwrap();
    call("add_project", json!({"name": "Garden"})).await;
    call("add_task", json!({"title": "other"})).await;
    let titles: Vec<String> = (1..=30).map(|number| format!("dig {number}")).collect();
    let ids: Vec<i64> = (2..=31).collect();
    assert_eq!(
        call(
            "import_tasks",
            json!({"titles": titles, "project": "garden", "priority": "high"})
        )
        .await,
        Answer::Done(json!({"added": 30, "ids": ids}))
    );
    assert_eq!(
        call("complete_all", json!({"project": "garden"})).await,
        Answer::Done(json!({"completed": 30, "ids": ids}))
    );
    assert_eq!(
        call("complete_all", json!({"project": "garden"})).await,
        Answer::Done(json!({"completed": 0, "ids": []}))
    );
    assert_eq!(
        listed(&desk, "ann", json!({"status": "unfinished"}))
            .await
            .unwrap(),
        [1]
    );
}
