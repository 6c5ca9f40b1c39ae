//! Step 5 流程文檔: conformance. Reads the log by position and says for everything that goes through a procedure (an
//! order, a requisition, an arrival, an excursion) whether it went the written way: steps missing, out of order, late or
//! unexpected.
//!
//! A case belongs to the site that its events name first; until one does, no site shows it.
//! A case is judged by the revision that counted when it began. Reading the log again comes to the same result, and
//! nobody's work is stopped by it.

pub(crate) mod http;
mod rules;
mod store;

use std::collections::{BTreeMap, BTreeSet};

use ::events::SealedEvent;
use ::store::{StoreError, Tx};
use kernel::{Id, Instant, ProcedureId, SiteId};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

use crate::authoring::{self, CaseKind, Document, Revision};
use store::{JudgedCase, Thing};

pub use rules::{CaseState, Finding, FindingKind, Judged, Mark, Marks, Seen, Wait, Way, judge, opened_at};

/// The name under which the log keeps our place.
pub const READER: &str = "conformance";
/// Events that one transaction reads.
const EVENTS_AT_ONCE: i64 = 500;
/// Cases whose time is over that one transaction judges.
const DUE_AT_ONCE: i64 = 500;

/// What one look at the log has brought.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Read {
    /// Everything up to here has been read.
    pub position: i64,
    pub events: usize,
    /// Cases that were judged anew.
    pub judged: usize,
    /// The look ended before what waited did: call [`read_on`] again.
    pub more: bool,
}

/// Reads on where the last reader stopped and judges every case that the new events touch, and every open case whose
/// time was over by `now`. Call it until there is no [`Read::more`].
pub async fn read_on(tx: &mut Tx, now: Instant) -> Result<Read, StoreError> {
    let position = ::events::claim(tx, READER).await?;
    let told = ::events::read_after(tx, position, EVENTS_AT_ONCE).await?;
    let due = store::due(tx, now, DUE_AT_ONCE).await?;
    // The documents are many pages of text, and most minutes tell nothing.
    if told.is_empty() && due.is_empty() {
        return Ok(Read { position, events: 0, judged: 0, more: false });
    }
    let more = is_full(told.len(), EVENTS_AT_ONCE) || is_full(due.len(), DUE_AT_ONCE);
    let followed = followed(tx).await?;
    let mut news = News::default();
    for event in &told {
        news.take(event, &followed);
    }
    store::add_marks(tx, news.marks(), news.sites.iter().map(|(thing, site)| (*thing, *site))).await?;
    let mut wanted = news.touched(&followed);
    for (procedure, noun, object) in due {
        if let Some(kind) = CaseKind::ALL.iter().find(|kind| kind.noun() == noun) {
            wanted.insert(((kind.noun(), object), procedure));
        }
    }
    let judged = judge_all(tx, &followed, &wanted, now).await?;
    let position = told.last().map_or(position, |event| event.position);
    ::events::advance(tx, READER, position).await?;
    Ok(Read { position, events: told.len(), judged, more })
}

/// Whether an answer is as long as it may be, so that there may be more.
fn is_full(count: usize, most: i64) -> bool {
    i64::try_from(count).is_ok_and(|count| count >= most)
}

/// The procedures that cases are held against.
struct Followed {
    procedure: ProcedureId,
    /// Those in force and before, oldest first.
    revisions: Vec<Revision>,
    /// The kinds of events that any of them speaks of, by the noun of its case.
    words: BTreeMap<&'static str, BTreeSet<String>>,
}

impl Followed {
    const fn of(procedure: ProcedureId) -> Self {
        Self { procedure, revisions: Vec::new(), words: BTreeMap::new() }
    }

    fn add(&mut self, revision: Revision) {
        if let Some(case) = revision.document.case {
            let words = self.words.entry(case.noun()).or_default();
            words.extend(revision.document.kinds().into_iter().map(str::to_owned));
        }
        self.revisions.push(revision);
    }

    fn speaks_of(&self, noun: &str, kind: &str) -> bool {
        self.words.get(noun).is_some_and(|words| words.contains(kind))
    }

    fn documents_of(&self, noun: &str) -> impl Iterator<Item = &Document> {
        self.revisions
            .iter()
            .map(|revision| &revision.document)
            .filter(move |document| document.case.is_some_and(|case| case.noun() == noun))
    }

    /// The revision that counted when the thing began.
    fn revision_for(&self, noun: &str, marks: &Marks) -> Option<&Revision> {
        let began = self.documents_of(noun).filter_map(|document| opened_at(document, marks)).min()?;
        let revision = authoring::valid_at(&self.revisions, began)?;
        revision.document.case.is_some_and(|case| case.noun() == noun).then_some(revision)
    }
}

async fn followed(tx: &mut Tx) -> Result<Vec<Followed>, StoreError> {
    let mut followed: Vec<Followed> = Vec::new();
    for revision in authoring::store::in_force(tx).await? {
        if followed.last().is_none_or(|last| last.procedure != revision.procedure) {
            followed.push(Followed::of(revision.procedure));
        }
        if let Some(last) = followed.last_mut() {
            last.add(revision);
        }
    }
    Ok(followed)
}

/// What a stretch of the log says about cases.
#[derive(Default)]
struct News {
    marks: BTreeMap<Thing, BTreeMap<String, Mark>>,
    sites: BTreeMap<Thing, Uuid>,
}

impl News {
    fn take(&mut self, event: &SealedEvent, followed: &[Followed]) {
        let seen = Seen { position: event.position, at: event.at };
        for case in CaseKind::ALL {
            let noun = case.noun();
            if !followed.iter().any(|procedure| procedure.speaks_of(noun, &event.kind)) {
                continue;
            }
            for object in objects(event, noun) {
                let kinds = self.marks.entry((noun, object)).or_default();
                let known = kinds.entry(event.kind.clone()).or_insert(Mark::of(seen));
                *known = known.and(Mark::of(seen));
                if let Some(site) = event.touched(SiteId::NOUN) {
                    self.sites.insert((noun, object), site);
                }
            }
        }
    }

    fn marks(&self) -> impl Iterator<Item = (Thing, &str, Mark)> {
        self.marks.iter().flat_map(|(thing, kinds)| kinds.iter().map(|(kind, mark)| (*thing, kind.as_str(), *mark)))
    }

    /// Which cases have to be judged anew.
    fn touched(&self, followed: &[Followed]) -> BTreeSet<(Thing, ProcedureId)> {
        let mut touched = BTreeSet::new();
        for (thing, kinds) in &self.marks {
            for procedure in followed {
                if kinds.keys().any(|kind| procedure.speaks_of(thing.0, kind)) {
                    touched.insert((*thing, procedure.procedure));
                }
            }
        }
        touched
    }
}

fn objects(event: &SealedEvent, noun: &str) -> BTreeSet<Uuid> {
    let subject = (event.subject.noun == noun).then_some(event.subject.id);
    let also = event.also.iter().filter(|link| link.noun == noun).map(|link| link.id);
    subject.into_iter().chain(also).collect()
}

async fn judge_all(
    tx: &mut Tx,
    followed: &[Followed],
    wanted: &BTreeSet<(Thing, ProcedureId)>,
    now: Instant,
) -> Result<usize, StoreError> {
    let things: Vec<Thing> = wanted.iter().map(|(thing, _)| *thing).collect::<BTreeSet<_>>().into_iter().collect();
    let marks = store::marks(tx, &things).await?;
    let sites = store::sites(tx, &things).await?;
    let known: BTreeMap<Thing, (Marks, Option<SiteId>)> =
        things.into_iter().zip(marks.into_iter().zip(sites)).collect();
    let mut cases = Vec::new();
    for (thing, procedure) in wanted {
        let Some(procedure) = followed.iter().find(|followed| followed.procedure == *procedure) else { continue };
        let Some((marks, site)) = known.get(thing) else { continue };
        let Some(revision) = procedure.revision_for(thing.0, marks) else { continue };
        let Some(judged) = judge(&revision.document, marks, now) else { continue };
        let (procedure, revision) = (procedure.procedure, revision.id);
        cases.push(JudgedCase { procedure, thing: *thing, revision, site: *site, judged });
    }
    store::save(tx, &cases).await?;
    Ok(cases.len())
}

/// Cases of one procedure that left the written way alike.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[schema(as = ConformanceBreach)]
pub struct Breach {
    /// The step of the workflow whose procedure it is.
    pub procedure: String,
    pub kind: FindingKind,
    /// The step of the procedure, or the event that was not expected.
    pub step: String,
    pub cases: i64,
    pub worst_minutes: i64,
}

/// What was found at a site from one instant to before another, for whoever prepares a meeting.
pub async fn breaches(tx: &mut Tx, site: SiteId, from: Instant, until: Instant) -> Result<Vec<Breach>, StoreError> {
    let found = store::breaches(tx, site, (from, until)).await?;
    let breach = |(procedure, kind, step, cases, worst_minutes)| Breach { procedure, kind, step, cases, worst_minutes };
    Ok(found.into_iter().map(breach).collect())
}
