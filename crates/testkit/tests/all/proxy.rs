//! The disturbing proxy does what it is told, and nothing else.

use std::net::SocketAddr;
use std::time::{Duration, Instant};

use anyhow::Result;
use frontdesk_testkit::proxy::{Direction, Proxy};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;

const DELAY: Duration = Duration::from_millis(200);

/// A server that says again what it is told.
async fn echo(tasks: &mut JoinSet<()>) -> Result<SocketAddr> {
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let address = listener.local_addr()?;
    tasks.spawn(async move {
        let mut connections = JoinSet::new();
        while let Ok((stream, _)) = listener.accept().await {
            connections.spawn(async move {
                let (mut from, mut to) = stream.into_split();
                let _ended = tokio::io::copy(&mut from, &mut to).await;
            });
        }
    });
    Ok(address)
}

async fn say(stream: &mut TcpStream, word: &str) -> Result<String> {
    stream.write_all(word.as_bytes()).await?;
    let mut heard = vec![0; word.len()];
    stream.read_exact(&mut heard).await?;
    Ok(String::from_utf8(heard)?)
}

#[tokio::test]
async fn it_passes_on_and_cuts() -> Result<()> {
    let mut tasks = JoinSet::new();
    let proxy = Proxy::start(echo(&mut tasks).await?).await?;
    let mut stream = TcpStream::connect(proxy.address()).await?;
    assert_eq!(say(&mut stream, "one").await?, "one");
    proxy.cut();
    assert!(say(&mut stream, "two").await.is_err());
    let mut stream = TcpStream::connect(proxy.address()).await?;
    assert_eq!(say(&mut stream, "three").await?, "three");
    stream.shutdown().await?;
    assert_eq!(stream.read(&mut [0; 8]).await?, 0);
    Ok(())
}

#[tokio::test]
async fn it_refuses_and_takes_again() -> Result<()> {
    let mut tasks = JoinSet::new();
    let proxy = Proxy::start(echo(&mut tasks).await?).await?;
    let mut stream = TcpStream::connect(proxy.address()).await?;
    assert_eq!(say(&mut stream, "before").await?, "before");
    proxy.refuse();
    while TcpStream::connect(proxy.address()).await.is_ok() {
        tokio::task::yield_now().await;
    }
    assert_eq!(say(&mut stream, "still").await?, "still");
    proxy.accept();
    let mut again = loop {
        if let Ok(stream) = TcpStream::connect(proxy.address()).await {
            break stream;
        }
        tokio::task::yield_now().await;
    };
    assert_eq!(say(&mut again, "again").await?, "again");
    Ok(())
}

#[tokio::test]
async fn it_delays_each_direction_and_holds() -> Result<()> {
    let mut tasks = JoinSet::new();
    let proxy = Proxy::start(echo(&mut tasks).await?).await?;
    let mut stream = TcpStream::connect(proxy.address()).await?;
    for (direction, word) in [
        (Direction::ToServer, "there"),
        (Direction::ToClient, "back"),
    ] {
        proxy.delay(direction, DELAY);
        let started = Instant::now();
        assert_eq!(say(&mut stream, word).await?, word);
        assert!(started.elapsed() >= DELAY, "{direction:?}");
        proxy.delay(direction, Duration::ZERO);
    }
    proxy.hold();
    let held = tokio::time::timeout(DELAY, say(&mut stream, "held")).await;
    assert!(held.is_err());
    proxy.release();
    let mut heard = [0; 4];
    stream.read_exact(&mut heard).await?;
    assert_eq!(&heard, b"held");
    Ok(())
}
