//! Widgets: known components get the reference's form, all else passes unchanged.

use frontdesk_protocol::Widget;
use serde_json::{Value, json};

fn read(widget: &Value) -> Value {
    let widget: Widget = serde_json::from_value(widget.clone()).unwrap();
    serde_json::to_value(&widget).unwrap()
}

const KNOWN: [&str; 27] = [
    "Badge",
    "Basic",
    "Box",
    "Button",
    "Caption",
    "Card",
    "Chart",
    "Checkbox",
    "Col",
    "DatePicker",
    "Divider",
    "Form",
    "Icon",
    "Image",
    "Input",
    "Label",
    "ListView",
    "ListViewItem",
    "Markdown",
    "RadioGroup",
    "Row",
    "Select",
    "Spacer",
    "Text",
    "Textarea",
    "Title",
    "Transition",
];

#[test]
fn nulls_of_known_components_are_left_out() {
    for kind in KNOWN {
        let widget =
            json!({"type": kind, "a": null, "b": [null], "children": {"type": kind, "c": null}});
        let expected = json!({"type": kind, "b": [null], "children": {"type": kind}});
        assert_eq!(read(&widget), expected);
    }
}

#[test]
fn actions_get_their_defaults() {
    let bare = json!({"type": "go", "payload": null});
    let full =
        json!({"type": "go", "handler": "server", "loadingBehavior": "auto", "streaming": true});
    let properties = [
        ("Button", "onClickAction"),
        ("ListViewItem", "onClickAction"),
        ("Form", "onSubmitAction"),
        ("Checkbox", "onChangeAction"),
        ("DatePicker", "onChangeAction"),
        ("RadioGroup", "onChangeAction"),
        ("Select", "onChangeAction"),
    ];
    for (kind, property) in properties {
        let child = |action: &Value| json!({"type": kind, property: action});
        let widget =
            json!({"type": "Card", "children": [{"type": "Transition", "children": child(&bare)}]});
        let expected =
            json!({"type": "Card", "children": [{"type": "Transition", "children": child(&full)}]});
        assert_eq!(read(&widget), expected);
    }
    let card = |action: &Value| {
        json!({"type": "Card", "confirm": {"label": "y", "action": action},
            "cancel": {"label": "n", "action": action}, "children": []})
    };
    assert_eq!(read(&card(&bare)), card(&full));
    let own = json!({"type": "go", "payload": {"a": null}, "handler": "client",
        "loadingBehavior": "none", "streaming": false, "new": 1});
    assert_eq!(read(&card(&own)), card(&own));
}

#[test]
fn what_is_unknown_passes_unchanged() {
    let button = json!({"type": "Button", "onClickAction": {"type": "go"}, "label": null});
    let widgets = [
        json!({"type": "Hologram", "a": null, "onClickAction": {"type": "go"}, "children": [button]}),
        json!({"type": "Card", "children": [{"type": "Hologram", "children": button}]}),
        json!({"type": "Box", "sparkle": {"type": "go", "x": null}, "slot": button}),
        json!({"type": "Box", "children": [1, "text", null, [button], {"no": "type", "a": null}]}),
        json!({"type": "Button", "onClickAction": "go"}),
        json!({"type": "Card", "confirm": {"label": "y"}, "cancel": true, "children": 7}),
    ];
    for widget in widgets {
        assert_eq!(read(&widget), widget);
    }
}

#[test]
fn a_widget_needs_a_type() {
    for (widget, message) in [
        (json!({}), "missing field `type`"),
        (json!({"type": 1}), "at `type`: not a string"),
        (
            json!("Card"),
            "invalid type: string \"Card\", expected a map",
        ),
    ] {
        let error = serde_json::from_value::<Widget>(widget.clone()).unwrap_err();
        assert_eq!(error.to_string(), message);
        assert!(
            widget
                .as_object()
                .is_none_or(|map| Widget::new(map.clone()).is_none())
        );
    }
}

#[test]
fn a_widget_made_here_gets_the_same_form() {
    let button = json!({"type": "Button", "id": "b", "onClickAction": {"type": "go"}});
    let widget = Widget::new(button.as_object().unwrap().clone()).unwrap();
    assert_eq!(serde_json::to_value(&widget).unwrap(), read(&button));
    assert_eq!((widget.kind(), widget.id()), ("Button", Some("b")));
}

#[test]
fn components_far_inside_stay_as_they_are() {
    let mut widget = json!({"type": "Text", "id": null});
    for _ in 0..1_000 {
        widget = json!({"type": "Box", "children": [widget]});
    }
    let Value::Object(map) = widget.clone() else {
        panic!("not an object");
    };
    let read = Widget::new(map).unwrap();
    assert_eq!(Value::Object(read.into_map()), widget);
}
