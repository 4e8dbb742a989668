//! Files in memory.

use std::time::Duration;

use async_trait::async_trait;
use frontdesk_identity::Scope;
use frontdesk_protocol::{Attachment, AttachmentId};
use tokio::time::Instant;

use super::MemoryStore;
use super::owner::{Owner, from_now};
use crate::{FileUpkeep, Files, Kept, ObjectName, Result, StoredFile, form};

#[async_trait]
impl Files for MemoryStore {
    async fn draft_object(
        &self,
        scope: &Scope,
        object: &ObjectName,
        length: Duration,
    ) -> Result<()> {
        self.write(scope, |owner| {
            let mut used = owner.files.values().map(|file| &file.object);
            if owner.leftovers.contains_key(object) || used.any(|used| used == object) {
                return Err(form::taken("object", object.as_str()));
            }
            owner.leftovers.insert(object.clone(), from_now(length));
            Ok(())
        })
    }

    async fn keep_file(
        &self,
        scope: &Scope,
        attachment: Attachment,
        file: StoredFile,
    ) -> Result<Kept> {
        form::attachment_json(&attachment)?;
        Ok(self.write(scope, |owner| owner.keep_file(attachment, file)))
    }

    async fn file(&self, scope: &Scope, attachment: &AttachmentId) -> Result<Option<StoredFile>> {
        Ok(self.read(scope, |owner| owner.files.get(attachment).cloned()))
    }

    async fn unsent_attachments(&self, scope: &Scope) -> Result<u64> {
        Ok(self.read(scope, |owner| {
            let unsent = owner.attachments.values();
            let unsent = unsent.filter(|attachment| attachment.thread_id().is_none());
            u64::try_from(unsent.count()).unwrap_or(u64::MAX)
        }))
    }
}

#[async_trait]
impl FileUpkeep for MemoryStore {
    async fn drop_unsent(&self, older_than: Duration, limit: u32) -> Result<u64> {
        let mut data = self.data();
        let scopes: Vec<Scope> = data.owners.keys().cloned().collect();
        let mut dropped = 0;
        for scope in scopes {
            let left = u64::from(limit).saturating_sub(dropped);
            dropped += data.change(&scope, |owner| owner.drop_unsent(older_than, left));
        }
        Ok(dropped)
    }

    async fn due_objects(&self, limit: u32) -> Result<Vec<(Scope, ObjectName)>> {
        let now = Instant::now();
        let data = self.data();
        let owners = data.owners.iter();
        let mut due: Vec<_> = owners
            .flat_map(|(scope, owner)| owner.leftovers.iter().map(move |entry| (scope, entry)))
            .filter(|(_, (_, until))| **until <= now)
            .map(|(scope, (object, until))| (*until, scope.clone(), object.clone()))
            .collect();
        due.sort();
        due.truncate(usize::try_from(limit).unwrap_or(usize::MAX));
        let due = due.into_iter().map(|(_, scope, object)| (scope, object));
        Ok(due.collect())
    }

    async fn forget_objects(&self, objects: &[(Scope, ObjectName)]) -> Result<()> {
        for (scope, object) in objects {
            self.write(scope, |owner| owner.leftovers.remove(object));
        }
        Ok(())
    }
}

impl Owner {
    fn keep_file(&mut self, attachment: Attachment, file: StoredFile) -> Kept {
        let id = attachment.id().clone();
        if let Some(there) = self.files.get(&id) {
            return Kept::Already(there.clone());
        }
        let is_unsent = |there: &Attachment| there.thread_id().is_none();
        let is_there = self.attachments.get(&id).is_some_and(is_unsent);
        if !is_there
            || attachment.thread_id().is_some()
            || self.leftovers.remove(&file.object).is_none()
        {
            return Kept::Gone;
        }
        self.attachments.insert(id.clone(), attachment);
        self.files.insert(id, file);
        Kept::Stored
    }

    fn drop_unsent(&mut self, older_than: Duration, limit: u64) -> u64 {
        let now = Instant::now();
        let is_old = |id: &AttachmentId| {
            let made = self.attached_at.get(id);
            made.is_none_or(|made| now.saturating_duration_since(*made) >= older_than)
        };
        let unsent = self.attachments.iter();
        let unsent =
            unsent.filter(|(id, attachment)| attachment.thread_id().is_none() && is_old(id));
        let limit = usize::try_from(limit).unwrap_or(usize::MAX);
        let unsent: Vec<_> = unsent.map(|(id, _)| id.clone()).take(limit).collect();
        for id in &unsent {
            self.remove_attachment(id);
        }
        u64::try_from(unsent.len()).unwrap_or(u64::MAX)
    }

    /// Stores an attachment that was checked.
    pub(super) fn put_attachment(&mut self, attachment: Attachment) {
        let id = attachment.id().clone();
        self.attached_at
            .entry(id.clone())
            .or_insert_with(Instant::now);
        self.attachments.insert(id, attachment);
    }

    /// Removes an attachment; what its file leaves behind is due at once.
    pub(super) fn remove_attachment(&mut self, id: &AttachmentId) -> bool {
        self.attached_at.remove(id);
        if let Some(file) = self.files.remove(id) {
            self.leftovers.insert(file.object, Instant::now());
        }
        self.attachments.remove(id).is_some()
    }
}
