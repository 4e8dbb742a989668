//! TaskFlow in this process, for the demonstration: mounted at `/mcp`, with its own database and behind sign-in.

use std::path::Path;
use std::sync::Arc;

use axum::Router;
use frontdesk_auth::incoming::signed::Verifier;
use frontdesk_auth::outgoing::Signer;
use frontdesk_clock::Clock;
use frontdesk_mcp_server::{Authentication, MountOptions};
use frontdesk_taskflow::Tasks;
use url::Url;

use super::End;
use crate::Error;

/// The database in the data directory.
const FILE: &str = "taskflow.db";

/// The scripted model's conversation about tasks.
#[expect(clippy::unnecessary_wraps, reason = "the other build has none")]
pub(crate) fn rules() -> Option<&'static str> {
    Some(frontdesk_taskflow::RULES)
}

/// Opens the database and gives the routes of the server, which takes the tokens of `signer` for `audience`.
/// Callers know it as `resource`, and may name these further `hosts`.
pub(crate) async fn mount(
    signer: &Signer,
    audience: &str,
    resource: &Url,
    hosts: Vec<String>,
    data_dir: &Path,
    clock: Arc<dyn Clock>,
    end: &mut End,
) -> Result<Router, Error> {
    let verifier = Verifier::new(
        signer.issuer(),
        audience,
        &[signer.public_key().clone()],
        Arc::clone(&clock),
    );
    let mut options = MountOptions::new(
        Authentication::Bearer(Arc::new(verifier)),
        resource.as_str(),
    );
    options.allowed_hosts = hosts;
    // The tokens say who somebody is; what the demonstration's user may do is everything.
    options.granted_scopes = frontdesk_taskflow::SCOPES.map(str::to_owned).to_vec();
    options.shutdown = end.calls();
    let path = data_dir.join(FILE);
    let tasks = Tasks::open(&path, clock)
        .await
        .map_err(|error| Error::data(&path, error))?;
    end.close_by({
        let tasks = tasks.clone();
        move || {
            let tasks = tasks.clone();
            Box::pin(async move { tasks.close().await })
        }
    });
    let server = frontdesk_taskflow::server(tasks);
    server.into_router(options).map_err(|error| Error::Tools {
        detail: format!("the embedded server: {error}"),
    })
}
