//! The chat over the store, with what the operator chose.

use std::sync::Arc;

use frontdesk_chat::{Options, Parts, Processes, Responder, Service, Uploads};
use frontdesk_clock::{Clock, Ids};

use super::Stores;
use crate::Error;
use crate::config::{Config, StorePlace};

/// The chat. What an earlier process left running is taken up first.
pub(super) async fn service(
    config: &Config,
    stores: Stores,
    responder: Arc<dyn Responder>,
    uploads: Option<Arc<dyn Uploads>>,
    (clock, ids): (Arc<dyn Clock>, Arc<dyn Ids>),
) -> Result<Service, Error> {
    let service = Service::new(Parts {
        store: stores.store,
        maintenance: stores.maintenance,
        wakeups: stores.wakeups,
        responder,
        uploads,
        clock,
        ids,
        options: options(config),
    });
    let taken = service.recover().await.map_err(|error| Error::Store {
        detail: error
            .detail()
            .map_or_else(|| error.to_string(), str::to_owned),
    })?;
    if taken > 0 {
        tracing::warn!(turns = taken, "turns of an earlier process go on");
    }
    Ok(service)
}

fn options(config: &Config) -> Options {
    let (chat, limits) = (&config.chat, &config.limits);
    let mut options = Options {
        on_disconnect: chat.on_disconnect.value,
        processes: match &config.store.place {
            StorePlace::Sqlite(_) => Processes::One,
            StorePlace::Postgres(_) => Processes::Many,
        },
        when_busy: chat.when_busy.value,
        retention: config.retention.retention(),
        ..Options::default()
    };
    if let Some(chars) = &chat.message_chars {
        options.limits.message_chars = chars.value;
    }
    if let Some(deadline) = &chat.turn_deadline {
        options.turn_deadline = deadline.value;
    }
    options.limits.turns_at_once = limits.turns_at_once.as_ref().map(|limit| limit.value);
    options.limits.tokens_per_day = limits.tokens_per_day.as_ref().map(|limit| limit.value);
    options
}
