//! What the program says to those who typed it.

use std::{
    io::Read as _,
    process::{Command, Stdio},
};

fn freshet() -> Command {
    Command::new(env!("CARGO_BIN_EXE_freshet"))
}

/// As with `freshet openapi | head -c 20`: the document is far longer than a pipe holds.
#[test]
fn a_command_whose_reader_has_gone_ends_as_it_would_have() {
    let told = freshet().arg("openapi").stdout(Stdio::piped()).stderr(Stdio::piped()).spawn();
    let mut program = told.expect("the program runs");
    let mut reader = program.stdout.take().expect("its words");
    reader.read_exact(&mut [0; 20]).expect("its first words");
    drop(reader);

    let ended = program.wait_with_output().expect("its end");

    assert!(ended.status.success(), "{}", ended.status);
    assert_eq!(String::from_utf8_lossy(&ended.stderr), "");
}

#[test]
fn an_engine_that_nobody_knows_is_refused_with_those_that_there_are() {
    for command in ["demo", "serve"] {
        let ended = freshet().args([command, "--planning-engine", "oracle"]).output().expect("the program runs");
        let told = String::from_utf8_lossy(&ended.stderr).into_owned();
        assert_eq!(ended.status.code(), Some(2), "{told}");
        assert!(told.contains("oracle") && told.contains("search") && told.contains("insertion"), "{told}");
    }
}
