//! `freshet forecast`: tell what will be wanted from a file of sales, look back on what that would have been worth,
//! measure what it costs.

use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Instant;

use clap::{Args, Subcommand, ValueEnum};
use forecast::backtest::{self, Backtest, Report, Score};
use forecast::calendar::Calendar;
use forecast::masking::{Mask, Stock, Written, masked};
use forecast::models::Model;
use forecast::table::{self, Steps, Table};
use forecast::{Alarm, Engine, Outlook, Series, Used};
use serde_json::{Value, json};

use crate::Failure;
use crate::told::{beside, print};

/// Files longer than this are not read at once.
const FILE_MAX: u64 = 2 << 30;
/// Further ahead than this nothing is told.
const HORIZON_MAX: usize = 366;

#[derive(Args)]
pub(crate) struct ForecastArgs {
    #[command(subcommand)]
    command: ForecastCommand,
}

#[derive(Subcommand)]
enum ForecastCommand {
    /// Forecast every series of a file.
    ///
    /// Columns unique_id, ds, y; sold_out and share if known; category, from which products are told that are new (without
    /// it all are of one kind). A product of which no row has a y begins where the others end. Every other column is a number that is known of the day beside
    /// its sales (a price, an offer, the weather). It must be known of the days to be forecast too, in rows without y, and
    /// counts where forecasts of the past would have been better with it.
    Run(RunArgs),
    /// Hold forecasts that would have been made against what came.
    Backtest(BacktestArgs),
    /// Measure what a forecast costs, on series made for it.
    Bench(BenchArgs),
}

#[derive(Clone, Args)]
struct How {
    /// How many steps ahead.
    #[arg(long, default_value_t = 7)]
    horizon: usize,
    /// Which quantiles, between 0 and 1.
    #[arg(long, value_delimiter = ',', default_value = "0.1,0.5,0.9,0.95")]
    quantiles: Vec<f64>,
    /// After how many steps things repeat; 7 for dates and 24 for numbered steps when left out.
    #[arg(long)]
    season: Option<usize>,
    /// Which models; those that suit the season when left out.
    #[arg(long, value_delimiter = ',')]
    models: Vec<String>,
    /// Whose festivals may count, for days.
    #[arg(long)]
    calendar: Option<Festivals>,
    /// Columns of the file that are left out.
    #[arg(long, value_delimiter = ',')]
    without: Vec<String>,
    #[arg(long, default_value_t = 1)]
    threads: usize,
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Festivals {
    Taiwan,
    China,
}

#[derive(Args)]
struct RunArgs {
    file: PathBuf,
    #[command(flatten)]
    how: How,
    /// Where to write; standard output when left out.
    #[arg(long)]
    out: Option<PathBuf>,
}

#[derive(Args)]
struct BacktestArgs {
    file: PathBuf,
    #[command(flatten)]
    how: How,
    /// From how many origins, the last one so that the horizon ends with the series.
    #[arg(long, default_value_t = 4)]
    origins: usize,
    /// How many steps lie between origins; the horizon when left out.
    #[arg(long)]
    apart: Option<usize>,
    /// Learn from copies that ran out on 15 % of the days, written down so; judge by the sales of the file.
    #[arg(long)]
    mask: Option<WrittenDown>,
    /// What the copies had in stock.
    #[arg(long, default_value = "level")]
    stock: Stocked,
    /// How many copies of each series.
    #[arg(long, default_value_t = 20)]
    seeds: u64,
    #[arg(long)]
    json: bool,
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum WrittenDown {
    Hour,
    Day,
    Nothing,
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Stocked {
    Level,
    Weekday,
}

/// The share of days on which a masked copy runs out.
const SOLD_OUT: f64 = 0.15;

#[derive(Args)]
struct BenchArgs {
    #[arg(long, default_value_t = 1_000)]
    series: usize,
    #[arg(long, default_value_t = 365)]
    days: usize,
    #[command(flatten)]
    how: How,
    #[arg(long)]
    json: bool,
}

pub(crate) fn forecast(args: &ForecastArgs) -> Result<ExitCode, Failure> {
    match &args.command {
        ForecastCommand::Run(args) => run(args),
        ForecastCommand::Backtest(args) => look_back(args),
        ForecastCommand::Bench(args) => bench(args),
    }
}

pub(crate) fn read(path: &Path) -> Result<Table, Failure> {
    let wrong = |error: &dyn std::fmt::Display| Failure::new(format!("{}: {error}", path.display()));
    let bytes = fs::metadata(path).map_err(|error| wrong(&error))?.len();
    if bytes > FILE_MAX {
        return Err(wrong(&format!("{bytes} bytes, at most {FILE_MAX} are read")));
    }
    let text = fs::read_to_string(path).map_err(|error| wrong(&error))?;
    let table = table::read(&text).map_err(|error| wrong(&error))?;
    if table.series.is_empty() {
        return Err(wrong(&"no row of sales"));
    }
    Ok(table)
}

impl How {
    fn engine(&self, steps: Steps) -> Result<Engine, Failure> {
        if !(1..=HORIZON_MAX).contains(&self.horizon) {
            return Err(Failure::new(format!("--horizon {}: 1 through {HORIZON_MAX}", self.horizon)));
        }
        if let Some(level) = self.quantiles.iter().find(|level| !(**level > 0.0 && **level < 1.0)) {
            return Err(Failure::new(format!("--quantiles {level}: between 0 and 1")));
        }
        let season = self.season.unwrap_or(match steps {
            Steps::Dates => 7,
            Steps::Numbers => 24,
        });
        if season == 0 {
            return Err(Failure::new("--season 0: 1 is no season, 7 a week of days"));
        }
        let calendar = self.calendar.map(|whose| match whose {
            Festivals::Taiwan => Calendar::Taiwan,
            Festivals::China => Calendar::China,
        });
        if calendar.is_some() && steps == Steps::Numbers {
            return Err(Failure::new("--calendar: numbered steps have no festivals"));
        }
        let engine = Engine::of(season, self.horizon).keeping(calendar);
        if self.models.is_empty() {
            return Ok(engine);
        }
        let known = || Model::ALL.map(Model::name).join(", ");
        let named = |name: &String| {
            Model::named(name).ok_or_else(|| Failure::new(format!("--models {name}: known are {}", known())))
        };
        Ok(engine.with(&self.models.iter().map(named).collect::<Result<Vec<Model>, Failure>>()?))
    }
}

impl How {
    /// The file, as far as it is wished for.
    fn read(&self, file: &Path) -> Result<Table, Failure> {
        let mut table = read(file)?;
        for name in &self.without {
            let known = table.regressors.join(", ");
            table = table.without(&name.to_lowercase()).ok_or_else(|| {
                let known = if known.is_empty() { "none".to_owned() } else { known };
                Failure::new(format!("--without {name}: columns that can be left out are {known}"))
            })?;
        }
        if table.steps == Steps::Dates {
            self.reached(&table.series)?;
        }
        Ok(table)
    }

    /// Whether the calendar, if one is wished for, knows all days that are learnt from or told.
    fn reached(&self, panel: &[Series]) -> Result<(), Failure> {
        let ends = |series: &Series| {
            let last = series.steps.len() + self.horizon.min(HORIZON_MAX);
            (series.first, series.first.saturating_add(i64::try_from(last).unwrap_or(i64::MAX)))
        };
        for (first, last) in panel.iter().filter(|_| self.calendar.is_some()).map(ends) {
            Calendar::reaches(first, last).map_err(|error| Failure::new(format!("--calendar: {error}")))?;
        }
        Ok(())
    }
}

fn run(args: &RunArgs) -> Result<ExitCode, Failure> {
    let table = args.how.read(&args.file)?;
    let engine = args.how.engine(table.steps)?;
    table
        .known_ahead(args.how.horizon)
        .map_err(|error| Failure::new(format!("{}: {error} (--without leaves a column out)", args.file.display())))?;
    let told = engine.run(&table.series, &args.how.quantiles, args.how.threads);
    let shown = args.how.calendar.is_some() || !table.regressors.is_empty();
    let shown = if shown { Effect::Shown } else { Effect::None };
    let text = written(&told, table.steps, &args.how.quantiles, shown);
    match &args.out {
        Some(path) => {
            fs::write(path, text).map_err(|error| Failure::new(format!("{}: {error}", path.display())))?;
        }
        None => print(text.trim_end()),
    }
    let floor = told.iter().filter(|one| one.used == Used::Floor).count();
    let strayed: Vec<&str> = told.iter().filter(|one| one.alarm.is_some()).map(|one| one.key.as_str()).collect();
    beside(&format!("{} series, {floor} of them by last season's sales because nothing beat them", told.len()));
    let new = told.iter().filter(|one| one.used == Used::Category).count();
    if new > 0 {
        beside(&format!("{new} new ones told from their category"));
    }
    let short = told.iter().filter(|one| one.used == Used::Trees).count();
    if short > 0 {
        beside(&format!("{short} short ones told with trees that were grown on all series"));
    }
    if shown == Effect::Shown {
        let used = told.iter().filter(|one| !one.effects.is_empty()).count();
        beside(&format!("what is known beside the sales made forecasts better for {used} of them"));
    }
    if !strayed.is_empty() {
        beside(&format!("forecasts have begun to stray: {}", strayed.join(", ")));
    }
    Ok(ExitCode::SUCCESS)
}

/// Whether it is told by what each step sells more or less for what is known beside its sales.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Effect {
    Shown,
    None,
}

/// A row for each product and step. `forecast` is the median, `mean` what days may be added up from.
fn written(told: &[Outlook], steps: Steps, levels: &[f64], shown: Effect) -> String {
    let mut text = String::from("unique_id,ds,forecast,mean");
    for level in levels {
        // Writing to a text cannot fail.
        let _ = write!(text, ",q{level}");
    }
    text.push_str(if shown == Effect::Shown { ",effect,alarm\n" } else { ",alarm\n" });
    for one in told {
        let key = if one.key.contains([',', '"']) {
            format!("\"{}\"", one.key.replace('"', "\"\""))
        } else {
            one.key.clone()
        };
        let alarm = match one.alarm {
            Some(Alarm::MoreCame) => "more_came",
            Some(Alarm::LessCame) => "less_came",
            None => "",
        };
        for (ahead, (median, mean)) in one.median.iter().zip(&one.mean).enumerate() {
            let at = one.first.saturating_add(i64::try_from(ahead).unwrap_or(0));
            let at = match steps {
                Steps::Dates => table::date(at),
                Steps::Numbers => at.to_string(),
            };
            let _ = write!(text, "{key},{at},{median:.4},{mean:.4}");
            for quantile in one.quantiles.get(ahead).into_iter().flatten() {
                let _ = write!(text, ",{quantile:.4}");
            }
            if shown == Effect::Shown {
                let _ = write!(text, ",{:.4}", one.effects.get(ahead).copied().unwrap_or(1.0));
            }
            let _ = writeln!(text, ",{alarm}");
        }
    }
    text
}

fn look_back(args: &BacktestArgs) -> Result<ExitCode, Failure> {
    let table = args.how.read(&args.file)?;
    let engine = args.how.engine(table.steps)?;
    if args.origins == 0 {
        return Err(Failure::new("--origins 0: at least one"));
    }
    let past = Backtest {
        origins: args.origins,
        apart: args.apart.unwrap_or(args.how.horizon).max(1),
        levels: args.how.quantiles.clone(),
        threads: args.how.threads,
    };
    if let Some(written) = args.mask {
        return look_back_masked(args, &engine, &table.series, &past, written);
    }
    let report = backtest::run(&engine, &table.series, &past)
        .map_err(|error| Failure::new(format!("{}: {error}", args.file.display())))?;
    if args.json {
        print(&in_json(&report, table.series.len()).to_string());
        return Ok(ExitCode::SUCCESS);
    }
    print(&format!("{} series, {} steps judged", table.series.len(), report.judged));
    for (name, score) in [("engine", &report.engine), ("mean", &report.mean), ("floor", &report.floor)] {
        print(&line(name, score));
    }
    let beaten = report.by_series.values().filter(|(ours, floor)| ours > floor).count();
    print(&format!("{beaten} series for which last season's sales did better"));
    Ok(ExitCode::SUCCESS)
}

/// What running out does to forecasts, and how much of it is undone.
fn look_back_masked(
    args: &BacktestArgs,
    engine: &Engine,
    truth: &[Series],
    past: &Backtest,
    written: WrittenDown,
) -> Result<ExitCode, Failure> {
    if args.seeds == 0 {
        return Err(Failure::new("--seeds 0: at least one copy"));
    }
    let wrong = |error: &dyn std::fmt::Display| Failure::new(format!("{}: {error}", args.file.display()));
    let stock = match args.stock {
        Stocked::Level => Stock::Level,
        Stocked::Weekday => Stock::Weekday,
    };
    let written = match written {
        WrittenDown::Hour => Written::Hour,
        WrittenDown::Day => Written::Day,
        WrittenDown::Nothing => Written::Nothing,
    };
    let uncensored = backtest::run(engine, truth, past).map_err(|error| wrong(&error))?;
    let learn_from = |written: Written| -> Result<[f64; 4], Failure> {
        let mut sums = [0.0; 4];
        for seed in 0..args.seeds {
            let mask = Mask { sold_out: SOLD_OUT, written, stock, seed };
            let copies: Vec<Series> = truth.iter().map(|series| masked(series, engine.season, mask)).collect();
            let report = backtest::against(engine, &copies, truth, past).map_err(|error| wrong(&error))?;
            let figures = [report.engine.bias, report.engine.wape, report.mean.bias, report.mean.wape];
            for (sum, figure) in sums.iter_mut().zip(figures) {
                *sum += figure;
            }
        }
        let seeds = f64::from(u32::try_from(args.seeds).unwrap_or(u32::MAX));
        Ok(sums.map(|sum| sum / seeds))
    };
    let (blind, corrected) = (learn_from(Written::Nothing)?, learn_from(written)?);
    let whole = [uncensored.engine.bias, uncensored.engine.wape, uncensored.mean.bias, uncensored.mean.wape];
    for (name, at) in [("median", 0), ("mean", 2)] {
        let cost = blind[at + 1] - whole[at + 1];
        let regained = (blind[at + 1] - corrected[at + 1]) / if cost.abs() > 1e-12 { cost } else { f64::NAN };
        print(&format!(
            "{name:<7} bias {:+.4} uncensored, {:+.4} blind, {:+.4} corrected (off by {:+.4}); WAPE {:.4}, {:.4}, {:.4} (regained {regained:.3} of {cost:+.4})",
            whole[at],
            blind[at],
            corrected[at],
            corrected[at] - whole[at],
            whole[at + 1],
            blind[at + 1],
            corrected[at + 1],
        ));
    }
    Ok(ExitCode::SUCCESS)
}

fn line(name: &str, score: &Score) -> String {
    let mut text = format!("{name:<7} MASE {:.4}  WAPE {:.4}  bias {:+.4}", score.mase, score.wape, score.bias);
    for (level, loss) in &score.pinball {
        let _ = write!(text, "  pinball {level} {loss:.4}");
    }
    for (low, high, share) in &score.coverage {
        let _ = write!(text, "  within {low}-{high} {share:.4}");
    }
    if !score.coverage.is_empty() {
        let [first, second, third] = score.coverage_by_third;
        let _ = write!(text, " (thirds {first:.4} {second:.4} {third:.4})");
    }
    text
}

fn in_json(report: &Report, series: usize) -> Value {
    let score = |score: &Score| {
        json!({
            "mase": score.mase,
            "wape": score.wape,
            "bias": score.bias,
            "pinball": score.pinball.iter().map(|(level, loss)| json!({"level": level, "loss": loss})).collect::<Vec<_>>(),
            "coverage": score
                .coverage
                .iter()
                .map(|(low, high, share)| json!({"low": low, "high": high, "share": share}))
                .collect::<Vec<_>>(),
            "coverage_by_third": score.coverage_by_third,
        })
    };
    let by_series =
        report.by_series.iter().map(|(key, (ours, floor))| json!({"series": key, "mase": ours, "floor": floor}));
    json!({
        "series": series,
        "judged": report.judged,
        "engine": score(&report.engine),
        "mean": score(&report.mean),
        "floor": score(&report.floor),
        "by_series": by_series.collect::<Vec<_>>(),
    })
}

/// A Monday of our days (2018-01-01), so that festivals lie where they do.
const MADE_FROM: i64 = 17_528;

/// Series as a shop has them: a level that wanders, a week, and noise; from a seed, so that a run can be repeated.
fn made(series: usize, days: usize) -> Vec<Series> {
    let mut seed: u64 = 42;
    let mut draw = || {
        seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        f64::from(u32::try_from(seed >> 33).unwrap_or(0)) / f64::from(1_u32 << 31)
    };
    let each = (0..series).map(|nth| {
        let mut level = 3.0 + 60.0 * draw().powi(2);
        let week: Vec<f64> = (0..7).map(|_| 0.6 + 0.8 * draw()).collect();
        let sold: Vec<f64> = (0..days)
            .map(|day| {
                level = (level * (1.0 + 0.06 * (draw() - 0.5))).max(0.5);
                let noise = draw() + draw() + draw() - 1.5;
                (level * week[day % 7] * (1.0 + 0.6 * noise)).round().max(0.0)
            })
            .collect();
        Series::of(&format!("made-{nth}"), MADE_FROM, &sold)
    });
    each.collect()
}

fn bench(args: &BenchArgs) -> Result<ExitCode, Failure> {
    let engine = args.how.engine(Steps::Dates)?;
    if let Some(name) = args.how.without.first() {
        return Err(Failure::new(format!("--without {name}: series made for a measure have no columns")));
    }
    let panel = made(args.series.max(1), args.days.max(1));
    args.how.reached(&panel)?;
    let (cpu, wall) = (cpu_seconds(), Instant::now());
    let told = engine.run(&panel, &args.how.quantiles, args.how.threads);
    let wall = wall.elapsed().as_secs_f64();
    let cpu = cpu_seconds().zip(cpu).map(|(after, before)| after - before);
    let count = f64::from(u32::try_from(told.len()).unwrap_or(u32::MAX));
    let each_ms = cpu.map(|seconds| seconds * 1_000.0 / count);
    let peak_kib = peak_kib();
    if args.json {
        let told = json!({"series": told.len(), "days": args.days, "wall_s": wall, "cpu_s": cpu, "cpu_ms_each": each_ms, "peak_kib": peak_kib});
        print(&told.to_string());
        return Ok(ExitCode::SUCCESS);
    }
    let cpu = match (cpu, each_ms) {
        (Some(cpu), Some(each)) => format!("{cpu:.2} CPU-s, {each:.3} CPU-ms for each"),
        _ => "CPU time is not told by this system".to_owned(),
    };
    let peak = peak_kib.map_or(String::new(), |kib| format!(", at most {} MiB", kib / 1_024));
    print(&format!("{} series of {} days: {wall:.2} s, {cpu}{peak}", told.len(), args.days));
    Ok(ExitCode::SUCCESS)
}

/// What this process has had of all processors so far, as Linux tells it in hundredths of a second.
fn cpu_seconds() -> Option<f64> {
    let text = fs::read_to_string("/proc/self/stat").ok()?;
    // The name of the program may hold spaces, so what follows it is counted from its closing bracket.
    let mut fields = text.rsplit_once(')')?.1.split_whitespace().skip(11);
    let own: f64 = fields.next()?.parse().ok()?;
    let system: f64 = fields.next()?.parse().ok()?;
    Some((own + system) / 100.0)
}

fn peak_kib() -> Option<u64> {
    let text = fs::read_to_string("/proc/self/status").ok()?;
    text.lines().find_map(|line| line.strip_prefix("VmHWM:"))?.trim().trim_end_matches(" kB").parse().ok()
}
