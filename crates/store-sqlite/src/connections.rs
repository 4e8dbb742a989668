//! Connections to tool servers.

use async_trait::async_trait;
use frontdesk_identity::Scope;
use frontdesk_protocol::Timestamp;
use frontdesk_store::limit::{MAX_CONNECTING, MAX_PAGE};
use frontdesk_store::{Connecting, Connection, Connections, Result, form};

use crate::SqliteStore;
use crate::fault::fault;
use crate::maintenance::SWEPT_AT_ONCE;
use crate::row;
use crate::script::Script;
use crate::writer::Job;

#[async_trait]
impl Connections for SqliteStore {
    async fn save_connection(
        &self,
        scope: &Scope,
        server: &str,
        sealed: &[u8],
        at: Timestamp,
    ) -> Result<()> {
        form::check_sealed(server, sealed)?;
        self.write(Save {
            scope: scope.clone(),
            server: server.to_owned(),
            sealed: sealed.to_vec(),
            at,
        })
        .await
    }

    async fn load_connection(&self, scope: &Scope, server: &str) -> Result<Option<Vec<u8>>> {
        sqlx::query_scalar(
            "select sealed from connections
             where tenant_id = ?1 and user_id = ?2 and server = ?3",
        )
        .bind(scope.tenant.as_str())
        .bind(scope.user.as_str())
        .bind(server)
        .fetch_optional(&mut *self.reader().await?)
        .await
        .map_err(fault)
    }

    async fn remove_connection(&self, scope: &Scope, server: &str) -> Result<bool> {
        let (scope, server) = (scope.clone(), server.to_owned());
        self.write(Remove { scope, server }).await
    }

    async fn connections(&self, scope: &Scope) -> Result<Vec<Connection>> {
        let rows: Vec<(String, i64, i64)> = sqlx::query_as(
            "select server, created_at, updated_at from connections
             where tenant_id = ?1 and user_id = ?2
             order by server
             limit ?3",
        )
        .bind(scope.tenant.as_str())
        .bind(scope.user.as_str())
        .bind(i64::from(MAX_PAGE))
        .fetch_all(&mut *self.reader().await?)
        .await
        .map_err(fault)?;
        let connections = rows.into_iter().map(|(server, created_at, updated_at)| {
            Ok(Connection {
                server,
                created_at: row::time(created_at)?,
                updated_at: row::time(updated_at)?,
            })
        });
        connections.collect()
    }

    async fn begin_connecting(&self, scope: &Scope, connecting: Connecting) -> Result<()> {
        form::check_sealed(&connecting.server, &connecting.sealed)?;
        let scope = scope.clone();
        self.write(SetOut { scope, connecting }).await
    }
}

struct Save {
    scope: Scope,
    server: String,
    sealed: Vec<u8>,
    at: Timestamp,
}

impl Job for Save {
    type Output = ();

    async fn run(&self, script: &mut Script<'_>) -> Result<()> {
        script
            .add(
                "insert into connections
                     (tenant_id, user_id, server, sealed, created_at, updated_at)
                 values (?, ?, ?, ?, ?, ?)
                 on conflict (tenant_id, user_id, server) do update
                     set sealed = excluded.sealed, updated_at = excluded.updated_at",
                "connection",
                &self.server,
            )
            .bind(self.scope.tenant.as_str())
            .bind(self.scope.user.as_str())
            .bind(self.server.as_str())
            .bind(self.sealed.as_slice())
            .bind(self.at.as_microsecond())
            .bind(self.at.as_microsecond());
        Ok(())
    }
}

struct Remove {
    scope: Scope,
    server: String,
}

impl Job for Remove {
    type Output = bool;

    async fn run(&self, script: &mut Script<'_>) -> Result<bool> {
        script
            .add(
                "delete from connections where tenant_id = ? and user_id = ? and server = ?",
                "connection",
                &self.server,
            )
            .bind(self.scope.tenant.as_str())
            .bind(self.scope.user.as_str())
            .bind(self.server.as_str());
        Ok(script.send().await?.changed > 0)
    }
}

struct SetOut {
    scope: Scope,
    connecting: Connecting,
}

impl Job for SetOut {
    type Output = ();

    async fn run(&self, script: &mut Script<'_>) -> Result<()> {
        let (scope, way) = (&self.scope, &self.connecting);
        script
            .add(
                "insert into connecting
                     (state_hash, tenant_id, user_id, server, sealed, expires_at)
                 values (?, ?, ?, ?, ?, ?)",
                "state for",
                &way.server,
            )
            .bind(way.state_hash.as_slice())
            .bind(scope.tenant.as_str())
            .bind(scope.user.as_str())
            .bind(way.server.as_str())
            .bind(way.sealed.as_slice())
            .bind(way.expires_at.as_microsecond());
        script
            .add(
                "delete from connecting
                 where tenant_id = ? and user_id = ? and state_hash not in (
                     select state_hash from connecting
                     where tenant_id = ? and user_id = ?
                     order by expires_at desc, state_hash desc
                     limit ?)",
                "state for",
                &way.server,
            )
            .bind(scope.tenant.as_str())
            .bind(scope.user.as_str())
            .bind(scope.tenant.as_str())
            .bind(scope.user.as_str())
            .bind(i64::try_from(MAX_CONNECTING).unwrap_or(i64::MAX));
        Ok(())
    }
}

/// Forgets ways from which nobody came back in time.
pub(crate) fn sweep(now: Timestamp, script: &mut Script<'_>) {
    script
        .add(
            "delete from connecting where state_hash in (
                 select state_hash from connecting where expires_at <= ? limit ?)",
            "connecting",
            "",
        )
        .bind(now.as_microsecond())
        .bind(row::integer(SWEPT_AT_ONCE));
}
