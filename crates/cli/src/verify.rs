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
#[expect(clippy::print_stdout, reason = "the report is the command's output")]
pub(crate) async fn verify(args: &VerifyArgs) -> Result<ExitCode, Failure> {
    let findings = auditor::audit(&args.database).await.map_err(Failure::new)?;
    for law in &findings.laws {
        println!("{law}");
    }
    if findings.is_clean() {
        println!("every law holds");
        Ok(ExitCode::SUCCESS)
    } else {
        println!("{} laws are broken", findings.broken());
        Ok(ExitCode::FAILURE)
    }
}
