//! The configured guardrails of an agent.

use std::collections::BTreeMap;
use std::sync::Arc;

use frontdesk_agent::{
    Guardrails, InputGuardrail, ModelGuardrail, OutputGuardrail, ToolGuardrail, ToolInputOnly,
    ToolOutputOnly,
};
use frontdesk_chat::assistant::TurnContext;

use super::models::Models;
use crate::Error;
use crate::config::{Check, Checked, GuardrailSection};

/// The guardrails of these names, in this order.
pub(crate) fn guardrails(
    names: &[String],
    sections: &BTreeMap<String, GuardrailSection>,
    models: &mut Models<'_>,
) -> Result<Guardrails<TurnContext>, Error> {
    let mut guardrails = Guardrails::default();
    for (name, section) in names.iter().filter_map(|name| sections.get_key_value(name)) {
        let timing = section.timing.as_ref().map(|timing| timing.value);
        let on = &section.on.value;
        match &section.check {
            Check::Patterns(patterns) => {
                let made = || match timing {
                    Some(timing) => patterns.clone().timed(timing),
                    None => patterns.clone(),
                };
                add(&mut guardrails, on, made);
            }
            Check::Question {
                model,
                question,
                stop,
            } => {
                let model = models.get(&model.value)?;
                let made = || {
                    let (question, stop) = (question.value.as_str(), stop.value.as_str());
                    let made = ModelGuardrail::new(name, Arc::clone(&model), question, stop);
                    match timing {
                        Some(timing) => made.timed(timing),
                        None => made,
                    }
                };
                add(&mut guardrails, on, made);
            }
        }
    }
    Ok(guardrails)
}

fn add<G>(guardrails: &mut Guardrails<TurnContext>, on: &[Checked], made: impl Fn() -> G)
where
    G: InputGuardrail<TurnContext>
        + OutputGuardrail<TurnContext>
        + ToolGuardrail<TurnContext>
        + 'static,
{
    for checked in on {
        match checked {
            Checked::Input => guardrails.input.push(Arc::new(made())),
            Checked::Output => guardrails.output.push(Arc::new(made())),
            Checked::ToolInput => guardrails.tools.push(Arc::new(ToolInputOnly(made()))),
            Checked::ToolOutput => guardrails.tools.push(Arc::new(ToolOutputOnly(made()))),
        }
    }
}
