//! Replies that providers send in odd ways: what is told and what is kept.

use frontdesk_model::{Event, Item, Reasoning};
use serde_json::json;

use crate::scene::{Play, PlayedModel, added, agent, completed, delta, done, play, says};

fn hi() -> Item {
    Item::assistant("hi")
}

struct Case {
    name: &'static str,
    plays: Vec<Play>,
    lines: &'static [&'static str],
    kept: Vec<Item>,
}

fn reasoning(summary: &[&str]) -> Item {
    Item::Reasoning(Reasoning {
        summary: summary.iter().map(|part| (*part).to_owned()).collect(),
        ..Reasoning::default()
    })
}

fn thinks(index: usize, part: usize, delta: &str) -> Play {
    Play::Event(Event::ReasoningDelta {
        index,
        part,
        delta: delta.to_owned(),
    })
}

fn odd_events() -> Vec<Case> {
    let unknown = || Play::Event(Event::Unknown(json!({"type": "response.new_thing"})));
    vec![
        Case {
            name: "only the end comes",
            plays: vec![completed(vec![reasoning(&["so"]), hi()])],
            lines: &["reasoning 1.0 = so", "text 1.1", "text 1.1 = hi 0"],
            kept: vec![reasoning(&["so"]), hi()],
        },
        Case {
            name: "deltas without a beginning and without an end",
            plays: vec![
                delta(3, "h"),
                unknown(),
                delta(3, "i"),
                completed(vec![hi()]),
            ],
            lines: &[
                "text 1.0",
                "text 1.0 part 0 + h",
                "text 1.0 part 0 + i",
                "text 1.0 = hi 0",
            ],
            kept: vec![hi()],
        },
        Case {
            name: "beginning and end repeated, deltas after the end",
            plays: vec![
                added(0, Item::assistant("")),
                added(0, Item::assistant("")),
                delta(0, "hi"),
                done(0, hi()),
                done(0, hi()),
                delta(0, "!"),
                completed(vec![hi()]),
            ],
            lines: &["text 1.0", "text 1.0 part 0 + hi", "text 1.0 = hi 0"],
            kept: vec![hi()],
        },
        Case {
            name: "the same index for everything",
            plays: vec![
                added(0, reasoning(&[])),
                thinks(0, 0, "so"),
                done(0, reasoning(&["so"])),
                added(0, Item::assistant("")),
                delta(0, "hi"),
                done(0, hi()),
                completed(vec![reasoning(&["so"]), hi()]),
            ],
            lines: &[
                "reasoning 1.0 part 0 + so",
                "reasoning 1.0 = so",
                "text 1.1",
                "text 1.1 part 0 + hi",
                "text 1.1 = hi 0",
            ],
            kept: vec![reasoning(&["so"]), hi()],
        },
    ]
}

fn odd_ends() -> Vec<Case> {
    let search = || Item::from_value(json!({"type": "web_search_call"})).unwrap();
    vec![
        Case {
            name: "an end that forgets what was streamed",
            plays: vec![
                thinks(0, 1, "b"),
                thinks(0, 0, "a"),
                delta(1, "hi"),
                completed(vec![]),
            ],
            lines: &[
                "reasoning 1.0 part 1 + b",
                "reasoning 1.0 part 0 + a",
                "text 1.1",
                "text 1.1 part 0 + hi",
                "reasoning 1.0 = a|b",
                "text 1.1 = hi 0",
            ],
            kept: vec![hi()],
        },
        Case {
            name: "a call that is taken back",
            plays: vec![
                added(0, Item::function_call("a", "add", "")),
                added(1, Item::assistant("")),
                completed(vec![hi()]),
            ],
            lines: &[
                "called a add -",
                "text 1.1",
                "text 1.1 = hi 0",
                "finished a add error: the call was not made, because the model took it back",
            ],
            kept: vec![hi()],
        },
        Case {
            name: "items that are neither shown nor lost",
            plays: vec![
                added(0, search()),
                done(0, search()),
                added(1, Item::assistant("")),
                done(1, hi()),
                completed(vec![search(), hi()]),
            ],
            lines: &["text 1.1", "text 1.1 = hi 0"],
            kept: vec![search(), hi()],
        },
        Case {
            name: "an empty message and reasoning without a summary",
            plays: vec![
                added(0, reasoning(&[])),
                done(0, reasoning(&[])),
                added(1, Item::assistant("")),
                delta(1, ""),
                done(1, Item::assistant("")),
                completed(vec![reasoning(&[]), Item::assistant("")]),
            ],
            lines: &[],
            kept: vec![reasoning(&[]), Item::assistant("")],
        },
        Case {
            name: "an end that says more than the deltas",
            plays: vec![delta(0, "h"), done(0, hi()), completed(vec![hi()])],
            lines: &["text 1.0", "text 1.0 part 0 + h", "text 1.0 = hi 0"],
            kept: vec![hi()],
        },
    ]
}

#[tokio::test]
async fn odd_replies_are_read_as_far_as_they_make_sense() {
    for case in odd_events().into_iter().chain(odd_ends()) {
        let model = PlayedModel::new(vec![case.plays]);
        let (outcome, notes) = play(agent(&model, vec![])).await;
        let lines = notes.lines();
        let told = &lines[1..lines.len() - 1];
        assert_eq!(told, case.lines, "{}", case.name);
        assert_eq!(outcome.unwrap().new_items, case.kept, "{}", case.name);
    }
}

#[tokio::test]
async fn a_call_keeps_its_id_though_the_end_has_the_calls_in_another_order() {
    let call = |id: &str, tool: &str| Item::function_call(id, tool, "{}");
    let plays = vec![
        added(0, call("x", "left")),
        added(1, call("y", "right")),
        completed(vec![call("y", "right"), call("x", "left")]),
    ];
    let model = PlayedModel::new(vec![plays, says("Done.")]);
    let (outcome, notes) = play(agent(&model, vec![])).await;
    let finished: Vec<String> = notes
        .lines()
        .into_iter()
        .filter(|line| line.starts_with("called") || line.starts_with("finished"))
        .collect();
    assert_eq!(
        finished,
        [
            "called x left -",
            "called y right -",
            "finished y right error: tool not found: right",
            "finished x left error: tool not found: left",
        ]
    );
    assert_eq!(
        outcome.unwrap().new_items[..2],
        [call("y", "right"), call("x", "left")]
    );
}

#[tokio::test]
async fn more_outputs_than_a_response_may_have_end_the_run() {
    let plays = (0..2_000).map(|index| delta(index, "x")).collect();
    let model = PlayedModel::new(vec![plays]);
    let (outcome, _) = play(agent(&model, vec![])).await;
    assert_eq!(
        outcome.unwrap_err().detail(),
        "more than 1024 outputs in one response"
    );
}
