//! The contract suite: what every store must do, one function for each property.
//!
//! A back end runs it with [`contract_tests!`](crate::contract_tests) in its tests: each property becomes a test
//! on a store of its own.

#![expect(
    clippy::missing_panics_doc,
    reason = "a property that doesn't hold panics; that is the point"
)]

mod archive;
mod attachments;
mod connections;
pub mod conversation;
mod feedback;
mod fencing;
mod files;
mod follow_up;
mod ids;
mod isolation;
mod keys;
mod leases;
mod logs;
mod maintenance;
mod overtaking;
mod paging;
mod properties;
mod sample;
mod search;
mod steps;
mod strangers;
mod texts;
mod threads;
mod trimming;
mod turns;
mod usage;
mod wakeups;

use std::any::Any;
use std::fmt;
use std::sync::Arc;

use crate::{Archive, Feedbacks, FileUpkeep, Files, Keys, Maintenance, Store, Wakeups};

pub use archive::*;
pub use attachments::*;
pub use connections::*;
pub use feedback::*;
pub use fencing::*;
pub use files::*;
pub use follow_up::*;
pub use ids::*;
pub use isolation::*;
pub use keys::*;
pub use leases::*;
pub use logs::*;
pub use maintenance::*;
pub use overtaking::*;
pub use paging::*;
pub use properties::*;
pub use search::*;
pub use steps::*;
pub use strangers::*;
pub use texts::*;
pub use threads::*;
pub use trimming::*;
pub use turns::*;
pub use usage::*;
pub use wakeups::*;

/// An empty store, and what has to live as long as it.
pub struct StoreUnderTest {
    /// The store as requests see it.
    pub store: Arc<dyn Store>,
    /// Its upkeep.
    pub maintenance: Arc<dyn Maintenance>,
    /// What is found in it before it is known who calls.
    pub keys: Arc<dyn Keys>,
    /// What all users think, as the operator reads it.
    pub feedbacks: Arc<dyn Feedbacks>,
    /// Attachments' bytes, as requests see them.
    pub files: Arc<dyn Files>,
    /// Their upkeep.
    pub file_upkeep: Arc<dyn FileUpkeep>,
    /// How processes on it wake each other.
    pub wakeups: Arc<dyn Wakeups>,
    /// What is carried to another store.
    pub archive: Arc<dyn Archive>,
    /// What is dropped after the store, such as its folder.
    pub keep: Box<dyn Any + Send + Sync>,
}

impl StoreUnderTest {
    /// A store, and what is dropped after it.
    pub fn new<S>(store: S, keep: impl Any + Send + Sync) -> Self
    where
        S: Store
            + Maintenance
            + Keys
            + Feedbacks
            + Files
            + FileUpkeep
            + Wakeups
            + Archive
            + 'static,
    {
        let store = Arc::new(store);
        Self {
            maintenance: store.clone(),
            keys: store.clone(),
            feedbacks: store.clone(),
            files: store.clone(),
            file_upkeep: store.clone(),
            wakeups: store.clone(),
            archive: store.clone(),
            store,
            keep: Box::new(keep),
        }
    }
}

impl fmt::Debug for StoreUnderTest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("StoreUnderTest")
            .field("store", &self.store)
            .finish_non_exhaustive()
    }
}

/// Makes a test of each property. `$make` names a function that gives a future of
/// `frontdesk_store::Result<StoreUnderTest>` with an empty store; the crate needs tokio's `macros` and `rt`.
#[macro_export]
macro_rules! contract_tests {
    ($make:path) => {
        $crate::contract_properties! { contract_tests $make }
    };
    (@each $make:path; $($property:ident)+) => {
        $(
            #[tokio::test]
            async fn $property() -> $crate::Result<()> {
                let subject = $make().await?;
                $crate::contract::$property(&subject).await
            }
        )+
    };
}

/// Makes a function `whole_suite` that tries all properties, one after the other. `$make` is that of [`contract_tests!`](crate::contract_tests).
#[macro_export]
macro_rules! contract_suite {
    ($make:path) => {
        $crate::contract_properties! { contract_suite $make }
    };
    (@each $make:path; $($property:ident)+) => {
        async fn whole_suite() -> $crate::Result<()> {
            $(
                let subject = $make().await?;
                $crate::contract::$property(&subject).await?;
            )+
            Ok(())
        }
    };
}

/// All properties, for another macro to do something with each.
#[doc(hidden)]
#[macro_export]
macro_rules! contract_properties {
    ($then:ident $make:path) => {
        $crate::$then! { @each $make;
            a_thread_is_kept_whole
            a_patch_changes_what_it_names
            a_deleted_thread_takes_everything_with_it
            paging_is_stable_when_times_are_equal
            paging_shows_each_row_once_while_others_are_added
            a_cursor_that_is_not_there_is_no_page
            a_page_is_clamped
            the_newest_items_come_oldest_first
            another_owner_reads_nothing
            another_owner_changes_nothing
            owners_may_have_the_same_ids
            an_item_put_again_keeps_its_time_and_turn
            an_id_of_another_thread_is_a_conflict
            a_repeated_thread_or_turn_is_a_conflict
            too_large_an_item_is_refused
            any_text_and_number_is_kept
            an_item_removed_and_put_is_a_new_one
            an_attachment_keeps_to_its_thread
            an_attachment_is_given_bytes_once
            a_deleted_attachment_leaves_its_object_due
            attachments_that_were_never_sent_are_dropped
            a_trim_takes_the_attachments_that_only_it_named
            files_are_their_owners_alone
            a_turn_begins_as_a_whole
            one_turn_runs_in_a_thread
            of_concurrent_turns_one_begins
            what_a_turn_stored_is_found_by_its_turn
            a_turn_begins_behind_the_one_that_was_seen
            what_was_seen_is_the_newest_turn
            other_refusals_come_before_a_missed_turn
            a_turn_ends_once
            the_last_turn_is_the_newest
            a_late_write_after_deletion_changes_nothing
            a_late_write_after_takeover_changes_nothing
            a_failed_write_changes_nothing
            a_takeover_succeeds_once
            steps_are_written_once
            steps_come_in_the_order_asked
            a_thread_comes_with_its_running_turn
            a_thread_comes_with_its_latest_time
            items_come_with_the_steps_of_their_turns
            a_trim_after_an_item_keeps_it
            a_trim_from_an_item_removes_it
            a_trim_deletes_steps_and_logs
            a_trim_of_nothing_known_changes_nothing
            a_log_is_read_after_an_event
            a_long_log_comes_in_pages
            a_late_log_is_left_out
            a_longer_batch_takes_the_place_of_a_shorter_one
            logs_of_ended_turns_are_dropped
            running_turns_are_listed_with_their_owners
            a_lease_keeps_others_away_until_it_runs_out
            a_lease_is_renewed_by_its_holder_alone
            a_released_turn_is_free_at_once
            all_leases_end_for_the_only_process
            who_runs_a_turn_hears_what_others_want
            what_a_turn_needs_to_go_on_is_kept_until_its_end
            a_request_with_a_known_key_begins_nothing
            a_key_is_kept_whole
            keys_are_listed_by_tenant
            an_archive_goes_on_behind_a_deleted_key
            a_key_is_revoked_once
            a_connection_is_kept_until_it_is_removed
            a_state_is_taken_once
            unfinished_connections_are_bounded
            a_turn_counts_once
            a_turn_counts_so_much_at_most
            old_days_are_forgotten
            the_last_feedback_counts
            feedback_goes_with_what_it_is_about
            the_operator_reads_all_feedback
            a_stranger_finds_and_changes_nothing
            check_07_pages_show_each_row_once
            check_05_any_history_gives_the_same_everywhere
            an_archive_is_restored_as_it_was
            an_archive_goes_on_behind_what_was_deleted
            what_is_there_is_not_restored_over
            check_20_a_user_is_forgotten_whole
            check_20_idle_threads_are_deleted
            threads_are_found_by_title_and_text
            what_changed_is_found_as_it_is
            what_is_found_comes_in_pages
            who_listens_is_woken
        }
    };
}
