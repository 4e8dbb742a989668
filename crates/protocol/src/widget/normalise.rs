//! Brings known components into the form that the reference writes; everything else stays as it is.

use serde_json::Value;

use crate::Map;

/// How deep components may stand in each other; what is deeper stays as it is.
pub(crate) const MAX_DEPTH: usize = 100;

/// Fills in the defaults of actions and leaves out `null`s, here and in the children.
pub(super) fn component(component: &mut Map, depth: usize) {
    let Some(properties) = component
        .get("type")
        .and_then(Value::as_str)
        .and_then(actions_of)
    else {
        return;
    };
    component.retain(|_, value| !value.is_null());
    for property in properties {
        match component.get_mut(*property) {
            Some(Value::Object(button)) if matches!(*property, "confirm" | "cancel") => {
                if let Some(Value::Object(config)) = button.get_mut("action") {
                    action(config);
                }
            }
            Some(Value::Object(config)) => action(config),
            _ => {}
        }
    }
    if depth >= MAX_DEPTH {
        return;
    }
    match component.get_mut("children") {
        Some(Value::Array(children)) => {
            for child in children.iter_mut().filter_map(Value::as_object_mut) {
                self::component(child, depth + 1);
            }
        }
        Some(Value::Object(child)) => self::component(child, depth + 1),
        _ => {}
    }
}

/// The properties of a known component that hold actions; `None` for an unknown component.
fn actions_of(kind: &str) -> Option<&'static [&'static str]> {
    Some(match kind {
        "Button" | "ListViewItem" => &["onClickAction"],
        "Form" => &["onSubmitAction"],
        "Checkbox" | "DatePicker" | "RadioGroup" | "Select" => &["onChangeAction"],
        "Card" => &["confirm", "cancel"],
        "Badge" | "Basic" | "Box" | "Caption" | "Chart" | "Col" | "Divider" | "Icon" | "Image"
        | "Input" | "Label" | "ListView" | "Markdown" | "Row" | "Spacer" | "Text" | "Textarea"
        | "Title" | "Transition" => &[],
        _ => return None,
    })
}

fn action(config: &mut Map) {
    config.retain(|_, value| !value.is_null());
    for (field, default) in [
        ("handler", Value::from("server")),
        ("loadingBehavior", Value::from("auto")),
        ("streaming", Value::from(true)),
    ] {
        if !config.contains_key(field) {
            config.insert(field.to_owned(), default);
        }
    }
}
