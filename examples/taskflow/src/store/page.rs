//! Lists of tasks, a page at a time. A page begins after a task, not at an offset, so what comes or goes meanwhile
//! moves nothing, and the number decides where all else is equal.

use crate::{ProjectId, Task, TaskId};

/// Sorts tasks without a day behind all others.
const NO_DAY: &str = "9999-99-99";

/// Which tasks are listed.
#[derive(Debug, Default)]
pub(crate) struct Filter {
    /// A status, or `unfinished` for all but done.
    pub(crate) status: Option<&'static str>,
    /// A text that the title or the notes have.
    pub(crate) search: Option<String>,
    /// The project; where none is named, tasks of archived projects are left out.
    pub(crate) project: Option<ProjectId>,
    /// Whoever does it; an empty text for nobody.
    pub(crate) assignee: Option<String>,
    /// The last day on which it may be due.
    pub(crate) due_by: Option<String>,
}

/// In which order tasks are listed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Order {
    /// By number.
    Oldest,
    /// By the day on which they are due; those without one come last.
    Due,
    /// By when they were changed, the newest change first.
    Changed,
}

/// The task after which a page begins, by what its order sorts by.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum After {
    Number(i64),
    Due(String, i64),
    Changed(i64, i64),
}

impl After {
    /// Before every task.
    pub(crate) fn start(order: Order) -> Self {
        match order {
            Order::Oldest => Self::Number(0),
            Order::Due => Self::Due(String::new(), 0),
            Order::Changed => Self::Changed(i64::MAX, i64::MAX),
        }
    }

    /// After this task.
    pub(crate) fn task(order: Order, task: &Task) -> Option<Self> {
        let TaskId(number) = task.id;
        Some(match order {
            Order::Oldest => Self::Number(number),
            Order::Due => Self::Due(
                task.due.clone().unwrap_or_else(|| NO_DAY.to_owned()),
                number,
            ),
            Order::Changed => {
                let changed: jiff::Timestamp = task.updated_at.parse().ok()?;
                Self::Changed(changed.as_microsecond(), number)
            }
        })
    }

    /// Reads what [`After::cursor`] wrote for the same order.
    pub(crate) fn parse(order: Order, cursor: &str) -> Option<Self> {
        match order {
            Order::Oldest => cursor.parse().ok().map(Self::Number),
            Order::Due => {
                let (due, number) = cursor.split_once('/')?;
                let fits = due == NO_DAY || due.parse::<jiff::civil::Date>().is_ok();
                fits.then_some(Self::Due(due.to_owned(), number.parse().ok()?))
            }
            Order::Changed => {
                let (micros, number) = cursor.split_once('/')?;
                Some(Self::Changed(micros.parse().ok()?, number.parse().ok()?))
            }
        }
    }

    pub(crate) fn cursor(&self) -> String {
        match self {
            Self::Number(number) => number.to_string(),
            Self::Due(due, number) => format!("{due}/{number}"),
            Self::Changed(micros, number) => format!("{micros}/{number}"),
        }
    }
}

impl Filter {
    /// What `like` looks for, with `\\` before what stands for itself.
    pub(super) fn pattern(&self) -> Option<String> {
        self.search.as_ref().map(|text| {
            let text = text
                .replace('\\', "\\\\")
                .replace('%', "\\%")
                .replace('_', "\\_");
            format!("%{text}%")
        })
    }
}
