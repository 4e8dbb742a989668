//! An agent whose tool asks before it is called. The answer may come minutes later, in another process.
//!
//! `cargo run -p frontdesk-approvals -- "Delete the backup of May"` asks, and writes down what it waits for;
//! `cargo run -p frontdesk-approvals -- yes` (or `no`) goes on exactly there.
//! Rules play the model's part; with `OPENAI_API_KEY` set, a model of OpenAI's does.
#![expect(clippy::print_stdout, reason = "a program that speaks on its terminal")]

use std::env::VarError;
use std::sync::Arc;

use anyhow::{Context, Result};
use async_trait::async_trait;
use frontdesk_agent::{
    Agent, AgentEvent, Agents, Annotations, AskedCall, Decision, Ended, FunctionTools, Observer,
    RunContext, Stopped, ToolContext, ToolError, function_tool, resume, run,
};
use frontdesk_identity::{Principal, Secret, SignedIn, TenantId, UserId};
use frontdesk_model::openai_responses::{Config, OpenAiResponses};
use frontdesk_model::scripted::{Script, Scripted};
use frontdesk_model::{Item, Model, http};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Where a run that waits is kept. An application has a database for that.
const WAITING: &str = "waiting.json";

/// What every tool call knows of the application.
struct Backups {
    months: [&'static str; 3],
}

/// All that it takes to go on: the conversation, and the calls that wait.
#[derive(Serialize, Deserialize)]
struct Waiting {
    conversation: Vec<Item>,
    asked: Vec<AskedCall>,
}

/// Hears of a run: shows its words and tools, and keeps the calls that ask.
#[derive(Default)]
struct Terminal {
    asked: Vec<AskedCall>,
}

#[derive(Deserialize, JsonSchema)]
struct DeleteBackup {
    /// The month, such as `May`.
    month: String,
}

#[derive(Serialize)]
struct Deleted {
    month: String,
    on_behalf_of: String,
}

#[tokio::main]
async fn main() -> Result<()> {
    let agents = Agents::of(keeper()?);
    let user = Principal::new(TenantId::single(), UserId::new("ann")?);
    let backups = Backups {
        months: ["April", "May", "June"],
    };
    let context = RunContext::new(SignedIn::new(user), backups);
    let mut terminal = Terminal::default();
    let said = std::env::args().nth(1);
    let said = said.as_deref().unwrap_or("Delete the backup of May");

    let decision = match said {
        "yes" => Some(Decision::Approved),
        "no" => Some(Decision::Declined {
            reason: "The user declined this call.".to_owned(),
        }),
        _ => None,
    };
    let (mut conversation, outcome) = if let Some(decision) = decision {
        let waiting = take_waiting()?;
        let decided = waiting.asked.into_iter();
        let decided = decided.map(|call| (call, decision.clone())).collect();
        let past = waiting.conversation.clone();
        let outcome = resume(&agents, past, decided, context, &mut terminal).await?;
        (waiting.conversation, outcome)
    } else {
        let question = vec![Item::user(said)];
        let outcome = run(&agents, question.clone(), context, &mut terminal).await?;
        (question, outcome)
    };
    if outcome.ended == Ended::WaitingForApproval {
        conversation.extend(outcome.new_items);
        let asked = terminal.asked;
        let waiting = Waiting {
            conversation,
            asked,
        };
        std::fs::write(WAITING, serde_json::to_vec(&waiting)?)?;
        println!("Answer with `yes` or `no`.");
    }
    Ok(())
}

/// What waits. An answer counts once: it is taken away before anything is done.
fn take_waiting() -> Result<Waiting> {
    let waiting = std::fs::read(WAITING).context("nothing waits for an answer")?;
    std::fs::remove_file(WAITING)?;
    Ok(serde_json::from_slice(&waiting)?)
}

fn keeper() -> Result<Agent<Backups>> {
    let instructions = "You look after backups. Do what you are asked to, and say what you did.";
    // What is marked as destructive asks; the agent's `approval` says otherwise for single tools.
    let destructive = Annotations {
        title: Some("Delete a backup".to_owned()),
        destructive: Some(true),
        ..Annotations::default()
    };
    let delete = function_tool("delete_backup", "Deletes the backup of a month.", delete)
        .annotated(destructive);
    Ok(Agent {
        toolsets: vec![Arc::new(FunctionTools::new("backups", vec![delete]))],
        ..Agent::new("keeper", instructions, model()?)
    })
}

async fn delete(wanted: DeleteBackup, context: ToolContext<Backups>) -> Result<Deleted, ToolError> {
    let month = wanted.month;
    if !context.context.months.contains(&month.as_str()) {
        return Err(ToolError::plain(format!("no such backup: {month}")));
    }
    Ok(Deleted {
        month,
        on_behalf_of: context.principal.user.to_string(),
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
impl Observer for Terminal {
    async fn observe(&mut self, event: AgentEvent) -> Result<(), Stopped> {
        match event {
            AgentEvent::TextDone { text, .. } => println!("{text}"),
            AgentEvent::ToolFinished { name, text, .. } => println!("[{name}: {text}]"),
            AgentEvent::ApprovalAsked { calls } => {
                for call in &calls {
                    let what = call.title.as_deref().unwrap_or(&call.tool);
                    println!("May I? {what} {}", call.call.arguments);
                }
                self.asked = calls;
            }
            _ => {}
        }
        Ok(())
    }
}
