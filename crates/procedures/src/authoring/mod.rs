//! Step 5 流程文檔: authoring. Keeps one document for each step of the workflow, in revisions that one person writes and
//! another approves.
//!
//! A published revision is never changed: another takes its place, and what was done under it stays judged by it.

pub mod events;

pub(crate) mod http;
pub(crate) mod store;

mod document;
mod refusal;
mod rules;
mod shipped;

use ::events::{Object, tell};
use ::store::{StoreError, Tx};
use edge::Duty;
use kernel::{Actor, Instant, ProcedureId, RevisionId, Stamp};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

pub use document::{CaseKind, Control, Document, Presence, ProcedureStep, Sequence, Text, Until};
pub use refusal::AuthoringRefusal;
pub use rules::{Approval, Revision, RevisionCard, RevisionIs, RevisionState, Stage, Validity};
pub use shipped::{ShippedBroken, shipped};

/// What an installation has done.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Installed {
    /// Procedures that were not there and are in force now.
    pub published: i64,
    /// Newer documents that wait for review.
    pub in_review: i64,
}

/// Installs the documents that come with the program. A step that has no procedure gets one in force; a newer
/// document of a known step is put into review, for people to decide. Installing again changes nothing.
pub async fn install_shipped(tx: &mut Tx, stamp: &Stamp) -> Result<Installed, AuthoringRefusal> {
    let mut installed = Installed { published: 0, in_review: 0 };
    for document in shipped()? {
        match store::of_step(tx, &document.step).await? {
            None => {
                found(tx, stamp, document).await?;
                installed.published = installed.published.saturating_add(1);
            }
            Some(procedure) => {
                let revisions = store::revisions(tx, procedure).await?;
                let newest = revisions.iter().filter_map(|revision| revision.shipped).max().unwrap_or(0);
                if document.version > newest && on_its_way(&revisions).is_none() {
                    propose(tx, stamp, procedure, &revisions, document).await?;
                    installed.in_review = installed.in_review.saturating_add(1);
                }
            }
        }
    }
    Ok(installed)
}

async fn found(tx: &mut Tx, stamp: &Stamp, document: Document) -> Result<(), AuthoringRefusal> {
    let procedure: ProcedureId = stamp.mint();
    store::add_procedure(tx, procedure, &document.step).await?;
    let revision = Revision {
        id: stamp.mint(),
        procedure,
        number: 1,
        shipped: Some(document.version),
        document,
        note: String::new(),
        author: Actor::System,
        drafted_at: stamp.at,
        stage: Stage::InReview,
    };
    let revision = revision.approve(Actor::System, stamp.at)?.publish(stamp.at)?;
    store::add(tx, &revision).await?;
    tell_published(tx, stamp, &revision).await?;
    Ok(())
}

async fn propose(
    tx: &mut Tx,
    stamp: &Stamp,
    procedure: ProcedureId,
    revisions: &[Revision],
    document: Document,
) -> Result<(), AuthoringRefusal> {
    let revision = Revision {
        id: stamp.mint(),
        procedure,
        number: next_number(revisions),
        shipped: Some(document.version),
        document,
        note: String::new(),
        author: Actor::System,
        drafted_at: stamp.at,
        stage: Stage::InReview,
    };
    store::add(tx, &revision).await?;
    tell_drafted(tx, stamp, &revision).await?;
    Ok(())
}

/// Begins a new revision.
pub async fn draft(
    tx: &mut Tx,
    stamp: &Stamp,
    procedure: ProcedureId,
    document: Document,
    note: String,
) -> Result<Revision, AuthoringRefusal> {
    let (procedure, step) = store::locked_procedure(tx, procedure).await?.ok_or(AuthoringRefusal::NoSuchProcedure)?;
    demand_step(&step, &document)?;
    let revisions = store::revisions(tx, procedure).await?;
    if let Some(other) = on_its_way(&revisions) {
        return Err(AuthoringRefusal::RevisionOnItsWay { number: other.number });
    }
    let revision = Revision {
        id: stamp.mint(),
        procedure,
        number: next_number(&revisions),
        document,
        shipped: None,
        note,
        author: stamp.by,
        drafted_at: stamp.at,
        stage: Stage::Draft,
    };
    store::add(tx, &revision).await?;
    tell_drafted(tx, stamp, &revision).await?;
    Ok(revision)
}

/// Writes one's own draft anew.
pub async fn rewrite(
    tx: &mut Tx,
    stamp: &Stamp,
    revision: RevisionId,
    document: Document,
    note: String,
) -> Result<Revision, AuthoringRefusal> {
    let known = load(tx, revision).await?;
    let before = known.state();
    if known.author != stamp.by {
        return Err(AuthoringRefusal::NotTheAuthor);
    }
    demand_step(&known.document.step, &document)?;
    let revision = known.rewrite(document, note)?;
    store::save(tx, &revision, before).await?;
    let (step, number) = named(&revision);
    let body = events::ProcedureRewritten { step, number, note: revision.note.clone() };
    tell(tx, stamp, Object::of(revision.id), &[Object::of(revision.procedure)], &body).await?;
    Ok(revision)
}

/// Hands a draft over for approval.
pub async fn submit(tx: &mut Tx, stamp: &Stamp, revision: RevisionId) -> Result<Revision, AuthoringRefusal> {
    let known = load(tx, revision).await?;
    let before = known.state();
    let revision = known.submit()?;
    store::save(tx, &revision, before).await?;
    let (step, number) = named(&revision);
    let body = events::ProcedureSubmitted { step, number };
    tell(tx, stamp, Object::of(revision.id), &[Object::of(revision.procedure)], &body).await?;
    Ok(revision)
}

/// Gives a revision back to its author.
pub async fn give_back(
    tx: &mut Tx,
    stamp: &Stamp,
    revision: RevisionId,
    reason: String,
) -> Result<Revision, AuthoringRefusal> {
    let known = load(tx, revision).await?;
    let before = known.state();
    let revision = known.give_back()?;
    store::save(tx, &revision, before).await?;
    let (step, number) = named(&revision);
    let body = events::ProcedureGivenBack { step, number, reason };
    tell(tx, stamp, Object::of(revision.id), &[Object::of(revision.procedure)], &body).await?;
    Ok(revision)
}

/// Approves what another has written.
pub async fn approve(tx: &mut Tx, stamp: &Stamp, revision: RevisionId) -> Result<Revision, AuthoringRefusal> {
    let known = load(tx, revision).await?;
    let before = known.state();
    demand_second_person(&known, stamp.by)?;
    let revision = known.approve(stamp.by, stamp.at)?;
    store::save(tx, &revision, before).await?;
    let (step, number) = named(&revision);
    let body = events::ProcedureApproved { step, number };
    tell(tx, stamp, Object::of(revision.id), &[Object::of(revision.procedure)], &body).await?;
    Ok(revision)
}

/// Puts an approved revision in force, now or from a later instant; the one before it ends there.
pub async fn publish(
    tx: &mut Tx,
    stamp: &Stamp,
    revision: RevisionId,
    valid_from: Option<Instant>,
) -> Result<Revision, AuthoringRefusal> {
    let known = load(tx, revision).await?;
    let before = known.state();
    demand_second_person(&known, stamp.by)?;
    let from = valid_from.unwrap_or(stamp.at);
    if from < stamp.at {
        return Err(AuthoringRefusal::ValidInThePast { from });
    }
    let revision = known.publish(from)?;
    let revisions = store::revisions(tx, revision.procedure).await?;
    for current in revisions.into_iter().filter(|current| current.state() == RevisionState::Published) {
        end(tx, stamp, current, from, format!("replaced by {}", revision.number)).await?;
    }
    store::save(tx, &revision, before).await?;
    tell_published(tx, stamp, &revision).await?;
    Ok(revision)
}

/// Takes a revision out of force without another in its place.
pub async fn retire(
    tx: &mut Tx,
    stamp: &Stamp,
    revision: RevisionId,
    reason: String,
) -> Result<Revision, AuthoringRefusal> {
    let known = load(tx, revision).await?;
    end(tx, stamp, known, stamp.at, reason).await
}

/// Confirms that one has read a revision in force. Confirming again changes nothing.
pub async fn acknowledge(tx: &mut Tx, stamp: &Stamp, revision: RevisionId) -> Result<Revision, AuthoringRefusal> {
    let known = load(tx, revision).await?;
    match known.state() {
        RevisionState::Published => {}
        state @ (RevisionState::Draft | RevisionState::InReview | RevisionState::Approved | RevisionState::Retired) => {
            return Err(AuthoringRefusal::RevisionIs { state });
        }
    }
    if store::acknowledge(tx, known.id, stamp.by, stamp.at).await? {
        let (step, number) = named(&known);
        let body = events::ProcedureAcknowledged { step, number };
        tell(tx, stamp, Object::of(known.id), &[Object::of(known.procedure)], &body).await?;
    }
    Ok(known)
}

async fn end(
    tx: &mut Tx,
    stamp: &Stamp,
    known: Revision,
    until: Instant,
    reason: String,
) -> Result<Revision, AuthoringRefusal> {
    let before = known.state();
    let revision = known.retire(until)?;
    store::save(tx, &revision, before).await?;
    let (step, number) = named(&revision);
    let body = events::ProcedureRetired { step, number, valid_until: until, reason };
    tell(tx, stamp, Object::of(revision.id), &[Object::of(revision.procedure)], &body).await?;
    Ok(revision)
}

async fn load(tx: &mut Tx, revision: RevisionId) -> Result<Revision, AuthoringRefusal> {
    store::locked(tx, revision).await?.ok_or(AuthoringRefusal::NoSuchRevision)
}

fn demand_step(step: &str, document: &Document) -> Result<(), AuthoringRefusal> {
    if document.step == step {
        Ok(())
    } else {
        Err(AuthoringRefusal::OtherStep { step: step.to_owned(), found: document.step.clone() })
    }
}

/// A rule that approves itself binds nobody.
fn demand_second_person(revision: &Revision, by: Actor) -> Result<(), AuthoringRefusal> {
    Ok(identity::may(&[(revision.author, Duty::AuthorProcedures)], by, Duty::ApproveProcedures)?)
}

fn on_its_way(revisions: &[Revision]) -> Option<&Revision> {
    revisions.iter().find(|revision| match revision.state() {
        RevisionState::Draft | RevisionState::InReview | RevisionState::Approved => true,
        RevisionState::Published | RevisionState::Retired => false,
    })
}

fn next_number(revisions: &[Revision]) -> i64 {
    revisions.iter().map(|revision| revision.number).max().unwrap_or(0).saturating_add(1)
}

fn named(revision: &Revision) -> (String, i64) {
    (revision.document.step.clone(), revision.number)
}

async fn tell_drafted(tx: &mut Tx, stamp: &Stamp, revision: &Revision) -> Result<(), StoreError> {
    let (step, number) = named(revision);
    let body = events::ProcedureDrafted { procedure: revision.procedure, step, number, note: revision.note.clone() };
    tell(tx, stamp, Object::of(revision.id), &[Object::of(revision.procedure)], &body).await?;
    Ok(())
}

async fn tell_published(tx: &mut Tx, stamp: &Stamp, revision: &Revision) -> Result<(), StoreError> {
    let Some((validity, _)) = revision.validity() else { return Ok(()) };
    let (step, number) = named(revision);
    let body = events::ProcedurePublished {
        step,
        number,
        valid_from: validity.from,
        review_due: validity.review_due,
        shipped: revision.shipped,
    };
    tell(tx, stamp, Object::of(revision.id), &[Object::of(revision.procedure)], &body).await?;
    Ok(())
}

/// Of the revisions that are or were in force, oldest first, the one that counts at an instant; before there was any,
/// the first. None when the last was taken out of force without another in its place.
pub(crate) fn valid_at(revisions: &[Revision], at: Instant) -> Option<&Revision> {
    let latest = revisions.iter().rev().find_map(|revision| {
        let (validity, until) = revision.validity()?;
        (validity.from <= at).then_some((revision, until))
    });
    match latest {
        Some((revision, until)) => until.is_none_or(|until| at < until).then_some(revision),
        None => revisions.first(),
    }
}
