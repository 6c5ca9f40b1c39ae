//! What a machine may lack. One rule for all of it: root installs, anybody else is told what to type.

use std::path::Path;
use std::process::Command;

use crate::failure::Failure;
use crate::process;

/// Something that stages need from outside, under the name that each packager gives it.
pub(crate) struct Package {
    pub(crate) name: &'static str,
    pub(crate) debian: &'static str,
    pub(crate) homebrew: &'static str,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum User {
    Root,
    Ordinary,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum System {
    Debian,
    Homebrew,
    Other,
}

/// What the rule says for one machine.
#[derive(Debug, PartialEq, Eq)]
enum Remedy {
    Install,
    Tell(String),
}

/// Installs a missing package, or refuses with the one line to type.
pub(crate) fn require(package: &Package) -> Result<(), Failure> {
    match remedy(package, user(), system()) {
        Remedy::Tell(line) => Err(Failure::Missing(line)),
        Remedy::Install => {
            println!("{} is missing; installing it with apt-get", package.name);
            process::run(Command::new("apt-get").arg("update"))?;
            let mut install = Command::new("apt-get");
            install.args(["install", "-y", package.debian]).env("DEBIAN_FRONTEND", "noninteractive");
            process::run(&mut install)
        }
    }
}

pub(crate) fn user() -> User {
    match process::answer(Command::new("id").arg("-u")).as_deref() {
        Some("0") => User::Root,
        _ => User::Ordinary,
    }
}

fn system() -> System {
    if Path::new("/usr/bin/apt-get").exists() {
        System::Debian
    } else if cfg!(target_os = "macos") {
        System::Homebrew
    } else {
        System::Other
    }
}

fn remedy(package: &Package, user: User, system: System) -> Remedy {
    let type_this = |line: String| Remedy::Tell(format!("{} is missing; type: {line}", package.name));
    match (system, user) {
        (System::Debian, User::Root) => Remedy::Install,
        (System::Debian, User::Ordinary) => type_this(format!("sudo apt-get install {}", package.debian)),
        (System::Homebrew, _) => type_this(format!("brew install {}", package.homebrew)),
        (System::Other, _) => Remedy::Tell(format!("{} is missing; your system's packager has it", package.name)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SCALE: Package = Package { name: "the scale driver", debian: "scale", homebrew: "scale@2" };

    #[test]
    fn root_on_debian_installs() {
        assert_eq!(remedy(&SCALE, User::Root, System::Debian), Remedy::Install);
    }

    #[test]
    fn everybody_else_is_told_one_line() {
        let told = |user, system| match remedy(&SCALE, user, system) {
            Remedy::Tell(line) => line,
            Remedy::Install => "installs".to_owned(),
        };

        assert_eq!(
            told(User::Ordinary, System::Debian),
            "the scale driver is missing; type: sudo apt-get install scale"
        );
        assert_eq!(told(User::Ordinary, System::Homebrew), "the scale driver is missing; type: brew install scale@2");
        assert_eq!(told(User::Root, System::Other), "the scale driver is missing; your system's packager has it");
    }
}
