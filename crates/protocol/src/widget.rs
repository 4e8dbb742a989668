//! Widgets: an open vocabulary of components, kept as JSON.

mod normalise;

use serde::{Deserialize, Deserializer, Serialize};
use serde_json::Value;

use crate::{Map, tag};

pub(crate) use normalise::MAX_DEPTH;

/// A component with all that stands in it: a JSON object with a string `type`.
///
/// Components and properties that this version doesn't know pass unchanged.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(transparent)]
pub struct Widget(Map);

impl Widget {
    /// Takes an object with a string `type`, and brings known components into the reference's form; `None` without one.
    pub fn new(mut component: Map) -> Option<Self> {
        component.get("type")?.as_str()?;
        normalise::component(&mut component, 0);
        Some(Self(component))
    }

    /// What kind of component it is, such as `Card`.
    pub fn kind(&self) -> &str {
        tag::Kind::kind(&self.0)
    }

    /// The component's own name, if it has one.
    pub fn id(&self) -> Option<&str> {
        self.0.get("id").and_then(Value::as_str)
    }

    /// The component as JSON.
    pub fn as_map(&self) -> &Map {
        &self.0
    }

    /// The component as JSON.
    pub fn into_map(self) -> Map {
        self.0
    }

    pub(crate) fn as_map_mut(&mut self) -> &mut Map {
        &mut self.0
    }
}

impl<'de> Deserialize<'de> for Widget {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let mut component = Map::deserialize(deserializer)?;
        tag::type_of::<D::Error>(&component)?;
        normalise::component(&mut component, 0);
        Ok(Self(component))
    }
}
