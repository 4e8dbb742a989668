//! The items of a thread, and the steps behind them.

use async_trait::async_trait;
use frontdesk_identity::Scope;
use frontdesk_protocol::{ItemId, Page, ThreadId, ThreadItem};

use crate::{PageRequest, Result, Step, StoredItem, TurnId};

/// The items of an owner's threads, ordered by (time of making, id), and the steps of their turns.
///
/// An item that is stored again keeps the time and the turn of its first storing.
#[async_trait]
pub trait Items: Send + Sync {
    /// An item of a thread.
    async fn item(
        &self,
        scope: &Scope,
        thread: &ThreadId,
        item: &ItemId,
    ) -> Result<Option<ThreadItem>>;

    /// A page of a thread's items; `None` if there is no such thread, or the cursor names none of its items.
    async fn items(
        &self,
        scope: &Scope,
        thread: &ThreadId,
        request: &PageRequest,
    ) -> Result<Option<Page<ThreadItem>>>;

    /// The newest items of a thread, oldest first. The limit is taken as 1 to
    /// [`MAX_PAGE`](crate::limit::MAX_PAGE).
    async fn recent_items(
        &self,
        scope: &Scope,
        thread: &ThreadId,
        limit: u32,
    ) -> Result<Vec<StoredItem>>;

    /// What a turn stored first, of a thread's items, oldest first: the newest
    /// [`MAX_PAGE`](crate::limit::MAX_PAGE) of them.
    async fn items_of_turn(
        &self,
        scope: &Scope,
        thread: &ThreadId,
        turn: &TurnId,
    ) -> Result<Vec<ThreadItem>>;

    /// [`recent_items`](Self::recent_items), and the steps of the turns that wrote them: by the place of a turn's
    /// first among these items, then by number. All as of one moment.
    async fn recent_with_steps(
        &self,
        scope: &Scope,
        thread: &ThreadId,
        limit: u32,
    ) -> Result<(Vec<StoredItem>, Vec<Step>)>;

    /// The steps of turns of this thread: turn by turn as given, by number within each.
    async fn steps(&self, scope: &Scope, thread: &ThreadId, turns: &[TurnId]) -> Result<Vec<Step>>;

    /// Stores items: for seeding and import. `false` if there is no such thread.
    async fn put_items(
        &self,
        scope: &Scope,
        thread: &ThreadId,
        items: Vec<ThreadItem>,
    ) -> Result<bool>;
}
