//! What is done from time to time, whoever calls.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use frontdesk_chat::{Client, Retention};
use frontdesk_clock::{Clock, ManualClock, Timestamp};
use frontdesk_identity::TenantId;
use frontdesk_protocol::{ThreadId, ThreadMetadata};

use crate::desk::{Desk, answering, context};

const DAY: i64 = 24 * 60 * 60;

/// Threads go when nothing has happened in them for as many days as their tenant keeps them.
#[tokio::test(start_paused = true)]
async fn threads_are_kept_as_long_as_their_tenant_says() {
    let tenant = |name: &str| TenantId::new(name).unwrap();
    let clock = Arc::new(ManualClock::at(Timestamp::from_second(100 * DAY).unwrap()));
    let desk = Desk::built(answering(), |parts| {
        parts.clock = Arc::clone(&clock) as Arc<dyn Clock>;
        parts.options.retention = Retention {
            days: Some(30),
            tenants: BTreeMap::from([(tenant("brief"), Some(1)), (tenant("legal"), None)]),
        };
    });
    let scope = |name: &str| context(name, "ann", Client::Plain).scope();
    for name in ["acme", "brief", "legal"] {
        for day in [60, 71, 98, 100] {
            let id = ThreadId::new(format!("thr_{day}"));
            let made = Timestamp::from_second(day * DAY).unwrap();
            let thread = ThreadMetadata::new(id, made);
            desk.store
                .create_thread(&scope(name), thread)
                .await
                .unwrap();
        }
    }
    // The next time it is looked, by the clock of the timers.
    tokio::time::sleep(Duration::from_mins(11)).await;
    for (name, kept) in [
        ("acme", &[71, 98, 100][..]),
        ("brief", &[100]),
        ("legal", &[60, 71, 98, 100]),
    ] {
        for day in [60, 71, 98, 100] {
            let id = ThreadId::new(format!("thr_{day}"));
            let there = desk.store.thread(&scope(name), &id).await.unwrap();
            assert_eq!(there.is_some(), kept.contains(&day), "{name}, day {day}");
        }
    }
}
