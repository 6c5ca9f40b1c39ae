//! The customers' phones: where the shop's notices arrive.
//!
//! A generic HTTP gateway in miniature. It drops a message whose key it has seen, as a real one would, and counts how
//! often that happened. Some messages it loses when they come first: the shop has to send them again.

use std::{
    collections::{BTreeMap, BTreeSet},
    net::SocketAddr,
    sync::{Arc, Mutex, PoisonError},
};

use axum::{
    Router,
    body::Bytes,
    extract::State,
    http::{HeaderMap, StatusCode},
    routing::post,
};
use serde_json::Value;
use tokio::net::TcpListener;

/// All phones of the simulated city.
#[derive(Clone)]
pub struct Phones {
    address: SocketAddr,
    inbox: Arc<Mutex<Inbox>>,
}

#[derive(Default)]
struct Inbox {
    /// Every message once, by its dedupe key, with how often it came.
    messages: BTreeMap<String, (Value, u32)>,
    /// The latest sign-in code by phone number.
    codes: BTreeMap<String, String>,
    /// Keys of messages that were lost on the way, once each.
    lost: BTreeSet<String>,
}

/// So many messages in a thousand are lost when they come first.
const LOST_PER_MILLE: i64 = 25;

impl Phones {
    /// Switches the phones on.
    pub async fn listen() -> std::io::Result<Self> {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await?;
        let phones = Self { address: listener.local_addr()?, inbox: Arc::default() };
        let router = Router::new().route("/notices", post(receive)).with_state(phones.clone());
        tokio::spawn(async move { axum::serve(listener, router).await });
        Ok(phones)
    }

    /// Where the shop sends its notices.
    pub fn address(&self) -> String {
        format!("http://{}/notices", self.address)
    }

    /// The latest code that came to a phone; read once.
    pub fn take_code(&self, phone: &str) -> Option<String> {
        self.inbox.lock().unwrap_or_else(PoisonError::into_inner).codes.remove(phone)
    }

    /// How many messages were lost when they came first, and how many of these have come since.
    pub(crate) fn lost(&self) -> (usize, usize) {
        let inbox = self.inbox.lock().unwrap_or_else(PoisonError::into_inner);
        (inbox.lost.len(), inbox.lost.iter().filter(|key| inbox.messages.contains_key(*key)).count())
    }

    /// Messages by template, and the most often that one came.
    pub(crate) fn counted(&self) -> (BTreeMap<String, u64>, u32) {
        let inbox = self.inbox.lock().unwrap_or_else(PoisonError::into_inner);
        let mut by_template = BTreeMap::new();
        let mut most = 0;
        for (message, times) in inbox.messages.values() {
            let template = message.get("template").and_then(Value::as_str).unwrap_or("unknown").to_owned();
            *by_template.entry(template).or_default() += 1;
            most = most.max(*times);
        }
        (by_template, most)
    }
}

async fn receive(State(phones): State<Phones>, headers: HeaderMap, body: Bytes) -> StatusCode {
    let Ok(message) = serde_json::from_slice::<Value>(&body) else { return StatusCode::BAD_REQUEST };
    let Some(key) = headers.get("idempotency-key").and_then(|key| key.to_str().ok()) else {
        return StatusCode::BAD_REQUEST;
    };
    let field = |name: &str| message.get(name).and_then(Value::as_str).unwrap_or_default().to_owned();
    let (to, text, template) = (field("to"), field("text"), field("template"));
    let mut inbox = phones.inbox.lock().unwrap_or_else(PoisonError::into_inner);
    // Somebody stands before the screen and waits for a code; what else is lost, nobody misses at once.
    if template != "sign_in_code" && is_unlucky(key) && inbox.lost.insert(key.to_owned()) {
        return StatusCode::SERVICE_UNAVAILABLE;
    }
    if template == "sign_in_code"
        && let Some(code) = six_digits(&text)
    {
        inbox.codes.insert(to, code);
    }
    inbox.messages.entry(key.to_owned()).and_modify(|(_, times)| *times += 1).or_insert((message, 1));
    StatusCode::NO_CONTENT
}

/// Drawn from the key itself, so that the same message is lost in every run that sends it.
fn is_unlucky(key: &str) -> bool {
    crate::chance::Chance::of(0, key).happens(LOST_PER_MILLE)
}

/// The first run of exactly six digits in a message.
fn six_digits(text: &str) -> Option<String> {
    text.split(|letter: char| !letter.is_ascii_digit()).find(|digits| digits.len() == 6).map(str::to_owned)
}

#[cfg(test)]
mod tests {
    use super::six_digits;

    #[test]
    fn a_code_is_found_between_words() {
        assert_eq!(six_digits("鮮流：您的驗證碼是 042137，10 分鐘內有效。").as_deref(), Some("042137"));
        assert_eq!(six_digits("Order 1234567 is on its way"), None);
    }
}
