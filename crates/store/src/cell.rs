//! What may cross between Rust and a row: whole numbers, text, UUIDs and bytes. A float, a NUMERIC or a timestamp
//! is an error on both engines, so that no figure changes its meaning with the database.

use std::{borrow::Cow, error::Error};

use jiff::civil::Date;
use kernel::{DeciCelsius, Instant, Money};
use tokio_postgres::types::{FromSql, IsNull, ToSql, Type, private::BytesMut, to_sql_checked};
use uuid::Uuid;

use crate::{Result, StoreError};

/// One value of a row, as the database has it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cell<'a> {
    Null,
    Int(i64),
    Text(&'a str),
    Uuid(Uuid),
    Bytes(&'a [u8]),
}

/// One value on its way into a statement.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Param<'a> {
    Null,
    Int(i64),
    Text(Cow<'a, str>),
    Uuid(Uuid),
    Bytes(Cow<'a, [u8]>),
}

/// A type that a column can be read as. Domain types implement it in a line, by way of one that already does.
pub trait Column: Sized {
    /// The value, or what stands in the cell instead.
    fn decode(cell: Cell<'_>) -> Result<Self, String>;
}

/// A type that can be handed to a statement.
pub trait Bind<'a> {
    fn bind(self) -> Param<'a>;
}

/// A type that a whole row can be read as: a tuple, one column, or a struct by hand.
pub trait FromRow: Sized {
    fn from_row(row: &Row<'_>) -> Result<Self>;
}

/// One row of an answer; columns are counted from 0.
#[derive(Debug)]
pub struct Row<'a> {
    pub(crate) statement: &'static str,
    pub(crate) on: RowOn<'a>,
}

pub(crate) enum RowOn<'a> {
    Sqlite(&'a rusqlite::Row<'a>),
    /// The row, and how many columns in front of it belong to the set form.
    Postgres(&'a tokio_postgres::Row, usize),
}

impl std::fmt::Debug for RowOn<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Sqlite(_) => "Sqlite",
            Self::Postgres(..) => "Postgres",
        })
    }
}

/// The arguments of one statement: `args![sku, &code, grams]`.
#[macro_export]
macro_rules! args {
    ($($value:expr),* $(,)?) => { &[$($crate::Bind::bind($value)),*] };
}

/// The arguments of one row of [`Tx::put_many`](crate::Tx::put_many) or [`Tx::all_many`](crate::Tx::all_many).
#[macro_export]
macro_rules! row {
    ($($value:expr),* $(,)?) => { [$($crate::Bind::bind($value)),*] };
}

/// Stores a type that has `code(self) -> &'static str` and `from_code(&str) -> Option<Self>` as that code.
#[macro_export]
macro_rules! coded {
    ($($name:ty),* $(,)?) => {$(
        impl $crate::Column for $name {
            fn decode(cell: $crate::Cell<'_>) -> ::std::result::Result<Self, String> {
                let $crate::Cell::Text(code) = cell else { return Err($crate::instead(&cell, "text")) };
                <$name>::from_code(code).ok_or_else(|| format!("{code:?}, not a {}", stringify!($name)))
            }
        }

        impl<'a> $crate::Bind<'a> for $name {
            fn bind(self) -> $crate::Param<'a> {
                $crate::Bind::bind(self.code())
            }
        }
    )*};
}

/// Stores typed ids, of the kernel or of a crate's own, as the UUID they are.
#[macro_export]
macro_rules! ids {
    ($($name:ty),* $(,)?) => {$(
        impl $crate::Column for $name {
            fn decode(cell: $crate::Cell<'_>) -> ::std::result::Result<Self, String> {
                <$crate::Uuid as $crate::Column>::decode(cell).map(<$name as $crate::Id>::from_uuid)
            }
        }

        impl<'a> $crate::Bind<'a> for $name {
            fn bind(self) -> $crate::Param<'a> {
                $crate::Param::Uuid(<$name as $crate::Id>::uuid(self))
            }
        }
    )*};
}

impl Row<'_> {
    /// The value in column `index`.
    pub fn get<C: Column>(&self, index: usize) -> Result<C> {
        match self.cell(index).and_then(C::decode) {
            Ok(value) => Ok(value),
            Err(found) => Err(self.impossible(index, found)),
        }
    }

    /// What stands in column `index`. Not generic, so that it is compiled here and not once for each type that is read.
    fn cell(&self, index: usize) -> Result<Cell<'_>, String> {
        match &self.on {
            RowOn::Sqlite(row) => row.get_ref(index).map_err(|error| error.to_string()).and_then(sqlite_cell),
            RowOn::Postgres(row, skip) => match row.try_get::<_, FromPostgres<'_>>(index + skip) {
                Ok(FromPostgres(cell)) => Ok(cell),
                Err(error) => Err(error.source().map_or_else(|| error.to_string(), ToString::to_string)),
            },
        }
    }

    fn impossible(&self, index: usize, found: String) -> StoreError {
        StoreError::Impossible { statement: self.statement, column: self.name(index), found }
    }

    fn name(&self, index: usize) -> String {
        let name = match &self.on {
            RowOn::Sqlite(row) => row.as_ref().column_name(index).ok(),
            RowOn::Postgres(row, skip) => row.columns().get(index + skip).map(tokio_postgres::Column::name),
        };
        name.map_or_else(|| index.to_string(), str::to_owned)
    }
}

/// What stands in a cell, against what belongs there.
#[doc(hidden)]
pub fn instead(cell: &Cell<'_>, belongs: &str) -> String {
    format!("{cell:?} where {belongs} belongs")
}

fn sqlite_cell(value: rusqlite::types::ValueRef<'_>) -> Result<Cell<'_>, String> {
    use rusqlite::types::ValueRef;
    match value {
        ValueRef::Null => Ok(Cell::Null),
        ValueRef::Integer(number) => Ok(Cell::Int(number)),
        ValueRef::Text(text) => std::str::from_utf8(text).map(Cell::Text).map_err(|error| error.to_string()),
        // SQLite does not say which blobs are ids; `Uuid` takes those of 16 bytes.
        ValueRef::Blob(bytes) => Ok(Cell::Bytes(bytes)),
        ValueRef::Real(number) => Err(format!("the real number {number}, which may not cross")),
    }
}

struct FromPostgres<'a>(Cell<'a>);

impl<'a> FromSql<'a> for FromPostgres<'a> {
    fn from_sql(ty: &Type, raw: &'a [u8]) -> Result<Self, Box<dyn Error + Sync + Send>> {
        Ok(Self(match *ty {
            Type::INT8 => Cell::Int(i64::from_sql(ty, raw)?),
            Type::INT4 => Cell::Int(i32::from_sql(ty, raw)?.into()),
            Type::INT2 => Cell::Int(i16::from_sql(ty, raw)?.into()),
            // What SQLite answers to a comparison.
            Type::BOOL => Cell::Int(bool::from_sql(ty, raw)?.into()),
            Type::TEXT | Type::VARCHAR | Type::BPCHAR | Type::NAME => Cell::Text(<&str>::from_sql(ty, raw)?),
            Type::UUID => Cell::Uuid(Uuid::from_sql(ty, raw)?),
            Type::BYTEA => Cell::Bytes(raw),
            _ => return Err(format!("a value of type {ty}, which may not cross").into()),
        }))
    }

    fn from_sql_null(_: &Type) -> Result<Self, Box<dyn Error + Sync + Send>> {
        Ok(Self(Cell::Null))
    }

    fn accepts(_: &Type) -> bool {
        true
    }
}

impl ToSql for Param<'_> {
    // Checked here and not in `to_sql_checked`: the elements of an array are never checked one by one.
    fn to_sql(&self, ty: &Type, out: &mut BytesMut) -> Result<IsNull, Box<dyn Error + Sync + Send>> {
        match (self, ty) {
            (Self::Null, _) => Ok(IsNull::Yes),
            (Self::Int(number), &Type::INT8) => number.to_sql(ty, out),
            (Self::Int(number), &Type::INT4) => i32::try_from(*number)?.to_sql(ty, out),
            (Self::Int(number), &Type::INT2) => i16::try_from(*number)?.to_sql(ty, out),
            (Self::Int(number @ (0 | 1)), &Type::BOOL) => (*number == 1).to_sql(ty, out),
            (Self::Text(text), &(Type::TEXT | Type::VARCHAR | Type::BPCHAR | Type::NAME)) => text.to_sql(ty, out),
            (Self::Uuid(id), &Type::UUID) => id.to_sql(ty, out),
            (Self::Bytes(bytes), &Type::BYTEA) => bytes.to_sql(ty, out),
            _ => Err(format!("{self:?} where {ty} belongs").into()),
        }
    }

    fn accepts(_: &Type) -> bool {
        true
    }

    to_sql_checked!();
}

impl rusqlite::ToSql for Param<'_> {
    fn to_sql(&self) -> rusqlite::Result<rusqlite::types::ToSqlOutput<'_>> {
        use rusqlite::types::{ToSqlOutput, ValueRef};
        Ok(ToSqlOutput::Borrowed(match self {
            Self::Null => ValueRef::Null,
            Self::Int(number) => ValueRef::Integer(*number),
            Self::Text(text) => ValueRef::Text(text.as_bytes()),
            Self::Uuid(id) => ValueRef::Blob(id.as_bytes()),
            Self::Bytes(bytes) => ValueRef::Blob(bytes),
        }))
    }
}

impl Param<'_> {
    /// The same value with nothing borrowed: what is pipelined outlives the call that sent it.
    pub(crate) fn owned(&self) -> Param<'static> {
        match self {
            Self::Null => Param::Null,
            Self::Int(number) => Param::Int(*number),
            Self::Text(text) => Param::Text(Cow::Owned(text.clone().into_owned())),
            Self::Uuid(id) => Param::Uuid(*id),
            Self::Bytes(bytes) => Param::Bytes(Cow::Owned(bytes.clone().into_owned())),
        }
    }
}

impl Column for i64 {
    fn decode(cell: Cell<'_>) -> Result<Self, String> {
        if let Cell::Int(number) = cell { Ok(number) } else { Err(instead(&cell, "a number")) }
    }
}

/// Narrower numbers; a cell out of their range is impossible.
macro_rules! narrow {
    ($($number:ty),*) => {$(
        impl Column for $number {
            fn decode(cell: Cell<'_>) -> Result<Self, String> {
                let number = i64::decode(cell)?;
                Self::try_from(number).map_err(|_| format!("{number}, out of range"))
            }
        }

        impl<'a> Bind<'a> for $number {
            fn bind(self) -> Param<'a> {
                Param::Int(self.into())
            }
        }
    )*};
}

narrow!(u8, u16, i32, u32);

impl Column for bool {
    fn decode(cell: Cell<'_>) -> Result<Self, String> {
        match cell {
            Cell::Int(0) => Ok(false),
            Cell::Int(1) => Ok(true),
            Cell::Null | Cell::Int(_) | Cell::Text(_) | Cell::Uuid(_) | Cell::Bytes(_) => Err(instead(&cell, "0 or 1")),
        }
    }
}

impl Column for String {
    fn decode(cell: Cell<'_>) -> Result<Self, String> {
        if let Cell::Text(text) = cell { Ok(text.to_owned()) } else { Err(instead(&cell, "text")) }
    }
}

impl Column for Vec<u8> {
    fn decode(cell: Cell<'_>) -> Result<Self, String> {
        if let Cell::Bytes(bytes) = cell { Ok(bytes.to_vec()) } else { Err(instead(&cell, "bytes")) }
    }
}

impl<const N: usize> Column for [u8; N] {
    fn decode(cell: Cell<'_>) -> Result<Self, String> {
        let Cell::Bytes(bytes) = cell else { return Err(instead(&cell, "bytes")) };
        bytes.try_into().map_err(|_| format!("{} bytes where {N} belong", bytes.len()))
    }
}

impl Column for Uuid {
    fn decode(cell: Cell<'_>) -> Result<Self, String> {
        match cell {
            Cell::Uuid(id) => Ok(id),
            Cell::Bytes(bytes) => Self::from_slice(bytes).map_err(|_| instead(&cell, "a uuid")),
            Cell::Null | Cell::Int(_) | Cell::Text(_) => Err(instead(&cell, "a uuid")),
        }
    }
}

impl<C: Column> Column for Option<C> {
    fn decode(cell: Cell<'_>) -> Result<Self, String> {
        if cell == Cell::Null { Ok(None) } else { C::decode(cell).map(Some) }
    }
}

impl<'a, B: Bind<'a>> Bind<'a> for Option<B> {
    fn bind(self) -> Param<'a> {
        self.map_or(Param::Null, B::bind)
    }
}

macro_rules! binds {
    ($($name:ty as $value:pat => $param:expr;)*) => {$(
        impl<'a> Bind<'a> for $name {
            fn bind(self) -> Param<'a> {
                let $value = self;
                $param
            }
        }
    )*};
}

binds! {
    Param<'a> as param => param;
    i64 as number => Param::Int(number);
    bool as truth => Param::Int(truth.into());
    Uuid as id => Param::Uuid(id);
    String as text => Param::Text(Cow::Owned(text));
    &'a String as text => Param::Text(Cow::Borrowed(text));
    &'a str as text => Param::Text(Cow::Borrowed(text));
    Vec<u8> as bytes => Param::Bytes(Cow::Owned(bytes));
    &'a Vec<u8> as bytes => Param::Bytes(Cow::Borrowed(bytes));
    &'a [u8] as bytes => Param::Bytes(Cow::Borrowed(bytes));
}

impl<'a, const N: usize> Bind<'a> for [u8; N] {
    fn bind(self) -> Param<'a> {
        Param::Bytes(Cow::Owned(self.to_vec()))
    }
}

impl<'a, const N: usize> Bind<'a> for &'a [u8; N] {
    fn bind(self) -> Param<'a> {
        Param::Bytes(Cow::Borrowed(self))
    }
}

/// Kernel types that are stored as another type.
macro_rules! stored_as {
    ($($name:ty as $stored:ty: $read:expr, $write:expr;)*) => {$(
        impl Column for $name {
            fn decode(cell: Cell<'_>) -> Result<Self, String> {
                let stored = <$stored>::decode(cell)?;
                let read: fn($stored) -> Result<Self, String> = $read;
                read(stored)
            }
        }

        impl<'a> Bind<'a> for $name {
            fn bind(self) -> Param<'a> {
                let write: fn(Self) -> $stored = $write;
                write(self).bind()
            }
        }
    )*};
}

stored_as! {
    Instant as i64: |millis| Ok(Self::from_millis(millis)), Self::millis;
    Money as i64: |minor| Ok(Self(minor)), |money| money.0;
    DeciCelsius as i32: |tenths| Ok(Self(tenths)), |degrees| degrees.0;
    Date as String: |text| text.parse().map_err(|_| format!("{text:?}, not a date")), |date| date.to_string();
}

coded!(kernel::Base, kernel::Currency, kernel::Lang, kernel::Measure, kernel::TemperatureClass, kernel::Unit);

/// Every id of the kernel. A blanket `impl<I: Id>` would forbid the impls for numbers and text above.
macro_rules! kernel_ids {
    ($($name:ident)*) => { ids!($(kernel::$name),*); };
}

kernel_ids! {
    SiteId ZoneId SkuId LotId PlaceId MoveId ReservationId BlockId EntryId PaymentId InvoiceId AllowanceId
    UserId SessionId TokenId CustomerId AddressId SupplierId QualificationId SupplierPriceId RequisitionId
    RequisitionLineId ApprovalId BudgetId PurchaseOrderId PurchaseOrderLineId ContractId ShippingNoticeId
    ArrivalId ArrivalLineId InspectionId SupplierReturnId ClaimId SupplierInvoiceId PutAwayId CustomerOrderId
    OrderLineId DeliveryWindowId ReleaseNoteId WaveId PickTaskId ToteId ParcelId NoticeId RunId StopId
    VehicleId CourierId CourseId CertificateId RatingId ComplaintId RemedyId RecallId ProbeId ExcursionId
    QuarantineId CountSheetId AdjustmentId WriteOffId SurveyId QuoteId ScorecardId ProcedureId RevisionId SuggestionId
    MeetingId ActionItemId EventId WebhookId JobId PhotoId
}

impl<C: Column> FromRow for C {
    fn from_row(row: &Row<'_>) -> Result<Self> {
        row.get(0)
    }
}

macro_rules! tuples {
    ($($name:ident $index:tt)*) => { tuples!(@ [] $($name $index)*); };
    (@ [$($had:ident $at:tt)*] $name:ident $index:tt $($rest:tt)*) => {
        impl<$($had: Column,)* $name: Column> FromRow for ($($had,)* $name,) {
            fn from_row(row: &Row<'_>) -> Result<Self> {
                Ok(($(row.get::<$had>($at)?,)* row.get::<$name>($index)?,))
            }
        }
        tuples!(@ [$($had $at)* $name $index] $($rest)*);
    };
    (@ [$($had:ident $at:tt)*]) => {};
}

tuples!(A 0 B 1 C 2 D 3 E 4 F 5 G 6 H 7 I 8 J 9 K 10 L 11 M 12 N 13 O 14 P 15);

#[cfg(test)]
mod tests {
    use super::{Bind, Cell, Column, Date, Param};

    #[test]
    fn a_value_comes_back_as_it_went_or_not_at_all() {
        let date = Date::constant(2026, 3, 28);
        assert_eq!(date.bind(), Param::Text("2026-03-28".into()));
        assert_eq!(Date::decode(Cell::Text("2026-03-28")), Ok(date));
        assert_eq!(u32::decode(Cell::Int(-1)), Err("-1, out of range".into()));
        assert_eq!(bool::decode(Cell::Int(2)), Err("Int(2) where 0 or 1 belongs".into()));
        assert_eq!(Option::<i64>::decode(Cell::Null), Ok(None));
        assert_eq!(None::<i64>.bind(), Param::Null);
        assert_eq!(<[u8; 2]>::decode(Cell::Bytes(&[1])), Err("1 bytes where 2 belong".into()));
        assert_eq!(kernel::Measure::decode(Cell::Text("foot")), Err("\"foot\", not a kernel::Measure".into()));
    }
}
