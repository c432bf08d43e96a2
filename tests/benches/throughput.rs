//! Commits per second, with one client, with some, with many: clients that stay connected.

use std::io::{Read, Write};
use std::os::unix::net::UnixStream;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

use testkit::Sandbox;

use crate::measure::{Run, now};
use crate::peers::Floor;
use crate::stage::{self, LOCKS};

pub const CLIENTS: [usize; 3] = [1, 8, 64];

const TIME: Duration = Duration::from_secs(2);

/// Sets `floor N clients` and `N clients at M locks`, in commits per second.
pub fn measure(run: &mut Run) {
    let sandbox = Sandbox::new();
    let floor = Floor::start(&sandbox, "floor", 0);
    let most = CLIENTS[CLIENTS.len() - 1];
    let alice = sandbox.machine("alice", "CAM-03");
    let repositories = LOCKS.map(|locks| stage::repository(&sandbox, &format!("locks-{locks}"), locks, most));
    alice.start();
    for clients in CLIENTS {
        let rate = per_second(clients, |_| {
            let mut stream = UnixStream::connect(floor.socket()).unwrap();
            move || {
                stream.write_all(b"c").unwrap();
                stream.read_exact(&mut [0; 8]).unwrap();
                1
            }
        });
        run.set(format!("floor {clients} clients"), rate);
        for (locks, repository) in LOCKS.iter().zip(&repositories) {
            let rate = per_second(clients, |n| {
                let mut client = stage::connect(&alice);
                let file = repository.path(&stage::free_file(n)).to_str().unwrap().to_owned();
                move || {
                    stage::checkout(&mut client, vec![file.clone()]);
                    stage::checkin(&mut client, vec![file.clone()]);
                    2
                }
            });
            run.set(format!("{clients} clients at {locks} locks"), rate);
        }
    }
}

/// Lets `clients` threads do what `client` makes for each, all at once; what they did counts per second.
fn per_second<W: FnMut() -> u64 + Send>(clients: usize, client: impl Fn(usize) -> W) -> f64 {
    let (done, over) = (AtomicU64::new(0), AtomicBool::new(false));
    let mut workers: Vec<_> = (0..clients).map(client).collect();
    let start = now();
    std::thread::scope(|scope| {
        for worker in &mut workers {
            let (done, over) = (&done, &over);
            scope.spawn(move || {
                while !over.load(Ordering::Relaxed) {
                    done.fetch_add(worker(), Ordering::Relaxed);
                }
            });
        }
        std::thread::sleep(TIME);
        over.store(true, Ordering::Relaxed);
    });
    done.into_inner() as f64 / now().since(start).as_secs_f64()
}
