//! The keys of `[agent.NAME]` about asking the user before something is done.

use std::collections::BTreeSet;

use frontdesk_agent::Ask;

use super::super::section::Section;
use super::super::{ConfigError, Setting};
use super::set_of;

/// Which tools ask the user first.
#[derive(Debug, Clone)]
pub struct ApprovalKeys {
    /// `ask_before`: which tools ask, besides those named below; the destructive ones when nothing is said.
    pub ask_before: Option<Setting<Ask>>,
    /// `always_ask`: tools that ask, whatever else is said of them.
    pub always_ask: BTreeSet<String>,
    /// `never_ask`: tools that don't.
    pub never_ask: BTreeSet<String>,
}

impl ApprovalKeys {
    pub(super) fn read(section: &mut Section<'_>) -> Result<Self, ConfigError> {
        let choices = [("destructive", Ask::Destructive), ("never", Ask::Never)];
        let ask_before = section.choice("ask_before", &choices)?;
        let always_ask = set_of(section.list("always_ask")?);
        let never_ask = set_of(section.list("never_ask")?);
        if let Some(both) = always_ask.intersection(&never_ask).next() {
            return Err(ConfigError::Conflict {
                message: format!(
                    "{} and {} both name \"{both}\": keep one",
                    section.key("always_ask"),
                    section.key("never_ask")
                ),
            });
        }
        Ok(Self {
            ask_before,
            always_ask,
            never_ask,
        })
    }
}
