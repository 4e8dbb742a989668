//! Calls a model: reads its events, tells them, and checks what comes in and goes out.

use std::sync::Arc;

use frontdesk_model::{Error, ErrorKind, Event, EventStream, Item, Model, Prices, Request, Usage};
use futures_util::StreamExt;

use super::driver::{Answered, Driver};
use super::held::{Held, with_words, withheld, words_of};
use super::input_check::{InputCheck, Objection};
use super::told::Told;
use super::{RunError, in_time, until_cancelled};
use crate::event::AgentEvent;
use crate::guardrail::{Verdict, check_output};
use crate::reader::StepReader;
use crate::state::{Ending, Input, Reply, State, is_refusal};
use crate::usage::Spent;

/// One model call as far as it is known.
struct ModelCall {
    reader: StepReader,
    check: InputCheck,
    told: Told,
    /// The model that answers, and its prices.
    by: AnsweredBy,
    /// What is held back, where the agent has output guardrails or its answer has to have a form.
    held: Option<Held>,
}

/// A model that answers.
struct AnsweredBy {
    model: String,
    prices: Option<Prices>,
}

/// A reply whose events have ended.
struct Whole {
    output: Vec<Item>,
    usage: Usage,
    ending: Ending,
}

/// How a model call ended.
enum Answer {
    Whole(Whole),
    /// What the user wrote isn't let through as it is, so the reply is void.
    Void(Objection, Usage),
}

impl<C: Send + Sync + 'static> Driver<'_, C> {
    /// Calls the model with the state's items.
    pub(super) async fn call_model(&mut self, state: &State, step: u32) -> Result<Input, RunError> {
        let agent = self.agent.name.clone();
        self.tell(AgentEvent::ModelStarted { step, agent }).await?;
        let mut request = self.request(state);
        self.hooks().model_asked(&mut request).await?;
        let chosen = self.options.model.as_ref();
        let model = Arc::clone(chosen.unwrap_or(&self.agent.model));
        let limits = &self.agent.limits;
        let is_held = !self.agent.guardrails.output.is_empty() || self.agent.output.is_some();
        let mut used_ids = state.call_ids();
        used_ids.extend(self.named_calls.iter().cloned());
        let mut call = ModelCall {
            reader: StepReader::new(step, used_ids, limits.max_response_bytes),
            check: InputCheck::beside(&self.agent, state, &self.context),
            told: Told::default(),
            by: AnsweredBy {
                model: model.name().to_owned(),
                prices: model.prices(),
            },
            held: is_held.then(Held::default),
        };
        let mut answer = self.answer(&mut call, &*model, request).await;
        if let Err(RunError::Model(error)) = &answer {
            self.hooks().model_failed(error).await?;
            // Later runs read the message, too.
            let objection = call.check.settled(&self.context.cancel).await?;
            if let Some(objection) = objection.filter(Objection::is_verdict) {
                answer = Ok(Answer::Void(objection, Usage::default()));
            }
        }
        match answer? {
            Answer::Void(objection, usage) => {
                self.answered_by(&call.by, usage);
                for event in call.told.take_back() {
                    self.tell(event).await?;
                }
                Ok(objection.into_input(usage))
            }
            Answer::Whole(whole) => self.replied(call, whole).await,
        }
    }

    /// Reads the model's events until the answer is there, or void.
    async fn answer(
        &mut self,
        call: &mut ModelCall,
        model: &dyn Model,
        request: Request,
    ) -> Result<Answer, RunError> {
        let (agent, cancel) = (self.agent.clone(), self.context.cancel.clone());
        let patience = agent.limits.model_timeout;
        let opening = in_time(&cancel, patience, model.stream(request));
        let mut events: EventStream = match call.check.unless(opening).await {
            Ok(events) => events??,
            Err(objection) => return Ok(Answer::Void(objection, Usage::default())),
        };
        loop {
            let next = in_time(&cancel, patience, events.next());
            let event = match call.check.unless(next).await {
                Ok(event) => event?,
                Err(objection) => return Ok(Answer::Void(objection, Usage::default())),
            };
            let Some(event) = event else {
                let detail = "the model's events ended before its answer did";
                return Err(Error::new(ErrorKind::Protocol, detail).into());
            };
            let (output, usage, ending) = match event? {
                Event::Completed { usage, output } => (output, usage, Ending::Complete),
                Event::Incomplete {
                    reason,
                    usage,
                    output,
                } => (output, usage, Ending::CutShort { reason }),
                Event::AnsweredBy { model, prices } => {
                    call.by = AnsweredBy { model, prices };
                    continue;
                }
                event => {
                    let events = call.reader.read(event)?;
                    self.show(call, events).await?;
                    continue;
                }
            };
            return Ok(match call.check.settled(&cancel).await? {
                Some(objection) => Answer::Void(objection, usage),
                None => Answer::Whole(Whole {
                    output,
                    usage,
                    ending,
                }),
            });
        }
    }

    /// Counts what an answer cost.
    fn answered_by(&mut self, by: &AnsweredBy, usage: Usage) {
        let cost = Spent::new(usage, by.prices).cost;
        self.pay(cost);
        self.answered = Answered {
            model: by.model.clone(),
            cost,
        };
    }

    /// Takes a whole reply.
    async fn replied(&mut self, mut call: ModelCall, whole: Whole) -> Result<Input, RunError> {
        let (events, output) = call.reader.finish(whole.output)?;
        self.show(&mut call, events).await?;
        let usage = whole.usage;
        self.answered_by(&call.by, usage);
        let (output, ending, complaint) = self.let_out(call, output, whole.ending).await?;
        let mut reply = Reply {
            marks: self.marks(&output),
            complaint,
            output,
            usage,
            ending,
        };
        self.check_waiting(&mut reply).await?;
        self.hooks().model_replied(&reply.output, usage).await?;
        Ok(Input::ModelFinished(reply))
    }

    /// Has output guardrails read the reply's words, and tells what may be told of it.
    async fn let_out(
        &mut self,
        call: ModelCall,
        output: Vec<Item>,
        ending: Ending,
    ) -> Result<(Vec<Item>, Ending, Option<String>), RunError> {
        let Some(held) = call.held else {
            return Ok((output, ending, None));
        };
        let verdict = match words_of(&output, &held) {
            Some(words) => {
                let guardrails = &self.agent.guardrails.output;
                let checking = check_output(guardrails, &words, &self.context);
                until_cancelled(&self.context.cancel, checking).await?
            }
            None => Verdict::Allow,
        };
        let (held, output, ending) = match verdict {
            Verdict::Allow => (held, output, ending),
            Verdict::Replace(text) => (held.replaced(&text), with_words(output, &text), ending),
            Verdict::Stop { message } => (
                Held::of(call.told.withdrawn()),
                withheld(output),
                Ending::Blocked { message },
            ),
        };
        let complaint = self.complaint(&output, &ending);
        let events = match complaint {
            Some(_) => held.without_texts(),
            None => held,
        }
        .released();
        for event in events {
            self.tell(event).await?;
        }
        Ok((output, ending, complaint))
    }

    /// What is wrong with the form of an answer, where it has to have one.
    fn complaint(&self, output: &[Item], ending: &Ending) -> Option<String> {
        let schema = self.agent.output.as_ref()?;
        let is_none = |item: &Item| matches!(item, Item::FunctionCall(_)) || is_refusal(item);
        if *ending != Ending::Complete || output.iter().any(is_none) {
            return None;
        }
        schema.read(output).err()
    }

    /// Tells what the reader has read, but for what is to be held back.
    async fn show(
        &mut self,
        call: &mut ModelCall,
        events: Vec<AgentEvent>,
    ) -> Result<(), RunError> {
        for event in events {
            let event = match &mut call.held {
                Some(held) => held.take(event),
                None => Some(event),
            };
            if let Some(event) = event {
                call.told.note(&event);
                self.tell_titled(event).await?;
            }
        }
        Ok(())
    }
}
