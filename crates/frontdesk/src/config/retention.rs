//! `[retention]`: how long threads are kept that nobody uses. Where nothing is set, for ever.

use std::collections::BTreeMap;

use frontdesk_chat::Retention;
use frontdesk_identity::TenantId;
use toml::Value;

use super::layers::Layers;
use super::section::Section;
use super::{ConfigError, Setting};

/// What is expected of a number of days.
const EXPECTED: &str = "a number of days from 1, or \"forever\"";

/// `[retention]`.
#[derive(Debug, Clone, Default)]
pub struct RetentionSection {
    /// `days`: in which nothing happened, after which a thread is deleted. `None` is for ever.
    pub days: Option<Setting<Option<u32>>>,
    /// `[retention.tenants]`: the same for a tenant of this name.
    pub tenants: BTreeMap<TenantId, Setting<Option<u32>>>,
}

impl RetentionSection {
    pub(crate) fn read(layers: &mut Layers) -> Result<Self, ConfigError> {
        let mut section = Section::new(layers, "retention");
        let days = section.read("days", EXPECTED, days)?;
        let named = section.table("tenants")?;
        section.finish()?;
        let mut tenants = BTreeMap::new();
        for (name, setting) in named {
            let (Ok(tenant), Some(value)) = (TenantId::new(name.as_str()), days_of(&setting))
            else {
                return Err(ConfigError::Invalid {
                    key: format!("retention.tenants.{name}"),
                    origin: setting.origin,
                    expected: EXPECTED.to_owned(),
                    found: Some(setting.value.to_string()),
                });
            };
            tenants.insert(tenant, setting.map(|_| value));
        }
        Ok(Self { days, tenants })
    }

    /// As the chat takes it.
    pub(crate) fn retention(&self) -> Retention {
        let tenants = self.tenants.iter();
        Retention {
            days: self.days.as_ref().and_then(|days| days.value),
            tenants: tenants
                .map(|(tenant, days)| (tenant.clone(), days.value))
                .collect(),
        }
    }
}

#[expect(clippy::option_option, reason = "as in `days`")]
fn days_of(setting: &Setting<Value>) -> Option<Option<u32>> {
    days(&setting.value)
}

#[expect(
    clippy::option_option,
    reason = "whether it can be read, and whether there is an end"
)]
fn days(value: &Value) -> Option<Option<u32>> {
    let number = match value {
        Value::String(text) if text == "forever" => return Some(None),
        Value::String(text) => text.parse().ok()?,
        Value::Integer(number) => u32::try_from(*number).ok()?,
        _ => return None,
    };
    (number > 0).then_some(Some(number))
}
