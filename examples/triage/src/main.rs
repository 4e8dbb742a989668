//! Three agents: the front desk finds out who can help, and hands over.
//!
//! `cargo run -p frontdesk-triage -- "Order 1042 was charged twice"` asks the front desk.
//! Rules play the models' part; with `OPENAI_API_KEY` set, a model of OpenAI's does.
#![expect(clippy::print_stdout, reason = "a program that speaks on its terminal")]

use std::env::VarError;
use std::sync::Arc;

use anyhow::Result;
use async_trait::async_trait;
use frontdesk_agent::{
    Agent, AgentEvent, Agents, FunctionTools, Handoff, HandoffHistory, Instructions, Observer,
    RunContext, Stopped, ToolContext, ToolError, function_tool, run,
};
use frontdesk_identity::{Principal, Secret, SignedIn, TenantId, UserId};
use frontdesk_model::openai_responses::{Config, OpenAiResponses};
use frontdesk_model::scripted::{Script, Scripted};
use frontdesk_model::{Item, Model, http};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// The application, as all tools and instructions know it.
struct Shop {
    name: &'static str,
    payments: Vec<Payment>,
}

#[derive(Clone, Serialize)]
struct Payment {
    order: u32,
    cents: u32,
}

#[derive(Deserialize, JsonSchema)]
struct FindPayments {
    /// The number of the order.
    order: u32,
}

/// Shows a run while it happens.
struct Terminal;

#[tokio::main]
async fn main() -> Result<()> {
    let question = std::env::args().nth(1);
    let question = question.unwrap_or_else(|| "Order 1042 was charged twice".to_owned());
    let payment = |order, cents| Payment { order, cents };
    let shop = Shop {
        name: "The Paper Shop",
        payments: vec![payment(1041, 900), payment(1042, 2450), payment(1042, 2450)],
    };
    let user = Principal::new(TenantId::single(), UserId::new("ann")?);
    let context = RunContext::new(SignedIn::new(user), shop);
    let input = vec![Item::user(question)];
    let outcome = run(&agents()?, input, context, &mut Terminal).await?;
    println!(
        "[{} answered, with {} tokens]",
        outcome.agent, outcome.usage.total_tokens
    );
    Ok(())
}

/// The front desk, and the agents that it may hand over to.
fn agents() -> Result<Agents<Shop>> {
    let instructions = Instructions::dynamic(|shop: &Shop, caller| {
        format!(
            "You are the front desk of {}, talking to {}. Hand over to whoever can help, \
             and answer yourself only where nobody can.",
            shop.name, caller.user
        )
    });
    // Who takes over reads what was said, and not how the desk came to hand over.
    let to = |agent: &str| Handoff {
        history: HandoffHistory::WithoutTools,
        ..Handoff::to(agent)
    };
    let desk = Agent {
        instructions,
        handoffs: vec![to("billing"), to("workshop")],
        ..Agent::new("desk", "", model(include_str!("desk.toml"))?)
    };

    let find = function_tool("find_payments", "Finds the payments of an order.", find);
    let careful = "You look after payments. Look them up before you say anything about them.";
    let billing = Agent {
        description: "Invoices, payments and refunds.".to_owned(),
        toolsets: vec![Arc::new(FunctionTools::new("payments", vec![find]))],
        ..Agent::new("billing", careful, model(include_str!("billing.toml"))?)
    };

    let handy = "You help with things that broke.";
    let workshop = Agent {
        description: "Repairs and spare parts.".to_owned(),
        ..Agent::new("workshop", handy, model(include_str!("workshop.toml"))?)
    };
    Ok(Agents::new(desk, [Arc::new(billing), Arc::new(workshop)])?)
}

async fn find(wanted: FindPayments, context: ToolContext<Shop>) -> Result<Vec<Payment>, ToolError> {
    let payments = context.context.payments.iter();
    Ok(payments
        .filter(|payment| payment.order == wanted.order)
        .cloned()
        .collect())
}

fn model(rules: &str) -> Result<Arc<dyn Model>> {
    let key = match std::env::var("OPENAI_API_KEY") {
        Ok(key) => key,
        Err(VarError::NotPresent) => {
            return Ok(Arc::new(Scripted::new(Script::from_toml(rules)?)));
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
impl Observer for Terminal {
    async fn observe(&mut self, event: AgentEvent) -> Result<(), Stopped> {
        match event {
            AgentEvent::TextDone { text, .. } => println!("{text}"),
            AgentEvent::ToolFinished { name, text, .. } => println!("[{name}: {text}]"),
            AgentEvent::HandedOff { from, to } => println!("[{from} hands over to {to}]"),
            _ => {}
        }
        Ok(())
    }
}
