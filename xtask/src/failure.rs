//! Why a command ended badly, and the exit code that says so.

use std::fmt;
use std::io;
use std::path::Path;
use std::process::ExitCode;

/// A script can tell "your machine lacks something" (2) from "the tree is wrong" (1).
#[derive(Debug)]
pub(crate) enum Failure {
    /// A check failed or a program that we called did.
    Failed(String),
    /// Something must be installed or typed differently first; the text says what.
    Missing(String),
    /// Ctrl-C, or a polite kill.
    Interrupted,
}

impl Failure {
    /// For `map_err` behind file operations: names the file, which `io::Error` does not.
    pub(crate) fn at(path: &Path) -> impl Fn(io::Error) -> Self {
        let path = path.display().to_string();
        move |error| Self::Failed(format!("{path}: {error}"))
    }

    pub(crate) fn exit_code(&self) -> ExitCode {
        match self {
            Self::Failed(_) => ExitCode::from(1),
            Self::Missing(_) => ExitCode::from(2),
            // What shells report for SIGINT.
            Self::Interrupted => ExitCode::from(130),
        }
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Failed(why) | Self::Missing(why) => f.write_str(why),
            Self::Interrupted => f.write_str("interrupted"),
        }
    }
}
