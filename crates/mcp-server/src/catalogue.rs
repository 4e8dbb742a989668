//! Everything that a server offers, and who may know of it.

use std::collections::{BTreeSet, HashMap};

use frontdesk_identity::Principal;
use serde_json::{Map, Value};

use crate::template::Template;
use crate::{KitError, Prompt, Resource, ResourceTemplate, Tool};

/// What a server offers, by name and by address.
pub(crate) struct Catalogue<S> {
    pub(crate) tools: Listed<Tool<S>>,
    pub(crate) prompts: Listed<Prompt<S>>,
    pub(crate) resources: Listed<Resource<S>>,
    pub(crate) templates: Vec<(Template, ResourceTemplate<S>)>,
    /// Scopes that every caller has besides those of its credential.
    granted: BTreeSet<String>,
}

/// Entries in the order in which they were added, found by their key.
pub(crate) struct Listed<T> {
    pub(crate) all: Vec<T>,
    places: HashMap<String, usize>,
}

impl<T> Listed<T> {
    fn new(all: Vec<T>, key: impl Fn(&T) -> &str) -> Result<Self, String> {
        let mut places = HashMap::with_capacity(all.len());
        for (place, entry) in all.iter().enumerate() {
            let key = key(entry).to_owned();
            if places.insert(key.clone(), place).is_some() {
                return Err(key);
            }
        }
        Ok(Self { all, places })
    }

    pub(crate) fn get(&self, key: &str) -> Option<&T> {
        self.all.get(*self.places.get(key)?)
    }
}

/// Whether a token can carry it ([RFC 6749](https://www.rfc-editor.org/rfc/rfc6749#section-3.3)).
fn is_scope(scope: &str) -> bool {
    let fits = |c: char| c.is_ascii_graphic() && !matches!(c, '"' | '\\');
    !scope.is_empty() && scope.chars().all(fits)
}

/// Something that only callers with certain scopes may know of.
pub(crate) trait Scoped {
    fn scopes(&self) -> &[String];
}

macro_rules! scoped {
    ($($kind:ident),*) => {$(
        impl<S> Scoped for $kind<S> {
            fn scopes(&self) -> &[String] {
                &self.scopes
            }
        }
    )*};
}

scoped!(Tool, Prompt, Resource, ResourceTemplate);

/// What a request is about, as far as scopes go.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Subject<'a> {
    Tool(&'a str),
    Prompt(&'a str),
    Resource(&'a str),
    Template(&'a str),
}

impl<S> Catalogue<S> {
    pub(crate) fn new(
        tools: Vec<Tool<S>>,
        prompts: Vec<Prompt<S>>,
        resources: Vec<Resource<S>>,
        templates: Vec<ResourceTemplate<S>>,
        granted: Vec<String>,
    ) -> Result<Self, KitError> {
        for tool in &tools {
            tool.check()?;
        }
        for prompt in &prompts {
            prompt.check()?;
        }
        let templates = templates
            .into_iter()
            .map(|template| Ok((template.template()?, template)))
            .collect::<Result<Vec<_>, KitError>>()?;
        let catalogue = Self {
            tools: Listed::new(tools, |tool| &tool.description.name)
                .map_err(KitError::Duplicate)?,
            prompts: Listed::new(prompts, |prompt| &prompt.description.name)
                .map_err(KitError::Duplicate)?,
            resources: Listed::new(resources, |resource| &resource.description.uri)
                .map_err(KitError::Duplicate)?,
            templates,
            granted: granted.into_iter().collect(),
        };
        let scopes = catalogue.scopes();
        let strange = scopes
            .union(&catalogue.granted)
            .find(|scope| !is_scope(scope));
        match strange {
            Some(scope) => Err(KitError::Unmatched(scope.clone())),
            None => Ok(catalogue),
        }
    }

    /// Every scope that anything asks for, sorted.
    pub(crate) fn scopes(&self) -> BTreeSet<String> {
        let tools = self.tools.all.iter().flat_map(Scoped::scopes);
        let prompts = self.prompts.all.iter().flat_map(Scoped::scopes);
        let resources = self.resources.all.iter().flat_map(Scoped::scopes);
        let templates = self.templates.iter().flat_map(|(_, one)| one.scopes());
        tools
            .chain(prompts)
            .chain(resources)
            .chain(templates)
            .cloned()
            .collect()
    }

    /// Whether this caller may know of it.
    pub(crate) fn shows(&self, entry: &impl Scoped, caller: &Principal) -> bool {
        self.has_all(entry.scopes(), caller)
    }

    /// The scopes that it takes, where the caller lacks one of them.
    pub(crate) fn lacking(&self, subject: Subject<'_>, caller: &Principal) -> Option<&[String]> {
        let scopes = match subject {
            Subject::Tool(name) => self.tools.get(name)?.scopes(),
            Subject::Prompt(name) => self.prompts.get(name)?.scopes(),
            Subject::Resource(uri) => match self.resources.get(uri) {
                Some(resource) => resource.scopes(),
                None => self.template_of(uri)?.0.scopes(),
            },
            Subject::Template(text) => self.template_named(text)?.scopes(),
        };
        (!self.has_all(scopes, caller)).then_some(scopes)
    }

    /// The template that has this address, and the variables in it.
    pub(crate) fn template_of(
        &self,
        uri: &str,
    ) -> Option<(&ResourceTemplate<S>, Map<String, Value>)> {
        self.templates
            .iter()
            .find_map(|(template, entry)| Some((entry, template.read_address(uri)?)))
    }

    pub(crate) fn template_named(&self, text: &str) -> Option<&ResourceTemplate<S>> {
        self.templates
            .iter()
            .map(|(_, entry)| entry)
            .find(|entry| entry.description.uri_template == text)
    }

    fn has_all(&self, scopes: &[String], caller: &Principal) -> bool {
        scopes
            .iter()
            .all(|scope| self.granted.contains(scope) || caller.scopes.contains(scope))
    }
}
