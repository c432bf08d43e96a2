//! Contents that could not be copied or replaced.

use camctl_shared::ipc::message::Fault;

use super::{About, Wording, doctor};
use crate::output::clean::clean;

/// What is said of a file's content that could not be copied or replaced.
pub(super) fn wording(words: impl Fn(String) -> Wording, about: &About, fault: &Fault) -> Wording {
    let name = clean(&about.name);
    match fault {
        Fault::Changing { path, tries } => {
            let what = path.as_deref().map_or(name, clean);
            words(format!(
                "{what} was changed each time while it was read, {tries} times"
            ))
            .tell("wait until the program that writes it is done, and try again")
        }
        Fault::InUse { problem } => words(format!(
            "{name} cannot be replaced, a program seems to have it open: {}",
            clean(problem)
        ))
        .tell("nothing was changed; close the file, here and on other machines, and try again"),
        Fault::Torn { problem, old } => words(format!(
            "the share failed while {name} was replaced, and there is no file of that name now: {}",
            clean(problem)
        ))
        .tell(format!("its old content is safe, as {}", clean(old)))
        .hint("to put that back:", format!("{} --fix", doctor(about))),
        Fault::Elsewhere { problem } => words(format!("{name}: {}", clean(problem))),
        other => words(format!("{name}: {other:?}")),
    }
}
