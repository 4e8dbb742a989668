//! Bytes that nobody should send: refused or read, never a panic.

use frontdesk_protocol::{Request, ThreadEvent, ThreadItem};
use proptest::{
    collection::vec,
    prelude::{ProptestConfig, any},
    prop_oneof, proptest,
    sample::{Index, select},
    strategy::{Just, Strategy},
};
use serde_json::{Value, json};

use crate::recorded;

/// Reads the bytes as everything that comes from outside, and writes what could be read.
fn read(bytes: &[u8]) {
    match Request::parse(bytes) {
        Ok(request) => {
            let written = serde_json::to_value(&request).unwrap();
            assert_eq!(written["type"], request.operation.kind());
        }
        Err(error) => assert!(error.to_string().contains(&error.field)),
    }
    if let Ok(event) = serde_json::from_slice::<ThreadEvent>(bytes) {
        serde_json::from_slice::<Value>(&event.to_wire()).unwrap();
    }
    if let Ok(item) = serde_json::from_slice::<ThreadItem>(bytes) {
        let stored = serde_json::to_vec(&item).unwrap();
        assert_eq!(serde_json::from_slice::<ThreadItem>(&stored).unwrap(), item);
    }
}

fn good() -> impl Strategy<Value = Value> {
    let lines = [recorded::requests(), recorded::events(), recorded::items()];
    select(
        lines
            .into_iter()
            .flatten()
            .map(|line| line.input)
            .collect::<Vec<_>>(),
    )
}

fn odd() -> impl Strategy<Value = Option<Value>> {
    prop_oneof![
        Just(None),
        any::<i64>().prop_map(|number| Some(json!(number))),
        any::<f64>().prop_map(|number| Some(json!(number))),
        any::<bool>().prop_map(|flag| Some(json!(flag))),
        any::<String>().prop_map(|text| Some(json!(text))),
        select(vec![
            json!(null),
            json!([]),
            json!({}),
            json!([null]),
            json!({"type": "x"})
        ])
        .prop_map(Some),
    ]
}

/// Puts the odd value in the place of a part of the good one, or takes the part out.
fn change(value: &mut Value, path: &[Index], odd: Option<&Value>) {
    let Some((step, rest)) = path.split_first() else {
        *value = odd.cloned().unwrap_or(Value::Null);
        return;
    };
    match value {
        Value::Array(values) if !values.is_empty() => {
            let at = step.index(values.len());
            change(&mut values[at], rest, odd);
        }
        Value::Object(map) if !map.is_empty() => {
            let name = map.keys().nth(step.index(map.len())).unwrap().clone();
            if rest.is_empty() && odd.is_none() {
                map.remove(&name);
            } else {
                change(&mut map[&name], rest, odd);
            }
        }
        other => *other = odd.cloned().unwrap_or(Value::Null),
    }
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(512) })]

    #[test]
    fn any_bytes_are_survived(bytes in vec(any::<u8>(), 0..512)) {
        read(&bytes);
    }

    #[test]
    fn good_values_with_odd_parts_are_survived(
        mut value in good(),
        path in vec(any::<Index>(), 1..6),
        odd in odd(),
    ) {
        change(&mut value, &path, odd.as_ref());
        read(value.to_string().as_bytes());
    }

    #[test]
    fn good_values_with_odd_bytes_are_survived(
        value in good(),
        changes in vec((any::<Index>(), any::<u8>()), 1..4),
        cut in any::<Index>(),
    ) {
        let mut bytes = value.to_string().into_bytes();
        for (at, byte) in changes {
            let at = at.index(bytes.len());
            bytes[at] = byte;
        }
        read(&bytes);
        read(&bytes[..cut.index(bytes.len())]);
    }
}
