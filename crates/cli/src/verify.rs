//! `freshet verify`: the auditor's report.

use std::process::ExitCode;

use clap::Args;

use crate::Failure;

#[derive(Args)]
pub(crate) struct VerifyArgs {
    /// `sqlite:PATH` or `postgres://…`.
    #[arg(long, default_value = "sqlite:freshet.sqlite")]
    database: String,
}

/// Prints each law with its count; a breach ends with exit code 1 and the entries that disagree.
pub(crate) async fn verify(args: &VerifyArgs) -> Result<ExitCode, Failure> {
    let findings = auditor::audit(&args.database).await.map_err(Failure::new)?;
    for law in &findings.laws {
        say!("{law}");
    }
    if findings.is_clean() {
        say!("every law holds");
        Ok(ExitCode::SUCCESS)
    } else {
        say!("{} laws are broken", findings.broken());
        Ok(ExitCode::FAILURE)
    }
}
