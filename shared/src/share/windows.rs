//! What Windows calls things.
#![expect(
    unsafe_code,
    reason = "moving without replacing, and what a drive is, are system calls that std does not have"
)]

use std::fs::{File, OpenOptions};
use std::io;
use std::os::windows::ffi::OsStrExt;
use std::os::windows::fs::FileExt;
use std::path::{Component, Path, PathBuf, Prefix};
use std::ptr;

use windows_sys::Win32::Foundation as code;
use windows_sys::Win32::Storage::FileSystem::{
    GetDiskFreeSpaceExW, GetDriveTypeW, GetVolumeInformationW, GetVolumePathNameW, MOVEFILE_WRITE_THROUGH,
    MoveFileExW,
};

use super::{FileSystem, retry};
use crate::model::ShareErrorKind as Kind;

/// `GetDriveTypeW`'s word for a network drive.
const DRIVE_REMOTE: u32 = 4;
/// Its words for drives that this machine has: removable, fixed, CD, RAM disk.
const DRIVES_HERE: [u32; 4] = [2, 3, 5, 6];

fn number(error: &io::Error) -> Option<u32> {
    error.raw_os_error().map(i32::cast_unsigned)
}

/// What kind of answer `error` is.
pub(super) fn kind(error: &io::Error) -> Kind {
    match number(error) {
        // Below a file there is nothing, and a name that the file system cannot hold is none of its names.
        Some(
            code::ERROR_FILE_NOT_FOUND
            | code::ERROR_PATH_NOT_FOUND
            | code::ERROR_DIRECTORY
            | code::ERROR_INVALID_NAME
            | code::ERROR_FILENAME_EXCED_RANGE,
        ) => Kind::NotFound,
        Some(code::ERROR_FILE_EXISTS | code::ERROR_ALREADY_EXISTS) => Kind::Exists,
        Some(
            code::ERROR_SHARING_VIOLATION
            | code::ERROR_LOCK_VIOLATION
            | code::ERROR_USER_MAPPED_FILE
            | code::ERROR_DELETE_PENDING
            | code::ERROR_DIR_NOT_EMPTY,
        ) => Kind::Busy,
        Some(code::ERROR_ACCESS_DENIED | code::ERROR_PRIVILEGE_NOT_HELD) => Kind::Denied,
        Some(code::ERROR_DISK_FULL | code::ERROR_HANDLE_DISK_FULL | code::ERROR_DISK_QUOTA_EXCEEDED) => {
            Kind::Full
        }
        Some(code::ERROR_WRITE_PROTECT) => Kind::ReadOnly,
        Some(code::ERROR_NOT_SUPPORTED | code::ERROR_CALL_NOT_IMPLEMENTED) => Kind::Unsupported,
        _ => match error.kind() {
            // Those that this program words itself.
            io::ErrorKind::Unsupported => Kind::Unsupported,
            io::ErrorKind::AlreadyExists => Kind::Exists,
            _ => Kind::Unknown,
        },
    }
}

/// Whether the system refused to create a name, and did not merely fail to say how it went.
pub(super) fn is_refusal(error: &io::Error) -> bool {
    let definite = matches!(
        kind(error),
        Kind::Denied | Kind::Full | Kind::ReadOnly | Kind::Unsupported | Kind::Busy
    );
    definite
        || matches!(
            number(error),
            Some(code::ERROR_INVALID_NAME | code::ERROR_FILENAME_EXCED_RANGE | code::ERROR_NOT_SAME_DEVICE)
        )
}

/// Gives `from` the name `to` instead of its own, only if that does not exist. The server decides.
pub(super) fn create_name(from: &Path, to: &Path, _local: bool) -> io::Result<()> {
    move_to_free(from, to)
}

/// Gives `from` the name `to` too, which must not exist. File systems without such names answer in several ways.
#[expect(
    clippy::disallowed_methods,
    reason = "a second name for what is about to be replaced; nothing is decided by it"
)]
pub(super) fn second_name(from: &Path, to: &Path) -> io::Result<()> {
    std::fs::hard_link(from, to).map_err(|error| match number(&error) {
        Some(
            code::ERROR_INVALID_FUNCTION
            | code::ERROR_NOT_SUPPORTED
            | code::ERROR_CALL_NOT_IMPLEMENTED
            | code::ERROR_INVALID_PARAMETER
            | code::ERROR_NOT_SAME_DEVICE
            | code::ERROR_TOO_MANY_LINKS
            | code::ERROR_ACCESS_DENIED,
        ) => io::Error::new(io::ErrorKind::Unsupported, error.to_string()),
        _ => error,
    })
}

/// New files have the permissions that their folder gives them.
pub(super) fn dress(_file: &File, _like: &Path) {}

/// The system has no such call.
pub(super) fn forget(_file: &File) {}

/// Moves `from` to `to`, only if that does not exist: without the flag that replaces, `MoveFileExW` never does.
pub(super) fn move_to_free(from: &Path, to: &Path) -> io::Result<()> {
    let (from, to) = (wide(from), wide(to));
    retry::patiently(|| {
        // SAFETY: both are NUL-terminated and outlive the call.
        check(unsafe { MoveFileExW(from.as_ptr(), to.as_ptr(), MOVEFILE_WRITE_THROUGH) })
    })
}

/// Opens for rewriting in place: nothing is truncated. The flag says whether the file was made.
pub(super) fn open_in_place(path: &Path) -> io::Result<(File, bool)> {
    let mut options = OpenOptions::new();
    Ok((
        options.write(true).create(true).truncate(false).open(path)?,
        false,
    ))
}

/// Writes at the start of the file, in one call as far as the system takes it.
pub(super) fn write_at_start(file: &File, content: &[u8]) -> io::Result<()> {
    let mut done = 0;
    while done < content.len() {
        match file.seek_write(&content[done..], done as u64)? {
            0 => return Err(io::ErrorKind::WriteZero.into()),
            written => done += written,
        }
    }
    Ok(())
}

/// Closes a file. What another client opens next makes the server ask for all that was written.
#[expect(clippy::unnecessary_wraps, reason = "other systems can fail")]
pub(super) fn close(file: File) -> io::Result<()> {
    drop(file);
    Ok(())
}

/// Folders cannot be synced on Windows; moving with the write-through flag has done it.
#[expect(clippy::unnecessary_wraps, reason = "other systems can fail")]
pub(super) fn sync_folder(_path: &Path) -> io::Result<()> {
    Ok(())
}

/// Whether `error` passes by itself within a second or two: a scanner or another client has the file open. Windows
/// says so by error 5 too; real lack of permission therefore shows late.
pub(super) fn is_momentary(error: &io::Error) -> bool {
    matches!(
        number(error),
        Some(code::ERROR_ACCESS_DENIED | code::ERROR_SHARING_VIOLATION | code::ERROR_LOCK_VIOLATION)
    )
}

/// The same path in the form that people write: without the prefix that `canonicalize` adds.
pub(super) fn plain(path: PathBuf) -> PathBuf {
    let Some(Component::Prefix(prefix)) = path.components().next() else {
        return path;
    };
    let start = match prefix.kind() {
        Prefix::VerbatimDisk(letter) => format!("{}:\\", char::from(letter)),
        Prefix::VerbatimUNC(server, share) => {
            format!(r"\\{}\{}\", server.to_string_lossy(), share.to_string_lossy())
        }
        _ => return path,
    };
    let mut plain = PathBuf::from(start);
    plain.extend(
        path.components()
            .filter(|part| matches!(part, Component::Normal(_))),
    );
    plain
}

/// How many bytes this user may still write below `path`.
pub(super) fn free_space(path: &Path) -> io::Result<Option<u64>> {
    let path = wide(path);
    let mut free = 0u64;
    // SAFETY: the path is NUL-terminated, `free` outlives the call, and the other two may be null.
    check(unsafe { GetDiskFreeSpaceExW(path.as_ptr(), &raw mut free, ptr::null_mut(), ptr::null_mut()) })?;
    Ok(Some(free))
}

/// Permissions are inherited from the folder on Windows.
#[derive(Debug)]
pub(super) struct Sharing;

impl Sharing {
    /// Nothing to remember.
    #[expect(clippy::unnecessary_wraps, reason = "other systems can fail")]
    pub(super) fn of(_root: &Path) -> io::Result<Self> {
        Ok(Self)
    }

    /// Nothing to do.
    #[expect(clippy::unused_self, reason = "other systems use it")]
    pub(super) fn apply(&self, _file: &File) {}

    /// Nothing to do.
    #[expect(clippy::unused_self, reason = "other systems use it")]
    pub(super) fn apply_to_folder(&self, _path: &Path) {}
}

/// What file system `path` lies on.
pub(super) fn file_system(path: &Path) -> io::Result<FileSystem> {
    let path = wide(path);
    let mut volume = [0u16; 1024];
    // SAFETY: the path is NUL-terminated; the buffer outlives the call and its length is given in characters.
    check(unsafe { GetVolumePathNameW(path.as_ptr(), volume.as_mut_ptr(), length(&volume)) })?;
    // SAFETY: the call above has NUL-terminated the buffer.
    let drive = unsafe { GetDriveTypeW(volume.as_ptr()) };
    let mut name = [0u16; 64];
    // SAFETY: the volume is NUL-terminated; the name's buffer outlives the call; all others may be null.
    let named = check(unsafe {
        GetVolumeInformationW(
            volume.as_ptr(),
            ptr::null_mut(),
            0,
            ptr::null_mut(),
            ptr::null_mut(),
            ptr::null_mut(),
            name.as_mut_ptr(),
            length(&name),
        )
    });
    let end = name.iter().position(|unit| *unit == 0).unwrap_or(name.len());
    let known = named.is_ok() && end > 0;
    let shown = if known {
        String::from_utf16_lossy(&name[..end])
    } else {
        "unknown".to_owned()
    };
    Ok(FileSystem {
        name: if drive == DRIVE_REMOTE {
            format!("{shown} on a network drive").into()
        } else {
            shown.into()
        },
        local: DRIVES_HERE.contains(&drive),
        options: "".into(),
    })
}

fn length(buffer: &[u16]) -> u32 {
    u32::try_from(buffer.len()).unwrap_or(u32::MAX)
}

fn check(answer: i32) -> io::Result<()> {
    if answer == 0 {
        Err(io::Error::last_os_error())
    } else {
        Ok(())
    }
}

/// NUL-terminated, with the prefix that lifts the limit of 260 characters where the path is long.
fn wide(path: &Path) -> Vec<u16> {
    let whole = std::path::absolute(path).unwrap_or_else(|_| path.to_owned());
    let text = whole.as_os_str();
    let prefix = match whole.components().next() {
        Some(Component::Prefix(prefix)) if text.len() >= 240 => match prefix.kind() {
            Prefix::Disk(_) => r"\\?\",
            Prefix::UNC(..) => r"\\?\UNC",
            _ => "",
        },
        _ => "",
    };
    let skipped = usize::from(prefix.ends_with('C'));
    prefix
        .encode_utf16()
        .chain(text.encode_wide().skip(skipped))
        .chain(std::iter::once(0))
        .collect()
}

#[cfg(test)]
mod tests {
    use std::os::windows::fs::OpenOptionsExt as _;
    use std::time::Duration;

    use super::*;
    use crate::clock::{Clock as _, SystemClock};
    use crate::share::{DiskShare, Share as _};

    #[test]
    fn a_drive_and_a_share_are_shown_as_people_write_them() {
        for (verbatim, shown) in [
            (r"\\?\C:\cam\fixtures", r"C:\cam\fixtures"),
            (r"\\?\C:\", r"C:\"),
            (r"\\?\UNC\server\cam\fixtures", r"\\server\cam\fixtures"),
            (r"C:\cam", r"C:\cam"),
            (r"\\server\cam\a", r"\\server\cam\a"),
        ] {
            assert_eq!(plain(verbatim.into()), Path::new(shown), "{verbatim}");
        }
    }

    #[test]
    fn a_long_path_is_passed_in_the_form_that_has_no_limit() {
        let text = |path: &str| String::from_utf16(&wide(Path::new(path))).unwrap();
        let long = "folder\\".repeat(40);
        assert_eq!(text(r"C:\cam"), "C:\\cam\0");
        assert!(text(&format!(r"C:\{long}a")).starts_with(r"\\?\C:\folder\"));
        assert!(text(&format!(r"\\server\cam\{long}a")).starts_with(r"\\?\UNC\server\cam\folder\"));
    }

    #[test]
    fn what_windows_says_is_understood_and_only_three_answers_are_tried_again() {
        let kinds = [
            (2, Kind::NotFound),
            (3, Kind::NotFound),
            (123, Kind::NotFound),
            (267, Kind::NotFound),
            (80, Kind::Exists),
            (183, Kind::Exists),
            (5, Kind::Denied),
            (32, Kind::Busy),
            (33, Kind::Busy),
            (145, Kind::Busy),
            (112, Kind::Full),
            (19, Kind::ReadOnly),
            (50, Kind::Unsupported),
            (53, Kind::Unknown),
            (59, Kind::Unknown),
            (64, Kind::Unknown),
            (121, Kind::Unknown),
        ];
        for (code, expected) in kinds {
            let error = io::Error::from_raw_os_error(code);
            assert_eq!(kind(&error), expected, "{code}");
            assert_eq!(is_momentary(&error), [5, 32, 33].contains(&code), "{code}");
            assert!(expected != Kind::Unknown || !is_refusal(&error), "{code}");
        }
    }

    /// Opens a file as a scanner does, which lets nobody else have it, and closes it after a while.
    fn scan(path: &Path) -> std::thread::JoinHandle<()> {
        let open = OpenOptions::new().read(true).share_mode(0).open(path).unwrap();
        std::thread::spawn(move || {
            std::thread::sleep(Duration::from_millis(200));
            drop(open);
        })
    }

    #[test]
    fn a_scanner_that_has_the_file_open_delays_a_commit_and_does_not_fail_it() {
        let folder = tempfile::tempdir().unwrap();
        let share = DiskShare::open(folder.path()).unwrap();
        share.write_new("new.tmp", b"commit").unwrap();
        let scanner = scan(&folder.path().join("new.tmp"));
        assert_eq!(share.publish("new.tmp", "1.json"), crate::share::Published::Won);
        scanner.join().unwrap();
        assert_eq!(share.read("1.json", 100).unwrap(), b"commit");
    }

    #[test]
    fn a_scanner_that_has_the_old_table_open_delays_the_new_one_and_does_not_fail_it() {
        let folder = tempfile::tempdir().unwrap();
        let share = DiskShare::open_as(folder.path(), true).unwrap();
        for round in [b"old", b"new"] {
            share.replace("locks.json", round).unwrap();
            let scanner = scan(&folder.path().join("locks.json"));
            share.replace("locks.json", b"newest").unwrap();
            scanner.join().unwrap();
            assert_eq!(share.read("locks.json", 100).unwrap(), b"newest");
        }
        assert_eq!(share.list("").unwrap().len(), 1, "and leaves nothing behind");
    }

    #[test]
    fn a_file_that_stays_open_elsewhere_ends_with_an_error_in_good_time() {
        let folder = tempfile::tempdir().unwrap();
        let share = DiskShare::open(folder.path()).unwrap();
        share.write_new("a", b"").unwrap();
        let open = OpenOptions::new()
            .read(true)
            .share_mode(0)
            .open(folder.path().join("a"))
            .unwrap();
        let begin = SystemClock.moment();
        let error = share.remove("a").unwrap_err();
        let took = SystemClock.moment().since(begin);
        assert!(matches!(error.kind, Kind::Busy | Kind::Denied), "{error}");
        assert!(
            took < super::super::BUSY_LIMIT + Duration::from_secs(5),
            "{took:?}"
        );
        drop(open);
        share.remove("a").unwrap();
    }
}
