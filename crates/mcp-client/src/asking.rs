//! Brings what a server asks in the middle of a call to whoever answers it, in both eras of the protocol.
#![expect(
    deprecated,
    reason = "servers of the revisions that we speak still ask for what later ones will not"
)]

use std::sync::Arc;

use frontdesk_identity::SignedIn;
use futures_util::future::join_all;
use rmcp::model::{
    ClientCapabilities, CreateMessageRequestParams, CreateMessageResult, ElicitRequestParams,
    ElicitResult, ElicitationAction, ElicitationCapability, ErrorData, FormElicitationCapability,
    InputRequest, InputRequests, InputResponses, ListRootsResult, Root as WireRoot,
    RootsCapabilities, SamplingCapability, UrlElicitationCapability,
};
use serde_json::{Map, Value};

use crate::http_failure::bounded;
use crate::interaction::{Ability, Asking, Elicitation, Elicited, Interaction};

/// How many things a server may ask at once.
const MAX_REQUESTS: usize = 16;

/// Who answers for one server.
#[derive(Debug, Clone)]
pub(crate) struct Answering {
    pub(crate) server: String,
    pub(crate) interaction: Arc<dyn Interaction>,
}

impl Answering {
    pub(crate) fn capabilities(&self) -> ClientCapabilities {
        let abilities = self.interaction.abilities();
        let mut capabilities = ClientCapabilities::default();
        let mut elicitation = None::<ElicitationCapability>;
        if abilities.contains(&Ability::Form) {
            let known = elicitation.take().unwrap_or_default();
            elicitation = Some(known.with_form(FormElicitationCapability::new()));
        }
        if abilities.contains(&Ability::Url) {
            let known = elicitation.take().unwrap_or_default();
            elicitation = Some(known.with_url(UrlElicitationCapability::new()));
        }
        capabilities.elicitation = elicitation;
        if abilities.contains(&Ability::Sampling) {
            capabilities.sampling = Some(SamplingCapability::default());
        }
        if abilities.contains(&Ability::Roots) {
            capabilities.roots = Some(RootsCapabilities::default());
        }
        capabilities
    }

    /// Answers everything that a call is waiting for, at once.
    pub(crate) async fn all(
        &self,
        caller: &SignedIn,
        requests: InputRequests,
    ) -> Result<InputResponses, ErrorData> {
        if requests.len() > MAX_REQUESTS {
            return Err(ErrorData::invalid_request(
                "too much is asked at once",
                None,
            ));
        }
        let answers = requests.into_iter().map(|(key, request)| async move {
            let answer = self.one(caller, request).await?;
            Ok((key, answer))
        });
        join_all(answers).await.into_iter().collect()
    }

    async fn one(&self, caller: &SignedIn, request: InputRequest) -> Result<Value, ErrorData> {
        match request {
            InputRequest::Elicitation(request) => {
                to_value(&self.elicit(caller, request.params).await)
            }
            InputRequest::CreateMessage(request) => {
                to_value(&self.sample(caller, &request.params).await?)
            }
            InputRequest::ListRoots(_) => to_value(&self.roots(caller).await?),
            _ => Err(unable("that")),
        }
    }

    pub(crate) async fn elicit(
        &self,
        caller: &SignedIn,
        params: ElicitRequestParams,
    ) -> ElicitResult {
        let abilities = self.interaction.abilities();
        let (elicitation, schema) = match params {
            ElicitRequestParams::FormElicitationParams {
                message,
                requested_schema,
                ..
            } if abilities.contains(&Ability::Form) => {
                let schema = serde_json::to_value(&requested_schema).unwrap_or_default();
                let form = Elicitation::Form {
                    message,
                    schema: schema.clone(),
                };
                (form, Some(schema))
            }
            ElicitRequestParams::UrlElicitationParams { message, url, .. }
                if abilities.contains(&Ability::Url) =>
            {
                (Elicitation::Url { message, url }, None)
            }
            _ => return ElicitResult::new(ElicitationAction::Decline),
        };
        match self
            .interaction
            .elicit(self.asking(caller), elicitation)
            .await
        {
            Elicited::Accepted(content) => {
                let accepted = ElicitResult::new(ElicitationAction::Accept);
                match schema {
                    Some(schema) => accepted.with_content(with_defaults(content, &schema)),
                    None => accepted,
                }
            }
            Elicited::Declined => ElicitResult::new(ElicitationAction::Decline),
            Elicited::Cancelled => ElicitResult::new(ElicitationAction::Cancel),
        }
    }

    pub(crate) async fn sample(
        &self,
        caller: &SignedIn,
        params: &CreateMessageRequestParams,
    ) -> Result<CreateMessageResult, ErrorData> {
        if !self.interaction.abilities().contains(&Ability::Sampling) {
            return Err(unable("an answer of a model"));
        }
        let request = to_value(params)?;
        let answer = self.interaction.sample(self.asking(caller), request).await;
        let answer = answer.map_err(|why| ErrorData::internal_error(bounded(&why), None))?;
        serde_json::from_value(answer)
            .map_err(|error| ErrorData::internal_error(bounded(&error.to_string()), None))
    }

    pub(crate) async fn roots(&self, caller: &SignedIn) -> Result<ListRootsResult, ErrorData> {
        if !self.interaction.abilities().contains(&Ability::Roots) {
            return Err(unable("roots"));
        }
        let roots = self.interaction.roots(self.asking(caller)).await;
        let roots = roots.into_iter().map(|root| {
            let wire = WireRoot::new(root.uri);
            match root.name {
                Some(name) => wire.with_name(name),
                None => wire,
            }
        });
        Ok(ListRootsResult::new(roots.collect()))
    }

    fn asking<'a>(&'a self, caller: &'a SignedIn) -> Asking<'a> {
        Asking {
            server: &self.server,
            caller,
        }
    }
}

/// A form's content with the defaults of the fields that are missing.
fn with_defaults(mut content: Map<String, Value>, schema: &Value) -> Value {
    let fields = schema.get("properties").and_then(Value::as_object);
    for (name, field) in fields.into_iter().flatten() {
        if let Some(default) = field.get("default") {
            content
                .entry(name.clone())
                .or_insert_with(|| default.clone());
        }
    }
    Value::Object(content)
}

fn unable(what: &str) -> ErrorData {
    ErrorData::invalid_request(format!("{what} can't be given here"), None)
}

fn to_value(value: &impl serde::Serialize) -> Result<Value, ErrorData> {
    serde_json::to_value(value)
        .map_err(|error| ErrorData::internal_error(bounded(&error.to_string()), None))
}
