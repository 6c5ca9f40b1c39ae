//! Readings become alarms, and people answer them.

use axum::http::StatusCode;
use serde_json::json;

use crate::shop::{Shop, shops};

#[tokio::test]
async fn a_reading_sent_twice_is_one_reading() {
    for shop in shops().await {
        let probe = shop.probe("C-1", shop.cold_room).await;

        let first = shop.send(&probe, &[(10, 40), (5, 41), (0, 42), (5, 41)]).await;
        let again = shop.send(&probe, &[(10, 40), (0, 42), (0, 43)]).await;

        assert_eq!((first["recorded"].as_i64(), first["known"].as_i64()), (Some(3), Some(1)), "{first}");
        assert_eq!((again["recorded"].as_i64(), again["known"].as_i64()), (Some(1), Some(2)), "{again}");
        let (_, kept) = shop.get("lead", &format!("/probes/{probe}/readings")).await;
        assert_eq!(kept["items"].as_array().unwrap().len(), 4, "{kept}");
        assert_eq!(shop.excursions().await.len(), 0);
    }
}

#[tokio::test]
async fn a_device_speaks_for_itself_and_those_it_is_the_gateway_of() {
    for shop in shops().await {
        let gateway = shop.done("lead", "/probes", json!({ "site": shop.site, "code": "GW", "kind": "gateway" })).await;
        let gateway = gateway["id"].as_str().unwrap();
        let own = shop.probe("C-1", shop.cold_room).await;
        let new = json!({
            "site": shop.site, "code": "C-2", "zone": shop.cold_room, "gateway": gateway,
            "topic": "zigbee2mqtt/cold-room/A2",
        });
        let carried = shop.done("lead", "/probes", new.clone()).await["id"].as_str().unwrap().to_owned();
        let reading = json!({ "readings": [{ "at": shop.now(), "decicelsius": 40 }] });

        let by_gateway = shop.post(gateway, &format!("/probes/{carried}/readings"), reading.clone()).await;
        let by_stranger = shop.post(&own, &format!("/probes/{carried}/readings"), reading.clone()).await;
        let for_gateway = shop.post(gateway, &format!("/probes/{gateway}/readings"), reading.clone()).await;
        let by_person = shop.post("lead", &format!("/probes/{own}/readings"), reading).await;
        let mut twice = new;
        twice["code"] = json!("C-3");
        let same_topic = shop.post("lead", "/probes", twice).await;

        assert_eq!(by_gateway.0, StatusCode::OK, "{}", by_gateway.1);
        assert_eq!(by_stranger.1["code"], "coldchain/no-such-probe");
        assert_eq!(for_gateway.1["code"], "coldchain/measures-nothing");
        assert_eq!(by_person.0, StatusCode::FORBIDDEN);
        assert_eq!(same_topic.1["code"], "coldchain/topic-taken");
    }
}

#[tokio::test]
async fn what_no_thermometer_says_is_refused_by_its_place() {
    for shop in shops().await {
        let probe = shop.probe("C-1", shop.cold_room).await;
        let path = format!("/probes/{probe}/readings");
        let send = |at, value: i64| json!({ "readings": [{ "at": at, "decicelsius": value }] });

        let early = shop.post(&probe, &path, send(shop.now().plus_minutes(6), 40)).await;
        let hot = shop.post(&probe, &path, send(shop.now(), 9_000)).await;
        let none = shop.post(&probe, &path, json!({ "readings": [] })).await;

        assert_eq!(early.1["code"], "coldchain/from-the-future");
        assert_eq!(early.1["field"], "readings/0/at");
        assert_eq!(hot.0, StatusCode::UNPROCESSABLE_ENTITY, "{}", hot.1);
        assert_eq!(none.0, StatusCode::UNPROCESSABLE_ENTITY, "{}", none.1);
    }
}

#[tokio::test]
async fn an_alarm_is_acknowledged_acted_on_and_closed() {
    for shop in shops().await {
        let probe = shop.probe("C-1", shop.cold_room).await;
        shop.keep_at(&probe, 10, 40).await;
        shop.keep_at(&probe, 45, 85).await;
        let raised = shop.excursions().await;
        assert_eq!(raised.len(), 1, "{raised:?}");
        let id = raised[0]["id"].as_str().unwrap().to_owned();
        assert_eq!((&raised[0]["kind"], &raised[0]["state"]), (&json!("high"), &json!("raised")));

        let path = |verb: &str| format!("/excursions/{id}/{verb}");
        let note = json!({ "action": "door_closed", "note": "a crate stood in the door" });
        let closing = json!({ "cause": "door_open", "note": "door closed, curtain mended" });
        let too_soon = shop.post("lead", &path("actions"), note.clone()).await;
        let acknowledged = shop.done("lead", &path("acknowledge"), json!({})).await;
        let idle = shop.post("lead", &path("close"), closing.clone()).await;
        shop.done("lead", &path("actions"), note).await;
        let running = shop.post("lead", &path("close"), closing.clone()).await;
        shop.keep_at(&probe, 10, 40).await;
        let closed = shop.done("lead", &path("close"), closing.clone()).await;
        let twice = shop.post("lead", &path("close"), closing).await;

        assert_eq!(too_soon.1["code"], "coldchain/not-acknowledged");
        assert_eq!(acknowledged["state"], "acknowledged");
        assert_eq!(idle.1["code"], "coldchain/nothing-done");
        assert_eq!(running.1["code"], "coldchain/still-running");
        assert_eq!(closed["state"], "closed");
        assert_eq!(twice.1["code"], "coldchain/not-open");
        for kind in [
            "temperature_alarm_raised",
            "temperature_alarm_acknowledged",
            "temperature_action_taken",
            "temperature_restored",
            "temperature_alarm_closed",
        ] {
            assert_eq!(shop.told(kind).await, 1, "{kind}");
        }
        assert_eq!(shop.told("temperature_alarm_escalated").await, 0);
    }
}

#[tokio::test]
async fn an_alarm_that_nobody_answers_climbs_the_ladder() {
    for shop in shops().await {
        let probe = shop.probe("F-1", shop.freezer).await;
        let lot = shop.stock(&shop.dumplings, "F-01", 20, "2026-12-31").await;
        shop.send(&probe, &[(0, -190)]).await;
        shop.wait(5).await;
        shop.send(&probe, &[(0, -110)]).await;

        let mut rungs = Vec::new();
        for _ in 0..14 {
            shop.keep_at(&probe, 5, -185).await;
            let excursion = &shop.excursions().await[0];
            rungs.push(excursion["rung"].as_str().unwrap().to_owned());
        }

        let seen: Vec<&str> = [rungs[1].as_str(), &rungs[2], &rungs[5], &rungs[11]].into();
        assert_eq!(seen, ["operator", "shift_lead", "quality", "management"], "{rungs:?}");
        assert_eq!(shop.told("temperature_alarm_escalated").await, 3);
        let quarantines = shop.quarantines().await;
        assert_eq!((quarantines.len(), &quarantines[0]["why"]), (1, &json!("unanswered")), "{quarantines:?}");
        assert_eq!(quarantines[0]["lot"], json!(lot));
    }
}

#[tokio::test]
async fn an_answer_stops_the_ladder() {
    for shop in shops().await {
        let probe = shop.probe("F-1", shop.freezer).await;
        shop.stock(&shop.dumplings, "F-01", 20, "2026-12-31").await;
        shop.send(&probe, &[(0, -110)]).await;
        shop.wait(16).await;
        let id = shop.excursions().await[0]["id"].as_str().unwrap().to_owned();

        shop.done("inspector", &format!("/excursions/{id}/acknowledge"), json!({})).await;
        shop.keep_at(&probe, 60, -190).await;

        assert_eq!(shop.told("temperature_alarm_escalated").await, 1);
        assert_eq!(shop.quarantines().await.len(), 0);
    }
}

#[tokio::test]
async fn a_silent_probe_is_missed_by_the_clock_and_heard_again() {
    for shop in shops().await {
        let probe = shop.probe("C-1", shop.cold_room).await;
        shop.send(&probe, &[(0, 40)]).await;

        shop.wait(30).await;
        assert_eq!(shop.excursions().await.len(), 0);
        shop.wait(1).await;
        let silent = shop.excursions().await;
        shop.wait(10).await;
        shop.send(&probe, &[(0, 42)]).await;
        let heard = shop.excursions().await;

        assert_eq!((silent.len(), &silent[0]["kind"]), (1, &json!("silent")));
        assert!(silent[0]["ended_at"].is_null());
        assert_eq!(heard.len(), 1, "{heard:?}");
        assert!(heard[0]["ended_at"].is_string(), "{heard:?}");
    }
}

#[tokio::test]
async fn late_readings_are_judged_as_if_they_had_come_in_time() {
    for shop in shops().await {
        let in_time = shop.probe("C-1", shop.cold_room).await;
        let late = shop.probe("C-2", shop.cold_room).await;
        let curve: Vec<(i64, i32)> =
            (0..=24).map(|nth| (120 - nth * 5, if (6..18).contains(&nth) { 90 } else { 40 })).collect();
        shop.wait(150).await;
        let before = shop.excursions().await.len();

        for reading in &curve {
            shop.send(&in_time, &[*reading]).await;
        }
        shop.send(&late, &[curve[0], curve[24]]).await;
        let answer = shop.send(&late, &curve[1..24]).await;

        assert_eq!(answer["late"], 23, "{answer}");
        let warm = |probe: &str, all: &[serde_json::Value]| {
            let of: Vec<_> = all.iter().filter(|one| one["probe"] == probe && one["kind"] == "high").cloned().collect();
            assert_eq!(of.len(), 1, "{all:?}");
            (of[0]["began_at"].clone(), of[0]["raised_at"].clone(), of[0]["ended_at"].clone(), of[0]["peak"].clone())
        };
        let all = shop.excursions().await;
        assert_eq!(warm(&in_time, &all), warm(&late, &all));
        assert!(all.len() > before);
    }
}

#[tokio::test]
async fn a_probe_whose_calibration_is_overdue_is_doubted() {
    for shop in shops().await {
        let new = json!({
            "site": shop.site, "code": "C-1", "zone": shop.cold_room, "calibrated_on": "2025-03-01",
            "calibration_due": "2026-03-01",
        });
        let probe = shop.done("lead", "/probes", new).await["id"].as_str().unwrap().to_owned();

        let doubted = shop.send(&probe, &[(5, 40)]).await;
        let calibration = json!({ "calibrated_on": "2026-03-28", "calibration_due": "2027-03-28" });
        let (status, _) = shop.put("lead", &format!("/probes/{probe}/calibration"), calibration).await;
        let believed = shop.send(&probe, &[(0, 40)]).await;

        assert_eq!(status, StatusCode::OK);
        assert_eq!((doubted["doubtful"].as_i64(), believed["doubtful"].as_i64()), (Some(1), Some(0)));
    }
}

#[tokio::test]
async fn a_loggers_file_is_taken_whole_or_not_at_all() {
    for shop in shops().await {
        let probe = shop.probe("F-1", shop.freezer).await;
        let path = format!("/probes/{probe}/reading-files");
        let file = "time,temperature\n2026-03-27T22:00:00Z,-18.5\n2026-03-27T22:05:00Z,-18.46\n";

        let taken = shop.post_file("lead", &path, file).await;
        let broken = shop.post_file("lead", &path, &format!("{file}2026-03-27T22:10:00Z,warm\n")).await;
        let foreign = shop.post_file("stranger", &path, file).await;

        assert_eq!((taken.0, &taken.1["recorded"]), (StatusCode::OK, &json!(2)), "{}", taken.1);
        assert_eq!(
            (&broken.1["code"], &broken.1["params"]["line"]),
            (&json!("coldchain/unreadable-line"), &json!("4")),
            "{}",
            broken.1
        );
        assert_eq!(foreign.0, StatusCode::NOT_FOUND);
    }
}

#[tokio::test]
async fn a_door_open_for_loading_raises_nothing_but_not_for_hours() {
    for shop in shops().await {
        let probe = shop.probe("C-1", shop.cold_room).await;
        let path = format!("/probes/{probe}/inhibits");
        let window = |minutes| json!({ "kind": "door_open", "starts_at": shop.now(), "ends_at": shop.now().plus_minutes(minutes) });

        let long = shop.post("lead", &path, window(31)).await;
        let announced = shop.post("lead", &path, window(30)).await;
        shop.keep_at(&probe, 25, 90).await;
        shop.keep_at(&probe, 10, 50).await;

        assert_eq!(long.1["code"], "coldchain/inhibit-too-long");
        assert_eq!(announced.0, StatusCode::CREATED, "{}", announced.1);
        assert_eq!(shop.excursions().await.len(), 0);
    }
}

#[tokio::test]
async fn limits_are_data_of_the_site() {
    for shop in shops().await {
        let probe = shop.probe("C-1", shop.cold_room).await;
        let path = format!("/sites/{}/temperature-limits/chilled", shop.site);
        let mut limits =
            shop.read("lead", &format!("/sites/{}/temperature-limits", shop.site)).await[1]["band"].clone();
        limits["high"] = json!(40);
        limits["clear"] = json!(35);
        limits["delay_minutes"] = json!(0);
        let mut upside_down = limits.clone();
        upside_down["high_high"] = json!(30);

        let (status, set) = shop.put("lead", &path, limits.clone()).await;
        let refused = shop.put("lead", &path, upside_down).await;
        let forbidden = shop.put("picker", &path, limits).await;
        shop.send(&probe, &[(0, 41)]).await;

        assert_eq!((status, &set["revision"]), (StatusCode::OK, &json!(1)), "{set}");
        assert_eq!(refused.1["field"], "high_high");
        assert_eq!(forbidden.0, StatusCode::FORBIDDEN);
        assert_eq!(shop.excursions().await.len(), 1);
    }
}

#[tokio::test]
async fn another_sites_people_find_nothing_here() {
    for shop in shops().await {
        let probe = shop.probe("F-1", shop.freezer).await;
        shop.send(&probe, &[(0, -110)]).await;
        let id = excursion(&shop).await;

        for path in [format!("/probes/{probe}"), format!("/excursions/{id}"), format!("/excursions?site={}", shop.site)]
        {
            assert_eq!(shop.get("stranger", &path).await.0, StatusCode::NOT_FOUND, "{path}");
        }
        let answer = shop.post("stranger", &format!("/excursions/{id}/acknowledge"), json!({})).await;
        assert_eq!(answer.0, StatusCode::NOT_FOUND);
        let anonymous = shop.post("nobody", &format!("/excursions/{id}/acknowledge"), json!({})).await;
        assert_eq!(anonymous.0, StatusCode::UNAUTHORIZED);
    }
}

async fn excursion(shop: &Shop) -> String {
    shop.excursions().await[0]["id"].as_str().unwrap().to_owned()
}

#[tokio::test]
async fn the_day_is_signed_off_with_every_alarm_closed_or_explained() {
    for shop in shops().await {
        let probe = shop.probe("F-1", shop.freezer).await;
        shop.keep_at(&probe, 60, -190).await;
        shop.keep_at(&probe, 30, -110).await;
        shop.keep_at(&probe, 30, -190).await;
        let path = format!("/sites/{}/haccp/2026-03-28", shop.site);

        let early = shop.post("inspector", &format!("{path}/sign"), json!({})).await;
        shop.app.clock.advance_to(shop.now().plus_minutes(24 * 60));
        let unexplained = shop.post("inspector", &format!("{path}/sign"), json!({})).await;
        let note = json!({ "note": "compressor replaced, lots decided one by one" });
        let signed = shop.post("inspector", &format!("{path}/sign"), note.clone()).await;
        let twice = shop.post("inspector", &format!("{path}/sign"), note).await;

        assert_eq!(early.1["code"], "coldchain/day-not-over");
        assert_eq!(unexplained.1["code"], "coldchain/alarms-open");
        assert_eq!(signed.0, StatusCode::CREATED, "{}", signed.1);
        let figures = &signed.1["signed"]["figures"];
        assert_eq!(
            (&figures["readings"], &figures["minutes_over"], &figures["alarms"]),
            (&json!(24), &json!(30), &json!(1))
        );
        assert_eq!(twice.1["code"], "coldchain/already-signed");
    }
}
