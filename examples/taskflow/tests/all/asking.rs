//! What the client is asked besides its user's word: its model, its folders, and to lead its user somewhere.

use std::sync::{Arc, Mutex};

use frontdesk_clock::{ManualClock, Timestamp};
use frontdesk_identity::{Principal, TenantId, UserId};
use frontdesk_mcp_server::InMemory;
use frontdesk_taskflow::{SCOPES, Tasks};
use serde_json::{Value, json};

use super::desk::Result;
use super::place::{self, Place};

type Questions = Arc<Mutex<Vec<Value>>>;

async fn client(room: Option<&str>) -> Result<(InMemory<Tasks>, Place)> {
    let clock = Arc::new(ManualClock::at(Timestamp::UNIX_EPOCH));
    let (mut tasks, place) = place::open(clock).await?;
    if let Some(page) = room {
        tasks = tasks.with_more_room_at(page);
    }
    Ok((frontdesk_taskflow::server(tasks).in_memory()?, place))
}

fn ann() -> Result<Principal> {
    let mut user = Principal::new(TenantId::single(), UserId::new("ann")?);
    user.scopes = SCOPES.map(str::to_owned).to_vec();
    Ok(user)
}

/// The client with one answer to whatever it is asked, and what it was asked.
fn answering(client: &InMemory<Tasks>, answer: Value) -> (InMemory<Tasks>, Questions) {
    let questions = Questions::default();
    let asked = Arc::clone(&questions);
    let client = client.clone().answering(move |question| {
        asked
            .lock()
            .unwrap_or_else(std::sync::PoisonError::into_inner)
            .push(question.clone());
        answer.clone()
    });
    (client, questions)
}

#[tokio::test]
async fn tasks_are_found_in_a_text_by_the_clients_model_or_line_by_line() {
    let (client, _place) = client(None).await.unwrap();
    let ann = ann().unwrap();
    let mail = json!({"text": "* buy milk\n\n- call Bob"});
    let by_line = client.call(&ann, "import_tasks", mail.clone()).await;
    assert_eq!(by_line.unwrap(), json!({"added": 2, "ids": [1, 2]}));

    let said = json!({
        "role": "assistant", "model": "small",
        "content": {"type": "text", "text": "- get milk\n- phone Bob\n- thank Eve\n"},
    });
    let (with_model, questions) = answering(&client, said);
    let found = with_model.call(&ann, "import_tasks", mail).await;
    assert_eq!(found.unwrap(), json!({"added": 3, "ids": [3, 4, 5]}));
    let questions = questions.lock().unwrap().clone();
    let [question] = questions.as_slice() else {
        panic!("{questions:?}");
    };
    assert_eq!(question["method"], "sampling/createMessage");
    let prompt = &question["params"]["messages"][0]["content"]["text"];
    assert!(prompt.as_str().unwrap().ends_with("- call Bob"), "{prompt}");
    let third = client.call(&ann, "get_task", json!({"id": 3})).await;
    assert_eq!(third.unwrap()["title"], "get milk");

    for (wrong, told) in [
        (
            json!({"text": "a", "titles": ["b"]}),
            "give titles or text, not both",
        ),
        (json!({"text": " \n-"}), "titles must be 1 to 1000, not 0"),
        (
            json!({"text": "x".repeat(8_001)}),
            "text must be at most 8000 letters",
        ),
    ] {
        let refused = client.call(&ann, "import_tasks", wrong).await;
        assert_eq!(refused.unwrap_err().to_string(), told);
    }
}

#[tokio::test]
async fn a_project_has_the_name_of_the_clients_one_folder_where_none_is_given() {
    let (client, _place) = client(None).await.unwrap();
    let ann = ann().unwrap();
    let unnamed = client.call(&ann, "add_project", json!({})).await;
    assert_eq!(unnamed.unwrap_err().to_string(), "name is missing");

    let garden = json!({"roots": [{"uri": "file:///home/ann/garden/"}]});
    let (one, questions) = answering(&client, garden);
    let added = one.call(&ann, "add_project", json!({})).await.unwrap();
    assert_eq!(added["name"], "garden");
    assert_eq!(questions.lock().unwrap()[0]["method"], "roots/list");

    let two = json!({"roots": [{"uri": "file:///a"}, {"uri": "file:///b", "name": "B"}]});
    let (two, _) = answering(&client, two);
    let unnamed = two.call(&ann, "add_project", json!({})).await;
    assert_eq!(
        unnamed.unwrap_err().to_string(),
        "name is missing, and the client works in 2 folders"
    );
}

#[tokio::test]
async fn a_user_whose_list_is_full_is_led_to_more_room() {
    let page = "https://tasks.example/room";
    let (client, _place) = client(Some(page)).await.unwrap();
    let ann = ann().unwrap();
    for number in 0..1_000 {
        let project = json!({"name": format!("project {number}")});
        client.call(&ann, "add_project", project).await.unwrap();
    }
    let more = json!({"name": "one more"});
    let full = "the list is full: 1000 projects; delete some first";
    let unasked = client.call(&ann, "add_project", more.clone()).await;
    assert_eq!(unasked.unwrap_err().to_string(), full);
    let (led, questions) = answering(&client, json!({"action": "accept"}));
    let led = led.call(&ann, "add_project", more.clone()).await;
    assert_eq!(
        led.unwrap_err().to_string(),
        format!(
            "{full}; the user was led to where more room is to be had, so try again when they say so"
        )
    );
    let asked = questions.lock().unwrap()[0]["params"].clone();
    assert_eq!(
        (&asked["mode"], &asked["url"]),
        (&json!("url"), &json!(page))
    );
    let (declining, _) = answering(&client, json!({"action": "decline"}));
    let declined = declining.call(&ann, "add_project", more).await;
    assert_eq!(declined.unwrap_err().to_string(), full);
}
