//! `freshet roads`: import an extract of OpenStreetMap, ask it for ways and matrices.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::{Args, Subcommand, ValueEnum};
use routing::roads::{ATTRIBUTION, Graph, Network, Point, Profile, osm};
use serde_json::json;

use crate::Failure;
use crate::told::print;

#[derive(Args)]
pub(crate) struct RoadsArgs {
    #[command(subcommand)]
    command: RoadsCommand,
}

#[derive(Subcommand)]
enum RoadsCommand {
    /// Make a road network for one kind of vehicle from a `.osm.pbf` file and save it.
    Import(ImportArgs),
    /// Travel between places, all to all, as JSON.
    Matrix(MatrixArgs),
    /// The fastest way from one place to another, as JSON.
    Route(WayArgs),
}

#[derive(Clone, Copy, ValueEnum)]
enum Kind {
    Van,
    Scooter,
    CargoBike,
}

#[derive(Args)]
struct ImportArgs {
    file: PathBuf,
    #[arg(long, default_value = "van")]
    profile: Kind,
    /// Count with the traffic of this hour of the day; without it the roads are empty.
    #[arg(long, value_parser = clap::value_parser!(u8).range(0..24))]
    hour: Option<u8>,
    #[arg(long)]
    out: PathBuf,
}

#[derive(Args)]
struct MatrixArgs {
    /// What `freshet roads import` has saved.
    network: PathBuf,
    /// `latitude,longitude`, one after the other.
    #[arg(required = true)]
    places: Vec<String>,
}

#[derive(Args)]
struct WayArgs {
    /// What `freshet roads import` has saved.
    network: PathBuf,
    /// `latitude,longitude`.
    from: String,
    to: String,
}

pub(crate) fn roads(args: &RoadsArgs) -> Result<ExitCode, Failure> {
    match &args.command {
        RoadsCommand::Import(args) => import(args),
        RoadsCommand::Matrix(args) => matrix(args),
        RoadsCommand::Route(args) => way(args),
    }
}

fn import(args: &ImportArgs) -> Result<ExitCode, Failure> {
    let bytes = read(&args.file)?;
    let wrong = |error: osm::ExtractError| Failure::new(format!("{}: {error}", args.file.display()));
    let extract = osm::read(&bytes).map_err(wrong)?;
    let profile = match args.profile {
        Kind::Van => Profile::Van,
        Kind::Scooter => Profile::Scooter,
        Kind::CargoBike => Profile::CargoBike,
    };
    let network = Network::prepare(Graph::build(&extract, profile, args.hour).map_err(wrong)?);
    let saved = network.to_bytes();
    fs::write(&args.out, &saved).map_err(|error| Failure::new(format!("{}: {error}", args.out.display())))?;
    print(&format!("{} directed pieces of road, {} bytes. {ATTRIBUTION}", network.graph.len(), saved.len()));
    Ok(ExitCode::SUCCESS)
}

fn matrix(args: &MatrixArgs) -> Result<ExitCode, Failure> {
    let network = network(&args.network)?;
    let places = args.places.iter().map(|text| place(text)).collect::<Result<Vec<_>, _>>()?;
    let matrix = network.matrix(&places).map_err(Failure::new)?;
    print(&json!({ "matrix": matrix, "attribution": ATTRIBUTION }).to_string());
    Ok(ExitCode::SUCCESS)
}

fn way(args: &WayArgs) -> Result<ExitCode, Failure> {
    let network = network(&args.network)?;
    let Some(way) = network.way(place(&args.from)?, place(&args.to)?) else {
        return Err(Failure::new("no road leads from the one to the other"));
    };
    let degrees = |unit: i32| f64::from(unit) / 1e7;
    let points: Vec<[f64; 2]> = way.points.iter().map(|point| [degrees(point.lat), degrees(point.lon)]).collect();
    print(&json!({ "ms": way.ms, "metres": way.metres, "points": points, "attribution": ATTRIBUTION }).to_string());
    Ok(ExitCode::SUCCESS)
}

fn read(path: &Path) -> Result<Vec<u8>, Failure> {
    let wrong = |error: std::io::Error| Failure::new(format!("{}: {error}", path.display()));
    let bytes = fs::metadata(path).map_err(wrong)?.len();
    if usize::try_from(bytes).map_or(true, |bytes| bytes > osm::EXTRACT_MAX) {
        return Err(Failure::new(format!("{}: {bytes} bytes are too many", path.display())));
    }
    fs::read(path).map_err(wrong)
}

fn network(path: &Path) -> Result<Network, Failure> {
    Network::from_bytes(&read(path)?).map_err(|error| Failure::new(format!("{}: {error}", path.display())))
}

fn place(text: &str) -> Result<Point, Failure> {
    let wrong = || Failure::new(format!("{text:?} is no place: write latitude,longitude in degrees"));
    let (lat, lon) = text.split_once(',').ok_or_else(wrong)?;
    let degrees = |word: &str| word.trim().parse::<f64>().map_err(|_| wrong());
    Point::degrees(degrees(lat)?, degrees(lon)?).ok_or_else(wrong)
}
