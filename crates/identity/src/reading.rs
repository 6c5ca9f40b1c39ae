use events::Object;
use kernel::{EventId, Stamp};
use store::{StoreError, Tx};

use crate::events::PersonalDataRead;

/// Records that the actor of `stamp` read the personal data of `subject`, and for what: `deliver`, `answer_complaint`.
/// Call it in the transaction that reads.
pub async fn record_reading(tx: &mut Tx, stamp: &Stamp, subject: Object, purpose: &str) -> Result<EventId, StoreError> {
    events::tell(tx, stamp, subject, &[], &PersonalDataRead { purpose: purpose.to_owned() }).await
}
