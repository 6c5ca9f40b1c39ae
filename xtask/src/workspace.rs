//! Where the workspace lies and what it holds, as cargo sees it.

use std::env;
use std::ffi::OsString;
use std::path::PathBuf;
use std::process::{Command, Stdio};

use serde_json::Value;

use crate::failure::Failure;

pub(crate) struct Workspace {
    pub(crate) root: PathBuf,
    pub(crate) target: PathBuf,
    /// `cargo metadata --no-deps`: our own packages with their declared dependencies.
    pub(crate) metadata: Value,
}

impl Workspace {
    pub(crate) fn find() -> Result<Self, Failure> {
        let unreadable = |why: String| Failure::Failed(format!("cannot read the workspace: {why}"));
        // Cargo's own complaint about a broken manifest is better than ours, so its stderr is left alone.
        let output = cargo()
            .args(["metadata", "--no-deps", "--format-version", "1"])
            .stderr(Stdio::inherit())
            .output()
            .map_err(|error| unreadable(error.to_string()))?;
        let metadata: Value =
            serde_json::from_slice(&output.stdout).map_err(|_error| unreadable("cargo metadata failed".to_owned()))?;
        let folder = |key: &str| {
            metadata[key].as_str().map(PathBuf::from).ok_or_else(|| unreadable(format!("cargo names no {key}")))
        };
        Ok(Self { root: folder("workspace_root")?, target: folder("target_directory")?, metadata })
    }

    /// Cargo, called from the root.
    pub(crate) fn cargo(&self) -> Command {
        let mut command = cargo();
        command.current_dir(&self.root);
        command
    }

    pub(crate) fn has_binary(&self, package: &str, binary: &str) -> bool {
        let listed = |value: &Value| value.as_array().cloned().unwrap_or_default();
        listed(&self.metadata["packages"])
            .iter()
            .filter(|found| found["name"] == package)
            .flat_map(|found| listed(&found["targets"]))
            .any(|target| target["name"] == binary && target["kind"][0] == "bin")
    }
}

/// The cargo that started us, so that `cargo +toolchain xtask …` stays with its toolchain.
fn cargo() -> Command {
    let mut command = Command::new(env::var_os("CARGO").unwrap_or_else(|| OsString::from("cargo")));
    // What it told us about our own package is nothing to the packages that it builds: a build script that looks at
    // such a variable would run again, and all that stands on its crate be compiled again.
    for (name, _value) in env::vars_os() {
        if ["CARGO_PKG_", "CARGO_MANIFEST_"].iter().any(|start| name.to_string_lossy().starts_with(start)) {
            command.env_remove(name);
        }
    }
    command
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_binary_is_found_by_package_and_name() {
        let metadata = json!({ "packages": [{ "name": "cli", "targets": [{ "name": "freshet", "kind": ["bin"] }] }] });
        let workspace = Workspace { root: PathBuf::new(), target: PathBuf::new(), metadata };

        assert!(workspace.has_binary("cli", "freshet"));
        assert!(!workspace.has_binary("cli", "cli"));
        assert!(!workspace.has_binary("server", "freshet"));
    }
}
