//! A user who says yes to whatever is asked.

use std::collections::BTreeSet;

use async_trait::async_trait;
use frontdesk_mcp_client::{Ability, Asking, Elicitation, Elicited, Interaction, Root};
use serde_json::{Map, Value, json};

/// Accepts every form and fills in what has no default, visits every page, and has a model and a root.
#[derive(Debug, Clone, Copy)]
pub(super) struct Willing;

#[async_trait]
impl Interaction for Willing {
    fn abilities(&self) -> BTreeSet<Ability> {
        BTreeSet::from([
            Ability::Form,
            Ability::Url,
            Ability::Sampling,
            Ability::Roots,
        ])
    }

    async fn elicit(&self, _asking: Asking<'_>, elicitation: Elicitation) -> Elicited {
        match elicitation {
            Elicitation::Form { schema, .. } => Elicited::Accepted(filled(&schema)),
            Elicitation::Url { .. } => Elicited::Accepted(Map::new()),
        }
    }

    async fn sample(&self, _asking: Asking<'_>, _request: Value) -> Result<Value, String> {
        Ok(json!({
            "role": "assistant",
            "content": {"type": "text", "text": "This is an answer for testing."},
            "model": "test-model",
            "stopReason": "endTurn",
        }))
    }

    async fn roots(&self, _asking: Asking<'_>) -> Vec<Root> {
        vec![Root {
            uri: "file:///srv/conformance".to_owned(),
            name: Some("conformance".to_owned()),
        }]
    }
}

/// What has a default is left out: filling that in is the client's part.
fn filled(schema: &Value) -> Map<String, Value> {
    let fields = schema.get("properties").and_then(Value::as_object);
    let open = fields.into_iter().flatten();
    open.filter(|(_, field)| field.get("default").is_none())
        .map(|(name, field)| (name.clone(), value(field)))
        .collect()
}

fn value(field: &Value) -> Value {
    match field.get("type").and_then(Value::as_str) {
        Some("boolean") => json!(true),
        Some("integer" | "number") => json!(1),
        Some("array") => json!([]),
        _ => json!("text"),
    }
}
