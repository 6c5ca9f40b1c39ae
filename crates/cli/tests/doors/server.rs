//! A server of the test's own, with the demo company and a clock that the test moves.

use std::{
    net::TcpListener,
    process::{Child, Command, Stdio},
    time::{Duration, Instant as Stopwatch},
};

use reqwest::Method;
use serde_json::{Value, json};

/// 06:00 in Taipei on the first day.
pub(crate) const MORNING: i64 = 1_772_402_400_000;
const PATIENCE: Duration = Duration::from_mins(1);

pub(crate) struct Server {
    child: Child,
    pub(crate) address: String,
    client: reqwest::Client,
    now: i64,
}

/// Somebody who has signed in.
pub(crate) struct Login {
    cookie: String,
    csrf: String,
}

impl Server {
    /// Starts the program on a database with these settings, and waits until it is ready.
    pub(crate) async fn start(database: &str, settings: &[(&str, &str)]) -> Self {
        server::choose_tls_provider();
        let client = reqwest::Client::builder().no_proxy().timeout(PATIENCE).build().expect("a client");
        let listener = TcpListener::bind(("127.0.0.1", 0)).expect("a port");
        let port = listener.local_addr().expect("an address").port();
        drop(listener);
        let start = kernel::Instant::from_millis(MORNING).to_string();
        let child = Command::new(env!("CARGO_BIN_EXE_freshet"))
            .args(["serve", "--demo-company", "--database", database, "--listen", &format!("127.0.0.1:{port}")])
            .args(["--stepped-from", &start, "--stepped-seed", "7"])
            .env("FRESHET_LOG", "error")
            .envs(settings.iter().copied())
            .stdout(Stdio::null())
            .spawn()
            .expect("the program runs");
        let server = Self { child, address: format!("http://127.0.0.1:{port}"), client, now: MORNING };
        let stopwatch = Stopwatch::now();
        while stopwatch.elapsed() < PATIENCE {
            let asked = server.client.get(format!("{}/readyz", server.address)).send().await;
            if asked.is_ok_and(|answer| answer.status().is_success()) {
                return server;
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        panic!("the server does not become ready");
    }

    pub(crate) async fn sign_in(&self, login: &str) -> Login {
        let body = json!({ "login": login, "password": server::DEMO_PASSWORD });
        let request = self.client.post(format!("{}/api/session", self.address)).json(&body);
        let answer = request.send().await.expect("an answer");
        let cookies = answer.headers().get_all("set-cookie").iter().filter_map(|cookie| cookie.to_str().ok());
        let cookie = cookies.map(|cookie| cookie.split(';').next().unwrap_or_default().to_owned());
        let cookie = cookie.collect::<Vec<_>>().join("; ");
        let me: Value = answer.json().await.expect("JSON");
        Login { cookie, csrf: me["csrf_token"].as_str().expect("a token").to_owned() }
    }

    /// Status and body.
    pub(crate) async fn ask(
        &self,
        method: Method,
        login: &Login,
        path: &str,
        (key, body): (&str, Option<Value>),
    ) -> (u16, Value) {
        let mut request = self.client.request(method, format!("{}{path}", self.address));
        request = request.header("cookie", &login.cookie).header("x-csrf-token", &login.csrf);
        request = request.header("idempotency-key", key);
        if let Some(body) = body {
            request = request.json(&body);
        }
        let answer = request.send().await.expect("an answer");
        let status = answer.status().as_u16();
        let bytes = answer.bytes().await.expect("a body");
        (status, serde_json::from_slice(&bytes).unwrap_or(Value::Null))
    }

    pub(crate) async fn get(&self, login: &Login, path: &str) -> (u16, Value) {
        self.ask(Method::GET, login, path, ("not-needed", None)).await
    }

    /// Status and text, as nobody, perhaps with a bearer token.
    pub(crate) async fn bare(&self, path: &str, token: Option<&str>) -> (u16, String) {
        let mut request = self.client.get(format!("{}{path}", self.address));
        if let Some(token) = token {
            request = request.bearer_auth(token);
        }
        let answer = request.send().await.expect("an answer");
        (answer.status().as_u16(), answer.text().await.expect("a text"))
    }

    /// Status of a reading that was asked for under a request id, and the id it was answered under.
    pub(crate) async fn under(&self, id: &str, login: &Login, path: &str) -> (u16, String) {
        let request = self.client.get(format!("{}{path}", self.address)).header("x-request-id", id);
        let answer = request.header("cookie", &login.cookie).send().await.expect("an answer");
        let told = answer.headers().get("x-request-id").and_then(|id| id.to_str().ok()).unwrap_or_default();
        (answer.status().as_u16(), told.to_owned())
    }

    /// Tells the program to stop and waits until it has.
    pub(crate) async fn stop(mut self) {
        let told = Command::new("kill").args(["-TERM", &self.child.id().to_string()]).status().expect("kill runs");
        assert!(told.success());
        let stopwatch = Stopwatch::now();
        while stopwatch.elapsed() < PATIENCE {
            if let Some(ended) = self.child.try_wait().expect("its end") {
                assert!(ended.success(), "{ended}");
                return;
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        panic!("the server does not stop");
    }

    /// Lets so many milliseconds pass; the work that became due is done then.
    pub(crate) async fn pass(&mut self, admin: &Login, millis: i64) {
        self.now += millis;
        let to = json!({ "to": kernel::Instant::from_millis(self.now) });
        let (status, body) = self.ask(Method::POST, admin, "/api/demo/clock", ("clock", Some(to))).await;
        assert_eq!(status, 200, "{body}");
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // A test that failed leaves no server behind.
        let _ended = self.child.kill();
        let _gone = self.child.wait();
    }
}

/// A database of one test on each engine that can be had here.
pub(crate) struct Databases {
    folder: tempfile::TempDir,
    server: Option<(String, String)>,
}

impl Databases {
    #[expect(clippy::print_stdout, reason = "what was skipped is counted from the test's output")]
    pub(crate) fn new(test: &str) -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let Ok(server) = std::env::var("TEST_POSTGRES_URL") else {
            println!("skipped: no TEST_POSTGRES_URL");
            return Self { folder, server: None };
        };
        let name = format!("freshet_{test}_{}", std::process::id());
        sql(&server, &format!("CREATE DATABASE {name}"));
        Self { folder, server: Some((server, name)) }
    }

    pub(crate) fn file(&self, name: &str) -> std::path::PathBuf {
        self.folder.path().join(name)
    }

    pub(crate) fn urls(&self) -> Vec<String> {
        let embedded = format!("sqlite:{}", self.file("shop.sqlite").display());
        let elsewhere = self.server.iter().map(|(server, name)| {
            let (base, _) = server.rsplit_once('/').expect("a URL with a database");
            format!("{base}/{name}")
        });
        std::iter::once(embedded).chain(elsewhere).collect()
    }
}

impl Drop for Databases {
    fn drop(&mut self) {
        if let Some((server, name)) = &self.server {
            sql(server, &format!("DROP DATABASE {name} WITH (FORCE)"));
        }
    }
}

fn sql(server: &str, statement: &str) {
    let done = Command::new("psql").args([server, "-qc", statement]).status().expect("psql runs");
    assert!(done.success(), "{statement}");
}
