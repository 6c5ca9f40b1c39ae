//! Suggestions: people say what would be better, and the manager answers.

use serde_json::json;

use crate::{DAY_MS, SimError, day::Doing, shop::text, world::World};

/// Who says what about which step: whoever works there knows best.
const HEARD: [(&str, &str, &str); 6] = [
    ("picker", "2.2", "The heavy crates belong on the lower shelves"),
    ("receiver", "1.6", "A second scale would halve the queue at the dock"),
    ("packer", "2.2", "Ice packs within reach of both benches"),
    ("dispatcher", "4.1", "One more window before noon"),
    ("desk", "3.2", "Ask for the lift when the address is entered"),
    ("inspector", "1.6", "Photographs of sound and of soft fruit at the dock"),
];

/// In minutes after 06:00: when people have time to say something, and when the manager has time to answer.
const SAID: (i64, i64) = (420, 540);
const ANSWERED_AFTER: (i64, i64) = (60, 180);

/// What somebody has to do about a suggestion.
#[derive(Clone, Debug)]
pub(crate) enum Word {
    Said { nth: usize },
    Answered { suggestion: String },
}

/// Somebody has an idea every day.
pub(crate) fn enter(world: &mut World) {
    for day in 0..world.days {
        let nth = usize::try_from(world.hands.within(0, 5)).unwrap_or(0);
        let minute = world.hands.within(SAID.0, SAID.1);
        let at = world.start.plus_millis(i64::from(day) * DAY_MS).plus_minutes(minute);
        world.agenda.enter(at, Doing::Suggest(Word::Said { nth }));
    }
}

pub(crate) async fn run(world: &mut World, word: Word) -> Result<(), SimError> {
    match word {
        Word::Said { nth } => {
            let Some((who, step, title)) = HEARD.get(nth) else { return Ok(()) };
            let site = world.sites.first().map(|site| site.id.clone());
            let body = json!({ "site": site, "step": step, "title": title, "text": "" });
            world.awake(who).await?;
            let made = world.shop.post(who, "/api/suggestions", body).await?.done("/api/suggestions")?;
            world.tally.count("suggestions", "made");
            let later = world.now.plus_minutes(world.hands.within(ANSWERED_AFTER.0, ANSWERED_AFTER.1));
            let suggestion = text(&made, "id")?.to_owned();
            world.agenda.enter(later, Doing::Suggest(Word::Answered { suggestion }));
        }
        Word::Answered { suggestion } => {
            let verdict = if world.hands.happens(600) { "accepted" } else { "declined" };
            let path = format!("/api/suggestions/{suggestion}/answer");
            world.awake("manager").await?;
            let answer = json!({ "verdict": verdict, "reason": "talked over with the people of the step" });
            world.shop.post("manager", &path, answer).await?.done(&path)?;
            world.tally.count("suggestions", verdict);
        }
    }
    Ok(())
}
