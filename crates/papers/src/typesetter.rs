//! The program that sets: found beside ours, started for one paper, stopped when it takes too long.

use std::{
    path::{Path, PathBuf},
    process::Stdio,
    sync::OnceLock,
    time::Duration,
};

use axum::http::StatusCode;
use edge::Problem;
use kernel::Lang;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use tokio::{io::AsyncWriteExt, process::Command, sync::Semaphore, time::timeout};

const PROGRAM: &str = "freshet-typesetter";
/// A long contract takes a second on a slow machine.
const PATIENCE: Duration = Duration::from_secs(30);
/// Papers that are set at once: each takes a core, and the shop wants to go on.
static PRESSES: Semaphore = Semaphore::const_new(2);

/// What is to be set.
#[derive(Clone, Debug, Serialize)]
pub struct Paper {
    pub template: &'static str,
    pub lang: Lang,
    /// Printed as bars and as a square, for scanners.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub code: Option<String>,
    pub words: Map<String, Value>,
    pub facts: Map<String, Value>,
}

#[derive(Debug, thiserror::Error)]
pub enum TypesettingRefusal {
    #[error("the program {PROGRAM} does not lie beside this one")]
    NoTypesetter,
    #[error("no typeface was built into {PROGRAM}")]
    NoTypeface,
    #[error("setting a paper took more than {} seconds", PATIENCE.as_secs())]
    TooSlow,
    #[error("the paper could not be set: {0}")]
    NotSet(String),
}

impl From<TypesettingRefusal> for Problem {
    fn from(refusal: TypesettingRefusal) -> Self {
        let unavailable = |code| Self::new(StatusCode::SERVICE_UNAVAILABLE, code);
        match refusal {
            TypesettingRefusal::NoTypesetter => unavailable("papers/no-typesetter"),
            TypesettingRefusal::NoTypeface => unavailable("papers/no-typeface"),
            TypesettingRefusal::TooSlow => unavailable("papers/too-slow"),
            TypesettingRefusal::NotSet(_) => Self::internal(&refusal),
        }
    }
}

/// What the typesetter noticed.
#[derive(Debug, Deserialize)]
struct Proof {
    missing: String,
    warnings: Vec<String>,
}

/// How the program says that it has no typeface.
const NO_TYPEFACE: i32 = 3;

/// Sets a paper: its PDF.
pub async fn typeset(paper: &Paper) -> Result<Vec<u8>, TypesettingRefusal> {
    let program = program().ok_or(TypesettingRefusal::NoTypesetter)?;
    let failed = |error: &dyn std::fmt::Display| TypesettingRefusal::NotSet(error.to_string());
    let request = serde_json::to_vec(paper).map_err(|error| failed(&error))?;
    let _press = PRESSES.acquire().await.map_err(|error| failed(&error))?;
    let mut child = Command::new(program)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .env_clear()
        .kill_on_drop(true)
        .spawn()
        .map_err(|error| failed(&error))?;
    let mut input = child.stdin.take().ok_or_else(|| failed(&"no way in"))?;
    let work = async move {
        input.write_all(&request).await?;
        drop(input);
        child.wait_with_output().await
    };
    let output = timeout(PATIENCE, work).await.map_err(|_| TypesettingRefusal::TooSlow)?;
    let output = output.map_err(|error| failed(&error))?;
    let said = String::from_utf8_lossy(&output.stderr);
    if !output.status.success() {
        let no_typeface = output.status.code() == Some(NO_TYPEFACE);
        return Err(if no_typeface { TypesettingRefusal::NoTypeface } else { failed(&said.trim()) });
    }
    if let Ok(proof) = serde_json::from_str::<Proof>(said.trim()) {
        if !proof.missing.is_empty() {
            tracing::warn!(template = paper.template, missing = proof.missing, "no typeface has these characters");
        }
        for warning in proof.warnings {
            tracing::warn!(template = paper.template, warning, "the typesetter warns");
        }
    }
    Ok(output.stdout)
}

/// Beside our own program; beside the folder of it when that is a test's.
fn program() -> Option<&'static Path> {
    static FOUND: OnceLock<Option<PathBuf>> = OnceLock::new();
    let find = || {
        let own = std::env::current_exe().ok()?;
        own.ancestors().skip(1).take(2).map(|folder| folder.join(PROGRAM)).find(|file| file.is_file())
    };
    FOUND.get_or_init(find).as_deref()
}
