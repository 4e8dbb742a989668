//! The protocol's requests as they are, for what isn't a toolset: values in, values out, nothing hidden or cut.

use frontdesk_identity::SignedIn;
use serde_json::{Map, Value, json};

use crate::connection::Times;
use crate::credential::Repeat;
use crate::listing::MAX_PAGES;
use crate::redact::Redactor;
use crate::{McpError, McpServer};

impl McpServer {
    /// Makes a request of the protocol as this user, by its method's name: `tools/call`, `ping`, `completion/complete`.
    /// What the server asks for in between is answered by the configured interaction.
    ///
    /// # Errors
    /// As [`McpServer::call`]. A request that isn't known to be harmless is never made twice.
    pub async fn request(
        &self,
        caller: &SignedIn,
        method: &str,
        params: Map<String, Value>,
    ) -> Result<Value, McpError> {
        let redactor = Redactor::default();
        let repeat = match method {
            "tools/call" => Repeat::Risky,
            _ => Repeat::Harmless,
        };
        let mut sending = self.sending(caller, repeat, &redactor).await?;
        let times = Times {
            silence: self.config.call_timeout,
            total: self.config.max_call_time,
        };
        let mut tries = 0;
        loop {
            let held = self.attempt(&mut sending).await?;
            let connection = &held.connection;
            let answer = connection.request(method, &params, &sending, times).await;
            let settled = self.settled(&held, answer, repeat, &mut tries);
            if let Some(answer) = settled.map_err(|error| error.redacted(&redactor))? {
                return Ok(answer);
            }
        }
    }

    /// All tools as the server lists them.
    ///
    /// # Errors
    /// As [`McpServer::request`].
    pub async fn list_tools_raw(&self, caller: &SignedIn) -> Result<Vec<Value>, McpError> {
        self.pages(caller, "tools/list", "tools").await
    }

    /// A tool's result as the server gives it.
    ///
    /// # Errors
    /// As [`McpServer::request`].
    pub async fn call_raw(
        &self,
        caller: &SignedIn,
        name: &str,
        arguments: Map<String, Value>,
    ) -> Result<Value, McpError> {
        let params = named(json!({"name": name, "arguments": arguments}));
        self.request(caller, "tools/call", params).await
    }

    /// All prompts as the server lists them.
    ///
    /// # Errors
    /// As [`McpServer::request`].
    pub async fn list_prompts(&self, caller: &SignedIn) -> Result<Vec<Value>, McpError> {
        self.pages(caller, "prompts/list", "prompts").await
    }

    /// A prompt with these arguments.
    ///
    /// # Errors
    /// As [`McpServer::request`].
    pub async fn get_prompt(
        &self,
        caller: &SignedIn,
        name: &str,
        arguments: Map<String, Value>,
    ) -> Result<Value, McpError> {
        let params = named(json!({"name": name, "arguments": arguments}));
        self.request(caller, "prompts/get", params).await
    }

    /// All resources as the server lists them.
    ///
    /// # Errors
    /// As [`McpServer::request`].
    pub async fn list_resources(&self, caller: &SignedIn) -> Result<Vec<Value>, McpError> {
        self.pages(caller, "resources/list", "resources").await
    }

    /// The contents of a resource.
    ///
    /// # Errors
    /// As [`McpServer::request`].
    pub async fn read_resource(&self, caller: &SignedIn, uri: &str) -> Result<Value, McpError> {
        let params = named(json!({"uri": uri}));
        self.request(caller, "resources/read", params).await
    }

    async fn pages(
        &self,
        caller: &SignedIn,
        method: &str,
        items: &str,
    ) -> Result<Vec<Value>, McpError> {
        let mut all = Vec::new();
        let mut params = Map::new();
        for _ in 0..MAX_PAGES {
            let page = self.request(caller, method, params.clone()).await?;
            let listed = page.get(items).and_then(Value::as_array);
            all.extend(listed.into_iter().flatten().cloned());
            match page.get("nextCursor") {
                Some(cursor @ Value::String(_)) => {
                    params.insert("cursor".to_owned(), cursor.clone());
                }
                _ => break,
            }
        }
        Ok(all)
    }
}

fn named(params: Value) -> Map<String, Value> {
    match params {
        Value::Object(params) => params,
        _ => Map::new(),
    }
}
