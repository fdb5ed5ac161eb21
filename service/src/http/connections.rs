//! Connections: how many there are, and how slow they may be.
//!
//! Whoever opens many connections and says little on each holds what others need. So a head has to arrive in time and in
//! a few kilobytes, an answer has to be taken while it is given, one address has a part of the connections, and when
//! there are too many altogether the next ones wait with the system.

use super::shares::Shares;
use crate::told;
use axum::Router;
use axum::extract::Request;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::service::TowerToHyperService;
use std::future::Future;
use std::io;
use std::net::{IpAddr, Ipv6Addr};
use std::pin::{Pin, pin};
use std::task::{Context, Poll, ready};
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::time::{Instant, Sleep};
use tower::ServiceExt;

/// Most bytes of a request's head, and most lines of it.
const HEAD_BYTES: usize = 1 << 15;
const HEAD_LINES: usize = 64;

/// How long what still comes is read after the last answer: who sends until then sees the answer, and no reset.
const LINGER: Duration = Duration::from_secs(2);

/// How long nobody is accepted after the system could not.
const PAUSE: Duration = Duration::from_millis(100);

/// Where a request comes from.
#[derive(Clone, Copy, Debug)]
pub(super) struct Peer(pub(super) IpAddr);

/// How many connections there may be, and how slow.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Bounds {
    /// All of them.
    pub(crate) connections: usize,
    /// Whether one address may have them all.
    pub(crate) trusted: bool,
    /// How long a request's head may take, and how long nothing of an answer may be taken.
    pub(crate) patience: Duration,
}

/// Answers what comes by a listener until it is told to stop, and then what has begun.
pub(crate) async fn serve(
    listener: TcpListener,
    router: Router,
    bounds: Bounds,
    stop: watch::Receiver<bool>,
) {
    let shares = Shares::new(bounds.connections, bounds.trusted);
    let mut stopped = pin!(told(stop.clone()));
    loop {
        let accept = async { (shares.place().await, listener.accept().await) };
        let (place, accepted) = tokio::select! { next = accept => next, () = &mut stopped => break };
        match accepted {
            Ok((stream, from)) => {
                let from = network(from.ip());
                // Nothing is said to who has its part of them.
                let Some(part) = shares.part(from) else { continue };
                // The end of an answer does not wait for its beginning to be taken; without this it is later, and no less.
                let _ = stream.set_nodelay(true);
                let (router, stop) = (router.clone(), stop.clone());
                tokio::spawn(async move {
                    connection(stream, from, router, bounds.patience, stop).await;
                    drop((part, place));
                });
            }
            Err(error) => {
                tracing::warn!("cannot accept a connection: {error}");
                tokio::time::sleep(PAUSE).await;
            }
        }
    }
    drop(listener);
    shares.empty().await;
}

/// Answers the requests of a connection.
async fn connection(
    stream: TcpStream,
    from: IpAddr,
    router: Router,
    patience: Duration,
    stop: watch::Receiver<bool>,
) {
    let service = tower::service_fn(move |mut request: Request<Incoming>| {
        request.extensions_mut().insert(Peer(from));
        router.clone().oneshot(request)
    });
    let mut http = http1::Builder::new();
    http.timer(TokioTimer::new()).header_read_timeout(patience);
    http.max_buf_size(HEAD_BYTES).max_headers(HEAD_LINES);
    let stream = TokioIo::new(Watched { stream, patience, waits: None, lingers: None });
    let mut serving = pin!(http.serve_connection(stream, TowerToHyperService::new(service)));
    let mut stopped = pin!(told(stop));
    let ended = tokio::select! {
        ended = serving.as_mut() => ended,
        () = &mut stopped => {
            serving.as_mut().graceful_shutdown();
            serving.await
        }
    };
    if let Err(error) = ended {
        tracing::debug!("a connection has ended: {error}");
    }
}

/// What one subscriber has: an address, or 64 bits of one of IPv6.
fn network(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V4(address) => address.into(),
        IpAddr::V6(address) => Ipv6Addr::from_bits(address.to_bits() >> 64 << 64).into(),
    }
}

/// A stream that ends when what is written to it is not taken for a while.
struct Watched {
    stream: TcpStream,
    patience: Duration,
    /// When it has waited too long, while it waits.
    waits: Option<Pin<Box<Sleep>>>,
    /// When it has lingered long enough, once nothing more is written.
    lingers: Option<Pin<Box<Sleep>>>,
}

impl Watched {
    fn watch<T>(&mut self, context: &mut Context<'_>, written: Poll<io::Result<T>>) -> Poll<io::Result<T>> {
        if written.is_ready() {
            self.waits = None;
            return written;
        }
        let patience = self.patience;
        let waits =
            self.waits.get_or_insert_with(|| Box::pin(tokio::time::sleep_until(Instant::now() + patience)));
        waits.as_mut().poll(context).map(|()| Err(io::ErrorKind::TimedOut.into()))
    }
}

impl AsyncRead for Watched {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_read(context, buffer)
    }
}

impl AsyncWrite for Watched {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.stream).poll_write(context, bytes);
        self.watch(context, written)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        parts: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.stream).poll_write_vectored(context, parts);
        self.watch(context, written)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        let flushed = Pin::new(&mut self.stream).poll_flush(context);
        self.watch(context, flushed)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        if self.lingers.is_none() {
            let shut = Pin::new(&mut self.stream).poll_shutdown(context);
            ready!(self.watch(context, shut))?;
        }
        let Self { stream, lingers, .. } = &mut *self;
        let lingers = lingers.get_or_insert_with(|| Box::pin(tokio::time::sleep(LINGER)));
        let mut room = [0; 1 << 13];
        while lingers.as_mut().poll(context).is_pending() {
            let mut buffer = ReadBuf::new(&mut room);
            let read = ready!(Pin::new(&mut *stream).poll_read(context, &mut buffer));
            if read.is_err() || buffer.filled().is_empty() {
                break;
            }
        }
        Poll::Ready(Ok(()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_subscriber_is_one_however_many_addresses_it_has() {
        let network = |address: &str| network(address.parse().unwrap()).to_string();
        assert_eq!(network("192.0.2.1"), "192.0.2.1");
        assert_eq!(network("::ffff:192.0.2.1"), "192.0.2.1");
        assert_eq!(network("2001:db8:1:2:3:4:5:6"), "2001:db8:1:2::");
    }
}
