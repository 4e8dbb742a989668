//! The clients that people have, from the package index: both find TaskFlow at `/mcp` and at `/mcp/`.

use frontdesk_testkit::python::Python;
use frontdesk_testkit::skip;
use serde_json::{Value, json};

use super::desk::Desk;

const TOOLS: [&str; 18] = [
    "add_project",
    "add_task",
    "archive_project",
    "assign_task",
    "complete_all",
    "complete_task",
    "delete_project",
    "delete_task",
    "get_task",
    "import_tasks",
    "list_projects",
    "list_tasks",
    "rename_project",
    "reopen_task",
    "restore_project",
    "start_task",
    "unassign_task",
    "update_task",
];
const REFUSED: &str = "sign-in required";
const MISSING: &str = "there is no task 999999";

/// What a script says of a demonstration; nothing where there is no Python.
async fn say(test: &str, script: &str) -> Option<Value> {
    let python = match Python::find() {
        Ok(python) => python,
        Err(reason) => {
            skip::note(&format!("frontdesk::{test}"), &reason).unwrap();
            return None;
        }
    };
    let desk = Desk::demonstration().await;
    let token = desk.token("ann", "taskflow").await;
    let said = python.run(script, &[desk.server.url(), &token]).await;
    Some(said.unwrap())
}

#[tokio::test]
async fn check_10_fastmcps_client_uses_the_tools_at_both_paths_and_in_both_eras() {
    let test = "check_10_fastmcps_client_uses_the_tools_at_both_paths_and_in_both_eras";
    let Some(said) = say(test, "fastmcp_client.py").await else {
        return;
    };
    let seen = |mode: &str, path: &str| {
        // Who can't be asked, without a session, is told what to do instead.
        let can_ask = mode == "auto";
        let question = format!("Delete the project {mode} {path} with 60 tasks for good?");
        let cannot = "the project has tasks: 60; deleting them takes the user's own word, and this client can't ask \
                      for it. Archive the project, or delete its tasks first";
        json!({
            "way": [mode, path],
            "tools": TOOLS,
            "undescribed": [],
            "imported": 60,
            "typed": 60,
            "progress": [25.0, 50.0, 60.0],
            "listed": ["task 0", "task 1", "task 2"],
            "failed": [true, MISSING],
            "asked": if can_ask { vec![question] } else { Vec::new() },
            "deleted": if can_ask { json!([false, ""]) } else { json!([true, cannot]) },
        })
    };
    let expected = json!({
        "seen": [seen("auto", "/mcp"), seen("auto", "/mcp/"), seen("legacy", "/mcp"), seen("legacy", "/mcp/")],
        "refused": [REFUSED, REFUSED, REFUSED, REFUSED],
    });
    assert_eq!(said, expected);
}

#[tokio::test]
async fn check_10_openai_agents_uses_the_tools_at_both_paths() {
    let test = "check_10_openai_agents_uses_the_tools_at_both_paths";
    let Some(said) = say(test, "agents_client.py").await else {
        return;
    };
    let seen = |path: &str| {
        let title = format!("agents at {path}");
        json!({"tools": TOOLS, "added": title, "text": title, "failed": [true, MISSING]})
    };
    let expected = json!({
        "seen": [seen("/mcp"), seen("/mcp/")],
        "refused": [[REFUSED], [REFUSED]],
    });
    assert_eq!(said, expected);
}
