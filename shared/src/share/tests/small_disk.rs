//! Disks that are full or read-only, where this test may mount one.

use std::process::Command;

use super::*;

struct Mounted(TempDir);

impl Mounted {
    /// A disk in memory, or `None`, said loudly, where nobody may mount one.
    fn new(options: &str) -> Option<Self> {
        let folder = TempDir::new().unwrap();
        let mount = Command::new("mount")
            .args(["-t", "tmpfs", "-o", options, "camctl-test"])
            .arg(folder.path())
            .output();
        match mount {
            Ok(output) if output.status.success() => Some(Self(folder)),
            other => {
                eprintln!("SKIPPED: mounting a small disk needs root: {other:?}");
                None
            }
        }
    }

    fn make_read_only(&self) {
        let status = Command::new("mount")
            .args(["-o", "remount,ro"])
            .arg(self.0.path())
            .status();
        assert!(status.unwrap().success());
    }
}

impl Drop for Mounted {
    fn drop(&mut self) {
        let _ = Command::new("umount").arg("-l").arg(self.0.path()).status();
    }
}

fn refused(answer: Published) -> Kind {
    match answer {
        Published::Refused(error) => error.kind,
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_full_disk_refuses_clearly_and_keeps_what_it_has() {
    let Some(disk) = Mounted::new("size=64k,nr_inodes=8") else {
        return;
    };
    let share = DiskShare::open(disk.0.path()).unwrap();
    share.overwrite("head", b"0001").unwrap();
    assert_eq!(kind(share.write_new("big", &vec![1; 200_000])), Kind::Full);
    assert_eq!(names(&share, ""), ["head"], "a half-written file is taken away");
    assert_eq!(kind(share.replace("head", &vec![1; 200_000])), Kind::Full);
    assert_eq!(names(&share, ""), ["head"]);
    assert_eq!(share.read("head", 10).unwrap(), b"0001");

    share.write_new("t", b"commit").unwrap();
    let mut n = 0;
    let last = loop {
        match share.publish("t", &n.to_string()) {
            Published::Won => n += 1,
            other => break other,
        }
    };
    assert_eq!(refused(last), Kind::Full);
    let shared = DiskShare::open_as(disk.0.path(), false).unwrap();
    assert_eq!(
        refused(shared.publish("t", "next")),
        Kind::Full,
        "on a network too"
    );
    assert_eq!(
        shared.publish("t", "0"),
        Published::Taken,
        "as it would be with space"
    );
}

#[test]
fn a_read_only_disk_refuses_clearly() {
    let Some(disk) = Mounted::new("size=64k") else {
        return;
    };
    let share = DiskShare::open(disk.0.path()).unwrap();
    share.write_new("t", b"commit").unwrap();
    disk.make_read_only();
    assert_eq!(refused(share.publish("t", "1")), Kind::ReadOnly);
    assert_eq!(kind(share.write_new("x", b"")), Kind::ReadOnly);
    assert_eq!(kind(share.overwrite("t", b"")), Kind::ReadOnly);
    assert_eq!(kind(share.remove("t")), Kind::ReadOnly);
    assert_eq!(kind(share.try_lock("t").map(|_| ())), Kind::ReadOnly);
    assert_eq!(share.read("t", 10).unwrap(), b"commit");
    assert_eq!(&*share.file_system().name, "tmpfs");
}
