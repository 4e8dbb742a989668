//! The assistant's instructions as a template over what is known of the request.
//!
//! A template can render the user's name, the date and the like. Tokens and keys are no template data at all.

use frontdesk_identity::Principal;
use minijinja::{Environment, UndefinedBehavior, context};

use super::TurnContext;

/// Steps that one rendering may take.
const FUEL: u64 = 50_000;

/// The template can't be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the instructions template is wrong: {reason}")]
pub struct InstructionsError {
    /// What is wrong, with the line.
    pub reason: String,
}

/// Instructions with `{{ user.name }}`, `{{ user.id }}`, `{{ user.email }}`, `{{ locale }}` and `{{ date }}`.
#[derive(Debug)]
pub struct InstructionsTemplate {
    environment: Environment<'static>,
}

const NAME: &str = "instructions";

impl InstructionsTemplate {
    /// Reads a template and tries it with a made-up request, so that a wrong name shows at start-up.
    ///
    /// # Errors
    /// It doesn't parse, or names something that isn't there.
    pub fn parse(source: impl Into<String>) -> Result<Self, InstructionsError> {
        let mut environment = Environment::new();
        environment.set_undefined_behavior(UndefinedBehavior::Strict);
        environment.set_fuel(Some(FUEL));
        environment
            .add_template_owned(NAME, source.into())
            .map_err(wrong)?;
        let template = Self { environment };
        template.render_with(
            Some("Name"),
            "user",
            Some("name@example.com"),
            "en",
            "2026-01-31",
        )?;
        Ok(template)
    }

    /// The instructions for this request.
    ///
    /// # Errors
    /// The template needs something that this request doesn't have.
    pub fn render(
        &self,
        context: &TurnContext,
        principal: &Principal,
    ) -> Result<String, InstructionsError> {
        self.render_with(
            principal.name.as_deref(),
            principal.user.as_str(),
            principal.email.as_deref(),
            context.request.locale.as_deref().unwrap_or_default(),
            &context.date,
        )
    }

    fn render_with(
        &self,
        name: Option<&str>,
        id: &str,
        email: Option<&str>,
        locale: &str,
        date: &str,
    ) -> Result<String, InstructionsError> {
        let user =
            context! { name => name.unwrap_or(id), id => id, email => email.unwrap_or_default() };
        let template = self.environment.get_template(NAME).map_err(wrong)?;
        template
            .render(context! { user, locale, date })
            .map_err(wrong)
    }
}

#[expect(clippy::needless_pass_by_value, reason = "taken by map_err")]
fn wrong(error: minijinja::Error) -> InstructionsError {
    InstructionsError {
        reason: format!("{error:#}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_wrong_name_shows_when_the_template_is_read() {
        assert!(InstructionsTemplate::parse("You help {{ user.name }} on {{ date }}.").is_ok());
        assert!(InstructionsTemplate::parse("Use {{ user.token }}.").is_err());
        assert!(InstructionsTemplate::parse("Use {{ access_token }}.").is_err());
        assert!(InstructionsTemplate::parse("{% if %}").is_err());
    }
}
