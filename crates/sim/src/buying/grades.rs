//! When the days are over, the head of department has every supplier graded by what came.

use serde_json::json;

use crate::{
    DAY_MS, SimError,
    shop::{Answer, text},
    world::World,
};

pub(super) async fn grade(world: &mut World) -> Result<(), SimError> {
    world.awake("head").await?;
    for at in 0..world.buying.suppliers.len() {
        let Some(supplier) = world.buying.suppliers.get(at) else { continue };
        let Some(site) = world.sites.get(supplier.site) else { continue };
        let yesterday = site.time.business_day(world.now.plus_millis(-DAY_MS));
        let body = json!({
            "period_from": site.time.business_day(world.start).to_string(), "period_until": yesterday.to_string(),
        });
        let path = format!("/api/suppliers/{}/scorecards", supplier.id);
        // A supplier that nobody needed cannot be judged, and the shop says so.
        match world.shop.post("head", &path, body).await? {
            Answer::Done(card) => world.tally.count("supplier_grades", text(&card, "grade")?),
            Answer::Refused(slug, _) => world.tally.count("supplier_grades", &slug),
        }
    }
    Ok(())
}
