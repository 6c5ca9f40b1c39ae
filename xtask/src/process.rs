//! Calls other programs and stays interruptible meanwhile.
//!
//! A signal never ends this process by itself: it ends the program that is being waited for, and the ordinary
//! return path then drops what was started, the PostgreSQL server first of all.

use std::io::{self, BufRead as _, BufReader};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{self, RecvTimeoutError};
use std::sync::{Arc, OnceLock};
use std::thread;
use std::time::{Duration, Instant};

use signal_hook::consts::signal::{SIGHUP, SIGINT, SIGTERM};

use crate::failure::Failure;

/// Short enough that Ctrl-C feels immediate, long enough to cost nothing during a build of minutes.
const GLANCE: Duration = Duration::from_millis(50);

/// A terminal sends Ctrl-C to our children as well; this is their time to leave by themselves.
const GRACE: Duration = Duration::from_secs(3);

static INTERRUPTED: OnceLock<Arc<AtomicBool>> = OnceLock::new();

/// Turns Ctrl-C, a polite kill and a closed terminal into a flag.
pub(crate) fn watch_signals() -> Result<(), Failure> {
    let flag = INTERRUPTED.get_or_init(Arc::default);
    for signal in [SIGINT, SIGTERM, SIGHUP] {
        signal_hook::flag::register(signal, Arc::clone(flag))
            .map_err(|error| Failure::Failed(format!("cannot watch signal {signal}: {error}")))?;
    }
    Ok(())
}

pub(crate) fn interrupted() -> bool {
    INTERRUPTED.get().is_some_and(|flag| flag.load(Ordering::Relaxed))
}

/// Runs a program to its end, its output going where ours goes.
pub(crate) fn run(command: &mut Command) -> Result<(), Failure> {
    let name = spoken(command);
    let child = command.spawn().map_err(|error| Failure::Failed(format!("{name}: {error}")))?;
    judge(&name, wait(child)?)
}

/// Runs a program to its end and shows `on_line` each line of its standard output as it comes.
pub(crate) fn stream(command: &mut Command, mut on_line: impl FnMut(&str)) -> Result<(), Failure> {
    let name = spoken(command);
    let failed = |error: io::Error| Failure::Failed(format!("{name}: {error}"));
    let mut child = command.stdout(Stdio::piped()).spawn().map_err(failed)?;
    let Some(output) = child.stdout.take() else {
        return Err(Failure::Failed(format!("{name}: its output was not captured")));
    };

    // The pipe is read on a thread of its own because a blocked read cannot be interrupted.
    let (lines, received) = mpsc::channel();
    let reader = thread::spawn(move || {
        let mut output = BufReader::new(output);
        let mut line = Vec::new();
        while output.read_until(b'\n', &mut line).is_ok_and(|length| length > 0) {
            let text = String::from_utf8_lossy(&line).trim_end().to_owned();
            line.clear();
            if lines.send(text).is_err() {
                return;
            }
        }
    });
    loop {
        match received.recv_timeout(GLANCE) {
            Ok(line) => on_line(&line),
            Err(RecvTimeoutError::Timeout) if interrupted() => break,
            Err(RecvTimeoutError::Timeout) => {}
            Err(RecvTimeoutError::Disconnected) => {
                reader.join().map_err(|_panic| Failure::Failed(format!("{name}: its output could not be read")))?;
                break;
            }
        }
    }
    judge(&name, wait(child)?)
}

/// Runs a short, silent program and answers what it printed, or `None` when it is absent or unhappy.
pub(crate) fn answer(command: &mut Command) -> Option<String> {
    let output = command.stderr(Stdio::null()).output().ok().filter(|output| output.status.success())?;
    Some(String::from_utf8_lossy(&output.stdout).trim().to_owned())
}

/// Waits for a moment unless a signal came.
pub(crate) fn pause() -> Result<(), Failure> {
    if interrupted() {
        return Err(Failure::Interrupted);
    }
    thread::sleep(GLANCE);
    Ok(())
}

fn wait(mut child: Child) -> Result<ExitStatus, Failure> {
    let failed = |error: io::Error| Failure::Failed(format!("cannot wait for a program: {error}"));
    loop {
        if let Some(status) = child.try_wait().map_err(failed)? {
            return if interrupted() { Err(Failure::Interrupted) } else { Ok(status) };
        }
        if pause().is_err() {
            break;
        }
    }
    let asked = Instant::now();
    while asked.elapsed() < GRACE {
        if child.try_wait().map_err(failed)?.is_some() {
            return Err(Failure::Interrupted);
        }
        thread::sleep(GLANCE);
    }
    child.kill().map_err(failed)?;
    child.wait().map_err(failed)?;
    Err(Failure::Interrupted)
}

fn judge(name: &str, status: ExitStatus) -> Result<(), Failure> {
    if status.success() { Ok(()) } else { Err(Failure::Failed(format!("`{name}` failed ({status})"))) }
}

fn spoken(command: &Command) -> String {
    let program = std::path::Path::new(command.get_program()).file_name().unwrap_or(command.get_program());
    let mut words = vec![program.to_string_lossy()];
    words.extend(command.get_args().map(std::ffi::OsStr::to_string_lossy));
    words.join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_arrive_in_order_and_the_exit_status_counts() {
        let mut seen = Vec::new();

        let ended = stream(Command::new("sh").args(["-c", "echo spinach; echo cod; exit 3"]), |line| {
            seen.push(line.to_owned());
        });

        assert_eq!(seen, ["spinach", "cod"]);
        assert!(matches!(ended, Err(Failure::Failed(why)) if why.contains('3')));
    }

    #[test]
    fn a_program_that_is_not_there_gives_no_answer() {
        assert_eq!(answer(&mut Command::new("no-such-program-of-freshet")), None);
    }
}
