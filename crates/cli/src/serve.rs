//! `freshet serve`, `check`, `backup`, `restore`, `openapi`.

use std::{net::SocketAddr, path::PathBuf, process::ExitCode};

use clap::Args;
use kernel::Instant;
use server::Settings;

use crate::Failure;

/// Flags lie over the environment (`FRESHET_…`), which lies over the file.
#[derive(Args)]
#[expect(clippy::struct_excessive_bools, reason = "each is a flag that somebody types or does not")]
pub(crate) struct ServeArgs {
    /// Settings file (TOML).
    #[arg(long)]
    config: Option<PathBuf>,
    /// `sqlite:PATH` or `postgres://…`.
    #[arg(long)]
    database: Option<String>,
    /// Address and port; loopback unless told otherwise.
    #[arg(long)]
    listen: Option<SocketAddr>,
    /// Make a TLS certificate at start and print its fingerprint.
    #[arg(long)]
    tls_self_signed: bool,
    /// Create the demo company when the database is empty.
    #[arg(long)]
    demo_company: bool,
    /// How many sites a new demo company gets.
    #[arg(long)]
    demo_sites: Option<u32>,
    /// Let the demo logins in from other machines.
    #[arg(long)]
    demo_open: bool,
    /// A demonstration whose clock begins here and is moved through the API.
    #[arg(long)]
    stepped_from: Option<Instant>,
    /// With --stepped-from: the seed of all ids.
    #[arg(long, requires = "stepped_from")]
    stepped_seed: Option<u64>,
    /// The file that notices to customers are written to.
    #[arg(long)]
    notices_file: Option<PathBuf>,
    /// The address that notices to customers are posted to.
    #[arg(long)]
    notices_url: Option<String>,
    /// What plans routes: `search`, or `insertion` to compare with.
    #[arg(long, value_parser = ["search", "insertion"])]
    planning_engine: Option<String>,
    /// Where the embedded MQTT broker listens; off loopback it demands TLS.
    #[arg(long)]
    mqtt_listen: Option<SocketAddr>,
    /// A broker elsewhere instead: mqtt://… or mqtts://….
    #[arg(long, conflicts_with = "mqtt_listen")]
    mqtt_url: Option<String>,
    /// Lets --notices-url lie in a private network.
    #[arg(long, requires = "notices_url")]
    notices_allow_private: bool,
}

impl ServeArgs {
    fn settings(&self) -> Result<Settings, Failure> {
        let mut flags = toml::Table::new();
        let mut set = |name: &str, value: Option<toml::Value>| {
            if let Some(value) = value {
                flags.insert(name.to_owned(), value);
            }
        };
        let text = |text: String| toml::Value::String(text);
        set("database", self.database.clone().map(text));
        set("listen", self.listen.map(|listen| text(listen.to_string())));
        set("demo_company", self.demo_company.then_some(toml::Value::Boolean(true)));
        set("demo_sites", self.demo_sites.map(|sites| toml::Value::Integer(sites.into())));
        set("demo_open", self.demo_open.then_some(toml::Value::Boolean(true)));
        set("time", self.stepped_from.map(|_| text("stepped".to_owned())));
        set("stepped_start", self.stepped_from.map(|start| text(start.to_string())));
        let seed =
            self.stepped_seed.map(i64::try_from).transpose().map_err(|_| Failure::new("the seed is too large"))?;
        set("stepped_seed", seed.map(toml::Value::Integer));
        let engine = self.planning_engine.clone().map(text);
        set("planning", engine.map(|engine| section("engine", engine)));
        set("tls", self.tls_self_signed.then(|| section("self_signed", toml::Value::Boolean(true))));
        let mut mqtt = toml::Table::new();
        mqtt.extend(self.mqtt_listen.map(|listen| ("listen".to_owned(), text(listen.to_string()))));
        mqtt.extend(self.mqtt_url.clone().map(|url| ("url".to_owned(), text(url))));
        set("mqtt", (!mqtt.is_empty()).then_some(toml::Value::Table(mqtt)));
        let mut notices = toml::Table::new();
        notices.extend(self.notices_file.as_ref().map(|file| ("file".to_owned(), text(file.display().to_string()))));
        notices.extend(self.notices_url.clone().map(|url| ("url".to_owned(), text(url))));
        if self.notices_allow_private {
            notices.insert("allow_private".to_owned(), toml::Value::Boolean(true));
        }
        set("notices", (!notices.is_empty()).then_some(toml::Value::Table(notices)));
        Settings::load(self.config.clone(), std::env::vars(), flags).map_err(Failure::new)
    }
}

fn section(name: &str, value: toml::Value) -> toml::Value {
    let mut table = toml::Table::new();
    table.insert(name.to_owned(), value);
    toml::Value::Table(table)
}

#[derive(Args)]
pub(crate) struct BackupArgs {
    /// The file to write.
    file: PathBuf,
    /// The embedded database, `sqlite:PATH`.
    #[arg(long, default_value = "sqlite:freshet.sqlite")]
    database: String,
}

#[derive(Args)]
pub(crate) struct RestoreArgs {
    /// The backup.
    file: PathBuf,
    /// The database to put it in the place of, `sqlite:PATH`.
    #[arg(long, default_value = "sqlite:freshet.sqlite")]
    database: String,
    /// Overwrite a database that is already there.
    #[arg(long)]
    overwrite: bool,
}

pub(crate) async fn serve(args: ServeArgs) -> Result<ExitCode, Failure> {
    let settings = args.settings()?;
    server::serve(settings).await.map_err(Failure::new)?;
    Ok(ExitCode::SUCCESS)
}

pub(crate) fn check(args: &ServeArgs) -> Result<ExitCode, Failure> {
    say!("{}", args.settings()?.shown().trim_end());
    Ok(ExitCode::SUCCESS)
}

pub(crate) fn openapi() -> Result<ExitCode, Failure> {
    say!("{}", server::openapi_json().map_err(Failure::new)?);
    Ok(ExitCode::SUCCESS)
}

pub(crate) async fn backup(args: &BackupArgs) -> Result<ExitCode, Failure> {
    let database = store::Db::open(&args.database).await.map_err(Failure::new)?;
    database.backup(&args.file).await.map_err(Failure::new)?;
    say!("{} is a copy of {}", args.file.display(), args.database);
    Ok(ExitCode::SUCCESS)
}

pub(crate) fn restore(args: &RestoreArgs) -> Result<ExitCode, Failure> {
    let Some(target) = args.database.strip_prefix("sqlite:") else {
        return Err(Failure::new("only an embedded database (sqlite:PATH) is restored from a file"));
    };
    let existing = if args.overwrite { store::Existing::Replace } else { store::Existing::Refuse };
    store::restore(&args.file, std::path::Path::new(target), existing).map_err(Failure::new)?;
    say!("{} now holds {}", args.database, args.file.display());
    Ok(ExitCode::SUCCESS)
}
