//! What is shown while the model still writes: arguments, citations, images.

use std::sync::Arc;

use frontdesk_agent::{
    FunctionTools, NoArguments, Progress, ToolContext, ToolError, function_tool,
};
use frontdesk_chat::assistant::TurnContext;
use frontdesk_model::{ContentPart, Error, Event, Item, Usage};
use serde_json::{Value, json};

use crate::desk::{add, create};
use crate::model::{Told, calls_with, says};
use crate::shown::{desk, done, turn};

/// One item in an answer of its own, after what comes before it.
fn answer(before: Vec<Event>, item: Item) -> Vec<Result<Event, Error>> {
    let mut events = vec![Ok(Event::Started)];
    events.extend(before.into_iter().map(Ok));
    events.push(Ok(Event::ItemDone {
        index: 0,
        item: item.clone(),
    }));
    events.push(Ok(Event::Completed {
        usage: Usage::default(),
        output: vec![item],
    }));
    events
}

fn delta(text: &str) -> Event {
    Event::TextDelta {
        index: 0,
        part: 0,
        delta: text.to_owned(),
    }
}

#[tokio::test]
async fn arguments_show_while_they_are_written() {
    let arguments =
        json!({"title": "Buy milk, bread, butter and whatever else is needed for breakfast"})
            .to_string();
    let call = calls_with(&[("add_task", &arguments)]);
    let mut events = call[..5].to_vec();
    for piece in arguments.as_bytes().chunks(10) {
        events.push(Ok(Event::ArgumentsDelta {
            index: 1,
            delta: String::from_utf8(piece.to_vec()).unwrap(),
        }));
    }
    events.extend(call[5..].to_vec());
    let model = Told::new([events, says("Done.")]);
    let desk = desk(&model, |_| {});
    let events = turn(&desk, create("Add it")).await;
    let contents: Vec<&str> = events
        .iter()
        .filter_map(|event| event["update"]["task"]["content"].as_str())
        .filter(|content| content.starts_with("Title: "))
        .collect();
    assert_eq!(
        contents,
        [
            "Title: Buy milk, bread, butter and wh",
            "Title: Buy milk, bread, butter and whatever else is needed for breakfast",
            "Title: Buy milk, bread, butter and whatever else is needed for breakfast\n\n→ Id: 7 · Title: Buy milk, bread, butter and whatever else is needed for breakfast",
        ]
    );
}

async fn sort(_: NoArguments, cx: ToolContext<TurnContext>) -> Result<String, ToolError> {
    for (message, fraction) in [
        (Some("Counting"), None),
        (Some("Sorting"), Some(0.5)),
        (None, Some(7.0)),
    ] {
        let message = message.map(str::to_owned);
        cx.progress.report(Progress { message, fraction });
        tokio::task::yield_now().await;
    }
    Ok("sorted".to_owned())
}

#[tokio::test]
async fn what_a_tool_reports_shows_while_it_works() {
    let model = Told::new([calls_with(&[("sort", "{}")]), says("Done.")]);
    let desk = desk(&model, |agent| {
        let tools = vec![function_tool("sort", "Sorts.", sort)];
        agent
            .toolsets
            .push(Arc::new(FunctionTools::new("order", tools)));
    });
    let events = turn(&desk, create("Sort it")).await;
    let tasks = events.iter().map(|event| &event["update"]["task"]);
    let tasks = tasks.filter(|task| task["title"] == "Sort");
    let shown: Vec<_> = tasks
        .filter_map(|task| {
            Some((
                task["content"].as_str()?,
                task["status_indicator"].as_str()?,
            ))
        })
        .collect();
    assert_eq!(
        shown,
        [
            ("Counting", "loading"),
            ("Sorting · 50 %", "loading"),
            ("100 %", "loading"),
            ("→ sorted", "complete"),
        ]
    );
}

fn citation(url: &str, end: usize) -> Value {
    json!({"type": "url_citation", "url": url, "title": "A page", "start_index": 0, "end_index": end})
}

fn cited(text: &str, annotations: Vec<Value>) -> Item {
    let mut item = Item::assistant(text);
    if let Item::Message(message) = &mut item {
        message.content = vec![ContentPart::OutputText {
            text: text.to_owned(),
            annotations,
        }];
    }
    item
}

#[tokio::test]
async fn citations_are_shown_as_they_come_and_with_the_whole() {
    let (good, bad) = (
        citation("https://a.example", 4),
        citation("javascript:x", 4),
    );
    let annotation = json!({
        "type": "annotation", "index": 4,
        "source": {"type": "url", "title": "A page", "url": "https://a.example"},
    });
    let told = |citation: &Value| Event::AnnotationAdded {
        index: 0,
        part: 0,
        annotation: citation.clone(),
    };
    let item = cited("It is so.", vec![good.clone(), bad.clone()]);
    let model = Told::new([
        answer(
            vec![delta("It is "), told(&good), told(&bad), delta("so.")],
            item.clone(),
        ),
        answer(vec![delta("It is so.")], item),
    ]);
    let desk = desk(&model, |_| {});
    let events = turn(&desk, create("Is it?")).await;
    let added: Vec<&Value> = events
        .iter()
        .map(|event| &event["update"])
        .filter(|update| update["type"] == "assistant_message.content_part.annotation_added")
        .collect();
    assert_eq!(
        added,
        [&json!({
            "type": "assistant_message.content_part.annotation_added",
            "content_index": 0, "annotation_index": 0, "annotation": annotation,
        })]
    );
    assert_eq!(
        done(&events)[1]["content"][0]["annotations"],
        json!([annotation])
    );
    // A provider that cites in the finished text alone.
    let thread = events[0]["thread"]["id"].as_str().unwrap();
    let events = turn(
        &desk,
        add(&frontdesk_protocol::ThreadId::new(thread), "Sure?"),
    )
    .await;
    assert_eq!(
        done(&events)[1]["content"][0]["annotations"],
        json!([annotation])
    );
}

fn image_call(result: &str) -> Item {
    Item::from_value(json!({"type": "image_generation_call", "id": "ig_1", "status": "completed", "result": result}))
        .unwrap()
}

#[tokio::test]
async fn images_are_shown_while_they_are_drawn_and_not_sent_again() {
    let partial = |number| Event::ImagePartial {
        index: 0,
        number,
        data: "iVBORw0KGgoA".to_owned(),
    };
    let begins = Event::ItemAdded {
        index: 0,
        item: image_call(""),
    };
    let model = Told::new([
        answer(
            vec![begins, partial(0), partial(1)],
            image_call("iVBORw0KGgoB"),
        ),
        answer(Vec::new(), image_call(&"A".repeat(4_000_001))),
        says("Yes."),
    ]);
    let desk = desk(&model, |_| {});
    let events = turn(&desk, create("Draw")).await;
    let drawn: Vec<(&Value, &Value)> = events
        .iter()
        .map(|event| &event["update"])
        .filter(|update| update["type"] == "generated_image.updated")
        .map(|update| (&update["image"]["url"], &update["progress"]))
        .collect();
    let url = |data: &str| json!(format!("data:image/png;base64,{data}"));
    let unfinished = url("iVBORw0KGgoA");
    assert_eq!(
        drawn,
        [(&unfinished, &json!(0.5)), (&unfinished, &json!(0.75))]
    );
    let items = done(&events);
    assert_eq!(items.len(), 2, "{items:?}");
    assert_eq!(items[1]["type"], "generated_image");
    assert_eq!(items[1]["image"]["url"], url("iVBORw0KGgoB"));

    let thread = frontdesk_protocol::ThreadId::new(events[0]["thread"]["id"].as_str().unwrap());
    let events = turn(&desk, add(&thread, "Larger")).await;
    let text = done(&events)[1]["content"][0]["text"].as_str().unwrap();
    assert!(text.contains("too large"), "{text}");
    turn(&desk, add(&thread, "Nice")).await;
    let read = model.read(2);
    assert_eq!(read[0], "User: Draw");
    assert!(!read.contains(&"other".to_owned()), "{read:?}");
}
