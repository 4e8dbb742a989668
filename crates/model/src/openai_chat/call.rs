//! Which call a fragment belongs to. Servers leave out ids and indexes, repeat them, or make new ones per fragment.

use std::collections::VecDeque;

use frontdesk_clock::Ids;
use serde_json::Value;

use crate::Event;
use crate::answer::Answer;
use crate::failure::Failure;

/// The most calls that one answer may have.
const MAX_CALLS: usize = 1_000;

/// A piece of a call, as it was sent.
#[derive(Debug, Default)]
pub(super) struct Fragment {
    pub(super) index: Option<u64>,
    pub(super) id: Option<String>,
    pub(super) name: Option<String>,
    pub(super) arguments: String,
    /// What the server wants back with the call, such as a signature of its thoughts.
    pub(super) extra_content: Option<Value>,
}

/// The field of a call in which such things stand.
/// <https://ai.google.dev/gemini-api/docs/thought-signatures>
pub(super) const EXTRA_CONTENT: &str = "extra_content";

/// The calls of an answer.
#[derive(Debug, Default)]
pub(super) struct Calls(Vec<Call>);

#[derive(Debug)]
struct Call {
    index: Option<u64>,
    /// The server's id, which tells fragments apart and is no key of ours.
    theirs: Option<String>,
    name: String,
    /// Its place in the answer, once it has a name.
    place: Option<usize>,
    /// Arguments that came before the name.
    held: String,
    /// What has to go back with it, where that came before the name.
    extra_content: Option<Value>,
}

impl Calls {
    /// Adds a fragment to its call, or begins a call with it.
    pub(super) fn take(
        &mut self,
        fragment: Fragment,
        ids: &dyn Ids,
        answer: &mut Answer,
        events: &mut VecDeque<Event>,
    ) -> Result<(), Failure> {
        let place = self
            .candidate(&fragment)
            .filter(|place| !self.begins_anew(*place, &fragment, answer));
        let place = match place {
            Some(place) => place,
            None => self.add()?,
        };
        let Some(call) = self.0.get_mut(place) else {
            return Ok(());
        };
        call.index = call.index.or(fragment.index);
        call.theirs = call.theirs.take().or(fragment.id);
        call.extra_content = fragment.extra_content.or(call.extra_content.take());
        if let (Some(name), None) = (fragment.name, call.place) {
            let place = answer.begin_call(ids.next("call"), &name, events)?;
            call.name = name;
            call.place = Some(place);
            answer.add_arguments(place, std::mem::take(&mut call.held), events);
        }
        if let Some(place) = call.place
            && let Some(extra) = call.extra_content.take()
        {
            answer.keep_with(place, EXTRA_CONTENT, extra);
        }
        match call.place {
            Some(place) => answer.add_arguments(place, fragment.arguments, events),
            None => call.held.push_str(&fragment.arguments),
        }
        Ok(())
    }

    /// The call that a fragment may belong to, by what it says of itself.
    fn candidate(&self, fragment: &Fragment) -> Option<usize> {
        let last = |fits: &dyn Fn(&Call) -> bool| self.0.iter().rposition(fits);
        let nameless = fragment.name.is_none();
        if let Some(index) = fragment.index {
            return last(&|call| call.index == Some(index)).or_else(|| {
                // A first fragment without an index, whose further ones have it.
                let newest = self.0.last().filter(|_| nameless)?;
                (newest.index.is_none()).then(|| self.0.len() - 1)
            });
        }
        let by_id = fragment
            .id
            .as_ref()
            .and_then(|id| last(&|call| call.theirs.as_ref() == Some(id)));
        by_id.or_else(|| {
            (nameless || fragment.id.is_none())
                .then(|| self.0.len().checked_sub(1))
                .flatten()
        })
    }

    /// Whether a fragment that looks like one of this call is the beginning of another.
    fn begins_anew(&self, place: usize, fragment: &Fragment, answer: &Answer) -> bool {
        let (Some(call), Some(name)) = (self.0.get(place), &fragment.name) else {
            return false;
        };
        let Some(place) = call.place else {
            return false;
        };
        let other_id = match (&call.theirs, &fragment.id) {
            (Some(theirs), Some(id)) => theirs != id,
            (Some(_) | None, _) => false,
        };
        let arguments = answer.arguments(place);
        let whole = || frontdesk_json::read(arguments.as_bytes()).is_ok();
        call.name != *name
            || (other_id && arguments.is_empty())
            || ((other_id || !fragment.arguments.trim().is_empty()) && whole())
    }

    fn add(&mut self) -> Result<usize, Failure> {
        if self.0.len() >= MAX_CALLS {
            return Err(Failure::malformed(format!(
                "the answer has more calls than allowed: {MAX_CALLS}"
            )));
        }
        self.0.push(Call {
            index: None,
            theirs: None,
            name: String::new(),
            place: None,
            held: String::new(),
            extra_content: None,
        });
        Ok(self.0.len() - 1)
    }
}
