//! Connections to tool servers in memory.

use async_trait::async_trait;
use frontdesk_identity::Scope;
use frontdesk_protocol::Timestamp;

use super::{Data, MemoryStore};
use crate::{Connecting, Connection, Connections, Result, form, limit};

#[async_trait]
impl Connections for MemoryStore {
    async fn save_connection(
        &self,
        scope: &Scope,
        server: &str,
        sealed: &[u8],
        at: Timestamp,
    ) -> Result<()> {
        form::check_sealed(server, sealed)?;
        let at = form::whole_micros(at);
        self.write(scope, |owner| {
            let there = owner.connections.get(server);
            let connection = Connection {
                server: server.to_owned(),
                created_at: there.map_or(at, |(there, _)| there.created_at),
                updated_at: at,
            };
            owner
                .connections
                .insert(server.to_owned(), (connection, sealed.to_vec()));
        });
        Ok(())
    }

    async fn load_connection(&self, scope: &Scope, server: &str) -> Result<Option<Vec<u8>>> {
        Ok(self.read(scope, |owner| {
            Some(owner.connections.get(server)?.1.clone())
        }))
    }

    async fn remove_connection(&self, scope: &Scope, server: &str) -> Result<bool> {
        Ok(self.write(scope, |owner| owner.connections.remove(server).is_some()))
    }

    async fn connections(&self, scope: &Scope) -> Result<Vec<Connection>> {
        let most = usize::try_from(limit::MAX_PAGE).unwrap_or(usize::MAX);
        Ok(self.read(scope, |owner| {
            let all = owner.connections.values().take(most);
            all.map(|(connection, _)| connection.clone()).collect()
        }))
    }

    async fn begin_connecting(&self, scope: &Scope, mut connecting: Connecting) -> Result<()> {
        form::check_sealed(&connecting.server, &connecting.sealed)?;
        connecting.expires_at = form::whole_micros(connecting.expires_at);
        let mut data = self.data();
        if data.connecting.contains_key(&connecting.state_hash) {
            return Err(form::taken("state for", &connecting.server));
        }
        data.connecting
            .insert(connecting.state_hash, (scope.clone(), connecting));
        data.forget_ways_beyond(scope, limit::MAX_CONNECTING);
        Ok(())
    }
}

impl Data {
    fn forget_ways_beyond(&mut self, scope: &Scope, most: usize) {
        let of_owner = self.connecting.iter().filter(|(_, (of, _))| of == scope);
        let mut ways: Vec<_> = of_owner
            .map(|(hash, (_, way))| (way.expires_at, *hash))
            .collect();
        ways.sort_unstable();
        let too_many = ways.len().saturating_sub(most);
        for (_, hash) in ways.into_iter().take(too_many) {
            self.connecting.remove(&hash);
        }
    }
}
