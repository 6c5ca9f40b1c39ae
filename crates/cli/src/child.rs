//! A server process of our own, as `demo` and `bench` need one.

use std::{
    net::TcpListener,
    path::Path,
    process::Stdio,
    time::{Duration, Instant as Stopwatch},
};

use tokio::process::{Child, Command};

use crate::Failure;

const START_PATIENCE: Duration = Duration::from_secs(30);

/// `freshet serve` as a child, on a port of its own, which it keeps when it is started again.
pub(crate) struct Server {
    child: Child,
    port: u16,
    words: Vec<String>,
}

impl Server {
    /// Starts with these words behind `serve`, and waits until it is ready.
    pub(crate) async fn start(words: Vec<String>) -> Result<Self, Failure> {
        let port = free_port()?;
        let child = spawn(port, &words)?;
        let mut server = Self { child, port, words };
        server.wait_until_ready().await?;
        Ok(server)
    }

    pub(crate) fn address(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }

    async fn wait_until_ready(&mut self) -> Result<(), Failure> {
        let stopwatch = Stopwatch::now();
        while stopwatch.elapsed() < START_PATIENCE {
            if let Some(status) = self.child.try_wait().map_err(Failure::new)? {
                return Err(Failure::new(format!("the server ended at once ({status})")));
            }
            if sim::is_ready(&self.address()).await {
                return Ok(());
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        Err(Failure::new("the server did not become ready within 30 seconds"))
    }

    /// Ends it as a power cut would, and starts it again on the same books.
    pub(crate) async fn kill_and_restart(&mut self) -> Result<(), Failure> {
        self.child.kill().await.map_err(Failure::new)?;
        self.child = spawn(self.port, &self.words)?;
        self.wait_until_ready().await
    }

    /// Asks it to end as an operator would, and waits until its books are closed.
    pub(crate) async fn stop(mut self) -> Result<(), Failure> {
        if let Some(id) = self.child.id() {
            let told = Command::new("kill").args(["-TERM", &id.to_string()]).status().await;
            if !told.is_ok_and(|status| status.success()) {
                self.child.start_kill().map_err(Failure::new)?;
            }
        }
        let status = self.child.wait().await.map_err(Failure::new)?;
        if status.success() { Ok(()) } else { Err(Failure::new(format!("the server ended with {status}"))) }
    }

    /// The processor time that it has used, where the system tells.
    pub(crate) fn cpu(&self) -> Option<Duration> {
        cpu_in(&Path::new("/proc").join(self.child.id()?.to_string()))
    }
}

fn spawn(port: u16, words: &[String]) -> Result<Child, Failure> {
    let program = std::env::current_exe().map_err(Failure::new)?;
    Command::new(program)
        .arg("serve")
        .args(words)
        .args(["--listen", &format!("127.0.0.1:{port}")])
        // The partner whom a demonstration tells of its vans listens on this machine.
        .env("FRESHET_WEBHOOKS__ALLOW_PRIVATE", "true")
        .env("FRESHET_LOG", std::env::var("FRESHET_LOG").unwrap_or_else(|_| "warn".to_owned()))
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .kill_on_drop(true)
        .spawn()
        .map_err(Failure::new)
}

pub(crate) fn free_port() -> Result<u16, Failure> {
    let listener = TcpListener::bind(("127.0.0.1", 0)).map_err(Failure::new)?;
    Ok(listener.local_addr().map_err(Failure::new)?.port())
}

/// User and system time of a process, from its folder in `/proc`.
pub(crate) fn cpu_in(folder: &Path) -> Option<Duration> {
    /// Linux counts these in hundredths of a second on every machine that we know.
    const TICK_MS: u64 = 10;
    let stat = std::fs::read_to_string(folder.join("stat")).ok()?;
    // The name may hold anything, even spaces; it ends with the last bracket.
    let fields: Vec<&str> = stat.rsplit_once(')')?.1.split_whitespace().collect();
    let ticks = fields.get(11)?.parse::<u64>().ok()? + fields.get(12)?.parse::<u64>().ok()?;
    Some(Duration::from_millis(ticks * TICK_MS))
}
