//! `camctl put`

use std::ffi::OsString;
use std::fs::{self, File, OpenOptions};
use std::io;
use std::path::{Path, PathBuf};

use camctl_shared::ipc::message::Request;
use camctl_shared::paths::Env;
use clap::Args;

use crate::app::{ANSWER_LIMIT, App};
use crate::args::Verb;
use crate::batch::Batch;
use crate::errors::Failure;
use crate::exit::Exit;
use crate::files::Asked;

/// Replace the content of a file that you have checked out, in one step
///
/// Nobody ever finds half of it: the new content is copied beside the file, read back and
/// compared, and only then takes its name, if the lock is still yours. The content that it
/// replaces is kept in .camctl/versions/ (`keep_versions` in .camctl/repo.toml, 5 of each
/// file). A file that a program has open is not replaced where that would harm it. The file
/// stays checked out. FROM is a file, or - for standard input; without it, the file of the
/// same name in the current folder.
///
/// Examples:
///   camctl put /mnt/cam/4801247.mcam            from ./4801247.mcam
///   camctl put 4801247.mcam ~/work/new.mcam
///   post --program 4801 | camctl put 4801.nc -
#[derive(Debug, Args)]
#[command(verbatim_doc_comment)]
pub struct Put {
    /// The file
    #[arg(value_name = "FILE")]
    file: OsString,
    /// The new content
    #[arg(value_name = "FROM")]
    from: Option<OsString>,
}

impl Verb for Put {
    const NAME: &'static str = "put";

    fn run(self, app: &mut App) -> Result<Exit, Failure> {
        let (from, kept) = match self.from {
            Some(from) if from == "-" => {
                let kept = standard_input()?;
                (kept.clone().into_os_string(), Some(kept))
            }
            Some(from) => (from, None),
            None => (same_name(&self.file), None),
        };
        let from = Asked::new(Self::NAME, &from)?.absolute;
        let (mut batch, asked) = Batch::start(app, Self::NAME, &[self.file]);
        let request = |files: Vec<String>| Request::Put {
            file: files.into_iter().next().unwrap_or_default(),
            from: from.clone(),
        };
        batch.run(app, &asked, Some(ANSWER_LIMIT), request, |_| false);
        if let Some(kept) = kept {
            if batch.failure().is_none() {
                // Nothing is wrong with a put whose copy of its input stays a little longer.
                let _ = fs::remove_file(&kept);
            } else {
                let text = format!("what came from standard input is kept as {}", kept.display());
                app.out.note(&text);
            }
        }
        Ok(batch.finish(app))
    }
}

/// The last part of a path, which the current folder may have too.
fn same_name(file: &OsString) -> OsString {
    Path::new(file)
        .file_name()
        .map_or_else(|| file.clone(), std::ffi::OsStr::to_owned)
}

/// Keeps standard input in a file that this user alone can read: the agent takes it from there, and it may be longer than
/// memory.
fn standard_input() -> Result<PathBuf, Failure> {
    let name = format!("camctl-put-{}", camctl_shared::random::uuid().simple());
    let path = Env::read().temporary.join(name);
    let failed = |error: io::Error| Failure::Local {
        problem: format!("standard input cannot be kept as {}: {error}", path.display()),
    };
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let mut file: File = options.open(&path).map_err(failed)?;
    match io::copy(&mut io::stdin().lock(), &mut file) {
        Ok(_) => Ok(path),
        Err(error) => {
            let _ = fs::remove_file(&path);
            Err(failed(error))
        }
    }
}
