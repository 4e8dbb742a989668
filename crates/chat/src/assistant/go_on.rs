//! Goes on with a turn whose process died: from what is stored of it, and nothing of that is done again.

use frontdesk_agent::{LeftOff, Start};
use frontdesk_protocol::{Action, ThreadEvent, UserMessageItem, WidgetItem};

use super::approval::{self, ACTION, Standing};
use super::ending::{finish, say};
use super::events::{Events, message_as, structured};
use super::history::{self, Left};
use super::title::{self, Making};
use super::{Assistant, run_context};
use crate::{Responder, Turn, TurnError};

/// What the user reads where a guardrail hadn't let their message through, and what it had to say is lost.
const WITHHELD: &str = "Your message was withheld, because a check did not let it through.";

impl Assistant {
    /// Goes on answering a message, or what came from the page.
    pub(super) async fn go_on_answering(
        &self,
        turn: &mut Turn,
        input: Option<UserMessageItem>,
    ) -> Result<(), TurnError> {
        let reading = self.reading(turn);
        let (mut past, left) = history::load_left(turn, reading.limits).await?;
        if left.is_withheld() {
            say(turn, WITHHELD);
            return Ok(());
        }
        let is_checked = left.has_reply();
        let unchecked = match input.as_ref() {
            Some(message) if !is_checked && left.replaced().is_none() => {
                self.hold_back(turn, Some(message))?
            }
            _ => None,
        };
        let first_words = input.as_ref().and_then(title::of_message);
        if turn.thread().title.is_none() {
            turn.thread_mut().title.clone_from(&first_words);
        }
        // A title that was made is stored with the turn's end.
        let by_model = self.options.titles.as_ref();
        let by_model = by_model.filter(|_| turn.thread().title == first_words);
        let (making, mut titled) = Making::of(by_model, turn, input.as_ref()).unzip();
        if let (Some(titled), Some(text)) = (&mut titled, left.replaced()) {
            titled.replace(text.to_owned());
        }
        approval::put_aside(turn, &past).await?;
        if let Some(summariser) = self.summariser.as_ref().filter(|_| !is_checked) {
            past.sum_up(turn, summariser, &reading).await?;
        }
        let start = Start {
            input: past.input(&reading),
            agent: past.agent().map(str::to_owned),
            options: self.run_options(turn, input.as_ref(), Some(&past)),
        };
        let begins = self.agents.find_or_entry(start.agent.as_deref());
        let lets_through = is_checked || begins.guardrails.input.is_empty();
        if let (true, Some(titled)) = (lets_through, &titled) {
            titled.pass();
        }
        let said = past.newest_said();
        let context = run_context(turn);
        self.show_lost(turn, &left).await?;
        let left_off = LeftOff {
            record: left.record(),
            decided: Vec::new(),
        };
        let mut events = Events::new(turn, &self.agents, &start, said)
            .titled(titled)
            .unchecked(unchecked)
            .going_on(&left);
        let run = frontdesk_agent::go_on(&self.agents, start, left_off, context, &mut events);
        let (outcome, made) = Box::pin(title::beside(making, run)).await;
        let finished = finish(events, outcome).await;
        title::give(turn, made).await?;
        finished
    }

    /// Goes on with what the user decided.
    pub(super) async fn go_on_deciding(
        &self,
        turn: &mut Turn,
        action: Action,
        sender: Option<WidgetItem>,
    ) -> Result<(), TurnError> {
        if action.kind != ACTION {
            return Err(TurnError::unknown_action(&action));
        }
        let reading = self.reading(turn);
        let (past, left) = history::load_left(turn, reading.limits).await?;
        let decided =
            approval::decided_before(turn, &past, &left, &action, sender.as_ref()).await?;
        let Some(decided) = decided else {
            if left.is_empty() {
                return self.action(turn, action, sender).await;
            }
            let standing = sender.as_ref().and_then(Standing::of);
            return match standing {
                // What was decided about can't be read any more.
                Some(Standing::Approved | Standing::Declined) => Err(TurnError::Interrupted),
                // Nothing was decided, and the user was told why not.
                Some(Standing::Pending | Standing::PutAside) | None => Ok(()),
            };
        };
        let start = Start {
            input: past.input_but(&decided.asked(), &reading),
            agent: decided.agent,
            options: self.run_options(turn, None, Some(&past)),
        };
        let said = past.newest_said();
        let context = run_context(turn);
        self.show_lost(turn, &left).await?;
        let mut events = Events::new(turn, &self.agents, &start, said).going_on(&left);
        let (agents, calls) = (&self.agents, decided.calls);
        // The note is stored before any of the calls is made.
        let outcome = if left.has_note() {
            let left_off = LeftOff {
                record: left.record(),
                decided: calls,
            };
            frontdesk_agent::go_on(agents, start, left_off, context, &mut events).await
        } else {
            frontdesk_agent::resume(agents, start, calls, context, &mut events).await
        };
        finish(events, outcome).await
    }

    /// Shows what the model has said and nobody was shown as done, and takes back what it is about to make anew.
    async fn show_lost(&self, turn: &mut Turn, left: &Left) -> Result<(), TurnError> {
        for image in left.stray_images() {
            turn.emit(ThreadEvent::item_removed(image)).await?;
        }
        for (id, text) in left.lost_texts() {
            let agent = left.agent().and_then(|name| self.agents.find(name));
            let text = match agent.and_then(|agent| agent.output.as_ref()) {
                Some(_) => structured(text),
                None => text,
            };
            let message = message_as(id, turn, &text);
            turn.emit(ThreadEvent::item_done(message)).await?;
        }
        Ok(())
    }
}
