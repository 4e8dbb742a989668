//! A call of a tool: hidden arguments in, credentials out of whatever comes back.

use std::sync::Arc;

use frontdesk_agent::{Progress, ProgressSink, ToolContext, ToolOutput};
use rmcp::model::CallToolRequestParams;
use serde_json::{Map, Value};

use crate::connection::Times;
use crate::credential::{Repeat, Sending};
use crate::output::output;
use crate::redact::Redactor;
use crate::{McpError, McpServer};

impl McpServer {
    /// Calls a tool as this user. It is tried twice only where the first try surely did nothing,
    /// or where the tool says that doing it twice does no harm.
    ///
    /// # Errors
    /// There is no result; what the tool itself says, also of a failure, is one.
    pub async fn call<C>(
        &self,
        name: &str,
        arguments: Map<String, Value>,
        context: &ToolContext<C>,
    ) -> Result<ToolOutput, McpError> {
        let caller = context.signed_in();
        let offered = self.lists.latest(&caller.principal.scope());
        let is_offered = offered.is_some_and(|listing| listing.places(name).is_some());
        if !is_offered && name == self.account_tool() {
            return self.account(&caller).await;
        }
        let (values, redactor) = self.hidden(&caller).await?;
        let mut arguments = arguments;
        let mut secrets = None;
        if !values.is_empty() {
            let listing = match self.lists.latest(&caller.principal.scope()) {
                Some(listing) if listing.places(name).is_some() => listing,
                _ => self.listing(&caller).await?,
            };
            // Where a tool takes them is known for those alone that are offered.
            let places = listing.places(name).ok_or_else(|| unknown(name))?;
            secrets = Some(Arc::new(places.fill(&mut arguments, values)));
        } else if !self.config.tools.admits(name) {
            return Err(unknown(name));
        }
        let repeat = self.repeat(&caller.principal.scope(), name);
        let mut sending = self.sending(&caller, repeat, &redactor).await?;
        sending.secrets = secrets;
        let params = CallToolRequestParams::new(name.to_owned()).with_arguments(arguments);
        let progress = redacted(&context.progress, &redactor);
        let mut outcome = self.once(&params, &mut sending, &progress).await;
        if outcome.as_ref().is_err_and(McpError::wants_headers) {
            // The tool has arguments that go into headers too: known once the tools are.
            self.lists.forget(&caller.principal.scope());
            self.lists.changed();
            self.listing(&caller).await?;
            outcome = self.once(&params, &mut sending, &progress).await;
        }
        outcome
            .map(|result| output(&result, &redactor))
            .map_err(|error| error.redacted(&redactor))
    }

    async fn once(
        &self,
        params: &CallToolRequestParams,
        sending: &mut Sending,
        progress: &ProgressSink,
    ) -> Result<rmcp::model::CallToolResult, McpError> {
        let times = Times {
            silence: self.config.timeout_of(&params.name),
            total: self.config.max_call_time,
        };
        let mut tries = 0;
        loop {
            let held = self.attempt(sending).await?;
            let result = held.connection.call(params, sending, times, progress).await;
            if let Some(result) = self.settled(&held, result, sending.repeat, &mut tries)? {
                return Ok(result);
            }
        }
    }

    fn repeat(&self, owner: &frontdesk_identity::Scope, name: &str) -> Repeat {
        let listing = self.lists.latest(owner);
        if listing.is_some_and(|listing| listing.is_repeatable(name)) {
            Repeat::Harmless
        } else {
            Repeat::Risky
        }
    }
}

fn unknown(name: &str) -> McpError {
    McpError::Refused {
        code: -32602,
        message: format!("unknown tool: {name}"),
    }
}

fn redacted(progress: &ProgressSink, redactor: &Redactor) -> ProgressSink {
    let (progress, redactor) = (progress.clone(), redactor.clone());
    ProgressSink::new(move |report| {
        progress.report(Progress {
            message: report.message.map(|message| redactor.text(message)),
            fraction: report.fraction,
        });
    })
}
