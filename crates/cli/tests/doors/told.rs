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

/// As with `freshet forecast run sales.csv 2>&1 | head -c 20`: one pipe for the answer and for what is said beside it.
#[test]
fn a_forecast_whose_only_reader_has_gone_ends_as_it_would_have() {
    let folder = tempfile::tempdir().expect("a folder");
    let row = |nth: i32| format!("sku-{nth},2026-03-{:02},{}", 1 + nth % 28, nth % 9);
    let sales: Vec<String> = std::iter::once("unique_id,ds,y".to_owned()).chain((0..4_000).map(row)).collect();
    std::fs::write(folder.path().join("sales.csv"), sales.join("\n")).expect("a file");
    let (mut reader, writer) = std::io::pipe().expect("a pipe");
    let told = freshet()
        .args(["forecast", "run", "sales.csv"])
        .current_dir(folder.path())
        .stdout(writer.try_clone().expect("the pipe again"))
        .stderr(writer)
        .spawn();
    let mut program = told.expect("the program runs");
    reader.read_exact(&mut [0; 20]).expect("its first words");
    drop(reader);

    let ended = program.wait().expect("its end");

    assert!(ended.success(), "{ended}");
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
