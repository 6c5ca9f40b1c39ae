//! The browser client: its packages, its checks and its build, each done again only when its input changed.
//!
//! Never fails for want of Node: the program is then built with a page that says so.

use std::fs;
use std::hash::{DefaultHasher, Hash as _, Hasher as _};
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::failure::Failure;
use crate::process;
use crate::workspace::Workspace;

/// The oldest Node that the client's build tools run on.
const OLDEST_NODE: (u32, u32) = (20, 19);

/// Output and caches: they change without the sources changing.
const NOT_SOURCES: [&str; 4] = ["node_modules", "dist", "test-results", "coverage"];

/// What can be done about the client on this machine.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Readiness {
    /// The tree has no client yet.
    Nothing,
    /// Node is missing or too old; the text says which.
    NoNode(String),
    Ready,
}

pub(crate) struct Client<'a> {
    folder: PathBuf,
    target: &'a Path,
}

impl<'a> Client<'a> {
    pub(crate) fn of(workspace: &'a Workspace) -> Self {
        Self { folder: workspace.root.join("client"), target: &workspace.target }
    }

    pub(crate) fn readiness(&self) -> Readiness {
        if !self.folder.join("package.json").exists() {
            return Readiness::Nothing;
        }
        let (major, minor) = OLDEST_NODE;
        match process::answer(Command::new("node").arg("--version")) {
            None => Readiness::NoNode(format!("Node {major}.{minor} or newer is missing")),
            Some(version) if release_of(&version).is_some_and(|release| release >= OLDEST_NODE) => Readiness::Ready,
            Some(version) => Readiness::NoNode(format!("Node is {version}, the client needs {major}.{minor}")),
        }
    }

    pub(crate) fn build(&self) -> Result<(), Failure> {
        let stamp = Stamp { file: self.target.join("client-build.stamp"), input: hash(&self.sources()?)? };
        if stamp.is_current() && self.folder.join("dist").exists() {
            return Ok(());
        }
        self.install_packages()?;
        self.npm(&["run", "build"])?;
        stamp.keep()
    }

    pub(crate) fn check(&self) -> Result<(), Failure> {
        self.install_packages()?;
        for script in ["types", "unit"] {
            self.npm(&["run", script])?;
        }
        Ok(())
    }

    fn install_packages(&self) -> Result<(), Failure> {
        let lists = ["package.json", "package-lock.json"].map(|name| self.folder.join(name));
        let stamp = Stamp { file: self.target.join("client-packages.stamp"), input: hash(&lists)? };
        if stamp.is_current() && self.folder.join("node_modules").exists() {
            return Ok(());
        }
        self.npm(&["ci"])?;
        stamp.keep()
    }

    fn npm(&self, words: &[&str]) -> Result<(), Failure> {
        println!("npm {}", words.join(" "));
        process::run(Command::new("npm").args(words).current_dir(&self.folder))
    }

    fn sources(&self) -> Result<Vec<PathBuf>, Failure> {
        let mut sources = Vec::new();
        collect(&self.folder, &mut sources)?;
        sources.sort();
        Ok(sources)
    }
}

/// Remembers under `target/` from which input something was made. A new Rust release may hash differently; that
/// costs one more build and nothing else.
pub(crate) struct Stamp {
    pub(crate) file: PathBuf,
    pub(crate) input: u64,
}

impl Stamp {
    pub(crate) fn is_current(&self) -> bool {
        fs::read_to_string(&self.file).is_ok_and(|kept| kept == self.input.to_string())
    }

    pub(crate) fn keep(&self) -> Result<(), Failure> {
        fs::write(&self.file, self.input.to_string()).map_err(Failure::at(&self.file))
    }
}

pub(crate) fn hash(files: &[PathBuf]) -> Result<u64, Failure> {
    let mut hasher = DefaultHasher::new();
    for file in files {
        file.hash(&mut hasher);
        fs::read(file).map_err(Failure::at(file))?.hash(&mut hasher);
    }
    Ok(hasher.finish())
}

fn collect(folder: &Path, sources: &mut Vec<PathBuf>) -> Result<(), Failure> {
    for entry in fs::read_dir(folder).map_err(Failure::at(folder))? {
        let path = entry.map_err(Failure::at(folder))?.path();
        let generated = NOT_SOURCES.iter().any(|name| path.ends_with(name));
        if path.is_dir() && !generated {
            collect(&path, sources)?;
        } else if path.is_file() {
            sources.push(path);
        }
    }
    Ok(())
}

/// Reads `v20.19.4` as `(20, 19)`.
fn release_of(version: &str) -> Option<(u32, u32)> {
    let mut numbers = version.strip_prefix('v')?.split('.').map(str::parse);
    Some((numbers.next()?.ok()?, numbers.next()?.ok()?))
}

#[cfg(test)]
mod tests {
    use tempfile::TempDir;

    use super::*;

    #[test]
    fn node_releases_compare_as_numbers() {
        assert_eq!(release_of("v20.19.4"), Some((20, 19)));
        assert!(release_of("v20.9.0") < Some(OLDEST_NODE));
        assert!(release_of("v22.12.0") > Some(OLDEST_NODE));
        assert_eq!(release_of("not node"), None);
    }

    #[test]
    fn the_hash_sees_sources_and_not_output() {
        let shop = TempDir::new().unwrap();
        let target = shop.path().join("target");
        let client = Client { folder: shop.path().join("client"), target: &target };
        fs::create_dir_all(client.folder.join("src")).unwrap();
        fs::create_dir_all(client.folder.join("dist")).unwrap();
        fs::write(client.folder.join("src/basket.ts"), "spinach").unwrap();
        let before = hash(&client.sources().unwrap()).unwrap();

        fs::write(client.folder.join("dist/app.js"), "built").unwrap();
        assert_eq!(hash(&client.sources().unwrap()).unwrap(), before);

        fs::write(client.folder.join("src/basket.ts"), "cod").unwrap();
        assert_ne!(hash(&client.sources().unwrap()).unwrap(), before);
    }
}
