//! What is told while a reply grows: arguments, citations, images.

use frontdesk_model::{Event, Item};
use serde_json::json;

use crate::scene::{Play, PlayedModel, added, agent, completed, delta, done, play, says};

fn more_arguments(index: usize, delta: &str) -> Play {
    Play::Event(Event::ArgumentsDelta {
        index,
        delta: delta.to_owned(),
    })
}

fn image(result: &str) -> Item {
    let item = json!({"type": "image_generation_call", "id": "ig", "result": result, "output_format": "webp"});
    Item::from_value(item).unwrap()
}

fn partial(index: usize, number: usize, data: &str) -> Play {
    Play::Event(Event::ImagePartial {
        index,
        number,
        data: data.to_owned(),
    })
}

#[tokio::test]
async fn arguments_are_told_as_they_come() {
    let call = Item::function_call("a", "add", r#"{"x":1}"#);
    let plays = vec![
        more_arguments(0, "of nothing yet"),
        added(0, Item::function_call("a", "add", "")),
        more_arguments(0, r#"{"x""#),
        more_arguments(0, ""),
        more_arguments(0, ":1}"),
        done(0, call.clone()),
        more_arguments(0, "too late"),
        completed(vec![call]),
    ];
    let (_, notes) = play(agent(&PlayedModel::new(vec![plays, says("Done.")]), vec![])).await;
    let expected = [
        "called a add -",
        r#"arguments a + {"x""#,
        "arguments a + :1}",
        r#"arguments a {"x":1}"#,
    ];
    assert_eq!(notes.lines()[1..5], expected);
}

#[tokio::test]
async fn citations_are_told_in_texts_that_have_begun() {
    let cites = |url: &str| {
        Play::Event(Event::AnnotationAdded {
            index: 0,
            part: 0,
            annotation: json!({"url": url}),
        })
    };
    let text = Item::assistant("As said.");
    let plays = vec![
        cites("too early"),
        added(0, Item::assistant("")),
        cites("of no text yet"),
        delta(0, "As said."),
        cites("a"),
        completed(vec![text]),
    ];
    let (_, notes) = play(agent(&PlayedModel::new(vec![plays]), vec![])).await;
    let expected = [
        "text 1.0",
        "text 1.0 part 0 + As said.",
        r#"text 1.0 part 0 cites {"url":"a"}"#,
        "text 1.0 = As said. 0",
    ];
    assert_eq!(notes.lines()[1..5], expected);
}

#[tokio::test]
async fn images_are_told_as_far_as_they_are_drawn_and_whole_once() {
    let plays = vec![
        added(0, image("")),
        partial(0, 0, "aa"),
        partial(0, 1, ""),
        partial(0, 1_000, "too many"),
        done(0, image("aabb")),
        partial(0, 2, "too late"),
        completed(vec![image("aabb"), image("cc"), image("")]),
    ];
    let (outcome, notes) = play(agent(&PlayedModel::new(vec![plays]), vec![])).await;
    let expected = [
        "image 1.0 #0 aa",
        "image 1.0 = aabb image/webp",
        "image 1.1 = cc image/webp",
        "step 1: 3 items, 10 tokens",
    ];
    assert_eq!(notes.lines()[1..], expected);
    assert_eq!(outcome.unwrap().new_items.len(), 3);
}
