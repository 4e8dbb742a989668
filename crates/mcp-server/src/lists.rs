//! Lists of what a caller may know of, in pages, and completions.

use rmcp::model::{
    CacheScope, CompleteRequestParams, CompleteResult, CompletionInfo, ErrorData,
    ListPromptsResult, ListResourceTemplatesResult, ListResourcesResult, ListToolsResult,
    PaginatedRequestParams, Reference,
};
use serde_json::{Map, Value};

use crate::catalogue::Subject;
use crate::core::{Core, Facts, failed, unknown};
use crate::{Era, Link};

/// How many entries a page has.
const PAGE: usize = 100;

/// How many resources the listings of templates may add.
const MAX_LISTED: usize = 10_000;

/// How long clients may go without asking for a list again, in milliseconds.
const LIST_TTL_MS: u64 = 60_000;

impl<S: Clone + Send + Sync + 'static> Core<S> {
    pub(crate) fn list_tools(
        &self,
        request: Option<PaginatedRequestParams>,
        facts: &Facts,
    ) -> Result<ListToolsResult, ErrorData> {
        let shown = self
            .catalogue
            .tools
            .all
            .iter()
            .filter(|tool| self.catalogue.shows(*tool, &facts.principal));
        let (page, next) = page(shown, request)?;
        let mut result = ListToolsResult::with_all_items(
            page.map(|tool| match facts.info.era {
                Era::Stateless => tool.description.clone(),
                Era::Initialize => tool.legacy_description(),
            })
            .collect(),
        );
        result.next_cursor = next;
        result.ttl_ms = Some(LIST_TTL_MS);
        result.cache_scope = Some(CacheScope::Private);
        Ok(result)
    }

    pub(crate) fn list_prompts(
        &self,
        request: Option<PaginatedRequestParams>,
        facts: &Facts,
    ) -> Result<ListPromptsResult, ErrorData> {
        let shown = self
            .catalogue
            .prompts
            .all
            .iter()
            .filter(|prompt| self.catalogue.shows(*prompt, &facts.principal));
        let (page, next) = page(shown, request)?;
        let mut result =
            ListPromptsResult::with_all_items(page.map(|one| one.description.clone()).collect());
        result.next_cursor = next;
        result.ttl_ms = Some(LIST_TTL_MS);
        result.cache_scope = Some(CacheScope::Private);
        Ok(result)
    }

    pub(crate) fn list_templates(
        &self,
        request: Option<PaginatedRequestParams>,
        facts: &Facts,
    ) -> Result<ListResourceTemplatesResult, ErrorData> {
        let shown = self
            .catalogue
            .templates
            .iter()
            .map(|(_, template)| template)
            .filter(|template| self.catalogue.shows(*template, &facts.principal));
        let (page, next) = page(shown, request)?;
        let mut result = ListResourceTemplatesResult::with_all_items(
            page.map(|one| one.description.clone()).collect(),
        );
        result.next_cursor = next;
        result.ttl_ms = Some(LIST_TTL_MS);
        result.cache_scope = Some(CacheScope::Private);
        Ok(result)
    }

    pub(crate) async fn list_resources(
        &self,
        request: Option<PaginatedRequestParams>,
        facts: &Facts,
    ) -> Result<ListResourcesResult, ErrorData> {
        let caller = &facts.principal;
        let mut all: Vec<rmcp::model::Resource> = self
            .catalogue
            .resources
            .all
            .iter()
            .filter(|resource| self.catalogue.shows(*resource, caller))
            .map(|resource| resource.description.clone())
            .collect();
        let before = all.len();
        for (_, template) in &self.catalogue.templates {
            let Some(listing) = &template.listing else {
                continue;
            };
            if !self.catalogue.shows(template, caller) {
                continue;
            }
            let listed = self
                .plain(listing, Map::new(), None, facts.clone())
                .await
                .map_err(|failure| failed(&template.description.uri_template, failure))?;
            all.extend(listed.into_iter().map(described));
        }
        all.truncate(before + MAX_LISTED);
        let listed = all.len() > before;
        let (page, next) = page(all.into_iter(), request)?;
        let mut result = ListResourcesResult::with_all_items(page.collect());
        result.next_cursor = next;
        result.ttl_ms = Some(if listed { 0 } else { LIST_TTL_MS });
        result.cache_scope = Some(CacheScope::Private);
        Ok(result)
    }

    pub(crate) async fn complete(
        &self,
        request: CompleteRequestParams,
        facts: Facts,
    ) -> Result<CompleteResult, ErrorData> {
        let argument = request.argument;
        let (completions, name) = match &request.r#ref {
            Reference::Prompt(prompt) => {
                let name = prompt.name.as_str();
                self.permit(Subject::Prompt(name), &facts)?;
                let known = self.catalogue.prompts.get(name);
                let known = known.ok_or_else(|| unknown("prompt", name))?;
                (&known.completions, name)
            }
            Reference::Resource(template) => {
                let name = template.uri.as_str();
                self.permit(Subject::Template(name), &facts)?;
                let known = self.catalogue.template_named(name);
                let known = known.ok_or_else(|| unknown("resource template", name))?;
                (&known.completions, name)
            }
            _ => return Err(ErrorData::invalid_params("unknown reference", None)),
        };
        let Some(function) = completions.get(&argument.name) else {
            return Ok(CompleteResult::default());
        };
        let others: Map<String, Value> = request
            .context
            .and_then(|context| context.arguments)
            .unwrap_or_default()
            .into_iter()
            .map(|(name, value)| (name, value.into()))
            .collect();
        let mut values = self
            .plain(function, others, Some(argument.value), facts)
            .await
            .map_err(|failure| failed(name, failure))?;
        let total = values.len();
        values.truncate(CompletionInfo::MAX_VALUES);
        let more = values.len() < total;
        let mut completion =
            CompletionInfo::new(values).map_err(|error| ErrorData::internal_error(error, None))?;
        completion.total = u32::try_from(total).ok();
        completion.has_more = Some(more);
        Ok(CompleteResult::new(completion))
    }
}

fn described(link: Link) -> rmcp::model::Resource {
    let mut resource = rmcp::model::Resource::new(link.uri, link.name);
    resource.title = link.title;
    resource.description = link.description;
    resource.mime_type = link.mime_type;
    resource
}

/// A page, and the cursor of the next one: the number of the entries before it.
fn page<T>(
    all: impl Iterator<Item = T>,
    request: Option<PaginatedRequestParams>,
) -> Result<(impl Iterator<Item = T>, Option<String>), ErrorData> {
    let start = match request.and_then(|request| request.cursor) {
        Some(cursor) => cursor
            .parse::<usize>()
            .map_err(|_| ErrorData::invalid_params("not a cursor of this server", None))?,
        None => 0,
    };
    let mut entries: Vec<T> = all.skip(start).take(PAGE + 1).collect();
    let more = entries.len() > PAGE;
    entries.truncate(PAGE);
    let next = more.then(|| start.saturating_add(PAGE).to_string());
    Ok((entries.into_iter(), next))
}
