//! `frontdesk key`: keys for programs. A key goes to standard output, once; all that is said about it to standard error.

use std::io::{self, Write};
use std::time::Duration;

use anyhow::{Context, bail};
use clap::{ArgGroup, Args, Subcommand};
use frontdesk::config::{AuthMode, Config, time_span};
use frontdesk::keys::{KeyRight, KeyRing, NewKey};
use frontdesk_identity::{TenantId, UserId};
use frontdesk_protocol::Timestamp;
use frontdesk_store::ApiKey;

#[derive(Subcommand)]
pub(crate) enum Key {
    /// Makes a key and prints it; it can't be shown again
    Create(Create),
    /// Lists the keys, good or not
    List,
    /// Ends a key; a running server takes it for half a minute more at most
    Revoke(Revoke),
}

#[derive(Args)]
#[command(group = ArgGroup::new("right").required(true).args(["user", "on_behalf"]))]
pub(crate) struct Create {
    /// The user as whom it signs in
    #[arg(long)]
    user: Option<String>,
    /// Good for every user of the tenant; each request names one in `Frontdesk-On-Behalf-Of`
    #[arg(long)]
    on_behalf: bool,
    /// The tenant for which it is good
    #[arg(long, default_value = "default")]
    tenant: String,
    /// What you call it
    #[arg(long, default_value = "")]
    label: String,
    /// How long it is good, such as 90d or 12h [default: until it is revoked]
    #[arg(long, value_name = "TIME", value_parser = lifetime)]
    expires: Option<Duration>,
}

#[derive(Args)]
pub(crate) struct Revoke {
    /// The key's id, as `frontdesk key list` tells it
    id: String,
}

/// Does it, on the data that the configuration names.
pub(crate) async fn run(command: Key, config: &Config) -> anyhow::Result<()> {
    let ring = KeyRing::open(config).await?;
    let done = match command {
        Key::Create(create) => make(create, config, &ring).await,
        Key::List => list(&ring).await,
        Key::Revoke(revoke) => end(&revoke.id, &ring).await,
    };
    ring.close().await;
    done
}

async fn make(create: Create, config: &Config, ring: &KeyRing) -> anyhow::Result<()> {
    let right = match create.user {
        Some(user) => KeyRight::User(UserId::new(user).context("--user")?),
        None => KeyRight::OnBehalf,
    };
    let tenant = TenantId::new(create.tenant).context("--tenant")?;
    let told = format!("{} of tenant {tenant}", for_whom(&right));
    let made = ring
        .create(NewKey {
            tenant,
            right,
            label: create.label,
            good_for: create.expires,
        })
        .await?;
    let mut stderr = io::stderr();
    let _ = writeln!(
        stderr,
        "key {} for {told}, in {}; it is shown this once",
        made.id, config.store.place
    );
    if !matches!(config.auth.mode.value, AuthMode::ApiKey) {
        let _ = writeln!(
            stderr,
            "note: auth.mode is \"{}\"; keys are taken where it is \"api_key\"",
            config.auth.mode.value.name()
        );
    }
    writeln!(io::stdout(), "{}", made.text.expose()).context("the key can't be printed")
}

async fn list(ring: &KeyRing) -> anyhow::Result<()> {
    let now = ring.now();
    let heading = [
        "ID", "STATE", "TENANT", "FOR", "CREATED", "EXPIRES", "LABEL",
    ];
    let mut rows = vec![heading.map(str::to_owned)];
    rows.extend(ring.list().await?.into_iter().map(|key| row(key, now)));
    let mut widths = [0_usize; 7];
    for row in &rows {
        for (width, cell) in widths.iter_mut().zip(row) {
            *width = (*width).max(cell.chars().count());
        }
    }
    let mut stdout = io::stdout().lock();
    for row in &rows {
        let cells = row.iter().zip(widths);
        let cells: Vec<String> = cells
            .map(|(cell, width)| format!("{cell:<width$}"))
            .collect();
        let line = cells.join("  ");
        writeln!(stdout, "{}", line.trim_end()).context("the list can't be printed")?;
    }
    Ok(())
}

async fn end(id: &str, ring: &KeyRing) -> anyhow::Result<()> {
    if !ring.revoke(id).await? {
        // What was given may be the key itself, so it isn't said again.
        bail!("there is no key with this id; `frontdesk key list` tells the ids");
    }
    let _ = writeln!(
        io::stderr(),
        "revoked; a running server takes it for half a minute more at most"
    );
    Ok(())
}

fn row(key: ApiKey, now: Timestamp) -> [String; 7] {
    let state = match (key.revoked_at, key.expires_at) {
        (Some(at), _) => format!("revoked {}", day(at)),
        (None, Some(at)) if at <= now => "expired".to_owned(),
        (None, _) => "good".to_owned(),
    };
    let right = key.user.map_or(KeyRight::OnBehalf, KeyRight::User);
    [
        key.id.to_string(),
        state,
        key.tenant.to_string(),
        for_whom(&right),
        day(key.created_at),
        key.expires_at.map_or_else(|| "never".to_owned(), day),
        key.label,
    ]
}

fn for_whom(right: &KeyRight) -> String {
    match right {
        KeyRight::User(user) => format!("user {user}"),
        KeyRight::OnBehalf => "every user".to_owned(),
    }
}

fn day(time: Timestamp) -> String {
    time.strftime("%Y-%m-%d").to_string()
}

fn lifetime(text: &str) -> Result<Duration, String> {
    time_span(text)
        .filter(|span| !span.is_zero())
        .ok_or_else(|| "expected a time span such as 90d or 12h".to_owned())
}
