//! `[model.NAME]`: the models, by name.

mod calls;
mod price;
mod provider;
mod service;

use std::collections::BTreeMap;

use frontdesk_model::{Prices, Settings};

use super::layers::Layers;
use super::names::{Names, check_circles};
use super::section::Section;
use super::{ConfigError, Environment, Setting, settings};

pub use calls::ModelCalls;
pub use provider::Provider;
pub use service::ModelEndpoint;

/// The model that is meant when none is named.
pub(crate) const DEFAULT_MODEL: &str = "default";

/// `[model.NAME]`.
#[derive(Debug, Clone)]
pub struct ModelSection {
    /// `provider` and what goes with it.
    pub provider: Provider,
    /// `temperature`, `top_p`, `max_output_tokens`, `reasoning_effort`, `reasoning_summary` and `extra`: how it answers.
    pub settings: Settings,
    /// How it is called: times, tries and limits.
    pub calls: ModelCalls,
    /// `fallback`: the models that are asked in its place while it is away, in this order.
    pub fallback: Option<Setting<Vec<String>>>,
    /// `price_per_million`.
    pub prices: Option<Setting<Prices>>,
}

/// Reads all models. Without any, `OPENAI_API_KEY` or `OPENAI_BASE_URL` makes one, else it is the scripted one.
pub(crate) fn read_all(
    layers: &mut Layers,
    environment: &Environment,
) -> Result<BTreeMap<String, ModelSection>, ConfigError> {
    let mut names = layers.names("model");
    if names.is_empty() {
        names.insert(DEFAULT_MODEL.to_owned());
    }
    let mut models = BTreeMap::new();
    for name in names {
        let model = ModelSection::read(layers, &name, environment)?;
        models.insert(name, model);
    }
    Section::new(layers, "model").finish()?;
    check_fallbacks(&models)?;
    Ok(models)
}

fn check_fallbacks(models: &BTreeMap<String, ModelSection>) -> Result<(), ConfigError> {
    let names = Names::of("[model.NAME]", models);
    let mut lists = BTreeMap::new();
    for (name, model) in models {
        if let Some(fallback) = &model.fallback {
            names.check_all(&format!("model.{name}.fallback"), fallback)?;
            lists.insert(name.as_str(), fallback);
        }
    }
    check_circles(&lists, |name| format!("model.{name}.fallback"))
}

/// The model that is meant where none is named: the only one, or the one of this name.
pub(crate) fn usual(models: &BTreeMap<String, ModelSection>) -> Setting<String> {
    let mut names = models.keys();
    let name = match (names.next(), names.next()) {
        (Some(only), None) => only.clone(),
        _ => DEFAULT_MODEL.to_owned(),
    };
    Setting::default_value(name)
}

impl ModelSection {
    fn read(
        layers: &mut Layers,
        name: &str,
        environment: &Environment,
    ) -> Result<Self, ConfigError> {
        let mut section = Section::new(layers, format!("model.{name}"));
        let settings = settings::read(&mut section)?;
        let calls = ModelCalls::read(&mut section)?;
        let fallback = section.list("fallback")?;
        let prices = price::read(&mut section)?;
        let provider = Provider::read(&mut section, environment)?;
        section.finish()?;
        Ok(Self {
            provider,
            settings,
            calls,
            fallback,
            prices,
        })
    }
}
