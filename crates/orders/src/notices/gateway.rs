//! The way out: whoever carries words to customers.

use std::{future::Future, path::PathBuf, pin::Pin};

use kernel::{Instant, Lang, NoticeId};
use serde::{Deserialize, Serialize};
use tokio::{fs::OpenOptions, io::AsyncWriteExt, sync::Mutex};

use super::Template;

/// One message on its way out. The same key is the same message, however often it is handed over.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Message {
    /// What the receiver tells doubles by.
    pub key: String,
    /// None for a one-time code, of which no row is kept.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub notice: Option<NoticeId>,
    /// The telephone number.
    pub to: String,
    pub template: Template,
    pub lang: Lang,
    pub text: String,
    pub at: Instant,
}

/// The message was not taken. Whether it went out is not known; handing it over again under the same key is safe.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the gateway did not take the message: {0}")]
pub struct GatewayFault(pub String);

/// An answer that is awaited.
pub type Delivery<'a> = Pin<Box<dyn Future<Output = Result<(), GatewayFault>> + Send + 'a>>;

/// Carries messages to customers. Never called while a transaction is open.
pub trait Gateway: Send + Sync {
    fn send<'a>(&'a self, message: &'a Message) -> Delivery<'a>;
}

/// Writes each message as one JSON line into a file, for demonstrations and for shops whose own program reads it.
#[derive(Debug)]
pub struct FileSink {
    path: PathBuf,
    /// Lines of two messages must not run into each other.
    turn: Mutex<()>,
}

impl FileSink {
    pub fn new(path: impl Into<PathBuf>) -> Self {
        Self { path: path.into(), turn: Mutex::new(()) }
    }

    async fn append(&self, message: &Message) -> Result<(), GatewayFault> {
        let fault = |error: &dyn std::fmt::Display| GatewayFault(error.to_string());
        let mut line = serde_json::to_vec(message).map_err(|error| fault(&error))?;
        line.push(b'\n');
        let _turn = self.turn.lock().await;
        let file = OpenOptions::new().create(true).append(true).open(&self.path).await;
        let mut file = file.map_err(|error| fault(&error))?;
        file.write_all(&line).await.map_err(|error| fault(&error))?;
        // Sent means written: a crash after the answer must not lose the line.
        file.sync_data().await.map_err(|error| fault(&error))
    }
}

impl Gateway for FileSink {
    fn send<'a>(&'a self, message: &'a Message) -> Delivery<'a> {
        Box::pin(self.append(message))
    }
}
