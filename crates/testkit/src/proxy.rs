//! A TCP proxy that disturbs: it cuts, delays, holds and refuses connections, for tests of what is behind a network.

use std::net::{Ipv4Addr, SocketAddr};
use std::time::Duration;

use anyhow::{Context, Result};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio::net::{TcpListener, TcpSocket, TcpStream};
use tokio::sync::watch;
use tokio::task::JoinSet;

/// How much is passed on at once, in bytes.
const CHUNK: usize = 16 * 1024;
/// After which time it is tried again to listen at the same address.
const AGAIN_AFTER: Duration = Duration::from_millis(20);
/// How many connections may wait to be taken.
const BACKLOG: u32 = 1024;

/// A direction through the proxy.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Direction {
    /// From the clients to the server.
    ToServer,
    /// From the server to the clients.
    ToClient,
}

/// A running proxy; it ends, and cuts what it carries, when this is dropped.
pub struct Proxy {
    address: SocketAddr,
    weather: watch::Sender<Weather>,
    _tasks: JoinSet<()>,
}

/// How it disturbs now.
#[derive(Debug, Clone, Copy, Default)]
struct Weather {
    door: Door,
    flow: Flow,
    to_server: Duration,
    to_client: Duration,
    /// How often all connections were cut.
    cuts: u64,
    /// How often all connections were silenced.
    silences: u64,
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
enum Door {
    #[default]
    Open,
    Closed,
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
enum Flow {
    #[default]
    Passing,
    Held,
}

impl Proxy {
    /// Starts one in front of `server` on a free port of loopback.
    pub async fn start(server: SocketAddr) -> Result<Self> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
        let address = listener.local_addr()?;
        let (weather, seen) = watch::channel(Weather::default());
        let mut tasks = JoinSet::new();
        tasks.spawn(accept(listener, server, seen));
        Ok(Self {
            address,
            weather,
            _tasks: tasks,
        })
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Cuts every connection that there is. New ones are taken.
    pub fn cut(&self) {
        self.weather.send_modify(|weather| weather.cuts += 1);
    }

    /// Passes nothing on any more of the connections that there are, which stay. New ones are taken.
    pub fn silence(&self) {
        self.weather.send_modify(|weather| weather.silences += 1);
    }

    /// Refuses new connections, as if nobody listened. Those that there are stay.
    pub fn refuse(&self) {
        self.weather
            .send_modify(|weather| weather.door = Door::Closed);
    }

    /// Takes new connections again.
    pub fn accept(&self) {
        self.weather
            .send_modify(|weather| weather.door = Door::Open);
    }

    /// Passes nothing on, as a network that has gone silent; connections are taken and stay.
    pub fn hold(&self) {
        self.weather
            .send_modify(|weather| weather.flow = Flow::Held);
    }

    /// Passes on again, first what was held.
    pub fn release(&self) {
        self.weather
            .send_modify(|weather| weather.flow = Flow::Passing);
    }

    /// Delays each piece of one direction from now on; zero ends it.
    /// A request and its answer are a piece each, so this is the time that it adds to a statement.
    pub fn delay(&self, direction: Direction, by: Duration) {
        self.weather.send_modify(|weather| match direction {
            Direction::ToServer => weather.to_server = by,
            Direction::ToClient => weather.to_client = by,
        });
    }
}

async fn accept(listener: TcpListener, server: SocketAddr, mut weather: watch::Receiver<Weather>) {
    let Ok(address) = listener.local_addr() else {
        return;
    };
    let mut listener = Some(listener);
    let mut connections = JoinSet::new();
    loop {
        let door = weather.borrow_and_update().door;
        match door {
            Door::Closed => listener = None,
            Door::Open if listener.is_none() => listener = listen(address).ok(),
            Door::Open => {}
        }
        tokio::select! {
            changed = weather.changed() => if changed.is_err() {
                return;
            },
            () = tokio::time::sleep(AGAIN_AFTER), if door == Door::Open && listener.is_none() => {}
            Some(taken) = next(listener.as_ref()) => {
                connections.spawn(carry(taken, server, weather.clone()));
            }
            Some(_ended) = connections.join_next() => {}
        }
    }
}

async fn next(listener: Option<&TcpListener>) -> Option<TcpStream> {
    let (stream, _) = listener?.accept().await.ok()?;
    Some(stream)
}

fn listen(address: SocketAddr) -> Result<TcpListener> {
    let socket = TcpSocket::new_v4()?;
    // Connections of before may still be in the system's memory.
    socket.set_reuseaddr(true)?;
    socket.bind(address)?;
    socket.listen(BACKLOG).context("cannot listen again")
}

async fn carry(client: TcpStream, server: SocketAddr, mut weather: watch::Receiver<Weather>) {
    let Weather { cuts, silences, .. } = *weather.borrow_and_update();
    let Ok(server) = TcpStream::connect(server).await else {
        return;
    };
    // Small pieces are passed on as they come.
    if client
        .set_nodelay(true)
        .and(server.set_nodelay(true))
        .is_err()
    {
        return;
    }
    let (from_client, to_client) = client.into_split();
    let (from_server, to_server) = server.into_split();
    let there = pass(
        from_client,
        to_server,
        Direction::ToServer,
        &weather,
        silences,
    );
    let back = pass(
        from_server,
        to_client,
        Direction::ToClient,
        &weather,
        silences,
    );
    let mut weather = weather.clone();
    tokio::select! {
        _ends = async { tokio::join!(there, back) } => {}
        _cut = until(&mut weather, |weather| weather.cuts != cuts) => {}
    }
}

/// Passes on until one side ends, and then says so to the other side.
async fn pass(
    mut from: OwnedReadHalf,
    mut to: OwnedWriteHalf,
    direction: Direction,
    weather: &watch::Receiver<Weather>,
    silences: u64,
) {
    let mut weather = weather.clone();
    let mut chunk = vec![0; CHUNK];
    while let Ok(length @ 1..) = from.read(&mut chunk).await {
        let delay = {
            let weather = weather.borrow();
            match direction {
                Direction::ToServer => weather.to_server,
                Direction::ToClient => weather.to_client,
            }
        };
        if !delay.is_zero() {
            tokio::time::sleep(delay).await;
        }
        let flows =
            |weather: &Weather| weather.flow == Flow::Passing && weather.silences == silences;
        if !until(&mut weather, flows).await {
            return;
        }
        let piece = chunk.get(..length).unwrap_or_default();
        if to.write_all(piece).await.is_err() {
            break;
        }
    }
    let _ended = to.shutdown().await;
}

/// Waits for it; false when the proxy has ended.
async fn until(weather: &mut watch::Receiver<Weather>, is: impl Fn(&Weather) -> bool) -> bool {
    weather.wait_for(is).await.is_ok()
}
