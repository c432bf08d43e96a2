//! Paths as they are spelled; no file system is asked.

use std::path::{Component, Path, PathBuf};

use camctl_shared::model::NameError;

use crate::problem::Problem;

/// The path without `.` and `..`, by its spelling alone.
///
/// # Errors
/// When it is not absolute, or leads above the root.
pub fn plain(path: &Path) -> Result<PathBuf, Problem> {
    if !path.is_absolute() {
        return Err(Problem::BadRequest(format!(
            "{} is not an absolute path",
            path.display()
        )));
    }
    let mut plain = PathBuf::new();
    for component in path.components() {
        match component {
            Component::CurDir => {}
            Component::ParentDir => {
                if !plain.pop() {
                    return Err(Problem::Name(NameError::Outside));
                }
            }
            Component::Prefix(_) | Component::RootDir | Component::Normal(_) => plain.push(component),
        }
    }
    Ok(plain)
}

/// What is left of `path` below `root`, with `/` between its parts.
pub fn relative(root: &Path, path: &Path) -> Result<String, Problem> {
    let rest = path
        .strip_prefix(root)
        .map_err(|_| Problem::Name(NameError::Outside))?;
    let mut parts = Vec::new();
    for component in rest.components() {
        let part = component
            .as_os_str()
            .to_str()
            .ok_or(Problem::Name(NameError::NotUnicode))?;
        parts.push(part);
    }
    Ok(parts.join("/"))
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;

    #[test]
    fn paths_are_taken_as_they_are_spelled() {
        let plain = |path: &str| plain(Path::new(path)).map(|path| path.display().to_string());
        assert_eq!(plain("/a/./b/../c").unwrap(), "/a/c");
        assert_eq!(plain("/a//b/").unwrap(), "/a/b");
        assert!(plain("a/b").is_err());
        assert!(matches!(plain("/../a"), Err(Problem::Name(NameError::Outside))));
    }

    #[test]
    fn the_rest_of_a_path_names_the_file() {
        let relative = |root: &str, path: &str| relative(Path::new(root), Path::new(path));
        assert_eq!(
            relative("/mnt/cam", "/mnt/cam/fixtures/a.mcam").unwrap(),
            "fixtures/a.mcam"
        );
        assert_eq!(relative("/mnt/cam", "/mnt/cam").unwrap(), "");
        assert!(relative("/mnt/cam", "/mnt/camera/a.mcam").is_err());
    }
}
