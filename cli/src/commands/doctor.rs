//! `camctl doctor`

use std::ffi::OsString;

use camctl_shared::ipc::message::{Finding, Reply, Request};
use clap::Args;

use crate::app::{ANSWER_LIMIT, App, out_of_place};
use crate::args::Verb;
use crate::errors::{About, Failure};
use crate::exit::Exit;
use crate::files::Asked;
use crate::output::clean::clean;
use crate::output::json::agent::{FindingShape, FindingsShape};
use crate::output::style::Paint;

/// Look for what is wrong with the agent, the share and the lock table
///
/// Changes nothing without --fix, which mends only what can be mended safely: what can be
/// made anew from the log. The exit code is 1 while an error stands.
///
/// Examples:
///   camctl doctor                               the agent and every repository it knows
///   camctl doctor /mnt/cam --fix
#[derive(Debug, Args)]
#[command(verbatim_doc_comment)]
pub struct Doctor {
    /// A folder in a repository
    #[arg(value_name = "FOLDER")]
    folder: Option<OsString>,
    /// Mend what can be mended safely
    #[arg(long)]
    fix: bool,
}

impl Verb for Doctor {
    const NAME: &'static str = "doctor";

    fn run(self, app: &mut App) -> Result<Exit, Failure> {
        let asked = match &self.folder {
            Some(folder) => Some(Asked::new(Self::NAME, folder)?),
            None => None,
        };
        let about = asked
            .as_ref()
            .map_or_else(|| About::command(Self::NAME), |asked| asked.about(Self::NAME));
        let request = Request::Doctor {
            folder: asked.map(|asked| asked.absolute),
            fix: self.fix,
        };
        app.send(&request)?;
        let mut findings: Vec<Finding> = Vec::new();
        let end = loop {
            match app.next(&about, Some(ANSWER_LIMIT)) {
                Ok(None) => break None,
                Ok(Some(Reply::Finding(finding))) => {
                    show(app, &finding, findings.last());
                    findings.push(finding);
                }
                Ok(Some(other)) => break Some(out_of_place(&about, &other)),
                Err(failure) => break Some(failure),
            }
        };
        let errors = findings.iter().filter(|finding| finding.grade == "error").count();
        let failure = end.or_else(|| {
            (errors > 0).then_some(Failure::Unhealthy {
                errors,
                fix: self.fix,
            })
        });
        let findings = findings.iter().map(FindingShape::from).collect();
        app.out
            .answer(Self::NAME, FindingsShape { findings }, failure.as_ref());
        Ok(match failure {
            None => Exit::Done,
            Some(failure) => {
                app.out.error(&failure);
                failure.code().1
            }
        })
    }
}

fn show(app: &mut App, finding: &Finding, before: Option<&Finding>) {
    if before.is_none_or(|before| before.place != finding.place) {
        app.out.say(&clean(&finding.place));
    }
    let paint = match finding.grade.as_str() {
        "ok" | "mended" => Paint::Good,
        "warning" => Paint::Warning,
        _ => Paint::Error,
    };
    let grade = app.out.paint(paint, &format!("{:<7}", clean(&finding.grade)));
    app.out.say(&format!(
        "  {grade}  {}: {}",
        clean(&finding.what),
        clean(&finding.text)
    ));
    if let Some(hint) = &finding.hint {
        app.out.say(&format!("           {}", clean(hint)));
    }
}
