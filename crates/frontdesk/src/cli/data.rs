//! `frontdesk export`, `import` and `forget`: archives go by standard input and output, what is said about them to
//! standard error.

use std::io::{self, BufReader, BufWriter, Write};

use anyhow::Context;
use clap::Args;
use frontdesk::archive::{Archiver, Expected, ExportedKeys, Selection};
use frontdesk::config::Config;
use frontdesk_identity::{TenantId, UserId};

#[derive(Args)]
pub(crate) struct Export {
    /// Of this tenant alone
    #[arg(long)]
    tenant: Option<String>,
    /// Of this user alone; of the tenant "default" where none is named
    #[arg(long)]
    user: Option<String>,
    /// API keys, too. They are hashes, but whoever imports them lets their holders in
    #[arg(long)]
    with_keys: bool,
}

#[derive(Args)]
pub(crate) struct Forget {
    /// The user's tenant
    #[arg(long, default_value = "default")]
    tenant: String,
    /// The user
    #[arg(long)]
    user: String,
}

pub(crate) async fn export(export: Export, config: &Config) -> anyhow::Result<()> {
    let tenant = match (export.tenant, &export.user) {
        (Some(tenant), _) => Some(TenantId::new(tenant).context("--tenant")?),
        (None, Some(_)) => Some(TenantId::single()),
        (None, None) => None,
    };
    let what = Selection {
        tenant,
        user: export.user.map(UserId::new).transpose().context("--user")?,
        keys: if export.with_keys {
            ExportedKeys::Included
        } else {
            ExportedKeys::LeftOut
        },
    };
    let archiver = Archiver::open(config, Expected::There).await?;
    let written = archiver
        .export(&what, &mut BufWriter::new(io::stdout()))
        .await;
    archiver.close().await;
    let entries = written?;
    let _ = writeln!(io::stderr(), "exported {entries} entries");
    Ok(())
}

pub(crate) async fn import(config: &Config) -> anyhow::Result<()> {
    let archiver = Archiver::open(config, Expected::Anything).await?;
    let read = archiver.import(&mut BufReader::new(io::stdin())).await;
    archiver.close().await;
    let imported = read?;
    let _ = writeln!(
        io::stderr(),
        "imported {} entries; {} were there already or belong to nothing here, and were left out",
        imported.stored,
        imported.left_out
    );
    Ok(())
}

pub(crate) async fn forget(forget: Forget, config: &Config) -> anyhow::Result<()> {
    let tenant = TenantId::new(forget.tenant).context("--tenant")?;
    let user = UserId::new(forget.user).context("--user")?;
    let archiver = Archiver::open(config, Expected::There).await?;
    let forgotten = archiver.forget(tenant, user).await;
    archiver.close().await;
    let forgotten = forgotten?;
    writeln!(
        io::stdout(),
        "forgotten: {} threads, {} items, {} turns, {} attachments, {} feedback, {} connections, {} days of use, {} keys",
        forgotten.threads,
        forgotten.items,
        forgotten.turns,
        forgotten.attachments,
        forgotten.feedback,
        forgotten.connections,
        forgotten.days,
        forgotten.keys
    )
    .context("the counts can't be printed")
}
