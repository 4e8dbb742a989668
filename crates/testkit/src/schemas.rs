//! ChatKit's schemas as validators, compiled once each.

use std::fs;
use std::path::Path;
use std::sync::OnceLock;

use anyhow::{Context, Result, bail};
use jsonschema::Validator;
use serde_json::Value;

/// The one copy of the schemas lies with the tests of the wire types.
const FOLDER: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../protocol/tests/chatkit");
/// How many faults of one value are told.
const MOST_FAULTS: usize = 5;

/// A schema by what it describes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Schema {
    /// What is said of a file or an image.
    Attachment,
    /// One event of a stream.
    Event,
    /// One item of a thread.
    Item,
    /// A request body.
    Request,
    /// A thread with its items.
    Thread,
}

/// An error that says what is wrong with `value` and where.
pub fn check(schema: Schema, value: &Value) -> Result<()> {
    let validator = match schema.validator() {
        Ok(validator) => validator,
        Err(reason) => bail!("{reason}"),
    };
    let faults: Vec<String> = validator
        .iter_errors(value)
        .take(MOST_FAULTS)
        .map(|fault| format!("{}: {fault}", fault.instance_path()))
        .collect();
    if !faults.is_empty() {
        bail!("not a valid {schema:?}: {}; in {value}", faults.join("; "));
    }
    Ok(())
}

impl Schema {
    fn file(self) -> &'static str {
        match self {
            Self::Attachment => "attachment.json",
            Self::Event => "event.json",
            Self::Item => "item.json",
            Self::Request => "request.json",
            Self::Thread => "thread.json",
        }
    }

    fn validator(self) -> &'static Result<Validator, String> {
        static ATTACHMENT: OnceLock<Result<Validator, String>> = OnceLock::new();
        static EVENT: OnceLock<Result<Validator, String>> = OnceLock::new();
        static ITEM: OnceLock<Result<Validator, String>> = OnceLock::new();
        static REQUEST: OnceLock<Result<Validator, String>> = OnceLock::new();
        static THREAD: OnceLock<Result<Validator, String>> = OnceLock::new();
        let slot = match self {
            Self::Attachment => &ATTACHMENT,
            Self::Event => &EVENT,
            Self::Item => &ITEM,
            Self::Request => &REQUEST,
            Self::Thread => &THREAD,
        };
        slot.get_or_init(|| compile(self.file()).map_err(|error| format!("{error:#}")))
    }
}

fn compile(file: &str) -> Result<Validator> {
    let text = fs::read_to_string(Path::new(FOLDER).join(file))
        .with_context(|| format!("cannot read the schema {file}"))?;
    let schema: Value =
        serde_json::from_str(&text).with_context(|| format!("{file} is not JSON"))?;
    jsonschema::validator_for(&schema).with_context(|| format!("{file} is not a schema"))
}
