//! A relayer's way to its node, which a test can cut at any request.

use serde_json::Value;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

/// What happens to requests.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Way {
    /// They are answered.
    Open,
    /// Nobody answers.
    Down,
    /// Those of this method do not reach the node.
    Before(&'static str),
    /// Those of this method reach the node, and are not answered.
    After(&'static str),
}

/// A node behind another address.
pub(super) struct Node {
    pub(super) at: SocketAddr,
    way: Arc<Mutex<Way>>,
    cut: Receiver<()>,
}

impl Node {
    /// In front of the node at this address.
    pub(super) fn before(node: &str) -> Self {
        let node: SocketAddr = node.strip_prefix("http://").unwrap().parse().unwrap();
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let at = listener.local_addr().unwrap();
        let (tell, cut) = channel();
        let way = Arc::new(Mutex::new(Way::Open));
        let shared = way.clone();
        std::thread::spawn(move || {
            for stream in listener.incoming() {
                let (tell, way) = (tell.clone(), shared.clone());
                std::thread::spawn(move || pass(&stream.unwrap(), node, &way, &tell));
            }
        });
        Self { at, way, cut }
    }

    pub(super) fn set(&self, way: Way) {
        *self.way.lock().unwrap_or_else(PoisonError::into_inner) = way;
        self.cut.try_iter().for_each(drop);
    }

    /// Waits until a request has met its end.
    pub(super) fn wait_for_cut(&self) {
        self.cut.recv_timeout(super::PATIENCE).unwrap();
    }
}

/// Answers the requests of a connection, until it is cut.
fn pass(stream: &TcpStream, node: SocketAddr, way: &Mutex<Way>, tell: &Sender<()>) -> Option<()> {
    let mut reader = BufReader::new(stream);
    loop {
        let mut length = 0;
        loop {
            let mut line = String::new();
            if reader.read_line(&mut line).ok()? == 0 {
                return None;
            }
            let line = line.trim_end().to_lowercase();
            if let Some(value) = line.strip_prefix("content-length:") {
                length = value.trim().parse().ok()?;
            }
            if line.is_empty() {
                break;
            }
        }
        let mut body = vec![0; length];
        reader.read_exact(&mut body).ok()?;
        let request: Value = serde_json::from_slice(&body).ok()?;
        let found = *way.lock().unwrap_or_else(PoisonError::into_inner);
        let of = |method| request["method"] == method;
        let cut = match found {
            Way::Open => false,
            Way::Down => return None,
            Way::Before(method) => of(method),
            Way::After(method) => of(method),
        };
        let answer = if matches!(found, Way::Before(_)) && cut { vec![] } else { ask(node, &body)? };
        if cut {
            tell.send(()).ok()?;
            // Whoever asked is killed meanwhile.
            std::thread::sleep(Duration::from_secs(20));
            return None;
        }
        let head = "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: ";
        let head = format!("{head}{}\r\n\r\n", answer.len());
        (&*stream).write_all(&[head.as_bytes(), &answer].concat()).ok()?;
    }
}

/// What the node answers.
fn ask(node: SocketAddr, body: &[u8]) -> Option<Vec<u8>> {
    let mut stream = TcpStream::connect(node).ok()?;
    let head =
        "POST / HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\nconnection: close\r\n";
    let head = format!("{head}content-length: {}\r\n\r\n", body.len());
    stream.write_all(&[head.as_bytes(), body].concat()).ok()?;
    let mut answer = vec![];
    stream.read_to_end(&mut answer).ok()?;
    let end = answer.windows(4).position(|window| window == b"\r\n\r\n")?;
    Some(answer.split_off(end + 4))
}
