//! What Unix systems call things.

use std::fs::{self, File, OpenOptions};
use std::io;
use std::os::fd::IntoRawFd;
use std::os::unix::fs::{FileExt, MetadataExt, OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::sync::OnceLock;

use rustix::io::Errno;

use super::FileSystem;
use crate::model::ShareErrorKind as Kind;

/// What kind of answer `error` is.
pub(super) fn kind(error: &io::Error) -> Kind {
    match Errno::from_io_error(error) {
        // Below a file there is nothing, and a name that the file system cannot hold is none of its names.
        Some(Errno::NOENT | Errno::NOTDIR | Errno::NAMETOOLONG) => Kind::NotFound,
        Some(Errno::EXIST) => Kind::Exists,
        // A folder that is not empty holds something that is in use, or that an NFS client only hides until then.
        Some(Errno::BUSY | Errno::AGAIN | Errno::TXTBSY | Errno::NOTEMPTY) => Kind::Busy,
        Some(Errno::ACCESS | Errno::PERM) => Kind::Denied,
        Some(Errno::NOSPC | Errno::DQUOT) => Kind::Full,
        Some(Errno::ROFS) => Kind::ReadOnly,
        Some(Errno::OPNOTSUPP | Errno::NOSYS) => Kind::Unsupported,
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
    matches!(
        Errno::from_io_error(error),
        Some(
            Errno::ACCESS
                | Errno::PERM
                | Errno::ROFS
                | Errno::NOSPC
                | Errno::DQUOT
                | Errno::MLINK
                | Errno::XDEV
                | Errno::NAMETOOLONG
                | Errno::NOTDIR
                | Errno::LOOP
                | Errno::INVAL
                | Errno::OPNOTSUPP
                | Errno::NOSYS
        )
    )
}

/// Gives `from` the name `to` too, only if that does not exist.
///
/// On a disk of this machine that has no hard links (vfat, exfat) it is moved instead, which is just as exclusive
/// there; on Linux SMB clients both racers win that way, so never on a network.
#[expect(
    clippy::disallowed_methods,
    reason = "exclusive creation is what this file is for"
)]
pub(super) fn create_name(from: &Path, to: &Path, local: bool) -> io::Result<()> {
    let linked = fs::hard_link(from, to);
    match &linked {
        Err(error) if lacks_links(error) && local => move_to_free(from, to),
        Err(error) if lacks_links(error) => Err(io::Error::new(
            io::ErrorKind::Unsupported,
            format!("the file system has no hard links ({error})"),
        )),
        _ => linked,
    }
}

/// Gives `from` the name `to` too, which must not exist.
#[expect(
    clippy::disallowed_methods,
    reason = "a second name for what is about to be replaced; nothing is decided by it"
)]
pub(super) fn second_name(from: &Path, to: &Path) -> io::Result<()> {
    fs::hard_link(from, to).map_err(|error| {
        let many = matches!(Errno::from_io_error(&error), Some(Errno::XDEV | Errno::MLINK));
        if many || lacks_links(&error) {
            io::Error::new(io::ErrorKind::Unsupported, error.to_string())
        } else {
            error
        }
    })
}

/// Gives a new file the permissions of the file `like`, as far as the system lets this user.
pub(super) fn dress(file: &File, like: &Path) {
    if let Ok(found) = fs::symlink_metadata(like) {
        let _ = file.set_permissions(PermissionsExt::from_mode(found.mode() & 0o7777));
    }
}

/// Asks the system to keep nothing of a file in memory that is on the disk: what is read next comes from there.
#[cfg(any(target_os = "linux", target_os = "android"))]
pub(super) fn forget(file: &File) {
    let _ = rustix::fs::fadvise(file, 0, None, rustix::fs::Advice::DontNeed);
}

/// Other systems have no such call.
#[cfg(not(any(target_os = "linux", target_os = "android")))]
pub(super) fn forget(_file: &File) {}

fn lacks_links(error: &io::Error) -> bool {
    matches!(
        Errno::from_io_error(error),
        Some(Errno::PERM | Errno::OPNOTSUPP | Errno::NOSYS)
    )
}

/// Moves `from` to `to`, only if that does not exist; one step, decided by the file system. Only on local disks.
#[cfg(any(target_os = "linux", target_os = "android", target_vendor = "apple"))]
pub(super) fn move_to_free(from: &Path, to: &Path) -> io::Result<()> {
    use rustix::fs::{CWD, RenameFlags, renameat_with};
    Ok(renameat_with(CWD, from, CWD, to, RenameFlags::NOREPLACE)?)
}

/// Other systems have no such call.
#[cfg(not(any(target_os = "linux", target_os = "android", target_vendor = "apple")))]
pub(super) fn move_to_free(_from: &Path, _to: &Path) -> io::Result<()> {
    Err(io::ErrorKind::Unsupported.into())
}

/// Opens for rewriting in place: nothing is truncated. The flag says whether the file was made.
pub(super) fn open_in_place(path: &Path) -> io::Result<(File, bool)> {
    let mut options = OpenOptions::new();
    options.write(true).custom_flags(no_follow());
    match options.open(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            // The two steps tell a new file from an old one, whose permissions are left alone.
            Ok((options.create(true).truncate(false).open(path)?, true))
        }
        opened => Ok((opened?, false)),
    }
}

/// A link in the place of one of camctl's own files would send the write to a file that is not ours.
fn no_follow() -> i32 {
    rustix::fs::OFlags::NOFOLLOW.bits().cast_signed()
}

/// Writes at the start of the file, in one call as far as the system takes it.
pub(super) fn write_at_start(file: &File, content: &[u8]) -> io::Result<()> {
    file.write_all_at(content, 0)
}

/// Closes a file and says what the system found out only then.
///
/// NFS and SMB clients send what was written at the latest when the file is closed: that is when a full disk shows.
pub(super) fn close(file: File) -> io::Result<()> {
    #[expect(unsafe_code, reason = "std drops the answer of close")]
    // SAFETY: the descriptor was just taken out of its only owner, and is not used again.
    let closed = unsafe { rustix::io::try_close(file.into_raw_fd()) };
    match closed {
        // Linux has closed it all the same.
        Err(Errno::INTR) => Ok(()),
        answer => Ok(answer?),
    }
}

/// Makes the names in a folder durable. File systems that have no such call answer EINVAL and the like.
pub(super) fn sync_folder(path: &Path) -> io::Result<()> {
    let folder = File::open(path)?;
    match folder.sync_all() {
        Err(error) if matches!(kind(&error), Kind::Unsupported) => Ok(()),
        Err(error) if matches!(Errno::from_io_error(&error), Some(Errno::INVAL | Errno::BADF)) => Ok(()),
        answer => answer,
    }
}

/// Whether `error` passes by itself within a second or two.
///
/// EINVAL is what a Linux SMB client answers to opening a file that it knows under another name too, as long as it
/// puts off closing a handle of that one (`closetimeo`, 1 s): a commit that is read right after it was published.
pub(super) fn is_momentary(error: &io::Error) -> bool {
    Errno::from_io_error(error) == Some(Errno::INVAL)
}

/// The same path in the form that people write.
pub(super) fn plain(path: PathBuf) -> PathBuf {
    path
}

/// How many bytes this user may still write below `path`.
pub(super) fn free_space(path: &Path) -> io::Result<Option<u64>> {
    let found = rustix::fs::statvfs(path)?;
    // Some network file systems answer zeros throughout.
    Ok((found.f_blocks > 0).then(|| found.f_bavail.saturating_mul(found.f_frsize)))
}

/// Who may use a new file: whoever may use the repository's folder the same way.
///
/// A colleague must be able to rewrite `head`, whatever umask its first author had. The umask cannot be asked for
/// without changing it, so it is learnt from the first new file, which costs one look; later files cost nothing
/// where it took nothing away.
#[derive(Debug)]
pub(super) struct Sharing {
    wanted: u32,
    umask_takes: OnceLock<bool>,
}

impl Sharing {
    /// The permissions of the folder `root` for everybody.
    pub(super) fn of(root: &Path) -> io::Result<Self> {
        Ok(Self {
            wanted: fs::metadata(root)?.mode() & 0o777,
            umask_takes: OnceLock::new(),
        })
    }

    /// Gives a new file the permissions that the umask took. File systems that keep none refuse; that is fine.
    pub(super) fn apply(&self, file: &File) {
        self.widen(
            self.wanted & 0o666,
            || file.metadata(),
            |mode| file.set_permissions(PermissionsExt::from_mode(mode)),
        );
    }

    /// The same for a new folder.
    pub(super) fn apply_to_folder(&self, path: &Path) {
        self.widen(
            self.wanted,
            || fs::symlink_metadata(path),
            |mode| fs::set_permissions(path, PermissionsExt::from_mode(mode)),
        );
    }

    fn widen(
        &self,
        wanted: u32,
        look: impl Fn() -> io::Result<fs::Metadata>,
        set: impl Fn(u32) -> io::Result<()>,
    ) {
        if self.umask_takes.get() == Some(&false) {
            return;
        }
        let Ok(mode) = look().map(|found| found.mode() & 0o7777) else {
            return;
        };
        let takes = wanted & !mode != 0;
        // A file asks for no right to execute, so only a folder shows the whole umask; read and write are what counts.
        let _ = self.umask_takes.set(takes);
        if takes {
            let _ = set(mode | wanted);
        }
    }
}

/// What file system `path` lies on.
#[cfg(any(target_os = "linux", target_os = "android"))]
pub(super) fn file_system(path: &Path) -> io::Result<FileSystem> {
    super::linux::file_system(path)
}

/// What file system `path` lies on.
#[cfg(target_vendor = "apple")]
pub(super) fn file_system(path: &Path) -> io::Result<FileSystem> {
    const MNT_LOCAL: u32 = 0x1000;
    let found = rustix::fs::statfs(path)?;
    let name: String = found
        .f_fstypename
        .iter()
        .map(|letter| char::from(letter.cast_unsigned()))
        .take_while(|letter| *letter != '\0')
        .collect();
    Ok(FileSystem {
        name: name.into(),
        local: found.f_flags & MNT_LOCAL != 0,
        options: "".into(),
    })
}

/// Not known here, so it counts as a network.
#[cfg(not(any(target_os = "linux", target_os = "android", target_vendor = "apple")))]
pub(super) fn file_system(_path: &Path) -> io::Result<FileSystem> {
    Ok(FileSystem {
        name: "unknown".into(),
        local: false,
        options: "".into(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn new_files_are_as_open_as_the_folder() {
        let folder = tempfile::TempDir::new().unwrap();
        let private = |name: &str| {
            let mut options = OpenOptions::new();
            options.write(true).create_new(true).mode(0o640);
            options.open(folder.path().join(name)).unwrap()
        };
        let mode = |file: &File| file.metadata().unwrap().mode() & 0o777;
        let sharing = |wanted| Sharing {
            wanted,
            umask_takes: OnceLock::new(),
        };

        let team = sharing(0o770);
        for name in ["a", "b"] {
            let file = private(name);
            team.apply(&file);
            assert_eq!(mode(&file), 0o660, "colleagues may rewrite it");
        }
        let personal = sharing(0o700);
        let file = private("c");
        personal.apply(&file);
        assert_eq!(mode(&file), 0o640, "nothing is taken away");
        assert_eq!(personal.umask_takes.get(), Some(&false));

        let inner = folder.path().join("d");
        fs::create_dir(&inner).unwrap();
        fs::set_permissions(&inner, PermissionsExt::from_mode(0o2700)).unwrap();
        team.apply_to_folder(&inner);
        assert_eq!(fs::metadata(&inner).unwrap().mode() & 0o7777, 0o2770);
    }

    #[test]
    fn answers_that_may_hide_a_success_are_no_refusals() {
        for errno in [
            Errno::IO,
            Errno::STALE,
            Errno::TIMEDOUT,
            Errno::NOTCONN,
            Errno::HOSTDOWN,
            Errno::CONNRESET,
            Errno::INTR,
            Errno::AGAIN,
        ] {
            assert!(!is_refusal(&errno.into()), "{errno:?}");
        }
        let cases = [
            (Errno::NOENT, Kind::NotFound),
            (Errno::NOTDIR, Kind::NotFound),
            (Errno::NAMETOOLONG, Kind::NotFound),
            (Errno::EXIST, Kind::Exists),
            (Errno::AGAIN, Kind::Busy),
            (Errno::ACCESS, Kind::Denied),
            (Errno::DQUOT, Kind::Full),
            (Errno::ROFS, Kind::ReadOnly),
            (Errno::NOSYS, Kind::Unsupported),
            (Errno::STALE, Kind::Unknown),
            (Errno::TIMEDOUT, Kind::Unknown),
            (Errno::IO, Kind::Unknown),
        ];
        for (errno, expected) in cases {
            assert_eq!(kind(&errno.into()), expected, "{errno:?}");
        }
    }
}
