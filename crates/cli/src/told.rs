//! What a command answers, on standard output, and what it says beside that, on standard error.
//!
//! Whoever reads may go when they have read enough (`freshet … | head`): the rest is told to nobody, and the command ends
//! as it would have ended.

use std::fmt::Arguments;
use std::io::{ErrorKind, Write as _, stderr, stdout};

/// Says a line, in the words of `println!`.
macro_rules! say {
    ($($words:tt)*) => {
        $crate::told::line(format_args!($($words)*))
    };
}

/// Says a line.
pub(crate) fn print(text: &str) {
    line(format_args!("{text}"));
}

/// Says what a person wants to know beside the answer. Nobody need be there to hear it.
pub(crate) fn beside(text: &str) {
    let _ = writeln!(stderr().lock(), "{text}");
}

pub(crate) fn line(words: Arguments<'_>) {
    let mut out = stdout().lock();
    let Err(error) = writeln!(out, "{words}").and_then(|()| out.flush()) else { return };
    if error.kind() != ErrorKind::BrokenPipe {
        beside(&format!("freshet: standard output: {error}"));
        std::process::exit(1);
    }
}
