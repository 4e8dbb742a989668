//! Connections to the database: where it is, and what each session begins with.

use std::str::FromStr;
use std::time::Duration;

use frontdesk_identity::Secret;
use frontdesk_store::{Result, StoreError};
use log::LevelFilter;
use sqlx::postgres::{PgConnectOptions, PgConnection};
use sqlx::{ConnectOptions, Connection};

use crate::Options;
use crate::fault::Tried;

/// The name by which the database's operator knows the connections.
const APPLICATION: &str = "frontdesk";

/// Statements that a connection keeps prepared; the store has fewer.
const STATEMENTS_KEPT: usize = 128;

/// How long a session may do nothing within a transaction, so that a process which hangs holds no lock for ever.
const IDLE_IN_TRANSACTION: Duration = Duration::from_mins(1);

/// The longest name that PostgreSQL keeps, in bytes.
const MAX_SCHEMA_BYTES: usize = 63;

/// Where the database is, and what sessions begin with.
#[derive(Clone)]
pub(crate) struct Connector {
    address: PgConnectOptions,
    pub(crate) schema: String,
    statement_timeout: Duration,
    lock_timeout: Duration,
}

impl Connector {
    /// A connector to the URL of the options, or to another one.
    pub(crate) fn new(options: &Options, url: &Secret) -> Result<Self> {
        let schema = options.schema.clone();
        if schema.is_empty() || schema.len() > MAX_SCHEMA_BYTES || schema.contains('\0') {
            return Err(StoreError::Failed {
                detail: format!("the name of a schema has 1 to {MAX_SCHEMA_BYTES} bytes"),
            });
        }
        Ok(Self {
            address: address(options, url)?,
            schema,
            statement_timeout: options.statement_timeout,
            lock_timeout: options.lock_timeout,
        })
    }

    /// The same with other timeouts; none is without end.
    pub(crate) fn patient(&self, statement: Duration, lock: Duration) -> Self {
        Self {
            statement_timeout: statement,
            lock_timeout: lock,
            ..self.clone()
        }
    }

    /// The address for those who make their connections themselves.
    pub(crate) fn address(&self) -> PgConnectOptions {
        self.address.clone()
    }

    /// Opens a session in the schema.
    pub(crate) async fn connect(&self) -> Tried<PgConnection> {
        let mut conn = self.address.connect().await?;
        let set = sqlx::query(
            "select set_config('search_path', quote_ident($1), false),
                 set_config('statement_timeout', $2, false),
                 set_config('lock_timeout', $3, false),
                 set_config('idle_in_transaction_session_timeout', $4, false),
                 set_config('default_transaction_isolation', 'read committed', false)",
        )
        .bind(&self.schema)
        .bind(milliseconds(self.statement_timeout))
        .bind(milliseconds(self.lock_timeout))
        .bind(milliseconds(IDLE_IN_TRANSACTION))
        .persistent(false);
        match set.execute(&mut conn).await {
            Ok(_) => Ok(conn),
            Err(error) => {
                drop(conn.close().await);
                Err(error.into())
            }
        }
    }
}

fn address(options: &Options, url: &Secret) -> Result<PgConnectOptions> {
    let mut address = PgConnectOptions::from_str(url.expose()).map_err(|_| StoreError::Failed {
        // What is wrong could quote a part of it.
        detail: "the URL of the database can't be read".to_owned(),
    })?;
    if let Some(file) = &options.root_certificate {
        address = address.ssl_root_cert(file);
    }
    Ok(address
        .application_name(APPLICATION)
        .statement_cache_capacity(STATEMENTS_KEPT)
        // By their text, without values, for whoever wants the finest log.
        .log_statements(LevelFilter::Trace)
        .log_slow_statements(LevelFilter::Off, Duration::MAX))
}

/// A timeout as the database takes it. Zero would be none, and what is too long is the longest.
pub(crate) fn milliseconds(timeout: Duration) -> String {
    let longest = u128::from(i32::MAX.unsigned_abs());
    timeout.as_millis().clamp(1, longest).to_string()
}
