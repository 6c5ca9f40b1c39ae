//! 6 meets 5 and 4.4: who prepares a meeting is told which cases left the written way, and what customers suggest in
//! their ratings comes before the people who answer suggestions.

use std::{future::Future, pin::Pin};

use delivery::feedback;
use events::Object;
use improvement::{
    meetings::{Breach, Breaches},
    suggestions::{self, NewSuggestion},
};
use kernel::{Actor, IdSource, Instant, SiteId, Stamp};
use procedures::conformance;
use store::{Db, StoreError, Tx};

use crate::FlowRefusal;

/// The conformance of cases, as those who prepare meetings ask for it.
#[derive(Clone, Copy, Debug, Default)]
pub struct Conformance;

impl Breaches for Conformance {
    fn between<'a>(
        &'a self,
        tx: &'a mut Tx,
        site: SiteId,
        from: Instant,
        until: Instant,
    ) -> Pin<Box<dyn Future<Output = Result<Vec<Breach>, StoreError>> + Send + 'a>> {
        Box::pin(async move {
            let found = conformance::breaches(tx, site, from, until).await?;
            let breach = |breach: conformance::Breach| Breach {
                procedure: breach.procedure,
                finding: format!("{} {}", breach.step, breach.kind),
                cases: breach.cases,
                worst_minutes: breach.worst_minutes,
            };
            Ok(found.into_iter().map(breach).collect())
        })
    }
}

/// Suggestions that one look takes on.
const AT_ONCE: i64 = 50;
/// The step that ratings are filed under.
const STEP: &str = "4.4";
const TITLE_MAX: usize = 120;

/// Makes suggestions of what customers wrote with their ratings, in their name.
pub async fn take_suggestions(db: &Db, ids: &IdSource, now: Instant) -> Result<(), FlowRefusal> {
    let stamp = Stamp::system(now, ids);
    db.write(async move |tx: &mut Tx| take(tx, &stamp.again()).await).await
}

async fn take(tx: &mut Tx, stamp: &Stamp) -> Result<(), FlowRefusal> {
    for said in feedback::unheard_suggestions(tx, AT_ONCE).await? {
        let new = NewSuggestion {
            site: Some(said.site),
            step: STEP.to_owned(),
            title: said.text.chars().take(TITLE_MAX).map(|letter| if letter == '\n' { ' ' } else { letter }).collect(),
            text: said.text.clone(),
        };
        let (theirs, rating) = (stamp.in_the_name_of(Actor::Customer(said.customer)), Object::of(said.rating));
        let suggestion = suggestions::make(tx, &theirs, new, Some(rating)).await?;
        feedback::heard(tx, said.rating, suggestion.id, stamp.at).await?;
    }
    Ok(())
}
