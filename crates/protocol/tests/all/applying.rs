//! What an update makes of an item.

use frontdesk_protocol::{ItemUpdate, MAX_CONTENT_INDEX, ThreadItem, apply};
use serde_json::{Value, json};

use crate::recorded::TIME;

/// Makes the updates, and gives back the item's field and how many could be made.
fn applied(kind: &str, field: &str, start: Value, updates: &[Value]) -> (Value, usize) {
    let mut item = json!({"type": kind, "id": "a", "thread_id": "t", "created_at": TIME});
    item[field] = start;
    let mut item: ThreadItem = serde_json::from_value(item).unwrap();
    let mut made = 0;
    for update in updates {
        let update: ItemUpdate = serde_json::from_value(update.clone()).unwrap();
        let before = item.clone();
        if apply(&mut item, &update) {
            made += 1;
        } else {
            assert_eq!(item, before);
        }
    }
    (serde_json::to_value(&item).unwrap()[field].take(), made)
}

fn part(text: &str) -> Value {
    json!({"type": "output_text", "text": text, "annotations": []})
}

fn delta(index: usize, text: &str) -> Value {
    json!({"type": "assistant_message.content_part.text_delta", "content_index": index, "delta": text})
}

fn message(updates: &[Value]) -> (Value, usize) {
    applied("assistant_message", "content", json!([]), updates)
}

#[test]
fn text_grows_part_by_part() {
    let added = |index: usize| json!({"type": "assistant_message.content_part.added", "content_index": index, "content": part("")});
    let done = |index: usize, text: &str| json!({"type": "assistant_message.content_part.done", "content_index": index, "content": part(text)});
    let cases = [
        (vec![added(0)], json!([part("")])),
        (
            vec![added(0), delta(0, "Hé"), delta(0, "llo")],
            json!([part("Héllo")]),
        ),
        (vec![delta(0, "a")], json!([part("a")])),
        (vec![delta(2, "c")], json!([part(""), part(""), part("c")])),
        (
            vec![delta(1, "b"), delta(0, "a")],
            json!([part("a"), part("b")]),
        ),
        (vec![delta(0, "a"), added(0)], json!([part("")])),
        (vec![delta(0, "a"), done(0, "all")], json!([part("all")])),
        (vec![done(1, "b")], json!([part(""), part("b")])),
    ];
    for (updates, expected) in cases {
        assert_eq!(message(&updates), (expected, updates.len()));
    }
}

#[test]
fn annotations_are_put_in_their_place() {
    let annotation = |title: &str| json!({"type": "annotation", "source": {"type": "url", "title": title, "url": "u"}});
    let added = |at: usize, title: &str| {
        json!({"type": "assistant_message.content_part.annotation_added", "content_index": 0,
            "annotation_index": at, "annotation": annotation(title)})
    };
    let updates = [added(0, "b"), added(0, "a"), added(99, "d"), added(2, "c")];
    let annotations = ["a", "b", "c", "d"].map(annotation);
    let part = json!({"type": "output_text", "text": "", "annotations": annotations});
    assert_eq!(message(&updates), (json!([part]), 4));
}

#[test]
fn a_part_far_away_is_refused() {
    let (content, made) = message(&[delta(MAX_CONTENT_INDEX + 1, "a"), delta(usize::MAX, "a")]);
    assert_eq!((content, made), (json!([]), 0));
    let (content, made) = message(&[delta(MAX_CONTENT_INDEX, "a")]);
    assert_eq!(
        (content.as_array().unwrap().len(), made),
        (MAX_CONTENT_INDEX + 1, 1)
    );
}

#[test]
fn tasks_are_added_and_changed() {
    let task = |title: &str| json!({"type": "image", "title": title, "status_indicator": "none"});
    let added = |at: usize, title: &str| json!({"type": "workflow.task.added", "task_index": at, "task": task(title)});
    let updated = |at: usize, title: &str| json!({"type": "workflow.task.updated", "task_index": at, "task": task(title)});
    let workflow = |tasks: &[Value]| json!({"type": "custom", "tasks": tasks, "expanded": false});
    let cases = [
        (
            vec![added(0, "a"), added(0, "b"), added(9, "c")],
            vec![task("a"), task("b"), task("c")],
            3,
        ),
        (
            vec![added(0, "a"), added(1, "b"), updated(0, "x")],
            vec![task("x"), task("b")],
            3,
        ),
        (
            vec![
                updated(0, "x"),
                added(0, "a"),
                updated(1, "x"),
                updated(usize::MAX, "x"),
            ],
            vec![task("a")],
            1,
        ),
    ];
    for (updates, tasks, made) in cases {
        let result = applied("workflow", "workflow", workflow(&[]), &updates);
        assert_eq!(result, (workflow(&tasks), made));
    }
}

#[test]
fn widgets_change_at_the_root_and_inside() {
    let card = |inside: Value| {
        json!({"type": "Card", "id": "root", "children": [
        {"type": "Box", "payload": {"id": "t"}, "children": {"type": "Hologram", "children": [inside]}}]})
    };
    let text = |value: &str| json!({"type": "Text", "id": "t", "value": value});
    let grow = |id: &str, delta: &str| {
        json!({"type": "widget.streaming_text.value_delta",
        "component_id": id, "delta": delta, "done": false})
    };
    let change = |id: &str, component: Value| {
        json!({"type": "widget.component.updated",
        "component_id": id, "component": component})
    };
    let root = |widget: Value| json!({"type": "widget.root.updated", "widget": widget});
    let start = card(text("one"));
    let cases = [
        (
            vec![grow("t", " two"), grow("t", " three")],
            card(text("one two three")),
            2,
        ),
        (vec![change("t", text("new"))], card(text("new")), 1),
        (vec![change("root", text("new"))], text("new"), 1),
        (
            vec![root(card(text("x"))), grow("t", "y")],
            card(text("xy")),
            2,
        ),
        (
            vec![grow("gone", "x"), change("gone", text("x"))],
            start.clone(),
            0,
        ),
        (
            vec![
                change("t", json!({"type": "Text", "id": "t"})),
                grow("t", "a"),
            ],
            card(text("a")),
            2,
        ),
        (
            vec![
                change("t", json!({"type": "Text", "id": "t", "value": 1})),
                grow("t", "a"),
            ],
            card(json!({"type": "Text", "id": "t", "value": 1})),
            1,
        ),
    ];
    for (updates, expected, made) in cases {
        assert_eq!(
            applied("widget", "widget", start.clone(), &updates),
            (expected, made)
        );
    }
}

#[test]
fn an_image_appears() {
    let image = |url: &str| json!({"id": "i", "url": url});
    let updated = |url: &str| json!({"type": "generated_image.updated", "image": image(url), "progress": 0.5});
    let result = applied(
        "generated_image",
        "image",
        Value::Null,
        &[updated("a"), updated("b")],
    );
    assert_eq!(result, (image("b"), 2));
}

#[test]
fn updates_of_other_kinds_change_nothing() {
    let updates: Vec<Value> = crate::recorded::events()
        .into_iter()
        .filter(|line| line.input["type"] == "thread.item.updated")
        .map(|mut line| line.input["update"].take())
        .chain([json!({"type": "new.update"})])
        .collect();
    assert_eq!(updates.len(), 11);
    // How many of the ten kinds each kind of item takes.
    let cases = [
        ("assistant_message", 4),
        ("widget", 3),
        ("workflow", 2),
        ("generated_image", 1),
    ];
    for line in crate::recorded::items() {
        let item: ThreadItem = serde_json::from_value(line.input).unwrap();
        let expected = cases
            .iter()
            .find(|(kind, _)| *kind == item.kind())
            .map_or(0, |case| case.1);
        let takes = |update: &&Value| {
            let update: ItemUpdate = serde_json::from_value((*update).clone()).unwrap();
            // Another widget has no such component.
            let named = matches!(
                update,
                ItemUpdate::WidgetComponentUpdated(_)
                    | ItemUpdate::WidgetStreamingTextValueDelta(_)
            );
            let mut item = item.clone();
            let id = item.id().as_str().to_owned();
            apply(&mut item, &update) || (named && id.starts_with("w_") && id != "w_1")
        };
        assert_eq!(
            updates.iter().filter(takes).count(),
            expected,
            "{}",
            item.id()
        );
    }
}
