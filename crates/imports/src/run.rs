//! One import from the bytes to the books.

use std::{
    collections::BTreeMap,
    fmt::{self, Display},
    sync::Arc,
};

use ::store::{StoreError, Tx};
use axum::http::StatusCode;
use catalog::Site;
use edge::{Problem, Sites};
use events::{Object, tell};
use kernel::{Id, Instant, Lang, Stamp};
use procurement::market::Recorded;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use sheets::{Table, Unreadable};
use utoipa::ToSchema;
use uuid::Uuid;

use crate::{
    cells::refused,
    columns::{Kind, Need},
    entries::{Entries, Taken},
    events::FileImported,
    faults::{self, Fault},
    kinds::SitesByCode,
    line::Layout,
    store,
};

/// One file that was taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, ToSchema)]
#[serde(transparent)]
pub struct ImportRunId(Uuid);

impl Id for ImportRunId {
    const NOUN: &'static str = "import_run";

    fn from_uuid(uuid: Uuid) -> Self {
        Self(uuid)
    }

    fn uuid(self) -> Uuid {
        self.0
    }
}

impl Display for ImportRunId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.hyphenated().fmt(f)
    }
}

impl ImportRunId {
    /// Behind every other.
    pub(crate) const fn last() -> Self {
        Self(Uuid::max())
    }
}

/// Whether an import stays.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Keeping {
    /// It is in the books.
    Kept,
    /// It was tried to the end and undone.
    Rehearsed,
}

/// What an import did, or would have done.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Report {
    pub kind: Kind,
    pub keeping: Keeping,
    /// Under which the file is known; none if it was rehearsed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub run: Option<ImportRunId>,
    /// Rows of the file, the heading not counted.
    pub rows: i64,
    /// Things that are new: products, customers, orders.
    pub created: i64,
    pub changed: i64,
    /// Things that were already as the file says.
    pub same: i64,
    pub file_sha256: String,
}

#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Counted {
    pub(crate) created: i64,
    pub(crate) changed: i64,
    pub(crate) same: i64,
}

impl From<Recorded> for Counted {
    fn from(recorded: Recorded) -> Self {
        Self { created: recorded.created, changed: recorded.changed, same: recorded.same }
    }
}

/// A file that was taken, as it is looked up later.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ImportedFile {
    pub id: ImportRunId,
    pub kind: Kind,
    pub file_sha256: String,
    pub rows: i64,
    pub created: i64,
    pub changed: i64,
    pub same: i64,
    pub imported_by: String,
    pub imported_at: Instant,
}

/// A key of a file, and what it became.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ImportedRow {
    pub key: String,
    pub object: Uuid,
}

/// A file whose rows were read, good and bad.
#[derive(Debug)]
pub struct Parsed {
    kind: Kind,
    lang: Lang,
    rows: usize,
    sha256: String,
    entries: Entries,
    faults: Vec<(usize, Option<&'static str>, Problem)>,
}

/// How an import ends when it does not stay.
#[derive(Debug)]
pub enum Halt {
    /// It went through and was to be undone.
    Rehearsed(Report),
    Refused(Problem),
    Failed(StoreError),
}

impl From<StoreError> for Halt {
    fn from(error: StoreError) -> Self {
        Self::Failed(error)
    }
}

impl From<Halt> for Problem {
    fn from(halt: Halt) -> Self {
        match halt {
            Halt::Refused(problem) => problem,
            Halt::Failed(error) => error.into(),
            // Whoever rehearses takes the report out of the halt.
            Halt::Rehearsed(_) => Self::new(StatusCode::CONFLICT, "imports/rehearsed"),
        }
    }
}

/// Reads a file. What is wrong with the file as a whole is refused here; what is wrong with rows is told when the
/// others have been tried too.
pub fn read(kind: Kind, bytes: &[u8], sites: &[Site], lang: Lang) -> Result<Parsed, Problem> {
    let table = sheets::read(bytes).map_err(unreadable)?;
    let layout = layout(kind, &table)?;
    if table.rows.is_empty() {
        return Err(refused("imports/no-rows"));
    }
    let sites: SitesByCode = sites.iter().map(|site| (site.code.clone(), site.clone())).collect::<BTreeMap<_, _>>();
    let mut faults = Vec::new();
    let entries = Entries::read(kind, &table, &layout, &sites, lang, &mut faults);
    Ok(Parsed {
        kind,
        lang,
        rows: table.rows.len(),
        sha256: store::hex(&Sha256::digest(bytes)),
        entries,
        faults: faults.into_iter().map(|fault| (fault.row, fault.column, fault.problem)).collect(),
    })
}

fn unreadable(why: Unreadable) -> Problem {
    match why {
        Unreadable::Empty => refused("imports/empty"),
        Unreadable::NotUtf8 => refused("imports/not-utf8"),
        Unreadable::Malformed(reason) => refused("imports/malformed").with("reason", reason),
        Unreadable::TooManyRows => refused("imports/too-many-rows").with("most", sheets::ROWS_MAX),
        Unreadable::TooManyColumns => refused("imports/too-many-columns").with("most", sheets::COLUMNS_MAX),
        Unreadable::CellTooLong { row } => {
            refused("imports/cell-too-long").with("row", row).with("most", sheets::CELL_MAX)
        }
        Unreadable::Unfolds => refused("imports/unfolds").with("most", sheets::UNFOLDED_MAX),
    }
}

/// Finds the columns under the headings. A heading that nobody knows is refused rather than passed over: it may be a
/// slip in one that matters.
fn layout(kind: Kind, table: &Table) -> Result<Layout, Problem> {
    let columns = kind.columns();
    let mut places = vec![None; columns.len()];
    for (place, heading) in table.headings.iter().enumerate() {
        if heading.is_empty() {
            if table.rows.iter().any(|row| row.cells.get(place).is_some_and(|cell| !cell.is_empty())) {
                return Err(refused("imports/heading-missing").with("column", place.saturating_add(1)));
            }
            continue;
        }
        let known = columns.iter().position(|column| column.is_headed(heading));
        let Some(slot) = known.and_then(|nth| places.get_mut(nth)) else {
            return Err(refused("imports/unknown-column").with("column", heading));
        };
        if slot.replace(place).is_some() {
            return Err(refused("imports/column-twice").with("column", heading));
        }
    }
    for (column, place) in columns.iter().zip(&places) {
        if column.need == Need::Required && place.is_none() {
            return Err(refused("imports/column-missing").with("column", column.code));
        }
    }
    Ok(Layout { columns, places })
}

/// Takes a file: every row, or none.
pub async fn import(
    tx: &mut Tx,
    stamp: &Stamp,
    sites: &Sites,
    file: &Arc<Parsed>,
    keeping: Keeping,
) -> Result<Report, Halt> {
    let mut taken = Taken::default();
    file.entries.enter(tx, stamp, sites, &mut taken).await.map_err(Halt::Refused)?;
    let told =
        file.faults.iter().map(|(row, column, problem)| Fault { row: *row, column: *column, problem: problem.clone() });
    taken.faults.extend(told);
    if !taken.faults.is_empty() {
        return Err(Halt::Refused(faults::refusal(file.kind, file.lang, file.rows, taken.faults)));
    }
    let run: ImportRunId = stamp.mint();
    let report = Report {
        kind: file.kind,
        keeping,
        run: (keeping == Keeping::Kept).then_some(run),
        rows: i64::try_from(file.rows).unwrap_or(i64::MAX),
        created: taken.counted.created,
        changed: taken.counted.changed,
        same: taken.counted.same,
        file_sha256: file.sha256.clone(),
    };
    store::keep(tx, &report, &stamp.by, stamp.at, run, &taken.remembered).await?;
    let body = FileImported {
        kind: report.kind,
        file_sha256: report.file_sha256.clone(),
        rows: report.rows,
        created: report.created,
        changed: report.changed,
        same: report.same,
    };
    tell(tx, stamp, Object::of(run), &[], &body).await?;
    match keeping {
        Keeping::Kept => Ok(report),
        Keeping::Rehearsed => Err(Halt::Rehearsed(report)),
    }
}
