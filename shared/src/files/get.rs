//! Get: a copy of a file of the repository, for somewhere else.

use super::copy::{Copied, CopyError, Target, Watch, copy};
use crate::model::{ShareError, ShareErrorKind};
use crate::share::{Share, TEMPORARY};

/// Where a copy goes.
#[derive(Clone, Copy)]
pub struct Place<'a> {
    /// The folder, seen as a share.
    pub folder: &'a dyn Share,
    /// The name in it; a file of that name is replaced.
    pub name: &'a str,
}

/// Copies the file `path` of `from` to `to`, under a hidden name first: nobody ever finds half of it.
///
/// # Errors
/// See [`CopyError`]; what was at `to` is there then as before.
pub fn get(from: &dyn Share, path: &str, to: Place<'_>, watch: Watch<'_>) -> Result<Copied, CopyError> {
    let Place { folder, name } = to;
    let hidden = format!("{TEMPORARY}get-{}", crate::random::uuid().simple());
    let target = Target {
        share: folder,
        path: &hidden,
        like: None,
    };
    let copied = copy(from, path, target, watch)?;
    put_in_place(folder, &hidden, name).map_err(|error| {
        let _ = folder.remove(&hidden);
        CopyError::To(error)
    })?;
    folder.sync_folder("").map_err(CopyError::To)?;
    Ok(copied)
}

fn put_in_place(folder: &dyn Share, hidden: &str, name: &str) -> Result<(), ShareError> {
    if folder.puts_over() {
        return folder.put_over(hidden, name);
    }
    let old = format!("{hidden}-old");
    match folder.set_aside(name, &old) {
        Ok(()) => {
            folder.set_aside(hidden, name).inspect_err(|_| {
                let _ = folder.set_aside(&old, name);
            })?;
            // What cannot be removed is in the way of nobody.
            let _ = folder.remove(&old);
            Ok(())
        }
        Err(error) if error.kind == ShareErrorKind::NotFound => folder.set_aside(hidden, name),
        Err(error) => Err(error),
    }
}
