//! Which file system a folder lies on, as Linux says it.

use std::fs;
use std::io;
use std::os::unix::fs::MetadataExt;
use std::path::Path;

use super::FileSystem;

/// File systems on disks (or in the memory) of this machine, by the numbers of `statfs(2)` and the kernel's
/// `magic.h`. FUSE is not among them: anything may be behind it. What is in no list counts as a network.
const LOCAL: &[(u32, &str)] = &[
    (0xEF53, "ext4"),
    (0x5846_5342, "xfs"),
    (0x9123_683E, "btrfs"),
    (0xCA45_1A4E, "bcachefs"),
    (0x2FC1_2FC1, "zfs"),
    (0xF2F5_2010, "f2fs"),
    (0x794C_7630, "overlay"),
    (0x0102_1994, "tmpfs"),
    (0x8584_58F6, "ramfs"),
    (0x4D44, "vfat"),
    (0x2011_BAB0, "exfat"),
    (0x7366_746E, "ntfs3"),
    (0x3153_464A, "jfs"),
    (0x5265_4973, "reiserfs"),
    (0x482B, "hfsplus"),
    (0x9660, "iso9660"),
    (0x7371_7368, "squashfs"),
];

/// Names for where the table of mounts does not say more.
const OTHERS: &[(u32, &str)] = &[
    (0x6969, "nfs"),
    (0xFF53_4D42, "cifs"),
    (0xFE53_4D42, "smb3"),
    (0x517B, "smb"),
    (0x0102_1997, "9p"),
    (0x6573_5546, "fuse"),
    (0x00C3_6400, "ceph"),
    (0x5346_414F, "afs"),
    (0x6B41_4653, "afs"),
    (0x7375_7245, "coda"),
    (0x0BD0_0BD0, "lustre"),
    (0x4750_4653, "gpfs"),
    (0x0116_1970, "gfs2"),
    (0x7461_636F, "ocfs2"),
    (0x786F_4256, "vboxsf"),
    (0xF15F, "ecryptfs"),
];

/// What file system `path` lies on.
pub(super) fn file_system(path: &Path) -> io::Result<FileSystem> {
    // The field's width and sign differ between processors; the numbers have 32 bits.
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "32 bits are all there is"
    )]
    let magic = rustix::fs::statfs(path)?.f_type as u32;
    if let Some(name) = find(LOCAL, magic) {
        return Ok(FileSystem {
            name: name.into(),
            local: true,
            options: "".into(),
        });
    }
    // Which FUSE, which NFS, and how it is mounted, only this table knows. Without it the number must do.
    let mounts = fs::read_to_string("/proc/self/mountinfo").unwrap_or_default();
    let device = fs::metadata(path)?.dev();
    Ok(match mount_of(&mounts, device) {
        Some((name, options)) => FileSystem {
            name: name.into(),
            // A disk of this machine, served by a program: NTFS and exFAT through ntfs-3g and the like.
            local: name == "fuseblk",
            options: options.into(),
        },
        None => FileSystem {
            name: find(OTHERS, magic).map_or_else(|| format!("{magic:#x}").into(), Into::into),
            local: false,
            options: "".into(),
        },
    })
}

fn find(list: &[(u32, &'static str)], magic: u32) -> Option<&'static str> {
    list.iter()
        .find(|(number, _)| *number == magic)
        .map(|(_, name)| *name)
}

/// Type and options of the mount whose device number is `device`, in the form of `proc_pid_mountinfo(5)`: six
/// fields, optional ones, a hyphen, and the type, the source and the file system's own options.
fn mount_of(mounts: &str, device: u64) -> Option<(&str, String)> {
    let (major, minor) = (rustix::fs::major(device), rustix::fs::minor(device));
    let wanted = format!("{major}:{minor}");
    mounts.lines().find_map(|line| {
        let (place, kind) = line.split_once(" - ")?;
        let mut place = place.split(' ');
        if place.nth(2)? != wanted {
            return None;
        }
        let options = place.nth(2)?;
        let mut kind = kind.split(' ');
        let name = kind.next()?;
        let own = kind.nth(1).unwrap_or_default();
        Some((name, format!("{options},{own}")))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const MOUNTS: &str = "\
22 1 254:0 / / rw,relatime - ext4 /dev/vda rw,discard
40 22 0:51 / /mnt/a rw,nosuid shared:7 master:2 - fuse.sshfs me@host:/srv rw,user_id=0
41 22 0:52 /x /mnt/b\\040c rw,relatime - cifs //srv/share rw,vers=3.1.1,nobrl,cache=strict
";

    #[test]
    fn the_table_of_mounts_names_the_file_system_and_its_options() {
        let device = |minor| rustix::fs::makedev(0, minor);
        let (name, options) = mount_of(MOUNTS, device(51)).unwrap();
        assert_eq!((name, options.as_str()), ("fuse.sshfs", "rw,nosuid,rw,user_id=0"));
        let (name, options) = mount_of(MOUNTS, device(52)).unwrap();
        assert_eq!(name, "cifs");
        assert!(options.split(',').any(|option| option == "nobrl"));
        assert_eq!(mount_of(MOUNTS, device(53)), None);
        assert_eq!(mount_of("rubbish\n1 2 0:53", device(53)), None);
    }

    #[test]
    fn kernel_file_systems_are_no_local_disks() {
        let proc = file_system(Path::new("/proc")).unwrap();
        assert_eq!(&*proc.name, "proc");
        assert!(
            !proc.local,
            "what is not known to be a disk here counts as a network"
        );
    }
}
