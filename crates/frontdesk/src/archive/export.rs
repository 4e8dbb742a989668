//! Writing an archive.

use std::io::Write;
use std::path::Path;

use frontdesk_clock::{Clock, SystemClock};
use frontdesk_identity::{Scope, TenantId, UserId};
use frontdesk_protocol::{ItemId, ThreadId, Timestamp};
use frontdesk_store::{Entry, KeyId, Line, SealedConnection, TurnRecord, TurnStatus};

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
        let mut last: Option<(Timestamp, ThreadId)> = None;
        loop {
            let after = last.as_ref().map(|(time, id)| (*time, id));
            let threads = self.archive.threads_of(scope, after, PAGE).await;
            let threads = threads.map_err(failed)?;
            let Some(thread) = threads.last() else { break };
            last = Some((thread.created_at, thread.id.clone()));
            for thread in threads {
                let id = thread.id.clone();
                lines.entry(Entry::Thread(scope.clone(), thread))?;
                self.thread(scope, &id, lines).await?;
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
        let mut last: Option<(Timestamp, ItemId)> = None;
        loop {
            let after = last.as_ref().map(|(time, id)| (*time, id));
            let items = self.archive.stored_items(scope, thread, after, PAGE).await;
            let items = items.map_err(failed)?;
            let Some(stored) = items.last() else { break };
            last = Some((stored.item.created_at(), stored.item.id().clone()));
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
        let tenant = what.tenant.as_ref();
        let mut last: Option<(Timestamp, KeyId)> = None;
        loop {
            let after = last.as_ref().map(|(time, id)| (*time, id));
            let keys = self.archive.keys_of(tenant, after, PAGE).await;
            let keys = keys.map_err(failed)?;
            let Some(key) = keys.last() else {
                return Ok(());
            };
            last = Some((key.created_at, key.id.clone()));
            for key in keys {
                if what.user.is_none() || what.user == key.user {
                    lines.entry(Entry::Key(key))?;
                }
            }
        }
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

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;
    use std::io::Write;
    use std::sync::Arc;

    use frontdesk_identity::{Scope, TenantId, UserId};
    use frontdesk_protocol::{
        ItemId, Map, SdkHiddenContextItem, ThreadId, ThreadItem, ThreadMetadata, Timestamp,
    };
    use frontdesk_store::{
        After, ApiKey, Archive, BeginTurn, Entry, KeyId, Lease, Line, ProcessId, Store, TurnId,
        TurnRecord, TurnStatus,
    };
    use frontdesk_store_sqlite::SqliteStore;
    use tokio::runtime::Handle;

    use super::{ExportedKeys, Selection};
    use crate::archive::Archiver;
    use crate::assemble::OpenStore;

    /// An archive whose user deletes the 20th thread and the 20th item of the 21st when those are written, and where the
    /// user of the 20th key is forgotten when that is.
    struct Meanwhile {
        store: Arc<dyn Store>,
        archive: Arc<dyn Archive>,
        scope: Scope,
        written: Vec<u8>,
    }

    impl Meanwhile {
        async fn delete(&self, entry: &Entry) {
            let (store, scope) = (&self.store, &self.scope);
            match entry {
                Entry::Thread(_, thread) if thread.id.as_str() == "thr_20" => {
                    assert!(store.delete_thread(scope, &thread.id).await.unwrap());
                }
                Entry::Item(_, stored) if stored.item.id().as_str() == "msg_20" => {
                    let thread = stored.item.thread_id();
                    let begun = store.begin_turn(scope, removing(thread, stored.item.id()));
                    begun.await.unwrap();
                }
                Entry::Key(key) if key.id.as_str() == "key_20" => {
                    let theirs = owner(key.user.as_ref().unwrap().as_str());
                    assert_eq!(self.archive.forget(&theirs).await.unwrap().keys, 1);
                }
                _ => {}
            }
        }
    }

    /// The beginning of a turn that removes an item.
    fn removing(thread: &ThreadId, item: &ItemId) -> BeginTurn {
        BeginTurn {
            turn: TurnRecord {
                id: TurnId::new("turn_1"),
                thread_id: thread.clone(),
                status: TurnStatus::Running,
                attempt: 1,
                created_at: at(99),
                ended_at: None,
                request: None,
            },
            new_thread: None,
            after: After::Any,
            trim: None,
            put: Vec::new(),
            remove: vec![item.clone()],
            attachments: Vec::new(),
            lease: Lease {
                holder: ProcessId::new("process_1"),
                length: std::time::Duration::ZERO,
            },
            continuation: None,
        }
    }

    impl Write for Meanwhile {
        fn write(&mut self, piece: &[u8]) -> std::io::Result<usize> {
            let line = Line::read(&String::from_utf8_lossy(piece));
            if let Ok(Line::Entry(entry)) = line {
                let deletion = self.delete(&entry);
                tokio::task::block_in_place(|| Handle::current().block_on(deletion));
            }
            self.written.extend_from_slice(piece);
            Ok(piece.len())
        }

        fn flush(&mut self) -> std::io::Result<()> {
            Ok(())
        }
    }

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(second).unwrap()
    }

    fn owner(user: &str) -> Scope {
        Scope {
            tenant: TenantId::single(),
            user: UserId::new(user).unwrap(),
        }
    }

    /// A key of a user of its own.
    fn key(number: i64) -> ApiKey {
        let owner = owner(&format!("user_{number:02}"));
        ApiKey {
            id: KeyId::new(format!("key_{number:02}")),
            tenant: owner.tenant,
            user: Some(owner.user),
            hash: [0; 32],
            label: String::new(),
            created_at: at(number),
            expires_at: None,
            revoked_at: None,
        }
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn what_is_deleted_meanwhile_takes_nothing_else_out_of_the_archive() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("frontdesk.db");
        let options = frontdesk_store_sqlite::Options::default();
        let opened = SqliteStore::open(&path, options);
        let opened = OpenStore::Sqlite(Arc::new(opened.await.unwrap()));
        let archiver = Archiver {
            store: opened.stores().store,
            archive: opened.archive(),
            opened,
        };
        let scope = owner("ann");
        for number in 1..=25 {
            let thread = ThreadId::new(format!("thr_{number:02}"));
            let made = ThreadMetadata::new(thread, at(number));
            archiver.store.create_thread(&scope, made).await.unwrap();
        }
        let thread = ThreadId::new("thr_21");
        let items = (1..=25).map(|number| {
            ThreadItem::SdkHiddenContext(SdkHiddenContextItem {
                id: ItemId::new(format!("msg_{number:02}")),
                thread_id: thread.clone(),
                created_at: at(number),
                content: String::new(),
                extra: Map::new(),
            })
        });
        let items = items.collect();
        archiver
            .store
            .put_items(&scope, &thread, items)
            .await
            .unwrap();
        let keys = archiver.opened.stores().keys;
        for number in 1..=25 {
            keys.create_key(key(number)).await.unwrap();
        }
        let mut out = Meanwhile {
            store: Arc::clone(&archiver.store),
            archive: Arc::clone(&archiver.archive),
            scope: scope.clone(),
            written: Vec::new(),
        };
        let all = Selection {
            tenant: None,
            user: None,
            keys: ExportedKeys::Included,
        };
        assert_eq!(archiver.export(&all, &mut out).await.unwrap(), 75);
        let written = String::from_utf8(out.written).unwrap();
        let entries = written
            .lines()
            .filter_map(|line| match Line::read(line).unwrap() {
                Line::Entry(entry) => Some(*entry),
                Line::First | Line::Last(_) => None,
            });
        let ids = entries.map(|entry| match entry {
            Entry::Thread(_, thread) => thread.id.to_string(),
            Entry::Item(_, stored) => stored.item.id().to_string(),
            Entry::Key(key) => key.id.to_string(),
            other => panic!("{other:?}"),
        });
        let ids: BTreeSet<String> = ids.collect();
        assert_eq!(ids.len(), 75, "{ids:?}");
        archiver.close().await;
    }
}
