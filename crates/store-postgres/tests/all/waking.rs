//! Wake-ups between processes.

use std::time::Duration;

use frontdesk_identity::Secret;
use frontdesk_store::{Maintenance, Result, StoreError, TurnId, Wakeup, Wakeups};
use frontdesk_store_postgres::{Options, PostgresStore};
use frontdesk_testkit::postgres::{Options as ServerOptions, Postgres};
use frontdesk_testkit::proxy::Proxy;
use tokio::sync::broadcast::Receiver;
use tokio::time::timeout;

use super::database::{schema, server};
use super::sample::failed;

const LONG: Duration = Duration::from_secs(30);

async fn heard(receiver: &mut Receiver<Wakeup>) -> Result<Wakeup> {
    let heard = timeout(LONG, receiver.recv()).await;
    heard.map_err(failed)?.map_err(failed)
}

#[tokio::test]
async fn every_process_on_the_schema_is_woken_and_no_other() -> Result<()> {
    let options = schema().await?;
    let one = PostgresStore::open(options.clone()).await?;
    let two = PostgresStore::open(options).await?;
    let stranger = PostgresStore::open(schema().await?).await?;
    let (mut here, mut there, mut elsewhere) = (one.listen(), two.listen(), stranger.listen());
    let many: Vec<TurnId> = (0..1_000)
        .map(|it| TurnId::new(format!("turn_{it}")))
        .collect();
    one.wake(&[]).await?;
    one.wake(&many).await?;
    for receiver in [&mut here, &mut there] {
        let mut told = Vec::new();
        while told.len() < many.len() {
            match heard(receiver).await? {
                Wakeup::Turns(turns) => told.extend(turns),
                Wakeup::Any => {
                    return Err(StoreError::Failed {
                        detail: "nothing was lost".to_owned(),
                    });
                }
            }
        }
        assert_eq!(told, many);
    }
    let own = [TurnId::new("own")];
    stranger.wake(&own).await?;
    assert_eq!(heard(&mut elsewhere).await?, Wakeup::Turns(own.to_vec()));
    Ok(())
}

#[tokio::test]
async fn what_may_have_been_lost_is_told_when_the_connection_is_back() -> Result<()> {
    let server = Postgres::start(ServerOptions::default()).await;
    let server = server.map_err(failed)?;
    let store = PostgresStore::open(Options::new(Secret::new(server.url()))).await?;
    let mut receiver = store.listen();
    let first = [TurnId::new("first")];
    store.wake(&first).await?;
    assert_eq!(heard(&mut receiver).await?, Wakeup::Turns(first.to_vec()));
    let listening = "select pg_terminate_backend(pid) from pg_stat_activity
         where query ilike 'listen%'";
    server.sql(listening).await.map_err(failed)?;
    assert_eq!(heard(&mut receiver).await?, Wakeup::Any);
    let second = [TurnId::new("second")];
    store.wake(&second).await?;
    assert_eq!(heard(&mut receiver).await?, Wakeup::Turns(second.to_vec()));
    store.close().await;
    Ok(())
}

/// What goes through a pooler may be cut at any time; what is notified comes past it.
#[tokio::test]
async fn a_connection_that_listens_goes_its_own_way() -> Result<()> {
    let proxy = Proxy::start(server().await?.address()).await;
    let proxy = proxy.map_err(failed)?;
    let direct = schema().await?;
    let behind = Options {
        url: Secret::new(server().await?.url_through(proxy.address())),
        listen_url: Some(direct.url.clone()),
        acquire_timeout: Duration::from_secs(5),
        ..direct.clone()
    };
    let (here, there) = (
        PostgresStore::open(behind).await?,
        PostgresStore::open(direct).await?,
    );
    let mut receiver = here.listen();
    proxy.refuse();
    proxy.cut();
    assert!(here.ping().await.is_err(), "nothing comes through");
    let turns = [TurnId::new("turn_1")];
    there.wake(&turns).await?;
    assert_eq!(heard(&mut receiver).await?, Wakeup::Turns(turns.to_vec()));
    Ok(())
}
