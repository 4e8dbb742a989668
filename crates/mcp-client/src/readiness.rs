//! Whether a server answers at all, for the health page: asked without a user and without any identity.

use std::time::Duration;

use tokio::sync::Mutex;
use tokio::time::Instant;
use url::Url;

/// How long an answer is good for.
const FRESH: Duration = Duration::from_secs(5);

/// Whether a server answers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Readiness {
    /// The server's configured name.
    pub server: String,
    /// Why it counts as away; `None` where it answers. It begins with `open:` while the server is left alone after
    /// repeated failures.
    pub away: Option<String>,
}

#[derive(Debug, Default)]
pub(crate) struct Probe(Mutex<Option<(Instant, Readiness)>>);

impl Probe {
    /// Any HTTP answer counts, also a refusal: without a token it must refuse.
    pub(crate) async fn readiness(
        &self,
        server: &str,
        url: &Url,
        http: &reqwest::Client,
        limit: Duration,
    ) -> Readiness {
        // Held while it is asked, so that any number of health pages ask once.
        let mut known = self.0.lock().await;
        if let Some((at, readiness)) = &*known
            && at.elapsed() < FRESH
        {
            return readiness.clone();
        }
        let request = http
            .get(url.clone())
            .header("accept", "text/event-stream")
            .timeout(limit);
        let away = match request.send().await {
            Ok(answer) if answer.status().is_server_error() => {
                Some(format!("answers with {}", answer.status()))
            }
            Ok(_) => None,
            Err(error) if error.is_timeout() => Some("doesn't answer in time".to_owned()),
            Err(error) if error.is_connect() => Some("can't be reached".to_owned()),
            Err(_) => Some("doesn't answer".to_owned()),
        };
        let readiness = Readiness {
            server: server.to_owned(),
            away,
        };
        *known = Some((Instant::now(), readiness.clone()));
        readiness
    }
}
