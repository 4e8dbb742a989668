//! Calls a model: reads its events, tells them, and checks what comes in and goes out.

use frontdesk_model::{Error, ErrorKind, Event, EventStream, Item, Request, Usage};
use futures_util::StreamExt;

use super::driver::Driver;
use super::held::{Held, with_words, withheld, words_of};
use super::input_check::{InputCheck, Objection};
use super::told::Told;
use super::{RunError, in_time, until_cancelled};
use crate::event::AgentEvent;
use crate::guardrail::{Verdict, check_output};
use crate::reader::StepReader;
use crate::state::{Ending, Input, Reply, State};

/// One model call as far as it is known.
struct ModelCall {
    reader: StepReader,
    check: InputCheck,
    told: Told,
    /// What is held back, where the agent has output guardrails.
    held: Option<Held>,
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
        let limits = &self.agent.limits;
        let guarded = !self.agent.guardrails.output.is_empty();
        let mut call = ModelCall {
            reader: StepReader::new(step, state.call_ids(), limits.max_response_bytes),
            check: InputCheck::beside(&self.agent, state, &self.context),
            told: Told::default(),
            held: guarded.then(Held::default),
        };
        let answer = self.answer(&mut call, request).await;
        if let Err(RunError::Model(error)) = &answer {
            self.hooks().model_failed(error).await?;
        }
        match answer? {
            Answer::Void(objection, usage) => {
                for event in call.told.take_back() {
                    self.tell(event).await?;
                }
                Ok(objection.into_input(usage))
            }
            Answer::Whole(whole) => self.replied(call, whole).await,
        }
    }

    /// Reads the model's events until the answer is there, or void.
    async fn answer(&mut self, call: &mut ModelCall, request: Request) -> Result<Answer, RunError> {
        let (agent, cancel) = (self.agent.clone(), self.context.cancel.clone());
        let patience = agent.limits.model_timeout;
        let opening = in_time(&cancel, patience, agent.model.stream(request));
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

    /// Takes a whole reply.
    async fn replied(&mut self, mut call: ModelCall, whole: Whole) -> Result<Input, RunError> {
        let (events, output) = call.reader.finish(whole.output)?;
        self.show(&mut call, events).await?;
        let (output, ending) = self.let_out(call, output, whole.ending).await?;
        let usage = whole.usage;
        self.hooks().model_replied(&output, usage).await?;
        Ok(Input::ModelFinished(Reply {
            asks: self.asking(&output),
            output,
            usage,
            ending,
        }))
    }

    /// Has output guardrails read the reply's words, and tells what may be told of it.
    async fn let_out(
        &mut self,
        call: ModelCall,
        output: Vec<Item>,
        ending: Ending,
    ) -> Result<(Vec<Item>, Ending), RunError> {
        let Some(held) = call.held else {
            return Ok((output, ending));
        };
        let verdict = match words_of(&output) {
            Some(words) => {
                let guardrails = &self.agent.guardrails.output;
                let checking = check_output(guardrails, &words, &self.context);
                until_cancelled(&self.context.cancel, checking).await?
            }
            None => Verdict::Allow,
        };
        let (events, output, ending) = match verdict {
            Verdict::Allow => (held.released(), output, ending),
            Verdict::Replace(text) => (held.replaced(&text), with_words(output, &text), ending),
            Verdict::Stop { message } => (
                call.told.withdrawn().into_iter().collect(),
                withheld(output),
                Ending::Blocked { message },
            ),
        };
        for event in events {
            self.tell(event).await?;
        }
        Ok((output, ending))
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
