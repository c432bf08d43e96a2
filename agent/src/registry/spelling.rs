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
        // A share in Windows' long form has no root of its own, and the path below it begins with one.
        if component == Component::RootDir {
            continue;
        }
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

#[cfg(all(test, windows))]
mod tests {
    use super::*;

    #[test]
    fn paths_are_taken_as_they_are_spelled() {
        let plain = |path: &str| plain(Path::new(path)).map(|path| path.display().to_string());
        assert_eq!(plain(r"C:\a\.\b\..\c").unwrap(), r"C:\a\c");
        assert_eq!(plain("C:/a//b/").unwrap(), r"C:\a\b");
        assert_eq!(plain(r"\\server\cam\a\..\b").unwrap(), r"\\server\cam\b");
        for relative in ["a/b", r"\a", "C:a"] {
            assert!(plain(relative).is_err(), "{relative}");
        }
        for above in [r"C:\..\a", r"\\server\cam\..\..\a"] {
            assert!(
                matches!(plain(above), Err(Problem::Name(NameError::Outside))),
                "{above}"
            );
        }
    }

    #[test]
    fn a_file_has_one_name_by_drive_letter_by_share_and_by_the_long_form() {
        let cases = [
            (r"X:\", r"X:\fixtures\a.mcam"),
            (r"X:\cam", "x:/cam/fixtures/a.mcam"),
            (r"\\server\cam", r"\\server\cam\fixtures\a.mcam"),
            (r"\\server\cam", "//server/cam/fixtures/a.mcam"),
            (r"\\?\X:\cam", r"\\?\X:\cam\fixtures\a.mcam"),
            (r"\\?\UNC\server\cam", r"\\?\UNC\server\cam\fixtures\a.mcam"),
        ];
        for (root, path) in cases {
            let path = plain(Path::new(path)).unwrap();
            assert_eq!(
                relative(Path::new(root), &path).unwrap(),
                "fixtures/a.mcam",
                "{root}"
            );
        }
        assert!(relative(Path::new(r"X:\cam"), Path::new(r"Y:\cam\a.mcam")).is_err());
        assert!(relative(Path::new(r"X:\cam"), Path::new(r"X:\camera\a.mcam")).is_err());
    }
}
