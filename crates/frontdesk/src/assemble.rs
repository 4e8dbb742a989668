//! Puts the parts together: store, sign-in, model, tools, assistant, chat, routes.

mod agents;
mod assistant;
mod brokers;
mod chat;
#[cfg_attr(not(feature = "demo"), path = "assemble/not_embedded.rs")]
mod embedded;
mod end;
mod files;
mod guardrails;
mod model;
mod models;
mod sign_in;
mod some_tools;
mod stores;
mod tools;
mod transcriber;
mod vault;
mod watched_model;

use std::sync::Arc;

use frontdesk_auth::incoming::Authenticator;
use frontdesk_auth::outgoing::Seal;
use frontdesk_chat::Uploads;
use frontdesk_clock::{Clock, Ids, RandomIds, SystemClock};
use frontdesk_store::Keys;
use serde_json::json;

use crate::config::{AssistantKeys, AuthMode, Config, StorePlace, check_own_tokens};
use crate::data_lock::DataLock;
use crate::health::Health;
use crate::http::{
    Accounts, App, AppParts, Challenge, Cors, Hosts, Limits, PageHeaders, Unnamed, router,
};
use crate::server_secret::server_secret;
use crate::token::signer;
use crate::{Builder, Error, Frontdesk};

use agents::Equipment;
use brokers::Brokers;
use models::Models;
use vault::StoredAccounts;

pub(crate) use end::End;
pub(crate) use stores::{OpenStore, Stores};

/// Puts a product together from its configuration and the parts that were brought along.
pub(crate) async fn assemble(builder: Builder, config: Config) -> Result<Frontdesk, Error> {
    let clock: Arc<dyn Clock> = Arc::new(SystemClock);
    let ids: Arc<dyn Ids> = Arc::new(RandomIds);
    let mut health = Health::default();
    let mut end = End::default();

    let data_lock = take_data(&config)?;
    let stores = match builder.store {
        Some(own) => own,
        None => stores::configured(&config.store, &mut end).await?,
    };
    let keys = Arc::clone(&stores.keys);
    let (authenticator, challenge, unnamed) =
        sign_in(builder.authenticator, &config, keys, &clock)?;
    // One pool for all hosts that the operator configured.
    let http = frontdesk_model::http::client().map_err(|error| Error::Tools {
        detail: error.detail,
    })?;
    let secret = server_secret(&config.server)?;
    let signer = signer(&secret, Arc::clone(&clock), Arc::clone(&ids))?;
    let signer = Arc::new(signer);
    let key_set = json!({ "keys": [signer.public_key().to_jwk()] });
    let public_url = brokers::public_url(&config, builder.own_url.as_ref());
    let brokers = Brokers {
        signer: Arc::clone(&signer),
        clock: Arc::clone(&clock),
        seal: Arc::new(Seal::from_secret(&secret)?),
        vault: Arc::new(StoredAccounts::of(&stores, &clock)),
        tasks: end.tasks(),
        public_url: public_url.clone(),
        accounts: Vec::new(),
    };
    let attachments = files::attachments(
        &files::Making {
            section: &config.files,
            stores: &stores,
            secret: &secret,
            public_url: public_url.as_ref(),
            clock: &clock,
            ids: &ids,
        },
        &end,
    )?;
    let tools = tools::Tools {
        http: &http,
        servers: &config.mcp,
        signer,
        data_dir: &config.server.data_dir.value,
        own_url: builder.own_url,
        public_url: public_url.clone(),
        allowed_hosts: &config.auth.allowed_hosts,
        clock: Arc::clone(&clock),
    };
    let connected = tools.connect(brokers, &mut health, &mut end).await?;
    let mut models = Models::new(&config.models, &http, &ids, &mut health);
    let equipment = Equipment {
        servers: connected.toolsets,
        own: builder.toolsets,
        hooks: builder.hooks,
    };
    let responder = match builder.responder {
        Some(own) => own,
        None => assistant::assistant(&config, &mut models, builder.agents, &equipment)?,
    };
    let accounts = Accounts {
        connect: connected.accounts,
        store: Arc::clone(&stores.store),
        public_url,
        unnamed,
    };
    let time = (Arc::clone(&clock), Arc::clone(&ids));
    let uploads = attachments
        .clone()
        .map(|uploads| uploads as Arc<dyn Uploads>);
    let service = chat::service(&config, stores, responder, uploads, time).await?;
    let page_headers = page_headers(&config.chat.assistant);
    let app = App::new(AppParts {
        service: service.clone(),
        authenticator,
        challenge,
        hosts: Hosts::new(&config.auth, &config.server),
        cors: Cors::new(&config.cors, &page_headers),
        limits: Limits::new(&config.limits, &config.auth, clock),
        key_set: key_set.to_string().into(),
        accounts,
        attachments,
        ids,
        framing: config.chat.framing.value,
        page_headers,
        health,
        data_lock,
    });
    Ok(Frontdesk {
        router: router(app, connected.mounted),
        service,
        grace: config.server.shutdown_grace.value,
        end,
    })
}

/// How users sign in: in the way that was brought along, else as configured.
fn sign_in(
    own: Option<Arc<dyn Authenticator>>,
    config: &Config,
    keys: Arc<dyn Keys>,
    clock: &Arc<dyn Clock>,
) -> Result<(Arc<dyn Authenticator>, Challenge, Unnamed), Error> {
    if let Some(own) = own {
        return Ok((own, Challenge::Bearer, Unnamed::Nobody));
    }
    check_own_tokens(&config.mcp, &config.auth)?;
    let mode = &config.auth.mode.value;
    let unnamed = match mode {
        AuthMode::Development => Unnamed::Developer,
        AuthMode::Jwt(_) | AuthMode::TrustedProxy(_) | AuthMode::ApiKey => Unnamed::Nobody,
    };
    let configured = sign_in::authenticator(config, keys, clock)?;
    Ok((configured, sign_in::challenge(mode), unnamed))
}

/// Makes the data directory where there is none. With a store in a file, it and the file are for this process alone.
fn take_data(config: &Config) -> Result<DataLock, Error> {
    let dir = &config.server.data_dir.value;
    std::fs::create_dir_all(dir).map_err(|error| Error::data(dir, error))?;
    let mut lock = DataLock::default();
    if let StorePlace::Sqlite(sqlite) = &config.store.place {
        lock.take_dir(dir)?;
        lock.take_database(&sqlite.path.value)?;
    }
    Ok(lock)
}

/// The headers that are configured, else the usual ones.
fn page_headers(keys: &AssistantKeys) -> PageHeaders {
    match &keys.page_headers {
        Some(headers) => PageHeaders::new(
            headers
                .iter()
                .map(|(field, name)| (field.clone(), name.value.clone())),
        ),
        None => PageHeaders::default(),
    }
}
