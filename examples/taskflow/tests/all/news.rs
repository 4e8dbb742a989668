//! Who hears of what changed.

use serde_json::{Value, json};

use super::desk::{Desk, Result};

/// A stream of news, and what came of it that hasn't been read.
struct News {
    response: reqwest::Response,
    unread: String,
}

impl News {
    async fn next(&mut self) -> Result<Value> {
        loop {
            while let Some(end) = self.unread.find("\n\n") {
                let event: String = self.unread.drain(..end + 2).collect();
                let data = event.lines().find_map(|line| line.strip_prefix("data: "));
                let data = data.map(serde_json::from_str).transpose()?;
                if let Some(data) = data {
                    return Ok(data);
                }
            }
            let chunk = self.response.chunk().await?.ok_or("the stream ended")?;
            self.unread.push_str(&String::from_utf8_lossy(&chunk));
        }
    }
}

#[tokio::test]
async fn an_owner_hears_of_changes_and_nobody_else_does() {
    let desk = Desk::open().await.unwrap();
    let call = async |user: &str, tool: &str, arguments: Value| {
        desk.call(user, tool, arguments).await.unwrap();
    };
    for user in ["ann", "bob"] {
        call(user, "add_project", json!({"name": "Garden"})).await;
        call(user, "add_project", json!({"name": "House"})).await;
        for title in ["dig", "sow"] {
            call(user, "add_task", json!({"title": title, "project": 1})).await;
        }
    }
    let response = desk
        .send(
            "ann",
            "subscriptions/listen",
            json!({"notifications": {
                "resourcesListChanged": true,
                "resourceSubscriptions": [
                    "taskflow://tasks/2", "taskflow://projects/1", "taskflow://projects/2",
                ],
            }}),
        )
        .await
        .unwrap();
    let mut news = News {
        response,
        unread: String::new(),
    };
    let first = news.next().await.unwrap();
    assert_eq!(
        first["method"],
        json!("notifications/subscriptions/acknowledged")
    );

    call("bob", "start_task", json!({"id": 2})).await;
    call(
        "bob",
        "rename_project",
        json!({"project": 1, "name": "Yard"}),
    )
    .await;
    let cases = [
        (
            "start_task",
            json!({"id": 2}),
            vec!["tasks/2", "projects/1"],
        ),
        ("complete_task", json!({"id": 1}), vec!["projects/1"]),
        (
            "update_task",
            json!({"id": 2, "project": "House"}),
            vec!["tasks/2", "projects/2", "projects/1"],
        ),
        (
            "complete_all",
            json!({"project": "House"}),
            vec!["tasks/2", "projects/2"],
        ),
        (
            "archive_project",
            json!({"project": "Garden"}),
            vec!["projects/1", ""],
        ),
        (
            "delete_task",
            json!({"id": 2}),
            vec!["tasks/2", "projects/2"],
        ),
    ];
    for (tool, arguments, expected) in cases {
        call("ann", tool, arguments).await;
        for place in expected {
            let heard = news.next().await.unwrap();
            let uri = heard["params"]["uri"].as_str().unwrap_or_default();
            let wanted = match place {
                "" => ("notifications/resources/list_changed", String::new()),
                place => (
                    "notifications/resources/updated",
                    format!("taskflow://{place}"),
                ),
            };
            assert_eq!(
                (heard["method"].as_str().unwrap(), uri),
                (wanted.0, wanted.1.as_str()),
                "{tool}"
            );
        }
    }
}
