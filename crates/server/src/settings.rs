//! Everything that can be set, in one place. File < environment < flags.

use std::{collections::BTreeMap, net::SocketAddr, path::PathBuf};

use delivery::planning::{VehicleKind, engine::EngineKind, travel::TravelSource};
use kernel::Instant;
use serde::{Deserialize, Serialize};

/// The settings of one server process. `freshet check` prints the effective ones with secrets hidden.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Settings {
    /// `sqlite:PATH` or `postgres://…`.
    pub database: String,
    /// Where to listen. Off loopback the server demands TLS.
    pub listen: SocketAddr,
    /// The address that customers know, such as `https://shop.example`; links in notices begin with it.
    pub public_address: Option<String>,
    /// `real`, or `stepped` for a demonstration whose clock is moved by `POST /api/demo/clock`.
    pub time: TimeSetting,
    /// With stepped time: where the clock of a new demonstration begins (RFC 3339).
    pub stepped_start: Option<Instant>,
    /// With stepped time: the seed of all ids, so that a run can be repeated.
    pub stepped_seed: u64,
    /// Creates the demo company in an empty database.
    pub demo_company: bool,
    /// How many sites a new demo company gets, 1 or 2: the second trades under the `cn` profile.
    pub demo_sites: u32,
    /// Lets the demo logins in from other machines. Only for a closed network.
    pub demo_open: bool,
    pub tls: TlsSettings,
    pub notices: NoticeSettings,
    pub webhooks: WebhookSettings,
    pub telemetry: TelemetrySettings,
    pub planning: PlanningSettings,
    /// What a reader of `/metrics` must show as its bearer token. Without it they are read from loopback only.
    pub metrics_token: Option<String>,
    pub mqtt: MqttSettings,
    /// The secret that signs customers' links. Without it the database keeps one that it made for itself.
    pub link_secret: Option<String>,
    /// Requests a caller may send per second, over a burst of ten times that; 0 is no limit.
    pub requests_per_second: u32,
    /// Log lines as JSON instead of text.
    pub log_json: bool,
}

/// How time passes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TimeSetting {
    #[default]
    Real,
    Stepped,
}

/// The certificate that other machines are shown.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct TlsSettings {
    /// PEM file with the certificate chain.
    pub certificate: Option<PathBuf>,
    /// PEM file with the private key.
    pub key: Option<PathBuf>,
    /// Makes a certificate at start and prints its fingerprint.
    pub self_signed: bool,
}

/// Where notices to customers go.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct NoticeSettings {
    /// An address that takes one POST per notice; wins over the file.
    pub url: Option<String>,
    /// Lets `url` lie in a private network.
    pub allow_private: bool,
    /// A file that gets one JSON line per notice; `freshet-notices.jsonl` in the working folder if nothing is said.
    pub file: Option<PathBuf>,
}

/// Where webhooks may lead.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct WebhookSettings {
    /// Lets webhooks lie in a private network, and be called without TLS.
    pub allow_private: bool,
}

/// Where traces go.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct TelemetrySettings {
    /// A collector that takes OTLP over HTTP, such as `http://127.0.0.1:4318`; without it nothing is sent.
    pub otlp_endpoint: Option<String>,
}

/// How routes are planned.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct PlanningSettings {
    /// `search`, or `insertion` to compare with.
    pub engine: EngineKind,
    /// By what ways are measured: `great_circle` (times a factor), `file`, `osrm` or `valhalla`.
    pub roads: TravelSource,
    /// With `osrm` and `valhalla`: where the server's own paths begin, such as `http://roads:5000`.
    pub roads_url: Option<String>,
    /// Lets `roads_url` lie in a private network.
    pub roads_allow_private: bool,
    /// With `osrm` and `valhalla`: how long the ways of one plan may take. Then it goes by the great circle.
    pub roads_patience_ms: u64,
    /// What vans drive by: a file of `freshet roads import`, a profile of OSRM or a costing of Valhalla. A kind of
    /// vehicle that drives by nothing is planned by the great circle, and the plan says so.
    pub roads_van: Option<String>,
    pub roads_truck: Option<String>,
    pub roads_motorcycle: Option<String>,
    pub roads_cargo_bike: Option<String>,
}

impl Default for PlanningSettings {
    fn default() -> Self {
        Self {
            engine: EngineKind::default(),
            roads: TravelSource::default(),
            roads_url: None,
            roads_allow_private: false,
            roads_patience_ms: 10_000,
            roads_van: None,
            roads_truck: None,
            roads_motorcycle: None,
            roads_cargo_bike: None,
        }
    }
}

impl PlanningSettings {
    /// What each kind of vehicle drives by.
    pub(crate) fn roads_by_vehicle(&self) -> BTreeMap<VehicleKind, &str> {
        let Self { roads_van, roads_truck, roads_motorcycle, roads_cargo_bike, .. } = self;
        let named = [
            (VehicleKind::Van, roads_van),
            (VehicleKind::Truck, roads_truck),
            (VehicleKind::Motorcycle, roads_motorcycle),
            (VehicleKind::CargoBike, roads_cargo_bike),
        ];
        named.into_iter().filter_map(|(vehicle, by)| Some((vehicle, by.as_deref()?))).collect()
    }

    fn checked(&self) -> Result<(), SettingsError> {
        let wrong = |why| Err(SettingsError::Contradiction(why));
        let named = self.roads_by_vehicle();
        match self.roads {
            TravelSource::GreatCircle if self.roads_url.is_some() || !named.is_empty() => {
                return wrong("planning.roads_… needs planning.roads = \"file\", \"osrm\" or \"valhalla\"");
            }
            TravelSource::File if named.is_empty() => {
                return wrong("planning.roads = \"file\" needs a file: planning.roads_van, or that of another vehicle");
            }
            TravelSource::File if self.roads_url.is_some() => {
                return wrong("planning.roads_url needs planning.roads = \"osrm\" or \"valhalla\"");
            }
            TravelSource::GreatCircle | TravelSource::File => {}
            TravelSource::Osrm | TravelSource::Valhalla => {
                if !self.roads_url.as_deref().is_some_and(is_of_the_web) {
                    return wrong("a server of roads needs planning.roads_url, which begins with http:// or https://");
                }
                if named.is_empty() {
                    return wrong(
                        "a server of roads needs what vehicles are called there: planning.roads_van = \"driving\" \
                         for OSRM or \"auto\" for Valhalla, or that of another vehicle",
                    );
                }
                let plain = |name: &&str| {
                    let letters = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-');
                    (1..=40).contains(&name.len()) && name.chars().all(letters)
                };
                if !named.values().all(plain) {
                    return wrong(
                        "what vehicles are called at a server of roads is a word of letters, digits, _ and -",
                    );
                }
            }
        }
        if !(100..=120_000).contains(&self.roads_patience_ms) {
            return wrong("planning.roads_patience_ms is 100 to 120000");
        }
        Ok(())
    }
}

fn is_of_the_web(address: &str) -> bool {
    address.starts_with("http://") || address.starts_with("https://")
}

/// How sensors speak to the shop.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct MqttSettings {
    /// Runs a broker in this process, unless `url` names one elsewhere.
    pub broker: bool,
    /// Where that broker listens; port 1883 on loopback if nothing is said, or a free one when that is taken. Off
    /// loopback it speaks TLS only, with the certificate of `tls`.
    pub listen: Option<SocketAddr>,
    /// A broker elsewhere: `mqtt://broker.example:1883` or `mqtts://broker.example`.
    pub url: Option<String>,
    pub user: Option<String>,
    pub password: Option<String>,
    /// Our name at that broker; each server process needs its own.
    pub client_id: String,
    /// What we listen to there. Who may publish under what is that broker's to say.
    pub filters: Vec<String>,
}

impl Default for MqttSettings {
    fn default() -> Self {
        Self {
            broker: true,
            listen: None,
            url: None,
            user: None,
            password: None,
            client_id: "freshet".to_owned(),
            filters: vec!["freshet/probes/+/readings".to_owned(), "zigbee2mqtt/#".to_owned()],
        }
    }
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            database: "sqlite:freshet.sqlite".to_owned(),
            listen: SocketAddr::from(([127, 0, 0, 1], 8080)),
            public_address: None,
            time: TimeSetting::Real,
            stepped_start: None,
            stepped_seed: 1,
            demo_company: false,
            demo_sites: 1,
            demo_open: false,
            tls: TlsSettings::default(),
            notices: NoticeSettings::default(),
            webhooks: WebhookSettings::default(),
            telemetry: TelemetrySettings::default(),
            planning: PlanningSettings::default(),
            metrics_token: None,
            mqtt: MqttSettings::default(),
            link_secret: None,
            requests_per_second: 0,
            log_json: false,
        }
    }
}

/// Why settings were refused.
#[derive(Debug, thiserror::Error)]
pub enum SettingsError {
    #[error("the settings file {path} cannot be read: {reason}")]
    Unreadable { path: PathBuf, reason: std::io::Error },
    #[error("the settings do not parse: {0}")]
    Malformed(String),
    #[error("{0}")]
    Contradiction(&'static str),
}

/// `FRESHET_LISTEN`, `FRESHET_TLS__CERTIFICATE`: two underscores step into a section.
const ENVIRONMENT_PREFIX: &str = "FRESHET_";
/// Environment names with the prefix that are not settings of the server.
const NOT_SETTINGS: [&str; 2] = ["FRESHET_TEST_DATA", "FRESHET_LOG"];

impl Settings {
    /// Reads file, environment and flags, the later over the earlier.
    pub fn load(
        file: Option<PathBuf>,
        environment: impl Iterator<Item = (String, String)>,
        flags: toml::Table,
    ) -> Result<Self, SettingsError> {
        let mut table = match file {
            None => toml::Table::new(),
            Some(path) => std::fs::read_to_string(&path)
                .map_err(|reason| SettingsError::Unreadable { path, reason })?
                .parse()
                .map_err(|error: toml::de::Error| SettingsError::Malformed(error.to_string()))?,
        };
        let spoken: BTreeMap<String, String> = environment
            .filter(|(name, _)| name.starts_with(ENVIRONMENT_PREFIX) && !NOT_SETTINGS.contains(&name.as_str()))
            .collect();
        for (name, value) in spoken {
            let path = name.trim_start_matches(ENVIRONMENT_PREFIX).to_ascii_lowercase();
            place(&mut table, &path, value)?;
        }
        lay_over(&mut table, flags);
        let settings: Self =
            table.try_into().map_err(|error: toml::de::Error| SettingsError::Malformed(error.to_string()))?;
        settings.checked()
    }

    /// Refuses settings that contradict each other, before anything is opened.
    fn checked(self) -> Result<Self, SettingsError> {
        if self.tls.certificate.is_some() != self.tls.key.is_some() {
            return Err(SettingsError::Contradiction("tls.certificate and tls.key belong together"));
        }
        if !self.listen.ip().is_loopback() && self.tls.certificate.is_none() && !self.tls.self_signed {
            return Err(SettingsError::Contradiction(
                "listening off loopback demands TLS: give tls.certificate and tls.key, or --tls-self-signed",
            ));
        }
        let mqtt_goes_out = self.mqtt.listen.is_some_and(|listen| !listen.ip().is_loopback());
        if mqtt_goes_out && self.tls.certificate.is_none() && !self.tls.self_signed {
            return Err(SettingsError::Contradiction(
                "MQTT off loopback demands TLS: give tls.certificate and tls.key, or --tls-self-signed",
            ));
        }
        if !self.listen.ip().is_loopback() && self.demo_company && !self.demo_open {
            return Err(SettingsError::Contradiction("demo logins stay on loopback unless --demo-open is given"));
        }
        if self.stepped_start.is_some() && self.time == TimeSetting::Real {
            return Err(SettingsError::Contradiction("stepped_start needs time = \"stepped\""));
        }
        if !self.telemetry.otlp_endpoint.as_deref().is_none_or(is_of_the_web) {
            return Err(SettingsError::Contradiction("telemetry.otlp_endpoint begins with http:// or https://"));
        }
        if !(1..=2).contains(&self.demo_sites) {
            return Err(SettingsError::Contradiction("demo_sites is 1 or 2"));
        }
        self.planning.checked()?;
        Ok(self)
    }

    /// Where customers' links lead: what was set, or the address that is listened on.
    pub fn address(&self) -> String {
        self.public_address.clone().unwrap_or_else(|| {
            let tls = self.tls.self_signed || self.tls.certificate.is_some();
            format!("{}://{}", if tls { "https" } else { "http" }, self.listen)
        })
    }

    /// The settings as TOML, with secrets hidden.
    pub fn shown(&self) -> String {
        let mut shown = self.clone();
        shown.link_secret = shown.link_secret.map(|_| "(hidden)".to_owned());
        shown.metrics_token = shown.metrics_token.map(|_| "(hidden)".to_owned());
        shown.mqtt.password = shown.mqtt.password.map(|_| "(hidden)".to_owned());
        shown.database = without_password(&shown.database);
        shown.notices.url = shown.notices.url.as_deref().map(without_password);
        shown.planning.roads_url = shown.planning.roads_url.as_deref().map(without_password);
        shown.telemetry.otlp_endpoint = shown.telemetry.otlp_endpoint.as_deref().map(without_password);
        toml::to_string_pretty(&shown).unwrap_or_default()
    }
}

fn place(table: &mut toml::Table, path: &str, value: String) -> Result<(), SettingsError> {
    let parsed = match value.as_str() {
        "true" => toml::Value::Boolean(true),
        "false" => toml::Value::Boolean(false),
        number if number.parse::<i64>().is_ok() => toml::Value::Integer(number.parse().unwrap_or_default()),
        _ => toml::Value::String(value),
    };
    match path.split_once("__") {
        None => {
            table.insert(path.to_owned(), parsed);
            Ok(())
        }
        Some((section, rest)) => {
            let section = table.entry(section).or_insert_with(|| toml::Value::Table(toml::Table::new()));
            let toml::Value::Table(section) = section else {
                return Err(SettingsError::Contradiction(
                    "an environment name steps into a setting that is no section",
                ));
            };
            section.insert(rest.to_owned(), parsed);
            Ok(())
        }
    }
}

fn lay_over(table: &mut toml::Table, flags: toml::Table) {
    for (name, value) in flags {
        match (table.get_mut(&name), value) {
            (Some(toml::Value::Table(section)), toml::Value::Table(over)) => lay_over(section, over),
            (_, value) => {
                table.insert(name, value);
            }
        }
    }
}

/// `postgres://user:secret@host/db` without the secret.
pub fn without_password(url: &str) -> String {
    let Some((scheme, rest)) = url.split_once("://") else { return url.to_owned() };
    let Some((credentials, host)) = rest.rsplit_once('@') else { return url.to_owned() };
    let user = credentials.split(':').next().unwrap_or_default();
    format!("{scheme}://{user}@{host}")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn load(file: &str, environment: &[(&str, &str)], flags: &str) -> Result<Settings, SettingsError> {
        let path = std::env::temp_dir().join(format!("freshet-settings-{:x}.toml", file.len() * 31 + flags.len()));
        std::fs::write(&path, file).expect("the temporary folder can be written");
        let environment = environment.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
        Settings::load(Some(path), environment, flags.parse().expect("flags are a table"))
    }

    #[test]
    fn flags_win_over_environment_over_file() {
        let settings = load(
            "listen = \"127.0.0.1:1\"\ndatabase = \"sqlite:a\"\nlog_json = true\n",
            &[("FRESHET_LISTEN", "127.0.0.1:2"), ("FRESHET_DATABASE", "sqlite:b"), ("PATH", "/bin")],
            "listen = \"127.0.0.1:3\"",
        )
        .expect("the settings agree");
        assert_eq!((settings.listen.port(), settings.database.as_str(), settings.log_json), (3, "sqlite:b", true));
    }

    #[test]
    fn an_unknown_setting_is_refused_by_name() {
        let refused = load("databse = \"sqlite:a\"", &[], "").expect_err("a slip of the pen");
        assert!(refused.to_string().contains("databse"), "{refused}");
    }

    #[test]
    fn other_machines_are_served_over_tls_or_not_at_all() {
        assert!(load("listen = \"0.0.0.0:8443\"", &[], "").is_err());
        assert!(load("listen = \"0.0.0.0:8443\"\n[tls]\nself_signed = true\n", &[], "").is_ok());
        let demo = "listen = \"0.0.0.0:8443\"\ndemo_company = true\n[tls]\nself_signed = true\n";
        assert!(load(demo, &[], "").is_err());
        assert!(load(demo, &[("FRESHET_DEMO_OPEN", "true")], "").is_ok());
    }

    /// The names that a section takes, as it tells them to somebody who misspells one.
    fn names_of(section: &str) -> Vec<String> {
        let text = if section.is_empty() { "nobody = 1".to_owned() } else { format!("[{section}]\nnobody = 1") };
        let refused = load(&text, &[], "").expect_err("no setting is called so").to_string();
        let (_, expected) = refused.split_once("expected").expect("the names are told");
        // The next line names the section.
        let expected = expected.lines().next().unwrap_or_default();
        expected.split('`').skip(1).step_by(2).map(str::to_owned).collect()
    }

    #[test]
    fn every_setting_is_described() {
        let described = include_str!("../../../docs/settings.md");
        let sections = ["tls", "notices", "webhooks", "telemetry", "planning", "mqtt"];
        let mut names = names_of("");
        names.retain(|name| !sections.contains(&name.as_str()));
        assert!(names.len() > 10, "{names:?}");
        for section in sections {
            names.extend(names_of(section).iter().map(|name| format!("{section}.{name}")));
        }
        for name in &names {
            assert!(described.contains(&format!("| `{name}` |")), "docs/settings.md lacks {name}");
        }
        let rows = described.lines().filter(|line| line.starts_with("| `")).count();
        assert_eq!(rows, names.len(), "docs/settings.md describes a setting that is gone");
    }

    #[test]
    fn sensors_of_other_machines_speak_tls_or_not_at_all() {
        assert!(load("[mqtt]\nlisten = \"0.0.0.0:8883\"\n", &[], "").is_err());
        assert!(load("[mqtt]\nlisten = \"0.0.0.0:8883\"\n[tls]\nself_signed = true\n", &[], "").is_ok());
        let settings = load("[mqtt]\nurl = \"mqtts://broker\"\npassword = \"hush\"\n", &[], "").expect("elsewhere");
        assert!(!settings.shown().contains("hush"), "{}", settings.shown());
    }

    #[test]
    fn traces_go_to_an_address_of_the_web_or_nowhere() {
        assert!(load("[telemetry]\notlp_endpoint = \"collector:4317\"\n", &[], "").is_err());
        let settings =
            load("[telemetry]\notlp_endpoint = \"https://we:hush@collector\"\n", &[], "").expect("an address");
        assert!(!settings.shown().contains("hush"), "{}", settings.shown());
        assert_eq!(Settings::default().telemetry.otlp_endpoint, None);
    }

    #[test]
    fn roads_are_named_whole_or_not_at_all() {
        for (file, told) in [
            ("roads = \"google\"", "unknown variant"),
            ("roads = \"file\"", "needs a file"),
            ("roads = \"file\"\nroads_van = \"van.roads\"\nroads_url = \"http://roads\"", "planning.roads_url needs"),
            ("roads_van = \"van.roads\"", "needs planning.roads = \"file\""),
            ("roads = \"osrm\"\nroads_van = \"driving\"", "needs planning.roads_url"),
            ("roads = \"osrm\"\nroads_van = \"driving\"\nroads_url = \"roads:5000\"", "begins with http://"),
            ("roads = \"osrm\"\nroads_url = \"http://roads:5000\"", "what vehicles are called there"),
            ("roads = \"osrm\"\nroads_url = \"http://roads:5000\"\nroads_van = \"../x\"", "is a word of letters"),
            ("roads_patience_ms = 1", "roads_patience_ms is 100"),
        ] {
            let refused = load(&format!("[planning]\n{file}\n"), &[], "").expect_err(file).to_string();
            assert!(refused.contains(told), "{refused}");
        }
        let file = "[planning]\nroads = \"valhalla\"\nroads_url = \"https://we:hush@roads\"\nroads_van = \"auto\"\n";
        let settings = load(file, &[("FRESHET_PLANNING__ROADS_TRUCK", "truck")], "").expect("a server of roads");
        assert!(!settings.shown().contains("hush"), "{}", settings.shown());
        assert!(settings.shown().contains("roads = \"valhalla\""), "{}", settings.shown());
        assert_eq!(settings.planning.roads_by_vehicle().len(), 2);
        assert_eq!(Settings::default().planning.roads, TravelSource::GreatCircle);
    }

    #[test]
    fn secrets_are_not_shown() {
        let settings = Settings {
            database: "postgres://shop:hush@db/freshet".to_owned(),
            link_secret: Some("hush".to_owned()),
            metrics_token: Some("hush".to_owned()),
            ..Settings::default()
        };
        assert!(!settings.shown().contains("hush"), "{}", settings.shown());
        assert!(settings.shown().contains("postgres://shop@db/freshet"));
    }
}
