//! The configured models, each made once, when somebody asks for it.

use std::collections::BTreeMap;
use std::sync::Arc;

use frontdesk_clock::Ids;
use frontdesk_model::{Fallback, Limited, Model, Priced, Transcriber};

use super::model::model;
use super::transcriber::transcriber;
use super::watched_model::WatchedModel;
use crate::Error;
use crate::config::ModelSection;
use crate::health::Health;

/// See the module.
pub(crate) struct Models<'a> {
    sections: &'a BTreeMap<String, ModelSection>,
    http: &'a reqwest::Client,
    ids: &'a Arc<dyn Ids>,
    health: &'a mut Health,
    made: BTreeMap<String, Arc<dyn Model>>,
}

impl<'a> Models<'a> {
    pub(crate) fn new(
        sections: &'a BTreeMap<String, ModelSection>,
        http: &'a reqwest::Client,
        ids: &'a Arc<dyn Ids>,
        health: &'a mut Health,
    ) -> Self {
        Self {
            sections,
            http,
            ids,
            health,
            made: BTreeMap::new(),
        }
    }

    /// The model of this name. `/readyz` tells how it stands from now on.
    pub(crate) fn get(&mut self, name: &str) -> Result<Arc<dyn Model>, Error> {
        if let Some(made) = self.made.get(name) {
            return Ok(Arc::clone(made));
        }
        let section = self.section(name)?;
        let asked = model(section, self.http, self.ids).map_err(|detail| unusable(name, detail))?;
        let mut made = self.watch(name, asked);
        if let Some(prices) = &section.prices {
            made = Arc::new(Priced::new(made, prices.value));
        }
        if let Some(limits) = section.calls.limits() {
            made = Arc::new(Limited::new(made, limits));
        }
        let reserve = section.fallback.iter().flat_map(|list| &list.value);
        let reserve = reserve
            .map(|name| self.get(name))
            .collect::<Result<Vec<_>, _>>()?;
        if !reserve.is_empty() {
            made = Arc::new(Fallback::new(made, reserve));
        }
        self.made.insert(name.to_owned(), Arc::clone(&made));
        Ok(made)
    }

    /// What writes down speech by the model of this name.
    pub(crate) fn transcriber(&self, name: &str) -> Result<Arc<dyn Transcriber>, Error> {
        let made = transcriber(self.section(name)?, self.http);
        made.map_err(|detail| unusable(name, detail))
    }

    fn section(&self, name: &str) -> Result<&'a ModelSection, Error> {
        let section = self.sections.get(name);
        section.ok_or_else(|| unusable(name, "there is no such model".to_owned()))
    }

    fn watch(&mut self, name: &str, asked: Arc<dyn Model>) -> Arc<dyn Model> {
        let watched = Arc::new(WatchedModel::new(asked));
        let watch = Arc::clone(&watched);
        self.health
            .add(format!("model.{name}"), move || watch.state());
        watched
    }
}

fn unusable(name: &str, detail: String) -> Error {
    Error::Model {
        name: name.to_owned(),
        detail,
    }
}
