//! Papers: the first slips of a run are printed, in the language of whoever reads them, and looked at.

use crate::{SimError, buying::Order, shop::Printed, world::World};

/// Every paper takes a moment to set; a few show that they can be had.
const PRINTED_MAX: i64 = 3;
/// No page with a table on it is smaller.
const BYTES_MIN: usize = 2_000;

/// The supplier wants to read on paper what it is asked to sign.
pub(crate) async fn contract(world: &mut World, order: &Order) -> Result<(), SimError> {
    let Some(login) = world.buying.suppliers.get(order.supplier).map(|seller| seller.login.clone()) else {
        return Ok(());
    };
    print(world, &login, "contracts", &format!("/api/supplier/purchase-orders/{}/contract.pdf", order.id)).await
}

/// The driver takes the refused goods back, and the note with them.
pub(crate) async fn return_note(world: &mut World, back: &str) -> Result<(), SimError> {
    print(world, "receiver", "return_notes", &format!("/api/supplier-returns/{back}/note.pdf")).await
}

/// The packer wants the slip of a note on paper.
pub(crate) async fn slip(world: &mut World, note: &str) -> Result<(), SimError> {
    print(world, "warehouse", "slips", &format!("/api/release-notes/{note}/slip.pdf")).await
}

async fn print(world: &mut World, who: &str, what: &str, path: &str) -> Result<(), SimError> {
    if world.tally.of("papers", what) >= PRINTED_MAX || world.tally.of("papers", "not_printed") > 0 {
        return Ok(());
    }
    world.awake(who).await?;
    for lang in ["en", "zh-Hant", "zh-Hans"] {
        match world.shop.print(who, &format!("{path}?lang={lang}")).await? {
            Printed::Pdf(bytes) if bytes.starts_with(b"%PDF-") && bytes.len() > BYTES_MIN => {
                world.tally.count("papers", what);
            }
            Printed::Pdf(bytes) => return Err(SimError::Incomplete("a page", format!("{} bytes", bytes.len()))),
            // A shop without a typesetter goes on without paper.
            Printed::Unavailable => {
                world.tally.count("papers", "not_printed");
                return Ok(());
            }
        }
    }
    Ok(())
}
