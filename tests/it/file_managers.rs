//! `camctl integrate` where file managers have files of their own: what it puts there, and that the entries of Dolphin and
//! Thunar do what they say. Nautilus, Nemo and Caja have an extension that is tested beside its source. Linux; Explorer's
//! menu is in `explorer.rs`.

use std::fs;
use std::os::unix::fs::{PermissionsExt as _, symlink};
use std::path::{Path, PathBuf};

use serde_json::json;
use testkit::{Run, Script, agent_program, camctl_program};

use crate::stage::{Stage, file};

/// Whatever a shell, a desktop file or XML could take for its own, as far as a name may have it in it.
const ODD: &str = "-a&amp;b %F $(touch x) 'z'.mcam";

/// Bob's desktop, with camctl below a prefix of an odd name, as an archive is unpacked.
struct Desk {
    stage: Stage,
    prefix: PathBuf,
    home: PathBuf,
}

impl Desk {
    fn new() -> Self {
        let stage = Stage::with(|repository| repository.file(ODD));
        let home = stage.bob.home().to_owned();
        let prefix = home.join("100% of \"it\" & $more");
        let parts = prefix.join("share/camctl/file-managers");
        let tools = home.join("tools");
        for folder in [&prefix.join("bin"), &parts.join("emblems"), &tools] {
            fs::DirBuilder::new().recursive(true).create(folder).unwrap();
        }
        for program in [camctl_program(), agent_program()] {
            fs::copy(program, prefix.join("bin").join(program.file_name().unwrap())).unwrap();
        }
        let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("../installer/file-managers");
        for name in [
            "install.sh",
            "camctl_extension.py",
            "dolphin.desktop",
            "thunar.xml",
        ] {
            symlink(source.join(name).canonicalize().unwrap(), parts.join(name)).unwrap();
        }
        // The script looks at the folder that it is called by.
        for emblem in fs::read_dir(source.join("emblems")).unwrap().flatten() {
            fs::copy(emblem.path(), parts.join("emblems").join(emblem.file_name())).unwrap();
        }
        for manager in ["caja", "dolphin", "thunar"] {
            let program = tools.join(manager);
            fs::write(&program, "#!/bin/sh\n").unwrap();
            fs::set_permissions(program, fs::Permissions::from_mode(0o755)).unwrap();
        }
        Self { stage, prefix, home }
    }

    fn on(&self, script: Script) -> Script {
        let path = format!(
            "{}:{}",
            self.home.join("tools").display(),
            std::env::var("PATH").unwrap()
        );
        script
            .env("PATH", path)
            .env("XDG_DATA_DIRS", "/nonexistent")
            .in_folder(self.stage.repository.folder())
    }

    fn integrate(&self, words: &[&str]) -> Run {
        let program = self.prefix.join("bin/camctl");
        let script = self.stage.bob.script(&program).arguments(["integrate"]);
        self.on(script.arguments(words)).run()
    }

    /// Runs a line of a shell's words, as a file manager does when an entry is chosen.
    fn choose(&self, line: &str) -> Run {
        let shell = self.stage.bob.script(Path::new("sh"));
        self.on(shell.arguments(["-c", line])).run()
    }

    /// The file's path as one word of a shell.
    fn word(&self) -> String {
        let path = self.stage.repository.path(ODD).display().to_string();
        format!("'{}'", path.replace('\'', r"'\''"))
    }

    fn holder(&self) -> serde_json::Value {
        let status = self
            .stage
            .alice(&["status", "--json", "--", ODD])
            .run()
            .succeeds();
        file(&status)["lock"]["user"].clone()
    }

    fn is_noted(&self) -> bool {
        let status = self.stage.bob(&["status", "--json", "--", ODD]).run().succeeds();
        file(&status)["notify"] == true
    }
}

/// The values of `key` in a desktop file, in order: one rule of quoting is undone, and those of a shell are left.
fn values(text: &str, key: &str) -> Vec<String> {
    let lines = text
        .lines()
        .filter_map(|line| line.strip_prefix(key)?.strip_prefix('='));
    lines.map(|value| value.replace(r"\\", r"\")).collect()
}

/// The commands of Thunar's actions, in order.
fn commands(xml: &str) -> Vec<String> {
    let starts = xml
        .match_indices("<command>")
        .map(|(at, tag)| &xml[at + tag.len()..]);
    let commands = starts.map(|rest| rest.split("</command>").next().unwrap());
    commands
        .map(|text| {
            text.replace("&lt;", "<")
                .replace("&gt;", ">")
                .replace("&amp;", "&")
        })
        .collect()
}

/// What both write alike: `%F` is the files, `%%` a percent sign.
fn filled(line: &str, files: &str) -> String {
    let parts = line.split("%%").map(|part| part.replace("%F", files));
    parts.collect::<Vec<_>>().join("%")
}

/// Given file managers and camctl below a prefix, when it is put into their menus and each entry of Dolphin's and Thunar's is
/// chosen for a file of an odd name, then each does what it says; when it is taken away, nothing of it is left.
#[test]
fn the_entries_of_dolphin_and_thunar_do_what_they_say() {
    let desk = Desk::new();
    let places = || desk.integrate(&["--json"]).succeeds().json()["places"].clone();
    assert_eq!(places(), json!([]));
    desk.integrate(&["on", "--ext", "mcam"]).exits(2);
    desk.integrate(&["on"]).succeeds().says("Thunar");
    let service = desk.home.join(".local/share/kio/servicemenus/camctl.desktop");
    let actions = desk.home.join(".config/Thunar/uca.xml");
    let extension = desk
        .home
        .join(".local/share/caja-python/extensions/camctl_extension.py");
    assert_eq!(places(), json!([extension, service, actions]));

    let dolphin = values(&fs::read_to_string(&service).unwrap(), "Exec");
    let thunar = commands(&fs::read_to_string(&actions).unwrap());
    for entries in [dolphin, thunar] {
        let [check_out, check_in, ask, tell_me] = &entries[..] else {
            panic!("{entries:?}")
        };
        let choose = |entry: &str| desk.choose(&filled(entry, &desk.word()));
        choose(check_out).succeeds();
        assert_eq!(desk.holder(), "bob");
        choose(check_in).succeeds();
        assert_eq!(desk.holder(), json!(null));
        desk.stage.alice(&["checkout", "--", ODD]).run().succeeds();
        choose(check_out).exits(11).says("alice on CAM-03");
        choose(ask).succeeds().says("asked alice on CAM-03");
        desk.stage.bob(&["notify", "--off", "--", ODD]).run().succeeds();
        choose(tell_me).succeeds();
        assert!(desk.is_noted());
        desk.stage.alice(&["checkin", "--", ODD]).run().succeeds();
    }

    desk.integrate(&["off"]).succeeds().says("no longer");
    assert_eq!(places(), json!([]));
    let data = fs::read_dir(desk.home.join(".local/share")).unwrap();
    assert!(data.count() == 0 && !desk.home.join(".config").exists());
    fs::remove_dir_all(desk.prefix.join("share")).unwrap();
    desk.integrate(&["on"])
        .exits(1)
        .says("were not installed with this camctl");
}
