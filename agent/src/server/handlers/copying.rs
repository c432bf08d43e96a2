//! What `get` and `put` do alike: find the file, follow the copy, and say why there is none.

use std::path::Path;

use camctl_shared::files::copy::CopyError;
use camctl_shared::ipc::message::Reply;
use camctl_shared::share::DiskShare;

use super::common::{Glance, Target, glance, patiently};
use crate::problem::Problem;
use crate::repository::board::Board;
use crate::repository::copying::{Going, Next};
use crate::server::Agent;
use crate::server::conversation::{Gone, Replies};

/// Progress counts in these.
const MEGABYTE: u64 = 1_000_000;

/// How the file stands on the share, and that the share answers.
///
/// # Errors
/// [`Gone`].
pub async fn look(
    agent: &Agent,
    replies: &mut Replies,
    target: &Target,
) -> Result<Result<Glance, Problem>, Gone> {
    let look = async {
        let repository = &target.repository;
        repository.ready().await?;
        repository.freshen_patiently().await?;
        let found = glance(target).await?;
        if found.exists.is_none() {
            return Err(repository.board.no_answer(repository.board.patience));
        }
        Ok(found)
    };
    patiently(agent, replies, "waiting for the share", look).await
}

/// Waits for the next step of a copy, and tells the client how far it is.
///
/// # Errors
/// [`Gone`].
pub async fn follow<T: Send + 'static>(
    agent: &Agent,
    replies: &mut Replies,
    board: &Board,
    going: &mut Going<T>,
) -> Result<Result<T, Problem>, Gone> {
    loop {
        match going.next(agent.limits.progress).await {
            Ok(Next::Step(step)) => return Ok(Ok(step)),
            Ok(Next::Moves(done, of)) => {
                let progress = Reply::Progress {
                    what: "copying, in MB".into(),
                    done: done / MEGABYTE,
                    total: Some(of / MEGABYTE).filter(|total| *total > 0),
                };
                replies.send(&progress).await?;
            }
            Ok(Next::Still(still)) => return Ok(Err(board.no_answer(still))),
            Err(problem) => return Ok(Err(problem)),
        }
    }
}

/// Somewhere outside the repository: a folder, and a name in it.
pub struct Elsewhere {
    /// The folder.
    pub folder: DiskShare,
    /// The name in it.
    pub name: String,
}

impl Elsewhere {
    /// The file that `path` means: in a folder of that name, a file called `name`. To be called where it may hang.
    ///
    /// # Errors
    /// When its folder is not there.
    pub fn find(path: &str, name: &str) -> Result<Self, Problem> {
        if let Ok(folder) = DiskShare::open(Path::new(path)) {
            let name = name.to_owned();
            return Ok(Self { folder, name });
        }
        Self::file(path)
    }

    /// The file `path`.
    ///
    /// # Errors
    /// When its folder is not there.
    pub fn file(path: &str) -> Result<Self, Problem> {
        let whole = Path::new(path);
        let parts = whole
            .parent()
            .zip(whole.file_name().and_then(|name| name.to_str()));
        let Some((folder, name)) = parts else {
            return Err(Problem::Elsewhere(format!("{path} is not a file")));
        };
        match DiskShare::open(folder) {
            Ok(folder) => Ok(Self {
                folder,
                name: name.to_owned(),
            }),
            Err(error) => Err(Problem::Elsewhere(error.to_string())),
        }
    }
}

/// The last part of a file's name.
pub fn last_part(name: &str) -> &str {
    name.rsplit_once('/').map_or(name, |(_, last)| last)
}

/// Which end of a copy is the repository.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Repository {
    /// Where it comes from.
    IsSource,
    /// Where it goes.
    IsTarget,
}

/// Why there is no copy of `source`.
pub fn not_copied(error: CopyError, end: Repository, source: &str) -> Problem {
    let ours = |of| end == of;
    match error {
        CopyError::From(error) if ours(Repository::IsSource) => Problem::Share(error),
        CopyError::To(error) if ours(Repository::IsTarget) => Problem::Share(error),
        CopyError::From(error) | CopyError::To(error) => Problem::Elsewhere(error.to_string()),
        CopyError::NotAFile if ours(Repository::IsSource) => Problem::NotAFile,
        CopyError::NotAFile => Problem::Elsewhere(format!("{source} is not a file")),
        CopyError::Changing => Problem::Changing {
            path: ours(Repository::IsTarget).then(|| source.to_owned()),
        },
        CopyError::Spoilt { .. } => Problem::Elsewhere(error.to_string()),
        CopyError::Stopped => Problem::Cancelled,
    }
}
