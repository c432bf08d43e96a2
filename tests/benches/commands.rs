//! Checkout, checkin and status as whole commands, at few and at many existing locks.

use testkit::Sandbox;

use crate::measure::{Run, time};
use crate::peers::{Floor, Svn};
use crate::stage::{self, LOCKS};

const TURNS: usize = 100;

/// Sets `floor commit`, `floor ask`, `svn lock`, `svn unlock`, and `checkout N`, `checkin N`, `status N` for N locks.
pub fn measure(run: &mut Run) {
    let sandbox = Sandbox::new();
    let floor = Floor::start(&sandbox, "floor", 0);
    let svn = Svn::new(&sandbox);
    let alice = sandbox.machine("alice", "CAM-03");
    let repositories = LOCKS.map(|locks| stage::repository(&sandbox, &format!("locks-{locks}"), locks, 1));
    alice.start();
    let mut times: Vec<(String, Vec<_>)> = Vec::new();
    for turn in 0..TURNS {
        let mut slot = 0;
        let mut keep = |name: String, took| {
            if turn == 0 {
                times.push((name, Vec::new()));
            }
            times[slot].1.push(took);
            slot += 1;
        };
        keep("floor commit".into(), time(&mut floor.ask("c")));
        keep("floor ask".into(), time(&mut floor.ask("s")));
        for (locks, repository) in LOCKS.iter().zip(&repositories) {
            let file = stage::free_file(0);
            let camctl = |arguments: &[&str]| {
                time(&mut alice.camctl(arguments).in_folder(repository.folder()).command())
            };
            keep(
                format!("checkout {locks}"),
                camctl(&["checkout", "-m", "Working on revisions", &file]),
            );
            keep(format!("status {locks}"), camctl(&["status"]));
            keep(format!("checkin {locks}"), camctl(&["checkin", &file]));
        }
        if let Some(svn) = &svn {
            keep("svn lock".into(), time(&mut svn.lock()));
            keep("svn unlock".into(), time(&mut svn.unlock()));
        }
    }
    for (name, mut times) in times {
        run.set_time(name, &mut times);
    }
}
