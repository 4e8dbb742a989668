//! Writing an archive.

use std::io::Write;
use std::path::Path;

use frontdesk_clock::{Clock, SystemClock};
use frontdesk_identity::{Scope, TenantId, UserId};
use frontdesk_protocol::{Order, ThreadId};
use frontdesk_store::{Entry, Line, PageRequest, SealedConnection, TurnRecord, TurnStatus};

use super::{Archiver, failed};
use crate::Error;

/// Rows that are read at a time. They can be large.
const PAGE: u32 = 20;

/// What an archive is to have.
#[derive(Debug, Clone)]
pub struct Selection {
    /// Of this tenant; of all where none is named.
    pub tenant: Option<TenantId>,
    /// Of this user of the tenant; of all where none is named.
    pub user: Option<UserId>,
    /// Whether API keys are in it.
    pub keys: ExportedKeys,
}

/// Whether an archive has API keys. They are hashes, but whoever restores them lets their holders in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ExportedKeys {
    /// They are left out.
    LeftOut,
    /// They are in it.
    Included,
}

impl Archiver {
    /// Writes an archive and says how many entries it has. A turn that runs is in it as interrupted, and logs aren't in it.
    pub async fn export(
        &self,
        what: &Selection,
        out: &mut (dyn Write + Send),
    ) -> Result<u64, Error> {
        let mut lines = Lines { out, entries: 0 };
        lines.write(&Line::First)?;
        let mut tenant = what.tenant.as_ref().map_or("", TenantId::as_str).to_owned();
        let mut user = String::new();
        while let Some(next) = self
            .archive
            .owner_after(&tenant, &user)
            .await
            .map_err(failed)?
        {
            if what
                .tenant
                .as_ref()
                .is_some_and(|only| *only != next.tenant)
            {
                break;
            }
            if what.user.as_ref().is_none_or(|only| *only == next.user) {
                self.owner(&next, &mut lines).await?;
            }
            next.tenant.as_str().clone_into(&mut tenant);
            next.user.as_str().clone_into(&mut user);
        }
        if what.keys == ExportedKeys::Included {
            self.all_keys(what, &mut lines).await?;
        }
        let entries = lines.entries;
        lines.write(&Line::Last(entries))?;
        lines.out.flush().map_err(unwritten)?;
        Ok(entries)
    }

    async fn owner(&self, scope: &Scope, lines: &mut Lines<'_>) -> Result<(), Error> {
        let mut request = PageRequest {
            limit: PAGE,
            order: Order::Asc,
            after: None,
        };
        // A thread that was the last of its page may be deleted meanwhile; then the list ends here.
        while let Some(page) = self.store.threads(scope, &request).await.map_err(failed)? {
            for thread in page.data {
                let id = thread.id.clone();
                lines.entry(Entry::Thread(scope.clone(), thread))?;
                self.thread(scope, &id, lines).await?;
            }
            request.after = page.after;
            if request.after.is_none() {
                break;
            }
        }
        let mut after = None;
        loop {
            let some = self
                .archive
                .attachments_of(scope, after.as_ref(), PAGE)
                .await;
            let some = some.map_err(failed)?;
            let Some((last, _)) = some.last() else { break };
            after = Some(last.id().clone());
            for (attachment, file) in some {
                lines.entry(Entry::Attachment(scope.clone(), attachment, file))?;
            }
        }
        for connection in self.store.connections(scope).await.map_err(failed)? {
            let sealed = self.store.load_connection(scope, &connection.server).await;
            let Some(sealed) = sealed.map_err(failed)? else {
                continue;
            };
            let sealed = SealedConnection {
                server: connection.server,
                sealed,
                created_at: connection.created_at,
                updated_at: connection.updated_at,
            };
            lines.entry(Entry::Connection(scope.clone(), sealed))?;
        }
        for (day, tokens) in self.archive.days_used(scope).await.map_err(failed)? {
            lines.entry(Entry::Usage(scope.clone(), day, tokens))?;
        }
        Ok(())
    }

    async fn thread(
        &self,
        scope: &Scope,
        thread: &ThreadId,
        lines: &mut Lines<'_>,
    ) -> Result<(), Error> {
        let mut after = None;
        loop {
            let turns = self
                .archive
                .turns_of(scope, thread, after.as_ref(), PAGE)
                .await;
            let turns = turns.map_err(failed)?;
            let Some(last) = turns.last() else { break };
            after = Some(last.id.clone());
            for turn in turns {
                let id = turn.id.clone();
                lines.entry(Entry::Turn(scope.clone(), ended(turn)))?;
                let steps = self.store.steps(scope, thread, &[id]).await;
                for step in steps.map_err(failed)? {
                    lines.entry(Entry::Step(scope.clone(), step))?;
                }
            }
        }
        let mut after = None;
        loop {
            let items = self
                .archive
                .stored_items(scope, thread, after.as_ref(), PAGE)
                .await;
            let items = items.map_err(failed)?;
            let Some(last) = items.last() else { break };
            after = Some(last.item.id().clone());
            for stored in items {
                lines.entry(Entry::Item(scope.clone(), stored))?;
            }
        }
        for given in self.store.feedback(scope, thread).await.map_err(failed)? {
            lines.entry(Entry::Feedback(scope.clone(), given))?;
        }
        Ok(())
    }

    async fn all_keys(&self, what: &Selection, lines: &mut Lines<'_>) -> Result<(), Error> {
        let mut request = PageRequest {
            limit: PAGE,
            order: Order::Asc,
            after: None,
        };
        let tenant = what.tenant.as_ref();
        while let Some(page) = self.keys.keys(tenant, &request).await.map_err(failed)? {
            for key in page.data {
                if what.user.is_none() || what.user == key.user {
                    lines.entry(Entry::Key(key))?;
                }
            }
            request.after = page.after;
            if request.after.is_none() {
                break;
            }
        }
        Ok(())
    }
}

/// A turn as an archive has it: one that runs is interrupted where it is restored.
fn ended(turn: TurnRecord) -> TurnRecord {
    match turn.status {
        TurnStatus::Running => TurnRecord {
            status: TurnStatus::Interrupted,
            ended_at: Some(SystemClock.now()),
            ..turn
        },
        _ => turn,
    }
}

struct Lines<'a> {
    out: &'a mut (dyn Write + Send),
    entries: u64,
}

impl Lines<'_> {
    fn entry(&mut self, entry: Entry) -> Result<(), Error> {
        self.entries += 1;
        self.write(&Line::Entry(Box::new(entry)))
    }

    fn write(&mut self, line: &Line) -> Result<(), Error> {
        let text = line.write().map_err(unwritten)?;
        writeln!(self.out, "{text}").map_err(unwritten)
    }
}

fn unwritten(error: impl std::fmt::Display) -> Error {
    Error::data(Path::new("the archive"), error)
}
