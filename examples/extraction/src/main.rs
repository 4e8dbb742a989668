//! An agent that reads a text and answers with data of a Rust type.
//!
//! `cargo run -p frontdesk-extraction` reads an invoice, or the text that it is given.
//! Rules play the model's part; with `OPENAI_API_KEY` set, a model of OpenAI's does.
#![expect(clippy::print_stdout, reason = "a program that speaks on its terminal")]

use std::env::VarError;
use std::sync::Arc;

use anyhow::{Result, bail};
use async_trait::async_trait;
use frontdesk_agent::{
    Agent, AgentEvent, Agents, Ended, Observer, OutputSchema, RunContext, Stopped, run,
};
use frontdesk_identity::{Principal, Secret, SignedIn, TenantId, UserId};
use frontdesk_model::openai_responses::{Config, OpenAiResponses};
use frontdesk_model::scripted::{Script, Scripted};
use frontdesk_model::{Item, Model, http};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

const INVOICE: &str = "Invoice 2026-117 from Paper & Co, due on 2026-12-01. In all: 48.50 EUR.";

/// An invoice. The model reads these comments, too.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
struct Invoice {
    /// The number of the invoice.
    number: String,
    /// Who is to be paid.
    vendor: String,
    /// The day on which it is due, as `2026-01-31`.
    due: String,
    /// All of it, in hundredths of the currency.
    total_cents: u64,
    /// The currency in ISO 4217.
    currency: String,
}

/// Nothing of a run is shown here but its end.
struct Silent;

#[tokio::main]
async fn main() -> Result<()> {
    let text = std::env::args().nth(1);
    let text = text.unwrap_or_else(|| INVOICE.to_owned());
    let user = Principal::new(TenantId::single(), UserId::new("ann")?);
    let context = RunContext::new(SignedIn::new(user), ());
    let agents = Agents::of(reader()?);
    let outcome = run(&agents, vec![Item::user(text)], context, &mut Silent).await?;
    match &outcome.ended {
        Ended::Answered => {
            let invoice: Invoice = outcome.parse()?;
            println!("{}", serde_json::to_string_pretty(&invoice)?);
            println!(
                "{} is to be paid {}.{:02} {}",
                invoice.vendor,
                invoice.total_cents / 100,
                invoice.total_cents % 100,
                invoice.currency
            );
            Ok(())
        }
        // What doesn't fit was shown to the model once, with what is wrong with it.
        Ended::InvalidOutput { detail } => bail!("no invoice could be read: {detail}"),
        other => bail!("the run ended otherwise: {other:?}"),
    }
}

fn reader() -> Result<Agent<()>> {
    let instructions = "Read the invoice. Write down what is there and guess nothing.";
    Ok(Agent {
        output: Some(OutputSchema::of::<Invoice>("invoice")),
        ..Agent::new("reader", instructions, model()?)
    })
}

fn model() -> Result<Arc<dyn Model>> {
    let key = match std::env::var("OPENAI_API_KEY") {
        Ok(key) => key,
        Err(VarError::NotPresent) => {
            let rules = Script::from_toml(include_str!("rules.toml"))?;
            return Ok(Arc::new(Scripted::new(rules)));
        }
        Err(error) => return Err(error.into()),
    };
    let config = Config {
        api_key: Some(Secret::new(key)),
        ..Config::new("gpt-5.6")
    };
    Ok(Arc::new(OpenAiResponses::new(config, http::client()?)?))
}

#[async_trait]
impl Observer for Silent {
    async fn observe(&mut self, _: AgentEvent) -> Result<(), Stopped> {
        Ok(())
    }
}
