//! SQL of returns and claims.

use kernel::{ClaimId, Id, Instant, Quantity, SiteId, SupplierReturnId};
use store::{FromRow, Result, Row, Tx, args, row, sql};
use uuid::Uuid;

use crate::{
    filed,
    receiving::{Claim, ReturnedLot, SupplierReturn},
};

macro_rules! return_columns {
    () => {
        "id, number, arrival, purchase_order, site, supplier, debit, signed_by, returned_by, returned_by_id, \
         returned_at"
    };
}

sql! {
    RETURN = concat!("SELECT ", return_columns!(), " FROM supplier_return WHERE id = $1");
    /// Served by `supplier_return_by_site`.
    RETURNS = concat!(
        "SELECT ", return_columns!(), " FROM supplier_return
         WHERE site = $1 AND (returned_at, id) < ($2, $3) ORDER BY returned_at DESC, id DESC LIMIT $4"
    );
    ADD_RETURN = concat!(
        "INSERT INTO supplier_return (", return_columns!(), ") VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)"
    );
    RETURN_LINES = "SELECT lot, pieces, grams, exactness, reason, value
                    FROM supplier_return_line WHERE supplier_return = $1 ORDER BY lot";
    ADD_RETURN_LINE = "INSERT INTO supplier_return_line (supplier_return, lot, pieces, grams, exactness, reason, value)
                       VALUES ($1, $2, $3, $4, $5, $6, $7)";
    /// Served by `claim_by_site`.
    CLAIMS = "SELECT id, kind, site, supplier, line, pieces, grams, exactness, amount, raised_at
              FROM claim WHERE site = $1 AND (raised_at, id) < ($2, $3) ORDER BY raised_at DESC, id DESC LIMIT $4";
    ADD_CLAIM = "INSERT INTO claim (id, kind, site, supplier, line, pieces, grams, exactness, amount, raised_at)
                 VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)";
}

/// A return without its lines.
struct BareReturn(SupplierReturn);

impl FromRow for BareReturn {
    fn from_row(row: &Row<'_>) -> Result<Self> {
        Ok(Self(SupplierReturn {
            id: row.get(0)?,
            number: row.get(1)?,
            arrival: row.get(2)?,
            purchase_order: row.get(3)?,
            site: row.get(4)?,
            supplier: row.get(5)?,
            debit: row.get(6)?,
            signed_by: row.get(7)?,
            returned_by: filed::actor(row, 8, RETURNS)?,
            returned_at: row.get(10)?,
            lines: Vec::new(),
        }))
    }
}

impl FromRow for ReturnedLot {
    fn from_row(row: &Row<'_>) -> Result<Self> {
        Ok(Self {
            lot: row.get(0)?,
            quantity: filed::quantity(row, 1, RETURN_LINES)?,
            reason: row.get(4)?,
            value: row.get(5)?,
        })
    }
}

impl FromRow for Claim {
    fn from_row(row: &Row<'_>) -> Result<Self> {
        Ok(Self {
            id: row.get(0)?,
            kind: row.get(1)?,
            site: row.get(2)?,
            supplier: row.get(3)?,
            line: row.get(4)?,
            quantity: filed::quantity(row, 5, CLAIMS)?,
            amount: row.get(8)?,
            raised_at: row.get(9)?,
        })
    }
}

pub(in crate::receiving) async fn supplier_return(tx: &mut Tx, id: SupplierReturnId) -> Result<Option<SupplierReturn>> {
    let Some(BareReturn(mut back)) = tx.optional(RETURN, args![id]).await? else { return Ok(None) };
    back.lines = tx.all(RETURN_LINES, args![id]).await?;
    Ok(Some(back))
}

pub(in crate::receiving) async fn returns(
    tx: &mut Tx,
    site: SiteId,
    before: Option<(Instant, SupplierReturnId)>,
    limit: i64,
) -> Result<Vec<SupplierReturn>> {
    let (at, id) = before.map_or((Instant::MAX, Uuid::max()), |(at, id)| (at, id.uuid()));
    let bare: Vec<BareReturn> = tx.all(RETURNS, args![site, at, id, limit]).await?;
    let mut returns = Vec::with_capacity(bare.len());
    for BareReturn(mut back) in bare {
        back.lines = tx.all(RETURN_LINES, args![back.id]).await?;
        returns.push(back);
    }
    Ok(returns)
}

pub(in crate::receiving) async fn add_return(tx: &mut Tx, back: &SupplierReturn) -> Result<()> {
    tx.put(
        ADD_RETURN,
        args![
            back.id,
            &back.number,
            back.arrival,
            back.purchase_order,
            back.site,
            back.supplier,
            back.debit,
            &back.signed_by,
            back.returned_by.noun(),
            back.returned_by.uuid(),
            back.returned_at,
        ],
    )
    .await?;
    let lines = back.lines.iter().map(|line| {
        let Quantity { pieces, grams, exactness } = line.quantity;
        row![back.id, line.lot, pieces, grams, filed::exactness_code(exactness), &line.reason, line.value]
    });
    tx.put_many(ADD_RETURN_LINE, lines.collect()).await
}

pub(in crate::receiving) async fn claims(
    tx: &mut Tx,
    site: SiteId,
    before: Option<(Instant, ClaimId)>,
    limit: i64,
) -> Result<Vec<Claim>> {
    let (at, id) = before.map_or((Instant::MAX, Uuid::max()), |(at, id)| (at, id.uuid()));
    tx.all(CLAIMS, args![site, at, id, limit]).await
}

pub(in crate::receiving) async fn add_claim(tx: &mut Tx, claim: &Claim) -> Result<()> {
    let Quantity { pieces, grams, exactness } = claim.quantity;
    tx.put(
        ADD_CLAIM,
        args![
            claim.id,
            claim.kind,
            claim.site,
            claim.supplier,
            claim.line,
            pieces,
            grams,
            filed::exactness_code(exactness),
            claim.amount,
            claim.raised_at,
        ],
    )
    .await
}
