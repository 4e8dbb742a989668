//! What is left of schemas, and what is sent.

use frontdesk_identity::{Principal, Secret, TenantId, UserId};
use serde_json::json;

use super::*;

fn sources() -> BTreeMap<String, ArgumentSource> {
    let token = ArgumentSource::Fixed(Secret::new("t0ken"));
    BTreeMap::from([
        ("user_id".to_owned(), ArgumentSource::UserId),
        ("access_token".to_owned(), token),
    ])
}

fn ann() -> Values {
    let ann = Principal::new(TenantId::single(), UserId::new("ann").unwrap());
    values(&sources(), &SignedIn::new(ann)).unwrap()
}

fn object(value: Value) -> Map<String, Value> {
    match value {
        Value::Object(map) => map,
        _ => unreachable!("an object"),
    }
}

#[test]
fn the_schema_no_longer_speaks_of_them_and_the_call_has_them() {
    let text = || json!({"type": "string"});
    let cases = [
        (
            json!({"type": "object", "properties": {"user_id": text(), "word": text()}, "required": ["user_id", "word"]}),
            json!({"type": "object", "properties": {"word": text()}, "required": ["word"]}),
            json!({"word": "a"}),
            json!({"word": "a", "user_id": "ann"}),
        ),
        (
            json!({"type": "object", "properties": {"access_token": text(), "word": text()}, "required": ["access_token"],
                "dependentRequired": {"access_token": ["word"]}, "minProperties": 2}),
            json!({"type": "object", "properties": {"word": text()}}),
            json!({"access_token": "mine", "user_id": "bob"}),
            json!({"access_token": "t0ken"}),
        ),
        (
            json!({"type": "object", "properties": {"params": {"type": "object",
                "properties": {"user_id": text(), "access_token": text(), "word": text()}, "required": ["user_id"]}}, "required": ["params"]}),
            json!({"type": "object", "properties": {"params": {"type": "object", "properties": {"word": text()}}}, "required": ["params"]}),
            json!({"params": {"user_id": "bob", "word": "a"}, "user_id": "bob"}),
            json!({"params": {"user_id": "ann", "access_token": "t0ken", "word": "a"}}),
        ),
        (
            json!({"type": "object", "properties": {"params": {"anyOf": [{"type": "object", "properties": {"user_id": text()}}, {"type": "null"}]}}}),
            json!({"type": "object", "properties": {"params": {"anyOf": [{"type": "object", "properties": {}}, {"type": "null"}]}}}),
            json!({"params": null}),
            json!({"params": {"user_id": "ann"}}),
        ),
        (
            json!({"type": "object", "allOf": [{"properties": {"user_id": text()}, "required": ["user_id"]}],
                "oneOf": [{"required": ["user_id"]}, {"required": ["word"]}],
                "if": {"required": ["user_id"]}, "then": {"required": ["word"]}, "not": {"required": ["user_id", "x"]}}),
            json!({"type": "object", "allOf": [{"properties": {}}], "anyOf": [{}, {"required": ["word"]}]}),
            json!({}),
            json!({"user_id": "ann"}),
        ),
        // A wrapper may have others of them beside it, and may be said in a part.
        (
            json!({"type": "object", "properties": {"user_id": text()}, "allOf": [{"properties": {"params": {"type": "object",
                "properties": {"access_token": text(), "word": text()}, "required": ["access_token", "word"]}}}]}),
            json!({"type": "object", "properties": {}, "allOf": [{"properties": {"params": {"type": "object",
                "properties": {"word": text()}, "required": ["word"]}}}]}),
            json!({"params": {"access_token": "mine", "user_id": "bob", "word": "a"}}),
            json!({"user_id": "ann", "params": {"access_token": "t0ken", "word": "a"}}),
        ),
        // What is referred to is a part too.
        (
            json!({"type": "object", "properties": {"params": {"$ref": "#/$defs/Params"}}, "$defs": {
                "Params": {"properties": {"user_id": text(), "more": {"$ref": "#/$defs/Params"}}, "required": ["user_id"]},
                "Other": {"properties": {"user_id": text()}}}}),
            json!({"type": "object", "properties": {"params": {"$ref": "#/$defs/Params"}}, "$defs": {
                "Params": {"properties": {"more": {"$ref": "#/$defs/Params"}}},
                "Other": {"properties": {"user_id": text()}}}}),
            json!({"params": {"user_id": "bob", "more": {}}}),
            json!({"params": {"user_id": "ann", "more": {}}}),
        ),
        (
            json!({"$ref": "#Node", "$defs": {"a/b": {"$anchor": "Node", "properties": {"user_id": text(), "next": {"$ref": "#Node"}, "word": text()}}}}),
            json!({"$ref": "#Node", "$defs": {"a/b": {"$anchor": "Node", "properties": {"next": {"$ref": "#Node"}, "word": text()}}}}),
            json!({"word": "a"}),
            json!({"word": "a", "user_id": "ann"}),
        ),
        (
            json!({"type": "object", "properties": {"a": text(), "b": text()}, "dependentRequired": {"a": ["user_id"]},
                "dependentSchemas": {"b": {"required": ["access_token"]}}, "propertyNames": {"enum": ["a", "b", "user_id"]}}),
            json!({"type": "object", "properties": {"a": text(), "b": text()}, "dependentRequired": {"a": []},
                "dependentSchemas": {"b": {}}, "propertyNames": {"enum": ["a", "b"]}}),
            json!({"a": "a"}),
            json!({"a": "a", "user_id": "ann", "access_token": "t0ken"}),
        ),
        // Examples don't show what can't be given.
        (
            json!({"type": "object", "properties": {"params": {"type": "object", "properties": {"user_id": text()}, "default": {"user_id": "x"}}},
                "examples": [{"params": {"user_id": "x", "word": "a"}, "user_id": "x"}], "default": {"user_id": "x"}}),
            json!({"type": "object", "properties": {"params": {"type": "object", "properties": {}, "default": {}}},
                "examples": [{"params": {"word": "a"}}], "default": {}}),
            json!({}),
            json!({"params": {"user_id": "ann"}}),
        ),
        // A part of an argument isn't an argument.
        (
            json!({"type": "object", "properties": {"task": {"type": "object", "properties": {"user_id": text()}}, "word": text()}}),
            json!({"type": "object", "properties": {"task": {"type": "object", "properties": {"user_id": text()}}, "word": text()}}),
            json!({"task": {"user_id": "bob"}, "word": "a"}),
            json!({"task": {"user_id": "bob"}, "word": "a"}),
        ),
        // Nothing that the schema doesn't ask for is given, and nothing that is ours to give is taken from the model.
        (
            json!({"type": "object", "properties": {"word": text()}}),
            json!({"type": "object", "properties": {"word": text()}}),
            json!({"word": "a", "user_id": "bob", "access_token": "mine"}),
            json!({"word": "a"}),
        ),
    ];
    for (schema, stripped, given, sent) in cases {
        let mut seen = object(schema);
        let places = strip(&mut seen, &sources());
        assert_eq!(Value::Object(seen), stripped);
        let mut arguments = object(given);
        let secrets = places.fill(&mut arguments, ann());
        assert!(!format!("{secrets:?} {arguments:?}").contains("t0ken"));
        secrets.fill(&mut arguments);
        assert_eq!(Value::Object(arguments), sent);
    }
}

#[test]
fn a_value_that_is_missing_fails_all() {
    let sources = BTreeMap::from([("token".to_owned(), ArgumentSource::Token)]);
    let ann = Principal::new(TenantId::single(), UserId::new("ann").unwrap());
    assert!(matches!(
        values(&sources, &SignedIn::new(ann)),
        Err(OutgoingError::NotUsable { .. })
    ));
}

#[test]
fn conditions_within_conditions_take_no_longer_than_they_are_long() {
    for keyword in ["if", "then", "not", "allOf"] {
        let mut schema = json!({"required": ["user_id"]});
        for _ in 0..60 {
            schema = match keyword {
                "allOf" => json!({"allOf": [schema]}),
                keyword => json!({keyword: schema}),
            };
        }
        let mut seen = object(schema);
        strip(&mut seen, &sources());
        let seen = Value::Object(seen).to_string();
        assert!(!seen.contains("user_id"), "{keyword}: {seen}");
    }
}

#[test]
fn what_is_left_inside_an_argument_is_known() {
    let schema = |inner: &str| json!({"type": "object", "properties": {"word": {}, "task": {"properties": {inner: {}}}}});
    assert!(is_left(&schema("user_id"), &sources()));
    assert!(!is_left(&schema("id"), &sources()));
    assert!(!is_left(&schema("user_id"), &BTreeMap::new()));
}
