//! Init: make a folder a repository.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use camctl_shared::ipc::message::{Initialised, Reply};
use camctl_shared::model::{Case, RequestId, StoreError};
use camctl_shared::share::{DiskShare, Share, TEMPORARY, find_root, probe};
use camctl_shared::store::folder::{self, FOLDER_SIZE, InitOptions};
use tokio::task::spawn_blocking;

use super::common::patiently;
use super::fail;
use crate::problem::Problem;
use crate::registry::House;
use crate::server::Agent;
use crate::server::conversation::{Gone, Replies};

/// What a repository is to be made with.
pub struct Wish {
    /// The folder.
    pub folder: String,
    /// Which files are listed.
    pub extensions: Vec<String>,
    /// Where the table for people lies.
    pub locks_file: Option<String>,
    /// Who may end live locks.
    pub administrators: Vec<String>,
}

/// Serves `Init`.
pub async fn init(agent: &Agent, replies: &mut Replies, wish: Wish) -> Result<(), Gone> {
    let house = agent.registry.house().clone();
    let made = spawn_blocking(move || make(&house, &wish));
    let made = patiently(agent, replies, "trying out what the file system does", made).await?;
    let outcome = match made {
        Ok(outcome) => outcome,
        Err(error) => Err(Problem::Internal(error.to_string())),
    };
    let (initialised, root) = match outcome {
        Ok(made) => made,
        Err(problem) => return fail(replies, &problem).await,
    };
    let opened = async { agent.registry.open(&root, &root).await?.ready().await };
    match patiently(agent, replies, "reading the lock table", opened).await? {
        Ok(()) => replies.send(&Reply::Initialised(initialised)).await,
        Err(problem) => fail(replies, &problem).await,
    }
}

fn make(house: &House, wish: &Wish) -> Result<(Initialised, PathBuf), Problem> {
    let root = PathBuf::from(&wish.folder);
    if !root.is_absolute() {
        return Err(Problem::BadRequest(format!(
            "{} is not an absolute path",
            wish.folder
        )));
    }
    let cannot = |error: &dyn std::fmt::Display| Problem::CannotInit(error.to_string());
    let disk = DiskShare::open(&root).map_err(|error| cannot(&error))?;
    refuse_nested(disk.root())?;
    let share: Arc<dyn Share> = Arc::new(disk);
    let known = folder::is_repository(share.as_ref()).map_err(|error| cannot(&error))?;
    let scratch = format!("{TEMPORARY}probe-{}", RequestId::random().as_str());
    let probed = match probe(share.as_ref(), &scratch) {
        Ok(probe) => Some(probe),
        // Nothing is changed in a repository that exists; it may be read-only here.
        Err(StoreError::Share(_)) if known => None,
        Err(error) => return Err(cannot(&error)),
    };
    let options = InitOptions {
        extensions: wish.extensions.clone(),
        locks_file: wish.locks_file.clone(),
        administrators: wish.administrators.clone(),
        case: probed.as_ref().map_or(Case::Sensitive, |probe| probe.case),
        folder_size: FOLDER_SIZE,
    };
    let made = folder::init(&share, &house.me, &house.clock, &options).map_err(|error| match error {
        StoreError::Share(_) | StoreError::Policy { .. } | StoreError::NoRepository { .. } => cannot(&error),
        other => Problem::Store(other),
    })?;
    let initialised = Initialised {
        folder: root.display().to_string(),
        existed: made.existed,
        adopted: u64::try_from(made.adopted).unwrap_or(u64::MAX),
        exclusive: probed
            .as_ref()
            .map_or("not tried", |probe| probe.exclusive)
            .to_owned(),
        case: options.case.as_str().to_owned(),
        file_system: share.file_system().name.to_string(),
        warnings: probed.map(|probe| probe.warnings).unwrap_or_default(),
    };
    Ok((initialised, root))
}

/// A repository in a repository would have two tables for one file.
fn refuse_nested(root: &Path) -> Result<(), Problem> {
    // What may not be looked into is no repository of this user.
    let above = root.parent().and_then(|parent| find_root(parent).ok().flatten());
    match above {
        Some(outer) => Err(Problem::CannotInit(format!(
            "{} lies in the repository {} already",
            root.display(),
            outer.folder.display()
        ))),
        None => Ok(()),
    }
}
