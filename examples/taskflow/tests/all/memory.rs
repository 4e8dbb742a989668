//! The server without a socket, through the kit's client in memory.

use std::sync::{Arc, Mutex};

use frontdesk_clock::{ManualClock, Timestamp};
use frontdesk_identity::{Principal, TenantId, UserId};
use frontdesk_mcp_server::{InMemory, InMemoryError};
use frontdesk_taskflow::{READ, SCOPES, Tasks};
use serde_json::{Value, json};

use super::desk::Result;
use super::place::{self, Place};

/// Monday, 30 November 2026, at noon.
const NOON: i64 = 1_796_040_000;

struct Flow {
    client: InMemory<Tasks>,
    _place: Place,
}

async fn flow() -> Result<Flow> {
    let clock = ManualClock::at(Timestamp::from_second(NOON)?);
    let (tasks, place) = place::open(Arc::new(clock)).await?;
    Ok(Flow {
        client: frontdesk_taskflow::server(tasks).in_memory()?,
        _place: place,
    })
}

fn user(name: &str, scopes: &[&str]) -> Result<Principal> {
    let mut user = Principal::new(TenantId::single(), UserId::new(name)?);
    user.scopes = scopes.iter().map(|scope| (*scope).to_owned()).collect();
    Ok(user)
}

/// Three tasks of ann's, two of them in a project.
async fn fill(flow: &Flow) -> Result<Principal> {
    let ann = user("ann", &SCOPES)?;
    let calls = [
        ("add_project", json!({"name": "Garden"})),
        ("add_project", json!({"name": "Games"})),
        (
            "add_task",
            json!({"title": "dig", "project": "Garden", "due": "2026-11-29"}),
        ),
        ("add_task", json!({"title": "sow", "project": "Garden"})),
        ("add_task", json!({"title": "call", "due": "2026-11-30"})),
        ("start_task", json!({"id": 2})),
    ];
    for (tool, arguments) in calls {
        flow.client.call(&ann, tool, arguments).await?;
    }
    Ok(ann)
}

async fn read(flow: &Flow, user: &Principal, uri: &str) -> Result<Value> {
    let contents = flow.client.read(user, uri).await?;
    let [content] = contents.as_slice() else {
        return Err(format!("{contents:?}").into());
    };
    let field = |name: &str| content.get(name).and_then(Value::as_str);
    assert_eq!(field("uri"), Some(uri));
    assert_eq!(field("mimeType"), Some("application/json"));
    Ok(serde_json::from_str(field("text").ok_or("no text")?)?)
}

/// The texts of a prompt's messages.
async fn plan(flow: &Flow, user: &Principal, arguments: Value) -> Result<[String; 2]> {
    let prompt = flow.client.prompt(user, "plan_my_day", arguments).await?;
    let wish = prompt.pointer("/messages/0/content/text");
    let tasks = prompt.pointer("/messages/1/content/resource/text");
    let text = |value: Option<&Value>| value.and_then(Value::as_str).map(str::to_owned);
    Ok([text(wish).ok_or("no wish")?, text(tasks).ok_or("no tasks")?])
}

#[tokio::test]
async fn resources_say_how_things_stand() {
    let flow = flow().await.unwrap();
    let ann = fill(&flow).await.unwrap();
    assert_eq!(
        read(&flow, &ann, "taskflow://summary").await.unwrap(),
        json!({"open": 2, "in_progress": 1, "done": 0, "overdue": 1, "projects": 2})
    );
    let task = read(&flow, &ann, "taskflow://tasks/3").await.unwrap();
    assert_eq!(
        task,
        json!({
            "id": 3, "title": "call", "notes": "", "status": "open", "priority": "normal", "due": "2026-11-30",
            "project": null, "assignee": null,
            "created_at": "2026-11-30T12:00:00Z", "updated_at": "2026-11-30T12:00:00Z",
        })
    );
    let board = read(&flow, &ann, "taskflow://projects/1").await.unwrap();
    assert_eq!(board["project"]["name"], json!("Garden"));
    let titles: Vec<&Value> = board["unfinished"]
        .as_array()
        .unwrap()
        .iter()
        .map(|task| &task["title"])
        .collect();
    assert_eq!(titles, ["dig", "sow"]);
}

#[tokio::test]
async fn resources_list_the_caller_s_projects_and_nobody_reads_another_s() {
    let flow = flow().await.unwrap();
    let ann = fill(&flow).await.unwrap();
    let mut other_tenant = ann.clone();
    other_tenant.tenant = TenantId::new("acme").unwrap();
    let uris = async |user: &Principal| -> Vec<Value> {
        let listed = flow.client.list_resources(user).await.unwrap();
        listed.iter().map(|entry| entry["uri"].clone()).collect()
    };
    assert_eq!(
        uris(&ann).await,
        [
            "taskflow://summary",
            "taskflow://projects/1",
            "taskflow://projects/2"
        ]
    );
    for other in [user("bob", &SCOPES).unwrap(), other_tenant] {
        assert_eq!(uris(&other).await, ["taskflow://summary"]);
        assert_eq!(
            read(&flow, &other, "taskflow://summary").await.unwrap(),
            json!({"open": 0, "in_progress": 0, "done": 0, "overdue": 0, "projects": 0})
        );
        for uri in ["taskflow://tasks/1", "taskflow://projects/1"] {
            let refused = flow.client.read(&other, uri).await.unwrap_err();
            assert_eq!(refused.to_string(), "resource not found", "{uri}");
        }
        for (reference, argument) in [
            (
                json!({"type": "ref/prompt", "name": "plan_my_day"}),
                "project",
            ),
            (
                json!({"type": "ref/resource", "uri": "taskflow://projects/{id}"}),
                "id",
            ),
        ] {
            let params = json!({"ref": reference, "argument": {"name": argument, "value": ""}});
            assert_eq!(
                flow.client.complete(&other, params).await.unwrap(),
                Vec::<String>::new()
            );
        }
    }
    for uri in [
        "taskflow://tasks/9",
        "taskflow://tasks/x",
        "taskflow://projects/Garden",
        "taskflow://nothing",
    ] {
        assert!(flow.client.read(&ann, uri).await.is_err(), "{uri}");
    }
}

#[tokio::test]
async fn a_day_is_planned_from_what_is_to_be_done() {
    let flow = flow().await.unwrap();
    let ann = fill(&flow).await.unwrap();
    let titles = |tasks: &str| -> Vec<Value> {
        let tasks: Value = serde_json::from_str(tasks).unwrap();
        tasks
            .as_array()
            .unwrap()
            .iter()
            .map(|task| task["title"].clone())
            .collect()
    };
    let [wish, tasks] = plan(&flow, &ann, json!({})).await.unwrap();
    assert!(wish.starts_with("Plan my day, 2026-11-30, from the tasks below."));
    assert_eq!(titles(&tasks), ["dig", "call", "sow"]);

    let arguments = json!({"day": "2026-12-01", "project": "garden"});
    let [wish, tasks] = plan(&flow, &ann, arguments).await.unwrap();
    assert!(wish.starts_with("Plan my day, 2026-12-01 for the project Garden, from"));
    assert_eq!(titles(&tasks), ["dig", "sow"]);

    for (arguments, message) in [
        (
            json!({"day": "tomorrow"}),
            "day must be a day such as 2026-11-30",
        ),
        (json!({"project": "Yard"}), "there is no project Yard"),
    ] {
        let error = plan(&flow, &ann, arguments).await.unwrap_err();
        assert_eq!(error.to_string(), message);
    }
}

#[tokio::test]
async fn names_and_numbers_of_projects_are_completed() {
    let flow = flow().await.unwrap();
    let ann = fill(&flow).await.unwrap();
    let plan = json!({"type": "ref/prompt", "name": "plan_my_day"});
    let board = json!({"type": "ref/resource", "uri": "taskflow://projects/{id}"});
    let cases = [
        (&plan, "project", "", vec!["Games", "Garden"]),
        (&plan, "project", "gAr", vec!["Garden"]),
        (&plan, "project", "%", vec![]),
        (&board, "id", "", vec!["1", "2"]),
        (&board, "id", "2", vec!["2"]),
    ];
    for (reference, argument, value, expected) in cases {
        let params = json!({"ref": reference, "argument": {"name": argument, "value": value}});
        let values = flow.client.complete(&ann, params).await.unwrap();
        assert_eq!(values, expected, "{argument} {value}");
    }
}

#[tokio::test]
async fn deleting_a_project_with_tasks_asks_the_user_first() {
    let flow = flow().await.unwrap();
    let ann = fill(&flow).await.unwrap();
    let asked = Arc::new(Mutex::new(Vec::new()));
    let answering = |answer: Value| {
        let asked = Arc::clone(&asked);
        flow.client.clone().answering(move |question| {
            asked
                .lock()
                .unwrap()
                .push(question["params"]["message"].clone());
            answer.clone()
        })
    };
    let delete = json!({"project": "garden"});
    for refusal in [
        json!({"action": "decline"}),
        json!({"action": "cancel"}),
        json!({"action": "accept", "content": {"delete": false}}),
    ] {
        let client = answering(refusal);
        let result = client.call(&ann, "delete_project", delete.clone()).await;
        assert_eq!(result.unwrap(), json!({}));
    }
    let unasked = flow.client.call(&ann, "delete_project", delete.clone());
    assert_eq!(
        unasked.await.unwrap_err().to_string(),
        "the project has tasks: 2; deleting them takes the user's own word, and this client can't ask for it. \
         Archive the project, or delete its tasks first"
    );
    let summary = read(&flow, &ann, "taskflow://summary").await.unwrap();
    assert_eq!(summary["projects"], json!(2));

    let client = answering(json!({"action": "accept", "content": {"delete": true}}));
    let deleted = client.call(&ann, "delete_project", delete).await.unwrap();
    assert_eq!(deleted["deleted"]["name"], json!("Garden"));
    let empty = client.call(&ann, "delete_project", json!({"project": "Games"}));
    assert_eq!(
        empty.await.unwrap()["deleted"]["name"],
        json!("Games"),
        "an empty project goes without a question"
    );
    assert_eq!(
        *asked.lock().unwrap(),
        ["Delete the project Garden with 2 tasks for good?"; 4]
    );
    assert_eq!(
        read(&flow, &ann, "taskflow://summary").await.unwrap(),
        json!({"open": 1, "in_progress": 0, "done": 0, "overdue": 0, "projects": 0})
    );
}

#[tokio::test]
async fn long_work_reports_each_step_and_logs_its_end() {
    let flow = flow().await.unwrap();
    let ann = user("ann", &SCOPES).unwrap();
    let titles: Vec<String> = (1..=30).map(|number| format!("task {number}")).collect();
    let import = json!({ "titles": titles });
    flow.client
        .call(&ann, "import_tasks", import)
        .await
        .unwrap();
    let told: Vec<(Value, Value)> = flow
        .client
        .notifications()
        .into_iter()
        .map(|notification| {
            let params = &notification["params"];
            let text = params.get("message").or(params.get("data"));
            (notification["method"].clone(), text.unwrap().clone())
        })
        .collect();
    let progress = |text: &str| (json!("notifications/progress"), json!(text));
    assert_eq!(
        told,
        [
            progress("25 of 30 tasks added"),
            progress("30 of 30 tasks added"),
            (json!("notifications/message"), json!("imported 30 tasks")),
        ]
    );
}

#[tokio::test]
async fn a_caller_sees_and_calls_what_its_scopes_allow() {
    let flow = flow().await.unwrap();
    let ann = fill(&flow).await.unwrap();
    let names = |user: &Principal| -> Vec<String> {
        let tools = flow.client.list_tools(user).unwrap();
        let names = tools.iter().filter_map(|tool| tool["name"].as_str());
        names.map(str::to_owned).collect()
    };
    let reading = ["list_tasks", "get_task", "list_projects"];
    let reader = user("ann", &[READ]).unwrap();
    let writer = user("ann", &["tasks:write"]).unwrap();
    let stranger = user("ann", &["openid"]).unwrap();
    assert_eq!(names(&reader), reading);
    assert_eq!(names(&ann).len(), 18);
    assert!(
        names(&writer)
            .iter()
            .all(|name| !reading.contains(&name.as_str()))
    );
    assert_eq!(names(&writer).len(), 15);
    assert_eq!(names(&stranger), Vec::<String>::new());

    let list = flow.client.call(&reader, "list_tasks", json!({})).await;
    assert_eq!(list.unwrap()["total"], json!(3));
    let add = flow.client.call(&reader, "add_task", json!({"title": "x"}));
    assert!(matches!(add.await, Err(InMemoryError::Refused { .. })));
    for user in [&writer, &stranger] {
        assert!(flow.client.read(user, "taskflow://summary").await.is_err());
        assert!(plan(&flow, user, json!({})).await.is_err());
        assert_eq!(
            flow.client.list_resources(user).await.unwrap(),
            Vec::<Value>::new()
        );
        assert_eq!(flow.client.list_prompts(user).unwrap(), Vec::<Value>::new());
    }
}
