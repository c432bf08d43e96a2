//! Where the programs under test are, and whether they are the ones that stand in the sources.

use std::env::consts::EXE_SUFFIX;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;
use std::time::SystemTime;
use std::{env, fs};

const HOW: &str = "cargo build --workspace";

/// The command line.
///
/// # Panics
/// When it was not built, or not since its sources changed; says how to build it.
pub fn camctl_program() -> &'static Path {
    static FOUND: OnceLock<PathBuf> = OnceLock::new();
    FOUND.get_or_init(|| find("camctl"))
}

/// The agent.
///
/// # Panics
/// As [`camctl_program`].
pub fn agent_program() -> &'static Path {
    static FOUND: OnceLock<PathBuf> = OnceLock::new();
    FOUND.get_or_init(|| find("camctl-agent"))
}

/// Test programs lie in `<target>/<profile>/deps/`, the programs that they test one folder above.
/// `CAMCTL_TEST_PROGRAMS` names another folder: that of a release build, say.
fn find(name: &str) -> PathBuf {
    if let Some(folder) = env::var_os("CAMCTL_TEST_PROGRAMS") {
        let program = PathBuf::from(folder).join(format!("{name}{EXE_SUFFIX}"));
        assert!(
            program.is_file(),
            "CAMCTL_TEST_PROGRAMS has no {}",
            program.display()
        );
        return program;
    }
    let test = env::current_exe().expect("the system knows which program this is");
    let folder = test
        .parent()
        .and_then(Path::parent)
        .expect("a test lies in deps/");
    let program = folder.join(format!("{name}{EXE_SUFFIX}"));
    assert!(
        program.is_file(),
        "{} is missing; build it first:  {HOW}",
        program.display()
    );
    if let Some(newer) = newer_source(&program) {
        panic!(
            "{} is older than {}; build it first:  {HOW}",
            program.display(),
            newer.display()
        );
    }
    program
}

/// The first source of `program` that was changed after it was built, by the list that cargo keeps beside it.
fn newer_source(program: &Path) -> Option<PathBuf> {
    let list = fs::read_to_string(program.with_extension("d")).ok()?;
    let (_, sources) = list.split_once(": ")?;
    let built = changed(program)?;
    let sources = sources.trim().replace("\\ ", "\0");
    sources
        .split(' ')
        .map(|source| PathBuf::from(source.replace('\0', " ")))
        .find(|source| changed(source).is_some_and(|time| time > built))
}

fn changed(file: &Path) -> Option<SystemTime> {
    fs::metadata(file).and_then(|meta| meta.modified()).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_program_older_than_one_of_its_sources_is_named() {
        let folder = tempfile::tempdir().unwrap();
        let path = |name: &str| folder.path().join(name);
        let (program, old, new) = (path("prog"), path("old one.rs"), path("new.rs"));
        let hour = |n: u64| SystemTime::UNIX_EPOCH + std::time::Duration::from_hours(n);
        for (file, time) in [(&program, hour(2)), (&old, hour(1)), (&new, hour(1))] {
            fs::File::create(file).unwrap().set_modified(time).unwrap();
        }
        let escaped = old.display().to_string().replace(' ', "\\ ");
        fs::write(
            path("prog.d"),
            format!("{}: {escaped} {}\n", program.display(), new.display()),
        )
        .unwrap();
        assert_eq!(newer_source(&program), None);
        fs::File::options()
            .write(true)
            .open(&new)
            .unwrap()
            .set_modified(hour(3))
            .unwrap();
        assert_eq!(newer_source(&program), Some(new));
    }
}
