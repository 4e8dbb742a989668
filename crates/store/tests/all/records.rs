//! Event ids and statuses as text.

use frontdesk_store::{EventId, TurnStatus};

#[test]
fn event_ids_are_read_as_they_are_written() {
    for (attempt, seq, text) in [
        (1, 0, "1-0"),
        (12, 345, "12-345"),
        (u32::MAX, u64::MAX, "4294967295-18446744073709551615"),
    ] {
        let id = EventId { attempt, seq };
        assert_eq!(id.to_string(), text);
        assert_eq!(text.parse(), Ok(id));
    }
    for text in [
        "",
        "1",
        "1-",
        "-1",
        "1-2-3",
        "+1-2",
        "1-+2",
        "a-1",
        "1 -2",
        "4294967296-1",
        "１-2",
    ] {
        assert!(text.parse::<EventId>().is_err(), "{text}");
    }
}

#[test]
fn event_ids_are_ordered_by_attempt_first() {
    let mut ids = ["2-1", "1-10", "1-9"].map(|text| text.parse::<EventId>().unwrap());
    ids.sort();
    assert_eq!(ids.map(|id| id.to_string()), ["1-9", "1-10", "2-1"]);
}

#[test]
fn statuses_are_read_as_they_are_written() {
    for status in [
        TurnStatus::Running,
        TurnStatus::Done,
        TurnStatus::Stopped,
        TurnStatus::Failed,
        TurnStatus::Waiting,
        TurnStatus::Interrupted,
    ] {
        assert_eq!(TurnStatus::parse(status.as_str()), Ok(status));
    }
    assert_eq!(TurnStatus::parse("Running").unwrap_err().0, "Running");
}
