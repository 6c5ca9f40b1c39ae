//! A server of the test's own that others send to.

use std::{
    collections::BTreeMap,
    net::SocketAddr,
    sync::{Arc, Mutex},
};

use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
};

/// A receiver that says no as often as it is told to, and keeps what it was sent.
#[derive(Clone, Default)]
pub(crate) struct Receiver(Arc<Mutex<Book>>);

#[derive(Default)]
struct Book {
    noes: usize,
    messages: Vec<Message>,
}

#[derive(Clone, Debug)]
pub(crate) struct Message {
    /// What it was sent to.
    pub(crate) path: String,
    pub(crate) headers: BTreeMap<String, String>,
    pub(crate) body: String,
}

impl Receiver {
    pub(crate) async fn listen(noes: usize) -> (Self, SocketAddr) {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.expect("a port");
        let address = listener.local_addr().expect("an address");
        let receiver = Self::default();
        receiver.0.lock().expect("the book").noes = noes;
        let kept = receiver.clone();
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(kept.clone().serve(stream));
            }
        });
        (receiver, address)
    }

    /// Answers one request and closes.
    async fn serve(self, mut stream: TcpStream) {
        let mut received = Vec::new();
        let mut chunk = [0_u8; 4096];
        let message = loop {
            let Ok(read @ 1..) = stream.read(&mut chunk).await else { return };
            received.extend_from_slice(&chunk[..read]);
            let text = String::from_utf8_lossy(&received);
            let Some((head, body)) = text.split_once("\r\n\r\n") else { continue };
            let headers: BTreeMap<String, String> = head
                .lines()
                .filter_map(|line| line.split_once(": "))
                .map(|(name, value)| (name.to_lowercase(), value.to_owned()))
                .collect();
            let length: usize = headers.get("content-length").and_then(|length| length.parse().ok()).unwrap_or(0);
            if body.len() >= length {
                let path = head.split(' ').nth(1).unwrap_or_default().to_owned();
                break Message { path, headers, body: body.to_owned() };
            }
        };
        let status = {
            let mut book = self.0.lock().expect("the book");
            book.messages.push(message);
            if book.noes == 0 {
                "204 No Content"
            } else {
                book.noes -= 1;
                "503 Service Unavailable"
            }
        };
        let answer = format!("HTTP/1.1 {status}\r\ncontent-length: 0\r\nconnection: close\r\n\r\n");
        // A client that went away has its answer already.
        let _sent = stream.write_all(answer.as_bytes()).await;
    }

    pub(crate) fn messages(&self) -> Vec<Message> {
        self.0.lock().expect("the book").messages.clone()
    }

    pub(crate) fn set_noes(&self, noes: usize) {
        self.0.lock().expect("the book").noes = noes;
    }
}
