//! One-time codes: sent at once or not at all, and kept nowhere but in the job that carries them.

use ::store::{Db, StoreError, Tx, jobs};
use identity::phones::CodeToSend;
use kernel::Clock;

use super::{Message, NO_RECIPIENT, Params, PerformError, Performed, Post, Template, backoff_ms, rules};
use crate::people;

/// Sends the code while it is still good.
pub(super) async fn perform(
    db: &Db,
    clock: &Clock,
    post: Post<'_>,
    job: &jobs::Job,
) -> Result<Performed, PerformError> {
    let unfit = |_| PerformError::NotANotice { job: job.id, kind: job.kind.clone() };
    let code: CodeToSend = serde_json::from_str(&job.payload).map_err(unfit)?;
    let customer = code.customer;
    let phone = db.read(async move |tx: &mut Tx| Ok::<_, StoreError>(people::phone_of(tx, customer).await?)).await?;
    let now = clock.now();
    let outcome = match phone {
        None => Performed::Buried { why: NO_RECIPIENT.to_owned() },
        Some(_) if now >= code.expires_at => Performed::Buried { why: "expired".to_owned() },
        Some(to) => {
            let minutes = code.expires_at.minutes_since(now).max(1);
            let params: Params = [("code", code.code), ("minutes", minutes.to_string())]
                .map(|(name, value)| (name.to_owned(), value))
                .into();
            let message = Message {
                key: format!("{}:{}", Template::SignInCode.code(), job.key),
                notice: None,
                to,
                template: Template::SignInCode,
                lang: code.lang,
                text: rules::write(Template::SignInCode, code.lang, &params),
                at: now,
            };
            match post.gateway.send(&message).await {
                Ok(()) => Performed::Sent,
                Err(fault) => match backoff_ms(job.attempts) {
                    Some(wait) => Performed::Again { at: now.plus_millis(wait), why: fault.to_string() },
                    None => Performed::Buried { why: fault.to_string() },
                },
            }
        }
    };
    let (ended, job) = (outcome.clone(), job.id);
    db.act(async move |tx: &mut Tx| match &ended {
        Performed::Sent | Performed::Before => jobs::done(tx, job).await,
        Performed::Again { at, why } => jobs::retry(tx, job, at.millis(), why).await,
        Performed::Buried { why } => jobs::bury(tx, job, why).await,
    })
    .await?;
    Ok(outcome)
}
