//! The shop as the simulated people reach it: by address and login, over the public API and nothing else.

use std::{
    collections::BTreeMap,
    time::{Duration, Instant as Stopwatch},
};

use kernel::Instant;
use reqwest::{Method, RequestBuilder, StatusCode, header::HeaderMap};
use serde_json::{Value, json};

use crate::Pulse;

/// Somebody's signed-in connection.
#[derive(Clone, Debug)]
pub(crate) struct Login {
    cookie: String,
    csrf: String,
}

/// The door of the server, with a memory of what was asked and answered.
pub(crate) struct Shop {
    client: reqwest::Client,
    address: String,
    logins: BTreeMap<String, Login>,
    commands: u64,
    /// Commands that were answered with success, by key: what must still be there after a crash.
    pub(crate) acknowledged: Vec<Acknowledged>,
    pub(crate) refusals: BTreeMap<String, u64>,
    pub(crate) waited: Duration,
    /// Whether the server may be gone for a while.
    pub(crate) outages: Option<Pulse>,
    /// Where the clock was last moved to.
    pub(crate) clock: Option<Instant>,
    run: String,
}

/// One command the server said yes to.
#[derive(Clone, Debug)]
pub struct Acknowledged {
    /// Whose command it was: a login, or the name under which a customer's session is kept.
    pub who: String,
    pub method: Method,
    pub key: String,
    /// The shop's time when it was said, if it stands still between two commands.
    pub at: Option<Instant>,
    pub path: String,
    pub body: Value,
    pub answer: Value,
}

/// What the server said.
#[derive(Clone, Debug)]
pub(crate) enum Answer {
    Done(Value),
    /// Refused with this slug; the whole problem beside it.
    Refused(String, Value),
}

/// What the server said to a command that it had answered before.
pub(crate) enum Repeated {
    /// The answer of the first time, and that nothing was done now.
    Known(Value),
    /// It was done as if it had never been heard.
    Anew,
    Refused(String),
}

/// What came of asking for a paper.
pub(crate) enum Printed {
    Pdf(Vec<u8>),
    /// This shop has no typesetter.
    Unavailable,
}

/// What goes with a request.
enum Sent {
    Nothing,
    Json(Value),
    Csv(String),
}

/// Why the simulation cannot go on: the server is gone or speaks nonsense. Refusals are not failures.
#[derive(Debug, thiserror::Error)]
pub enum SimError {
    #[error("the server at {address} does not answer: {reason}")]
    Silent { address: String, reason: reqwest::Error },
    #[error("{method} {path} was answered {status}: {body}")]
    Broken { method: String, path: String, status: u16, body: String },
    #[error("{path} was refused with {slug}, which an honest run does not meet: {problem}")]
    Unexpected { path: String, slug: String, problem: String },
    #[error("the sensors' broker: {reason}")]
    Broker { reason: String },
    #[error("an answer lacks {0}: {1}")]
    Incomplete(&'static str, String),
    #[error("the demand file: {0}")]
    Demand(String),
    #[error("the list of planted faults: {0}")]
    List(String),
}

impl Answer {
    pub(crate) fn done(self, path: &str) -> Result<Value, SimError> {
        match self {
            Self::Done(value) => Ok(value),
            Self::Refused(slug, problem) => {
                Err(SimError::Unexpected { path: path.to_owned(), slug, problem: problem.to_string() })
            }
        }
    }
}

const PATIENCE: Duration = Duration::from_mins(1);
/// How often somebody looks whether the server is back.
const RETURN_LOOK: Duration = Duration::from_millis(10);
const CLOCK: &str = "/api/demo/clock";

/// A whole answer.
struct Heard {
    status: StatusCode,
    headers: HeaderMap,
    bytes: Vec<u8>,
}

impl Shop {
    /// `run` goes into every idempotency key, so that two runs on one database are two runs.
    pub(crate) fn at(address: &str, run: &str) -> Result<Self, SimError> {
        let client = reqwest::Client::builder()
            .timeout(PATIENCE)
            .no_proxy()
            .build()
            .map_err(|reason| SimError::Silent { address: address.to_owned(), reason })?;
        Ok(Self {
            client,
            address: address.trim_end_matches('/').to_owned(),
            logins: BTreeMap::new(),
            commands: 0,
            acknowledged: Vec::new(),
            refusals: BTreeMap::new(),
            waited: Duration::ZERO,
            outages: None,
            clock: None,
            run: run.to_owned(),
        })
    }

    /// Signs somebody in by name and password and remembers the session under the name.
    pub(crate) async fn sign_in(&mut self, login: &str, password: &str) -> Result<(), SimError> {
        self.enter("/api/session", login, &json!({ "login": login, "password": password })).await
    }

    /// Signs a customer in with the code that came to their phone.
    pub(crate) async fn confirm_code(&mut self, who: &str, challenge: &str, code: &str) -> Result<(), SimError> {
        self.enter(&format!("/api/sign-in-codes/{challenge}/confirm"), who, &json!({ "code": code })).await
    }

    pub(crate) fn forget(&mut self, who: &str) {
        self.logins.remove(who);
    }

    pub(crate) fn is_signed_in(&self, who: &str) -> bool {
        self.logins.contains_key(who)
    }

    async fn enter(&mut self, path: &str, who: &str, credential: &Value) -> Result<(), SimError> {
        let request = self.client.post(format!("{}{path}", self.address)).json(credential);
        let Heard { status, headers, bytes } = self.say(&request).await?;
        let cookie = headers
            .get_all("set-cookie")
            .iter()
            .filter_map(|header| header.to_str().ok())
            .map(|header| header.split(';').next().unwrap_or_default().to_owned())
            .collect::<Vec<_>>()
            .join("; ");
        let body: Value = serde_json::from_slice(&bytes).unwrap_or(Value::Null);
        if !status.is_success() {
            return Err(broken("POST", path, status, &body));
        }
        let csrf = text(&body, "csrf_token")?.to_owned();
        self.logins.insert(who.to_owned(), Login { cookie, csrf });
        Ok(())
    }

    /// Reads something as `who`.
    pub(crate) async fn get(&mut self, who: &str, path: &str) -> Result<Answer, SimError> {
        self.send(Method::GET, who, path, Sent::Nothing).await
    }

    /// Commands something as `who`, once.
    pub(crate) async fn post(&mut self, who: &str, path: &str, body: Value) -> Result<Answer, SimError> {
        self.send(Method::POST, who, path, Sent::Json(body)).await
    }

    /// Sends a file of rows as `who`, once.
    pub(crate) async fn send_file(&mut self, who: &str, path: &str, csv: String) -> Result<Answer, SimError> {
        self.send(Method::POST, who, path, Sent::Csv(csv)).await
    }

    /// Fetches a paper as `who`.
    pub(crate) async fn print(&mut self, who: &str, path: &str) -> Result<Printed, SimError> {
        let request = self.signed(Method::GET, who, path);
        let stopwatch = Stopwatch::now();
        let Heard { status, bytes, .. } = self.say(&request).await?;
        self.waited += stopwatch.elapsed();
        match status {
            StatusCode::OK => Ok(Printed::Pdf(bytes)),
            StatusCode::SERVICE_UNAVAILABLE => Ok(Printed::Unavailable),
            _ => Err(broken("GET", path, status, &Value::String(String::from_utf8_lossy(&bytes).into_owned()))),
        }
    }

    /// Sets something as `who`.
    pub(crate) async fn put(&mut self, who: &str, path: &str, body: Value) -> Result<Answer, SimError> {
        self.send(Method::PUT, who, path, Sent::Json(body)).await
    }

    /// Reads every page of a list.
    pub(crate) async fn all(&mut self, who: &str, path: &str) -> Result<Vec<Value>, SimError> {
        let mut items = Vec::new();
        let mut after = String::new();
        loop {
            let mark = if path.contains('?') { '&' } else { '?' };
            let page = self.get(who, &format!("{path}{mark}limit=200{after}")).await?.done(path)?;
            items.extend(page.get("items").and_then(Value::as_array).cloned().unwrap_or_default());
            match page.get("next").and_then(Value::as_str) {
                Some(next) => after = format!("&after={next}"),
                None => return Ok(items),
            }
        }
    }

    /// Moves the demonstration's clock; the answer comes when all work due by then is done.
    pub(crate) async fn move_clock(&mut self, to: Instant) -> Result<(), SimError> {
        self.clock = Some(to);
        self.post("admin", CLOCK, json!({ "to": to })).await?.done(CLOCK)?;
        Ok(())
    }

    /// Says a command again, word for word.
    pub(crate) async fn repeat(&mut self, command: &Acknowledged) -> Result<Repeated, SimError> {
        let request = self.signed(command.method.clone(), &command.who, &command.path);
        let request = request.header("idempotency-key", &command.key);
        // A file of rows was kept as its text.
        let request = match command.body.as_str() {
            Some(file) => request.header("content-type", "text/csv").body(file.to_owned()),
            None => request.json(&command.body),
        };
        let Heard { status, headers, bytes } = self.say(&request).await?;
        let answer: Value = serde_json::from_slice(&bytes).unwrap_or(Value::Null);
        if status.is_success() {
            let is_known = headers.get("idempotent-replayed").is_some_and(|said| said == "true");
            return Ok(if is_known { Repeated::Known(answer) } else { Repeated::Anew });
        }
        match answer.get("code").and_then(Value::as_str) {
            Some(slug) if status.is_client_error() => Ok(Repeated::Refused(slug.to_owned())),
            _ => Err(broken(command.method.as_str(), &command.path, status, &answer)),
        }
    }

    fn signed(&self, method: Method, who: &str, path: &str) -> RequestBuilder {
        let request = self.client.request(method, format!("{}{path}", self.address));
        match self.logins.get(who) {
            Some(login) => request.header("cookie", &login.cookie).header("x-csrf-token", &login.csrf),
            None => request,
        }
    }

    /// Sends the request and hears the whole answer. Where the server may be gone for a while it is waited for, and
    /// what was not answered is said again: under the same key it is the same command.
    async fn say(&self, request: &RequestBuilder) -> Result<Heard, SimError> {
        loop {
            if let Some(pulse) = &self.outages {
                pulse.beat();
            }
            match self.say_once(request).await {
                Err(SimError::Silent { .. }) if self.outages.is_some() => self.wait_for_return().await?,
                heard => return heard,
            }
        }
    }

    async fn say_once(&self, request: &RequestBuilder) -> Result<Heard, SimError> {
        // Bodies are bytes, never streams.
        let Some(request) = request.try_clone() else {
            return Err(SimError::Incomplete("a body to send again", self.address.clone()));
        };
        let response = request.send().await.map_err(|reason| self.silent(reason))?;
        let (status, headers) = (response.status(), response.headers().clone());
        let bytes = response.bytes().await.map_err(|reason| self.silent(reason))?.to_vec();
        Ok(Heard { status, headers, bytes })
    }

    /// Waits until the server is back; its clock has stood still meanwhile and is put right first.
    pub(crate) async fn wait_for_return(&self) -> Result<(), SimError> {
        let gone = Stopwatch::now();
        loop {
            tokio::time::sleep(RETURN_LOOK).await;
            if crate::is_ready(&self.address).await {
                let Some(to) = self.clock else { return Ok(()) };
                let clock = self.signed(Method::POST, "admin", CLOCK).json(&json!({ "to": to }));
                match self.say_once(&clock).await {
                    Ok(_) => return Ok(()),
                    Err(silent) if gone.elapsed() > PATIENCE => return Err(silent),
                    Err(_) => {}
                }
            } else if gone.elapsed() > PATIENCE {
                return Err(SimError::Incomplete("a server that comes back", self.address.clone()));
            }
        }
    }

    async fn send(&mut self, method: Method, who: &str, path: &str, body: Sent) -> Result<Answer, SimError> {
        let mut request = self.signed(method.clone(), who, path);
        let key = format!("{}-{:08}", self.run, self.commands);
        let commands = !matches!(body, Sent::Nothing);
        if commands {
            self.commands += 1;
            request = request.header("idempotency-key", &key);
        }
        let (request, kept) = match body {
            Sent::Nothing => (request, Value::Null),
            Sent::Json(body) => (request.json(&body), body),
            Sent::Csv(file) => (request.header("content-type", "text/csv").body(file.clone()), Value::String(file)),
        };
        let stopwatch = Stopwatch::now();
        let Heard { status, bytes, .. } = self.say(&request).await?;
        self.waited += stopwatch.elapsed();
        let answer: Value =
            if bytes.is_empty() { Value::Null } else { serde_json::from_slice(&bytes).unwrap_or(Value::Null) };
        if status.is_success() {
            if commands && path != CLOCK {
                let (who, path) = (who.to_owned(), path.to_owned());
                let at = self.clock;
                let command = Acknowledged { who, method, key, at, path, body: kept, answer: answer.clone() };
                self.acknowledged.push(command);
            }
            return Ok(Answer::Done(answer));
        }
        match answer.get("code").and_then(Value::as_str) {
            Some(slug) if status.is_client_error() => {
                *self.refusals.entry(slug.to_owned()).or_default() += 1;
                Ok(Answer::Refused(slug.to_owned(), answer))
            }
            _ => Err(broken(method.as_str(), path, status, &answer)),
        }
    }

    fn silent(&self, reason: reqwest::Error) -> SimError {
        SimError::Silent { address: self.address.clone(), reason }
    }
}

fn broken(method: &str, path: &str, status: StatusCode, body: &Value) -> SimError {
    SimError::Broken {
        method: method.to_owned(),
        path: path.to_owned(),
        status: status.as_u16(),
        body: body.to_string(),
    }
}

/// A text that an answer must hold.
pub(crate) fn text<'a>(value: &'a Value, name: &'static str) -> Result<&'a str, SimError> {
    value.get(name).and_then(Value::as_str).ok_or_else(|| SimError::Incomplete(name, value.to_string()))
}

/// A whole number that an answer must hold.
pub(crate) fn number(value: &Value, name: &'static str) -> Result<i64, SimError> {
    value.get(name).and_then(Value::as_i64).ok_or_else(|| SimError::Incomplete(name, value.to_string()))
}

/// A list that an answer must hold.
pub(crate) fn list<'a>(value: &'a Value, name: &'static str) -> Result<&'a [Value], SimError> {
    value
        .get(name)
        .and_then(Value::as_array)
        .map(Vec::as_slice)
        .ok_or_else(|| SimError::Incomplete(name, value.to_string()))
}
