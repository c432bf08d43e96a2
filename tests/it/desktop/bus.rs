//! A session bus for one test, on which nothing is but what the test puts there.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use testkit::{LONG, wait_for};
use zbus::blocking::Connection;
use zbus::blocking::connection::Builder;

/// Ended when dropped.
pub struct Bus {
    folder: PathBuf,
    process: Child,
}

/// Where the bus in `folder` listens, whether it runs or not.
pub fn address(folder: &Path) -> String {
    format!("unix:path={}", folder.join("bus").display())
}

impl Bus {
    /// Starts one that listens in `folder`. It starts no services of its own: nobody shows anything to whoever runs the
    /// tests.
    pub fn start(folder: &Path) -> Self {
        let config = folder.join("bus.conf");
        let text = format!(
            "<busconfig><type>session</type><listen>{}</listen><policy context=\"default\">\
             <allow send_destination=\"*\" eavesdrop=\"true\"/><allow eavesdrop=\"true\"/><allow own=\"*\"/>\
             </policy></busconfig>",
            address(folder)
        );
        fs::write(&config, text).unwrap();
        let _ = fs::remove_file(folder.join("bus"));
        let process = Command::new("dbus-daemon")
            .arg("--nofork")
            .arg(format!("--config-file={}", config.display()))
            .stdin(Stdio::null())
            .spawn();
        assert!(
            process.is_ok(),
            "dbus-daemon cannot be started: install the package of that name"
        );
        let bus = Self {
            folder: folder.to_owned(),
            process: process.unwrap(),
        };
        drop(bus.connect());
        bus
    }

    /// Where it listens.
    pub fn address(&self) -> String {
        address(&self.folder)
    }

    /// Like [`Bus::connect`], with more to be said before.
    pub fn build(&self, prepare: impl Fn(Builder<'static>) -> Builder<'static>) -> Connection {
        wait_for(LONG, "the bus answers", || {
            let builder = Builder::address(self.address().as_str()).unwrap();
            prepare(builder).build().ok()
        })
    }

    /// A connection to it.
    pub fn connect(&self) -> Connection {
        self.build(|builder| builder)
    }
}

impl Drop for Bus {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}
