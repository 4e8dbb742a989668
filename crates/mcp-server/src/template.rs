//! Addresses with variables: the simple form of URI templates
//! ([RFC 6570, level 1](https://www.rfc-editor.org/rfc/rfc6570#section-1.2)).

use serde_json::{Map, Value};

/// A template such as `task://{project}/{id}`: text and variables by turns.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Template {
    /// Each variable with the text before it.
    variables: Vec<(String, String)>,
    /// The text after the last variable.
    rest: String,
}

impl Template {
    /// Reads a template; `None` where it can't be told apart what stands for what.
    pub(crate) fn read(text: &str) -> Option<Self> {
        let mut variables: Vec<(String, String)> = Vec::new();
        let mut left = text;
        while let Some((before, after)) = left.split_once('{') {
            let (name, after) = after.split_once('}')?;
            let named = !name.is_empty()
                && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_')
                && variables.iter().all(|(_, other)| other != name);
            let apart = variables.is_empty() || !before.is_empty();
            if !named || !apart || before.contains('}') {
                return None;
            }
            variables.push((before.to_owned(), name.to_owned()));
            left = after;
        }
        let whole = !left.contains('}') && !variables.is_empty();
        whole.then(|| Self {
            variables,
            rest: left.to_owned(),
        })
    }

    /// Whether it has a variable of this name.
    pub(crate) fn has(&self, variable: &str) -> bool {
        self.variables.iter().any(|(_, name)| name == variable)
    }

    /// The variables of an address that the template has. A variable is one segment, or less.
    pub(crate) fn read_address(&self, address: &str) -> Option<Map<String, Value>> {
        let mut found = Map::new();
        let (first, _) = self.variables.first()?;
        let mut left = address.strip_prefix(first.as_str())?;
        for (number, (_, name)) in self.variables.iter().enumerate() {
            let after = self
                .variables
                .get(number + 1)
                .map_or(self.rest.as_str(), |(text, _)| text.as_str());
            let last = number + 1 == self.variables.len();
            let value = if last {
                left.strip_suffix(after)?
            } else {
                left.split_once(after)?.0
            };
            if value.is_empty() || value.contains('/') {
                return None;
            }
            left = left.get(value.len() + after.len()..)?;
            found.insert(name.clone(), decode(value)?.into());
        }
        Some(found)
    }
}

fn decode(text: &str) -> Option<String> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut left = text.bytes();
    while let Some(byte) = left.next() {
        if byte != b'%' {
            bytes.push(byte);
            continue;
        }
        let mut digit = || left.next().and_then(|digit| char::from(digit).to_digit(16));
        let value = digit()? * 16 + digit()?;
        bytes.push(u8::try_from(value).ok()?);
    }
    String::from_utf8(bytes).ok()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn addresses_are_read_by_their_template() {
        let cases = [
            (
                "test://template/{id}/data",
                "test://template/1/data",
                Some(json!({"id": "1"})),
            ),
            ("test://template/{id}/data", "test://template//data", None),
            (
                "test://template/{id}/data",
                "test://template/1/2/data",
                None,
            ),
            ("test://template/{id}/data", "test://template/1/data/", None),
            (
                "task://{id}",
                "task://a%2Fb%20%C3%A9",
                Some(json!({"id": "a/b é"})),
            ),
            ("task://{id}", "task://%FF", None),
            ("task://{id}", "task://%4", None),
            (
                "t://{a}/{b}.{c}",
                "t://1/2.3",
                Some(json!({"a": "1", "b": "2", "c": "3"})),
            ),
            ("t://{a}", "u://1", None),
        ];
        for (template, address, variables) in cases {
            let found = Template::read(template).unwrap().read_address(address);
            assert_eq!(found.map(Value::Object), variables, "{template} {address}");
        }
    }

    #[test]
    fn what_is_no_template_is_refused() {
        for text in [
            "t://fixed",
            "t://{",
            "t://}",
            "t://{}",
            "t://{a}{b}",
            "t://{a}/{a}",
            "t://{+a}",
        ] {
            assert_eq!(Template::read(text), None, "{text}");
        }
    }
}
