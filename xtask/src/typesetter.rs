//! The typesetter: a workspace of its own with its typefaces, built beside the program that starts it.

use std::fs;
use std::path::PathBuf;
use std::process::Command;

use crate::client::{Stamp, hash};
use crate::failure::Failure;
use crate::process;
use crate::workspace::Workspace;

const PROGRAM: &str = "freshet-typesetter";

pub(crate) struct Typesetter<'a> {
    workspace: &'a Workspace,
    folder: PathBuf,
    target: PathBuf,
}

impl<'a> Typesetter<'a> {
    pub(crate) fn of(workspace: &'a Workspace) -> Self {
        let (folder, target) = (workspace.root.join("typesetter"), workspace.target.join("typesetter"));
        Self { workspace, folder, target }
    }

    /// Takes the typefaces from their package, once for each version.
    pub(crate) fn fetch_typefaces(&self) -> Result<(), Failure> {
        let fonts = self.folder.join("fonts");
        let lists = ["package.json", "package-lock.json"].map(|name| fonts.join(name));
        let stamp = Stamp { file: self.workspace.target.join("typefaces.stamp"), input: hash(&lists)? };
        if stamp.is_current() && fonts.join("node_modules").exists() {
            return Ok(());
        }
        println!("npm ci in typesetter/fonts");
        process::run(Command::new("npm").args(["ci", "--ignore-scripts"]).current_dir(&fonts))?;
        stamp.keep()
    }

    /// Builds the program and lays it beside ours, where ours looks for it.
    pub(crate) fn build(&self) -> Result<(), Failure> {
        process::run(&mut self.cargo("build"))?;
        let (built, beside) = (self.target.join("debug").join(PROGRAM), self.workspace.target.join("debug"));
        fs::create_dir_all(&beside).map_err(Failure::at(&beside))?;
        let place = beside.join(PROGRAM);
        // Written under another name first: a paper may be set by the old one right now.
        let fresh = beside.join(format!("{PROGRAM}.new"));
        fs::copy(&built, &fresh).map_err(Failure::at(&built))?;
        fs::rename(&fresh, &place).map_err(Failure::at(&place))
    }

    /// A command of cargo in the typesetter's workspace.
    pub(crate) fn cargo(&self, verb: &str) -> Command {
        let mut command = self.workspace.cargo();
        command.current_dir(&self.folder).arg(verb).arg("--target-dir").arg(&self.target);
        command
    }
}
