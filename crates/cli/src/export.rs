//! `freshet export`: the log as a document of a standard.

use std::{path::PathBuf, process::ExitCode};

use clap::{Args, Subcommand};
use exchange::{Span, epcis::EpcisExport, ocel::OcelExport};
use store::StoreError;
use tokio::io::AsyncWriteExt;

use crate::Failure;

#[derive(Subcommand)]
pub(crate) enum Export {
    /// OCEL 2.0 (JSON): every event with the things it touched, for process mining.
    Ocel(ExportArgs),
    /// EPCIS 2.0 (JSON-LD): the physical steps of the goods, for partners and for a recall.
    Epcis(ExportArgs),
}

#[derive(Args)]
pub(crate) struct ExportArgs {
    /// The file to write.
    file: PathBuf,
    /// `sqlite:PATH` or `postgres://…`.
    #[arg(long, default_value = "sqlite:freshet.sqlite")]
    database: String,
    /// Only what lies behind this position of the log.
    #[arg(long, default_value_t = 0)]
    after: i64,
}

pub(crate) async fn export(what: &Export) -> Result<ExitCode, Failure> {
    let (Export::Ocel(args) | Export::Epcis(args)) = what;
    let database = store::Db::open(&args.database).await.map_err(Failure::new)?;
    let span = Span::sealed(&database, args.after, i64::MAX).await.map_err(Failure::new)?;
    // Beside the file first: a document that broke off is never taken for a whole one.
    let unfinished = args.file.with_extension("unfinished");
    let mut file = tokio::fs::File::create(&unfinished).await.map_err(Failure::new)?;
    let mut document = match what {
        Export::Ocel(_) => Document::Ocel(OcelExport::over(database, span)),
        Export::Epcis(_) => Document::Epcis(EpcisExport::over(database, span)),
    };
    while let Some(piece) = document.next().await.map_err(Failure::new)? {
        file.write_all(piece.as_bytes()).await.map_err(Failure::new)?;
    }
    file.sync_all().await.map_err(Failure::new)?;
    tokio::fs::rename(&unfinished, &args.file).await.map_err(Failure::new)?;
    say!("{} holds positions {} to {}", args.file.display(), span.after.saturating_add(1), span.until);
    Ok(ExitCode::SUCCESS)
}

enum Document {
    Ocel(OcelExport),
    Epcis(EpcisExport),
}

impl Document {
    async fn next(&mut self) -> Result<Option<String>, StoreError> {
        match self {
            Self::Ocel(export) => export.next().await,
            Self::Epcis(export) => export.next().await,
        }
    }
}
