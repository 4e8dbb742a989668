//! A resource: something to read at an address
//! ([resources](https://modelcontextprotocol.io/specification/2026-07-28/server/resources)).

use std::collections::BTreeMap;
use std::fmt;

use crate::function::{Erased, Function, erase};
use crate::template::Template;
use crate::{Contents, KitError, Link};

/// A resource of a server with state `S`, at one address.
pub struct Resource<S> {
    pub(crate) description: rmcp::model::Resource,
    pub(crate) function: Erased<S, Option<Vec<Contents>>>,
    pub(crate) scopes: Vec<String>,
}

/// Resources of a server with state `S`, at the addresses that a template has: `task://{id}`. A variable stands for
/// one segment and comes decoded, as a text field of the function's [`Params`](crate::Params).
pub struct ResourceTemplate<S> {
    pub(crate) description: rmcp::model::ResourceTemplate,
    pub(crate) function: Erased<S, Option<Vec<Contents>>>,
    pub(crate) listing: Option<Erased<S, Vec<Link>>>,
    pub(crate) completions: BTreeMap<String, Erased<S, Vec<String>>>,
    pub(crate) scopes: Vec<String>,
}

/// Something that a resource's function gives back: a text, bytes, [`Contents`] or several of them.
/// `None` says that there is nothing at the address, or nothing that this caller may know of.
#[diagnostic::on_unimplemented(
    message = "a resource can't be `{Self}`",
    note = "its function gives a `String`, a `Vec<u8>`, `Contents`, `Vec<Contents>` or an `Option` of these"
)]
pub trait IntoContents: Send + 'static {
    /// The contents.
    fn into_contents(self) -> Option<Vec<Contents>>;
}

macro_rules! contents {
    ($($kind:ty),*) => {$(
        impl IntoContents for $kind {
            fn into_contents(self) -> Option<Vec<Contents>> {
                Some(vec![self.into()])
            }
        }
    )*};
}

contents!(Contents, String, Vec<u8>);

impl IntoContents for Vec<Contents> {
    fn into_contents(self) -> Option<Vec<Contents>> {
        Some(self)
    }
}

impl<T: IntoContents> IntoContents for Option<T> {
    fn into_contents(self) -> Option<Vec<Contents>> {
        self?.into_contents()
    }
}

macro_rules! described {
    () => {
        /// What people read as its name.
        #[must_use]
        pub fn title(mut self, title: impl Into<String>) -> Self {
            self.description.title = Some(title.into());
            self
        }

        /// What the model reads about it.
        #[must_use]
        pub fn description(mut self, text: impl Into<String>) -> Self {
            self.description.description = Some(text.into());
            self
        }

        /// What is there: `text/markdown`.
        #[must_use]
        pub fn mime_type(mut self, mime_type: impl Into<String>) -> Self {
            self.description.mime_type = Some(mime_type.into());
            self
        }

        /// Only callers with this scope see it and may read it; said several times, with all of them.
        #[must_use]
        pub fn scope(mut self, scope: impl Into<String>) -> Self {
            self.scopes.push(scope.into());
            self
        }
    };
}

impl<S> Resource<S> {
    /// A resource at this address, of this name, that this function reads.
    pub fn new<F, Arguments>(uri: impl Into<String>, name: impl Into<String>, function: F) -> Self
    where
        F: Function<S, Arguments>,
        F::Output: IntoContents,
    {
        Self {
            description: rmcp::model::Resource::new(uri, name),
            function: erase(function, |output| Ok(output.into_contents())),
            scopes: Vec::new(),
        }
    }

    described!();
}

impl<S> ResourceTemplate<S> {
    /// Resources at these addresses, of this name, that this function reads.
    pub fn new<F, Arguments>(
        template: impl Into<String>,
        name: impl Into<String>,
        function: F,
    ) -> Self
    where
        F: Function<S, Arguments>,
        F::Output: IntoContents,
    {
        Self {
            description: rmcp::model::ResourceTemplate::new(template, name),
            function: erase(function, |output| Ok(output.into_contents())),
            listing: None,
            completions: BTreeMap::new(),
            scopes: Vec::new(),
        }
    }

    described!();

    /// Lists the resources of this template that the caller has; without it they are read but not listed.
    #[must_use]
    pub fn list<F, Arguments>(mut self, function: F) -> Self
    where
        F: Function<S, Arguments, Output = Vec<Link>>,
    {
        self.listing = Some(erase(function, Ok));
        self
    }

    /// Completes a variable: the function gets what was typed so far as [`Partial`](crate::Partial) and the other
    /// variables as [`Params`](crate::Params), and gives the values that fit.
    #[must_use]
    pub fn complete<F, Arguments>(mut self, variable: impl Into<String>, function: F) -> Self
    where
        F: Function<S, Arguments, Output = Vec<String>>,
    {
        self.completions
            .insert(variable.into(), erase(function, Ok));
        self
    }

    pub(crate) fn template(&self) -> Result<Template, KitError> {
        let text = &self.description.uri_template;
        let template = Template::read(text).ok_or_else(|| KitError::Template(text.clone()))?;
        let mut completed = self.completions.keys();
        match completed.find(|name| !template.has(name)) {
            Some(name) => Err(KitError::Completion(name.clone())),
            None => Ok(template),
        }
    }
}

impl<S> fmt::Debug for Resource<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Resource")
            .field("uri", &self.description.uri)
            .finish_non_exhaustive()
    }
}

impl<S> fmt::Debug for ResourceTemplate<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ResourceTemplate")
            .field("template", &self.description.uri_template)
            .finish_non_exhaustive()
    }
}
