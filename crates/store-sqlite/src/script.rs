//! Statements that go to the database together.
//!
//! A connection lives in a thread of its own, and going there costs more than most statements do. So the
//! statements of a transaction are collected and sent when an answer is needed, or at the end.
//! What must not be is made to fail as a constraint, for a failure ends the script before its commit.
//! Parameters are plain `?`, each bound once, in order.

use frontdesk_store::{Result, StoreError, form};
use futures_util::TryStreamExt;
use sqlx::sqlite::{SqliteArguments, SqliteRow};
use sqlx::{Arguments, AssertSqlSafe, Either, Encode, Executor, Sqlite, SqliteConnection, Type};

use crate::fault::{fault, is_busy, is_constraint};

/// The most statements that are collected.
const MAX_STATEMENTS: usize = 32;

/// A transaction's statements that were not sent yet, and the connection they are for.
pub(crate) struct Script<'c> {
    conn: &'c mut SqliteConnection,
    sql: String,
    arguments: SqliteArguments,
    /// Of each statement, the kind and the id of what is taken if a constraint fails.
    subjects: Vec<(&'static str, String)>,
    unbound: Option<StoreError>,
    busy: bool,
}

/// What the last statement of a script gave.
pub(crate) struct Answer {
    pub(crate) rows: Vec<SqliteRow>,
    pub(crate) changed: u64,
}

impl<'c> Script<'c> {
    pub(crate) fn new(conn: &'c mut SqliteConnection) -> Self {
        Self {
            conn,
            sql: String::new(),
            arguments: SqliteArguments::default(),
            subjects: Vec::new(),
            unbound: None,
            busy: false,
        }
    }

    /// Adds a statement, whose parameters are bound next. If one of its constraints fails, the named id is taken.
    pub(crate) fn add(&mut self, sql: &'static str, kind: &'static str, id: &str) -> &mut Self {
        if !self.sql.is_empty() {
            self.sql.push(';');
        }
        self.sql.push_str(sql);
        self.subjects.push((kind, id.to_owned()));
        self
    }

    pub(crate) fn bind<'q, T: Encode<'q, Sqlite> + Type<Sqlite>>(&mut self, value: T) -> &mut Self {
        if let Err(error) = self.arguments.add(value) {
            self.unbound = Some(StoreError::Failed {
                detail: format!("not bound: {error}"),
            });
        }
        self
    }

    pub(crate) fn conn(&mut self) -> &mut SqliteConnection {
        self.conn
    }

    /// Sends the statements if they have become many.
    pub(crate) async fn relieve(&mut self) -> Result<()> {
        if self.subjects.len() >= MAX_STATEMENTS {
            self.send().await?;
        }
        Ok(())
    }

    /// Sends the statements and gives the answer to the last one. Those before it must give no rows.
    pub(crate) async fn send(&mut self) -> Result<Answer> {
        let sql = AssertSqlSafe(std::mem::take(&mut self.sql));
        let arguments = std::mem::take(&mut self.arguments);
        let subjects = std::mem::take(&mut self.subjects);
        if let Some(error) = self.unbound.take() {
            return Err(error);
        }
        let mut answer = Answer {
            rows: Vec::new(),
            changed: 0,
        };
        if subjects.is_empty() {
            return Ok(answer);
        }
        let mut done = 0;
        let mut results = self.conn.fetch_many(sqlx::query_with(sql, arguments));
        loop {
            match results.try_next().await {
                Ok(None) => return Ok(answer),
                Ok(Some(Either::Right(row))) => answer.rows.push(row),
                Ok(Some(Either::Left(result))) => {
                    answer.changed = result.rows_affected();
                    done += 1;
                }
                Err(error) => {
                    self.busy = is_busy(&error);
                    return Err(match subjects.get(done) {
                        Some((kind, id)) if is_constraint(&error) => form::taken(kind, id),
                        _ => fault(error),
                    });
                }
            }
        }
    }

    /// Sends the last statement with what it returned: one row or none.
    pub(crate) async fn row(&mut self) -> Result<Option<SqliteRow>> {
        Ok(self.send().await?.rows.pop())
    }

    /// Commits what succeeded and rolls back what didn't.
    pub(crate) async fn end<T>(mut self, outcome: Result<T>) -> Ended<T> {
        let outcome = match outcome {
            Ok(output) => {
                self.add("commit", "transaction", "");
                self.send().await.map(|_| output)
            }
            Err(error) => Err(error),
        };
        if outcome.is_err() {
            // It fails where nothing was begun, or the failure has rolled back already.
            drop(sqlx::query("rollback").execute(&mut *self.conn).await);
        }
        if self.busy {
            Ended::Busy(outcome)
        } else {
            Ended::Settled(outcome)
        }
    }
}

/// How a transaction ended.
pub(crate) enum Ended<T> {
    /// It was committed, or rolled back because of a failure.
    Settled(Result<T>),
    /// Another process holds the lock; nothing was changed, and it may be tried again.
    Busy(Result<T>),
}
