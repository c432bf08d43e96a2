//! `installer/examples/`: what applications make of `camctl run`.

use std::path::{Path, PathBuf};

use testkit::{LONG, Script, camctl_program, wait_until};

use super::{DB, Door, alice, stage};
use crate::stage::Stage;

fn example(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../installer/examples")
        .join(name)
}

/// As alice, in the repository's folder.
fn script(stage: &Stage, name: &str) -> Script {
    let script = stage.alice.script(&example(name)).env("CAMCTL", camctl_program());
    script.in_folder(stage.repository.folder())
}

fn says(python: &str) -> String {
    let program = format!(
        "import sys; sys.dont_write_bytecode = True; sys.path.insert(0, {:?})\nimport json, lock_indicator as i\n{python}",
        example("").display().to_string()
    );
    Script::new("python3")
        .arguments(["-c", &program])
        .env("PYTHONUTF8", "1")
        .run()
        .succeeds()
        .out
}

#[test]
fn the_shell_script_says_in_plain_words_what_is_in_the_way() {
    let stage = stage();
    script(&stage, "wems.sh")
        .arguments([DB, "sh", "-c", "exit 7"])
        .run()
        .exits(7);
    script(&stage, "wems.sh")
        .arguments([DB, "no-such-program"])
        .run()
        .exits(127)
        .says("Is it installed?");
    stage.bob(&["checkout", DB]).run().succeeds();
    let refused = || script(&stage, "wems.sh").arguments([DB, "true"]);
    refused()
        .run()
        .exits(11)
        .says("bob on CNC-1")
        .says("The database is in use");
    refused().env("WAIT", "50ms").run().exits(13).says("still in use");
    stage.bob(&["checkin", DB]).run().succeeds();
}

#[test]
fn the_indicator_shows_whose_the_database_is() {
    let stage = stage();
    let status = |run: testkit::Run| says(&format!("print(*i.from_status(json.loads({:?})))", run.out));
    let ask = || stage.bob(&["status", "--json", DB]).run().succeeds();
    assert!(status(ask()).contains("unlocked green"));
    let door = Door::new(&stage, "door");
    let text = door.program(0);
    let path = stage.sandbox.folder().join("lock.json");
    let shown = || {
        says(&format!(
            "print(*i.from_status_file(i.read({:?})))",
            path.display().to_string()
        ))
    };
    assert!(shown().contains("Nothing is known"));
    let file = path.display().to_string();
    let running = alice(&stage, &["--status-file", &file], &super::shell(&text)).start();
    door.wait_until_inside();
    wait_until(LONG, "it is shown", || {
        shown().contains("locked by this program green")
    });
    let seen = status(ask());
    assert!(
        seen.contains("Database locked by alice on CAM-03 (since 20") && seen.contains("red"),
        "{seen}"
    );
    let mine = status(stage.alice(&["status", "--json", DB]).run().succeeds());
    assert!(mine.contains("locked by this program"), "{mine}");
    door.open();
    running.finish(LONG).succeeds();
    assert!(shown().contains("unlocked green"));
    for (state, words) in [("unsafe", "save nothing now orange"), ("lost", "may write red")] {
        let made = says(&format!(
            "print(*i.from_status_file({{'state': {state:?}, 'files': []}}))"
        ));
        assert!(made.contains(words), "{made}");
    }
}

/// Under a display of its own, where there is one to be had.
#[test]
fn the_window_follows_the_status_file() {
    let tk = Script::new("python3").arguments(["-c", "import tkinter"]).run();
    let has_display = Script::new("sh").arguments(["-c", "command -v xvfb-run"]).run();
    if tk.code != Some(0) || has_display.code != Some(0) {
        eprintln!("SKIPPED: python3-tk or xvfb is not installed");
        return;
    }
    let stage = stage();
    let path = stage.sandbox.folder().join("lock.json");
    let file = path.display().to_string();
    let program = format!(
        "import sys; sys.dont_write_bytecode = True; sys.path.insert(0, {:?})\n{CLOSED_BY_ITSELF}i.window({file:?})",
        example("").display().to_string()
    );
    let words = ["xvfb-run", "-a", "python3", "-c", &program];
    let run = alice(&stage, &["--status-file", &file], &words)
        .env("PYTHONUTF8", "1")
        .run()
        .succeeds();
    assert!(run.out.contains("locked by this program"), "{}", run.out);
}

/// A person who has seen it after a second.
const CLOSED_BY_ITSELF: &str = "\
import tkinter, lock_indicator as i
loop = tkinter.Tk.mainloop
def see(window, n=0):
    window.after(1000, window.destroy)
    loop(window, n)
tkinter.Tk.mainloop = see
";
