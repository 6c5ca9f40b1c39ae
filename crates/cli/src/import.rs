//! `freshet import` and `freshet template`: files from outside, through the door of a running server or straight into
//! a database that nobody else serves.

use std::{
    path::{Path, PathBuf},
    process::ExitCode,
    sync::Arc,
};

use clap::Args;
use edge::{Problem, Sites};
use imports::{Format, Halt, Keeping, Kind};
use kernel::{IdSource, Instant, Lang, Stamp};
use reqwest::header::{ACCEPT_LANGUAGE, CONTENT_TYPE, COOKIE, SET_COOKIE};
use serde_json::{Value, json};
use server::Settings;
use store::Tx;

use crate::Failure;

#[derive(Args)]
pub(crate) struct ImportArgs {
    /// What the file holds: products, suppliers, customers, quotes, sales, stock or orders.
    #[arg(value_parser = kind)]
    kind: Kind,
    /// The file, CSV (UTF-8) or XLSX.
    file: PathBuf,
    /// Try it to the end and undo it.
    #[arg(long)]
    dry_run: bool,
    /// The language of reasons: en, zh-Hant or zh-Hans.
    #[arg(long, default_value = "en", value_parser = lang)]
    lang: Lang,
    /// The address of a running server; without one the database is opened here.
    #[arg(long)]
    server: Option<String>,
    /// With --server: a file that holds an API token.
    #[arg(long, requires = "server")]
    token_file: Option<PathBuf>,
    /// With --server: sign in under this name.
    #[arg(long, requires = "server", requires = "password_file", conflicts_with = "token_file")]
    login: Option<String>,
    /// With --login: a file that holds the password.
    #[arg(long)]
    password_file: Option<PathBuf>,
    /// Without --server: `sqlite:PATH` or `postgres://…`.
    #[arg(long, conflicts_with = "server")]
    database: Option<String>,
    /// Without --server: settings file (TOML).
    #[arg(long, conflicts_with = "server")]
    config: Option<PathBuf>,
}

#[derive(Args)]
pub(crate) struct TemplateArgs {
    /// What the file will hold: products, suppliers, customers, quotes, sales, stock or orders.
    #[arg(value_parser = kind)]
    kind: Kind,
    /// csv or xlsx.
    #[arg(long, default_value = "xlsx", value_parser = format)]
    format: Format,
    /// The language of headings: en, zh-Hant or zh-Hans.
    #[arg(long, default_value = "en", value_parser = lang)]
    lang: Lang,
    /// Where to write it; `freshet-KIND.FORMAT` in the working folder if nothing is said.
    #[arg(long)]
    output: Option<PathBuf>,
}

fn kind(code: &str) -> Result<Kind, String> {
    let known: Vec<&str> = Kind::ALL.iter().map(|kind| kind.code()).collect();
    Kind::from_code(code).ok_or_else(|| format!("one of {} belongs here", known.join(", ")))
}

fn lang(code: &str) -> Result<Lang, String> {
    Lang::from_code(code).ok_or_else(|| "en, zh-Hant or zh-Hans belongs here".to_owned())
}

fn format(ending: &str) -> Result<Format, String> {
    Format::from_ending(ending).ok_or_else(|| "csv or xlsx belongs here".to_owned())
}

pub(crate) fn template(args: &TemplateArgs) -> Result<ExitCode, Failure> {
    let bytes = imports::template(args.kind, args.format, args.lang).map_err(Failure::new)?;
    let named = || PathBuf::from(format!("freshet-{}.{}", args.kind.code(), args.format.ending()));
    let output = args.output.clone().unwrap_or_else(named);
    std::fs::write(&output, bytes).map_err(|error| Failure::new(format!("{}: {error}", output.display())))?;
    say!("{}", output.display());
    Ok(ExitCode::SUCCESS)
}

/// Tells what the import did, or every bad row; then nothing was entered and the exit code is 1.
pub(crate) async fn import(args: ImportArgs) -> Result<ExitCode, Failure> {
    let bytes = read(&args.file)?;
    let answered = match &args.server {
        Some(server) => send(server, &args, bytes).await?,
        None => enter(&args, bytes).await?,
    };
    match answered {
        Ok(report) => {
            let count = |name: &str| report.get(name).and_then(Value::as_i64).unwrap_or(0);
            let verb = if args.dry_run { "would be entered" } else { "entered" };
            say!(
                "{} rows: {} {verb} anew, {} changed, {} already so",
                count("rows"),
                count("created"),
                count("changed"),
                count("same")
            );
            Ok(ExitCode::SUCCESS)
        }
        Err(problem) => {
            let detail = |value: &Value| value.get("detail").and_then(Value::as_str).unwrap_or_default().to_owned();
            for fault in problem.get("errors").and_then(Value::as_array).into_iter().flatten() {
                say!("{}", detail(fault));
            }
            say!("{}", detail(&problem));
            Ok(ExitCode::FAILURE)
        }
    }
}

/// The report, or the problem.
type Answered = Result<Value, Value>;

/// Enters the file into a database of this machine, by the same verbs as the server's door.
async fn enter(args: &ImportArgs, bytes: Vec<u8>) -> Result<Answered, Failure> {
    let mut flags = toml::Table::new();
    if let Some(database) = &args.database {
        flags.insert("database".to_owned(), toml::Value::String(database.clone()));
    }
    let settings = Settings::load(args.config.clone(), std::env::vars(), flags).map_err(Failure::new)?;
    let shop = server::open(&settings).await.map_err(Failure::new)?;
    let app = shop.app;
    let sites = app.read(async |tx: &mut Tx| catalog::sites(tx).await).await.map_err(Failure::new)?;
    let told = |problem: Problem| serde_json::to_value(problem.spoken(args.lang, None)).map_err(Failure::new);
    let parsed = match imports::read(args.kind, &bytes, &sites, args.lang) {
        Ok(parsed) => Arc::new(parsed),
        Err(problem) => return Ok(Err(told(problem)?)),
    };
    let keeping = if args.dry_run { Keeping::Rehearsed } else { Keeping::Kept };
    let stamp = Stamp::system(app.clock.now(), &app.ids);
    let done = app
        .db
        .write(async move |tx: &mut Tx| imports::import(tx, &stamp.again(), &Sites::All, &parsed, keeping).await)
        .await;
    match done {
        Ok(report) | Err(Halt::Rehearsed(report)) => Ok(Ok(serde_json::to_value(report).map_err(Failure::new)?)),
        Err(halt) => Ok(Err(told(halt.into())?)),
    }
}

/// Sends the file to a running server.
async fn send(server: &str, args: &ImportArgs, bytes: Vec<u8>) -> Result<Answered, Failure> {
    let server = server.trim_end_matches('/');
    let client = reqwest::Client::new();
    let dry_run = if args.dry_run { "?dry_run=true" } else { "" };
    let key: kernel::JobId = Stamp::system(Instant::from_millis(0), &IdSource::Random).mint();
    let mut request = client
        .post(format!("{server}/api/imports/{}{dry_run}", args.kind.code()))
        .header(ACCEPT_LANGUAGE, args.lang.code())
        .header("idempotency-key", key.to_string())
        .header(CONTENT_TYPE, Format::of(&bytes).media_type())
        .body(bytes);
    if let Some(file) = &args.token_file {
        request = request.bearer_auth(line(file)?);
    }
    if let (Some(login), Some(file)) = (&args.login, &args.password_file) {
        let session = client
            .post(format!("{server}/api/session"))
            .json(&json!({ "login": login, "password": line(file)? }))
            .send()
            .await
            .map_err(Failure::new)?;
        let cookies = session.headers().get_all(SET_COOKIE).iter().filter_map(|cookie| cookie.to_str().ok());
        let cookies: Vec<&str> = cookies.map(|cookie| cookie.split(';').next().unwrap_or_default()).collect();
        request = request.header(COOKIE, cookies.join("; "));
        let body: Value = session.json().await.map_err(Failure::new)?;
        let Some(csrf) = body.get("csrf_token").and_then(Value::as_str) else { return Ok(Err(body)) };
        request = request.header("x-csrf-token", csrf);
    }
    let response = request.send().await.map_err(Failure::new)?;
    let done = response.status().is_success();
    let body: Value = response.json().await.map_err(Failure::new)?;
    Ok(if done { Ok(body) } else { Err(body) })
}

fn read(file: &Path) -> Result<Vec<u8>, Failure> {
    std::fs::read(file).map_err(|error| Failure::new(format!("{}: {error}", file.display())))
}

/// The one line of a file that holds a secret.
fn line(file: &Path) -> Result<String, Failure> {
    let text = String::from_utf8(read(file)?).map_err(Failure::new)?;
    Ok(text.trim().to_owned())
}
