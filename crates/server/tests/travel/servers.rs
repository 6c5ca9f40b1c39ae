//! Roads from servers, in the words that OSRM and Valhalla document.

use catalog::Position;
use delivery::planning::{
    Drop, VehicleKind,
    travel::{TravelBy, TravelFault, TravelSource},
};
use routing::roads::ATTRIBUTION;
use serde_json::{Value, json};
use server::PlanningSettings;

use crate::{
    fake::{Answer, Asked, Fake},
    step::{DEPOT, Step, only_fault, only_run},
};

/// Latitude and longitude, as the wire has them.
type Degrees = (f64, f64);
/// What a server answers.
type Speech = fn(&Asked) -> Value;

/// Metres of a way, longer than the great circle and not the same in both directions.
fn metres((lat, lon): Degrees, (to_lat, to_lon): Degrees) -> f64 {
    let rest = (to_lat - lat).abs() * 150_000.0 + (to_lon - lon).abs() * 150_000.0;
    if lon < to_lon { rest + 120.4 } else { rest }
}

/// At eight metres per second.
fn seconds(from: Degrees, to: Degrees) -> f64 {
    metres(from, to) / 8.0
}

fn degrees(at: Position) -> Degrees {
    let degrees = |microdegrees: i64| format!("{microdegrees}e-6").parse().unwrap();
    (degrees(at.latitude_microdegrees), degrees(at.longitude_microdegrees))
}

fn table(from: &[Degrees], to: &[Degrees], cell: impl Fn(Degrees, Degrees) -> Value) -> Value {
    from.iter().map(|from| to.iter().map(|to| cell(*from, *to)).collect::<Value>()).collect()
}

/// Sources and destinations of `/table/v1/driving/lon,lat;…?annotations=duration,distance[&sources=…&destinations=…]`.
fn asked_of_osrm(asked: &Asked) -> (Vec<Degrees>, Vec<Degrees>) {
    let (places, query) = asked.path.strip_prefix("/table/v1/driving/").unwrap().split_once('?').unwrap();
    let place = |text: &str| {
        let (lon, lat) = text.split_once(',').unwrap();
        (lat.parse::<f64>().unwrap(), lon.parse::<f64>().unwrap())
    };
    let places: Vec<Degrees> = places.split(';').map(place).collect();
    let parameter = |name: &str| query.split('&').find_map(|word| word.strip_prefix(name)?.strip_prefix('='));
    assert_eq!(parameter("annotations"), Some("duration,distance"));
    let listed = |name: &str| {
        let numbers = parameter(name)?.split(';').map(|number| number.parse::<usize>().unwrap());
        Some(numbers.map(|number| places[number]).collect::<Vec<_>>())
    };
    (listed("sources").unwrap_or_else(|| places.clone()), listed("destinations").unwrap_or_else(|| places.clone()))
}

fn osrm(asked: &Asked) -> Value {
    let (from, to) = asked_of_osrm(asked);
    assert!(from.len() * to.len() <= 100 * 100, "as many as the server takes out of its box");
    let waypoints = |places: &[Degrees]| -> Value {
        places
            .iter()
            .map(|(lat, lon)| json!({ "hint": "", "distance": 4.2, "name": "", "location": [lon, lat] }))
            .collect()
    };
    json!({
        "code": "Ok",
        "durations": table(&from, &to, |from, to| json!(seconds(from, to))),
        "distances": table(&from, &to, |from, to| json!(metres(from, to))),
        "sources": waypoints(&from),
        "destinations": waypoints(&to),
    })
}

fn valhalla(asked: &Asked) -> Value {
    assert_eq!(asked.path, "/sources_to_targets");
    let question: Value = serde_json::from_str(&asked.body).unwrap();
    assert_eq!((&question["costing"], &question["units"]), (&json!("auto"), &json!("kilometers")));
    let places = |name: &str| -> Vec<Degrees> {
        let list = question[name].as_array().unwrap();
        list.iter().map(|place| (place["lat"].as_f64().unwrap(), place["lon"].as_f64().unwrap())).collect()
    };
    let (from, to) = (places("sources"), places("targets"));
    assert!(from.len() * to.len() <= 2_500, "as many as the server takes out of its box");
    let row = |(row, at): (usize, &Degrees)| -> Value {
        let pair = |(column, to): (usize, &Degrees)| {
            let kilometres = metres(*at, *to) / 1000.0;
            json!({ "from_index": row, "to_index": column, "time": seconds(*at, *to), "distance": kilometres })
        };
        to.iter().enumerate().map(pair).collect()
    };
    let rows: Value = from.iter().enumerate().map(row).collect();
    json!({ "sources_to_targets": rows, "units": "kilometers", "algorithm": "costmatrix" })
}

fn settings(source: TravelSource, url: &str) -> PlanningSettings {
    let word = if source == TravelSource::Osrm { "driving" } else { "auto" };
    PlanningSettings {
        roads: source,
        roads_url: Some(url.to_owned()),
        roads_allow_private: true,
        roads_van: Some(word.to_owned()),
        ..PlanningSettings::default()
    }
}

fn asks(source: TravelSource, url: &str) -> TravelBy {
    server::choose_tls_provider();
    server::travel(&settings(source, url)).unwrap()
}

fn door(number: i64) -> Position {
    Position {
        latitude_microdegrees: DEPOT.latitude_microdegrees + (number * 37 % 41 - 20) * 611,
        longitude_microdegrees: DEPOT.longitude_microdegrees + (number * 29 % 43 - 21) * 577,
    }
}

const BOTH: [(TravelSource, Speech); 2] = [(TravelSource::Osrm, osrm), (TravelSource::Valhalla, valhalla)];

#[tokio::test]
async fn a_window_is_planned_by_what_a_server_answers() {
    for (source, speaks) in BOTH {
        let fake = Fake::that(move |asked| Answer::Says(200, speaks(asked).to_string())).await;
        // An address may end with a stroke.
        let by_server = asks(source, &format!("{}/", fake.url));
        let step = Step::with(&[VehicleKind::Van]).await;
        let drops: Vec<Drop> = (1..=5).map(|number| step.drop_at(door(number))).collect();

        let plan = step.plan(&by_server, &drops).await;

        assert_eq!((&plan.shortfalls[..], plan.unassigned.len()), (&[][..], 0), "{source}");
        assert_eq!(plan.attribution.as_deref(), Some(ATTRIBUTION));
        let run = only_run(&plan);
        assert_eq!(run.measured_by, source);
        let mut course = vec![degrees(DEPOT)];
        course.extend(
            run.stops
                .iter()
                .map(|stop| degrees(drops.iter().find(|drop| drop.order == stop.order).unwrap().position.unwrap())),
        );
        course.push(degrees(DEPOT));
        let legs: i64 = course.windows(2).map(|leg| whole(metres(leg[0], leg[1]))).sum();
        assert_eq!(run.metres, legs, "{source}");
        let first = whole(seconds(course[0], course[1]) * 1000.0);
        assert_eq!(run.stops[0].eta.at.since(run.departs_at), first, "{source}");
        assert_eq!(fake.asked().len(), 1);

        // The same doors are known; one more costs its row and its column.
        step.plan(&by_server, &drops).await;
        assert_eq!(fake.asked().len(), 0);
        let mut more = drops.clone();
        more.push(step.drop_at(door(6)));
        step.plan(&by_server, &more).await;
        assert_eq!(fake.asked().len(), 2);
        // Who has no doors asks nobody.
        step.plan(&by_server, &[]).await;
        assert_eq!((fake.asked().len(), step.told().await), (0, 0));
    }
}

fn whole(number: f64) -> i64 {
    format!("{:.0}", number.round()).parse().unwrap()
}

#[tokio::test]
async fn a_server_is_asked_in_blocks_that_it_takes() {
    for ((source, speaks), (first, then)) in BOTH.into_iter().zip([(4, 4), (9, 6)]) {
        let fake = Fake::that(move |asked| Answer::Says(200, speaks(asked).to_string())).await;
        let travel = asks(source, &fake.url).0.unwrap();
        let places: Vec<Position> = (1..=121).map(door).collect();

        let all = travel.between(VehicleKind::Van, &places[..120]).await.unwrap();
        assert_eq!(fake.asked().len(), first, "{source}");
        let more = travel.between(VehicleKind::Van, &places).await.unwrap();
        assert_eq!(fake.asked().len(), then, "{source}");

        for from in 0..121 {
            for to in (0..121).filter(|to| *to != from) {
                let (here, there) = (degrees(places[from]), degrees(places[to]));
                let way = (whole(seconds(here, there) * 1000.0), whole(metres(here, there)));
                assert_eq!((more.ms(from, to).into(), more.metres(from, to).into()), way, "{source} {from} {to}");
                if from < 120 && to < 120 {
                    assert_eq!(all.ms(from, to), more.ms(from, to));
                }
            }
        }
    }
}

/// A fault, what its detail tells, and what the server did.
type Mishap = (TravelFault, &'static str, Answer);

/// Asks a server that goes wrong, and looks whether the plan is that of the great circle and everybody is told.
async fn falls_back(source: TravelSource, mishaps: Vec<Mishap>) {
    let step = Step::with(&[VehicleKind::Van]).await;
    let drops: Vec<Drop> = (1..=2).map(|number| step.drop_at(door(number))).collect();
    let crow = step.plan(&TravelBy::default(), &drops).await;
    for (number, (fault, told, answer)) in (1..).zip(mishaps) {
        let fake = Fake::that(move |_| answer.clone()).await;
        let hasty = PlanningSettings { roads_patience_ms: 400, ..settings(source, &fake.url) };
        let by_server = server::travel(&hasty).unwrap();

        let plan = step.plan(&by_server, &drops).await;

        let (of, found, detail) = only_fault(&plan);
        assert_eq!((of, found), (source, fault), "{detail}");
        assert!(detail.contains(told) && detail.chars().count() <= 200, "{detail:?} does not tell {told:?}");
        let (run, old) = (only_run(&plan), only_run(&crow));
        assert_eq!(
            (run.metres, run.returns_at, run.measured_by),
            (old.metres, old.returns_at, TravelSource::GreatCircle)
        );
        assert_eq!((plan.attribution, step.told().await), (None, number));
    }
}

fn says(body: &Value) -> Answer {
    Answer::Says(200, body.to_string())
}

#[tokio::test]
async fn a_plan_falls_back_when_osrm_goes_wrong() {
    server::choose_tls_provider();
    let fine = json!([[0.0, 60.5, 61.0], [60.0, 0.0, 30.0], [61.0, 30.0, 0.0]]);
    let metres = json!([[0.0, 605, 610], [600, 0.0, 300], [610, 300, 0.0]]);
    let with = |name: &str, value: Value| {
        let mut answer = json!({ "code": "Ok", "durations": fine, "distances": metres });
        answer[name] = value;
        says(&answer)
    };
    let cell = |text: &str| {
        let answer = json!({ "code": "Ok", "durations": fine, "distances": metres }).to_string();
        Answer::Says(200, answer.replacen("60.5", text, 1))
    };
    let far = json!([{ "distance": 1.0 }, { "distance": 8_000_000.0 }, { "distance": 1.0 }]);
    falls_back(
        TravelSource::Osrm,
        vec![
            (TravelFault::Refused, "answered 500", Answer::Says(500, "oops".to_owned())),
            (
                TravelFault::Refused,
                "TooBig: Too many table coordinates",
                Answer::Says(400, json!({ "code": "TooBig", "message": "Too many table coordinates" }).to_string()),
            ),
            (TravelFault::Refused, "NoSegment", says(&json!({ "code": "NoSegment" }))),
            (TravelFault::Refused, "answered 302", Answer::Says(302, String::new())),
            (TravelFault::Garbled, "expected value", Answer::Says(200, "<html>sign in</html>".to_owned())),
            (TravelFault::Garbled, "", Answer::Says(200, String::new())),
            (TravelFault::Garbled, "EOF", Answer::Says(200, "{\"hint\":".to_owned() + &"[".repeat(100_000))),
            (TravelFault::Garbled, "missing", with("distances", Value::Null)),
            (TravelFault::Garbled, "not 3 by 3", with("durations", json!([[0.0, 1.0], [1.0, 0.0]]))),
            (
                TravelFault::Garbled,
                "not 3 by 3",
                with("distances", json!([[0.0, 1.0, 2.0], [1.0, 0.0], [0.0, 1.0, 2.0]])),
            ),
            (TravelFault::Garbled, "-3.0 seconds", cell("-3")),
            (TravelFault::Garbled, "seconds", cell("1e300")),
            (TravelFault::Garbled, "out of range", cell("1e999")),
            (TravelFault::Garbled, "expected", cell("NaN")),
            (TravelFault::Unreachable, "1 of the other places", cell("null")),
            (TravelFault::Unreachable, "2 of the other places", with("sources", far)),
            (TravelFault::TooLong, "4194304 bytes", Answer::Says(200, " ".repeat(5 << 20))),
            (TravelFault::TimedOut, "within 400 ms", Answer::NeverAnswers),
        ],
    )
    .await;
}

#[tokio::test]
async fn a_plan_falls_back_when_valhalla_goes_wrong() {
    server::choose_tls_provider();
    let pair = |from: usize, to: usize| json!({ "from_index": from, "to_index": to, "time": 60 * from.abs_diff(to), "distance": 0.5 });
    let row = |from: usize| (0..3).map(|to| pair(from, to)).collect::<Vec<_>>();
    let answer = || json!({ "sources_to_targets": [row(0), row(1), row(2)], "units": "kilometers" });
    let with = |name: &str, value: Value| {
        let mut answer = answer();
        answer["sources_to_targets"][0][2][name] = value;
        says(&answer)
    };
    let no_edges = json!({ "error_code": 171, "error": "No suitable edges near location", "status_code": 400 });
    falls_back(
        TravelSource::Valhalla,
        vec![
            (
                TravelFault::Refused,
                "answered 400, error 171: No suitable edges near location",
                Answer::Says(400, no_edges.to_string()),
            ),
            (TravelFault::Refused, "answered 502", Answer::Says(502, "bad gateway".to_owned())),
            (TravelFault::Garbled, "expected value", Answer::Says(200, "spinach".to_owned())),
            (TravelFault::Garbled, "missing field", says(&json!({ "trip": {} }))),
            (TravelFault::Garbled, "not 3 by 3", says(&json!({ "sources_to_targets": [row(0), row(1)] }))),
            (
                TravelFault::Garbled,
                "in another order",
                says(&json!({ "sources_to_targets": [row(1), row(0), row(2)] })),
            ),
            (
                TravelFault::Garbled,
                "another unit",
                says(&json!({ "sources_to_targets": answer()["sources_to_targets"], "units": "miles" })),
            ),
            (TravelFault::Garbled, "-1.0 seconds", with("time", json!(-1))),
            (TravelFault::Garbled, "kilometres", with("distance", json!(1e12))),
            (TravelFault::Unreachable, "1 of the other places", with("time", Value::Null)),
            (TravelFault::Unreachable, "1 of the other places", with("distance", Value::Null)),
            (TravelFault::TooLong, "4194304 bytes", Answer::Says(200, "[".repeat(5 << 20))),
            (TravelFault::TimedOut, "within 400 ms", Answer::NeverAnswers),
        ],
    )
    .await;
}

#[tokio::test]
async fn who_is_not_there_or_may_not_be_called_is_told_of() {
    server::choose_tls_provider();
    let step = Step::with(&[VehicleKind::Van]).await;
    let drops = [step.drop_at(door(1))];
    let fake = Fake::that(|asked| Answer::Says(200, osrm(asked).to_string())).await;

    // Nobody has said that the server may lie in the own network.
    let public_only = PlanningSettings { roads_allow_private: false, ..settings(TravelSource::Osrm, &fake.url) };
    let plan = step.plan(&server::travel(&public_only).unwrap(), &drops).await;
    let (_, fault, detail) = only_fault(&plan);
    assert_eq!((fault, detail.as_str()), (TravelFault::Silent, "the address lies in a private network"));
    assert_eq!(fake.asked().len(), 0);

    // A port at which nobody listens any more.
    let listener = std::net::TcpListener::bind(("127.0.0.1", 0)).unwrap();
    let closed = format!("http://we:hush@{}", listener.local_addr().unwrap());
    drop(listener);
    let plan = step.plan(&asks(TravelSource::Osrm, &closed), &drops).await;
    let (_, fault, detail) = only_fault(&plan);
    assert_eq!(fault, TravelFault::Silent);
    assert!(!detail.contains("hush") && detail.contains("refused"), "{detail}");

    let plan = step.plan(&asks(TravelSource::Osrm, &fake.url), &drops).await;
    assert_eq!((&plan.shortfalls[..], only_run(&plan).measured_by), (&[][..], TravelSource::Osrm));
    let refused = server::travel(&settings(TravelSource::Osrm, "http://roads?key=1")).map(|_| ()).unwrap_err();
    assert!(refused.to_string().contains("ends with the path"), "{refused}");
}
