//! What a seed stands for: the kind of share, how many agents, how quick everything is.

use std::sync::Arc;
use std::time::Duration;

use camctl_shared::clock::Clock;
use camctl_shared::model::{Case, Owner, SessionId};
use camctl_shared::share::Share;
use camctl_shared::store::folder::{InitOptions, init};
use testkit::Chance;

use crate::clock::SimClock;
use crate::coroutine::{Process, Wait};
use crate::person::FILES;
use crate::profile::{self, Profile};
use crate::server::Request;
use crate::share::SimShare;
use crate::world::{Clocks, Handle, Machine};

/// See the module.
pub struct Settings {
    pub profile: Profile,
    pub agents: usize,
    pub heartbeat: u64,
    pub stale_after: Duration,
    pub folder_size: u64,
    /// How long things go wrong.
    pub chaos: Duration,
}

impl Settings {
    pub fn draw(chance: &mut Chance) -> Self {
        let heartbeat = *chance.one(&[3, 5, 10]);
        let stale_after = Duration::from_secs(heartbeat * chance.number(4..10));
        Self {
            profile: chance.one(&profile::all()).clone(),
            agents: 2 + chance.index(4),
            heartbeat,
            stale_after,
            folder_size: *chance.one(&[5, 10, 30, 1000]),
            chaos: stale_after * u32::try_from(chance.number(3..8)).unwrap_or(3),
        }
    }

    fn policy(&self) -> String {
        format!(
            "format = 1\nheartbeat = \"{}s\"\nstale_after = \"{}s\"\npoll_busy = \"1s\"\npoll_calm = \"2s\"\npoll_idle = \"10s\"\nkeep_history = \"30d\"\nadministrators = [\"boss\"]\n",
            self.heartbeat,
            self.stale_after.as_secs()
        )
    }
}

/// A machine, whose clocks are its own.
pub fn machine(chance: &mut Chance) -> Machine {
    Machine {
        clock: Clocks {
            base: Duration::from_secs(chance.number(60..10_000_000)),
            rate: u32::try_from(chance.number(995_000..1_005_000)).unwrap_or(1_000_000),
            wall: i64::try_from(chance.number(0..7_200)).unwrap_or(0) - 3_600,
        },
        ..Machine::default()
    }
}

/// Makes the repository, on a machine of its own, while nothing goes wrong.
pub fn found(world: &Handle, settings: &Settings) {
    let founder = settings.agents;
    let (handle, folder_size) = (world.clone(), settings.folder_size);
    let mut process = Process::new(move || {
        let share: Arc<dyn Share> = Arc::new(SimShare::new(&handle, founder));
        let clock: Arc<dyn Clock> = Arc::new(SimClock {
            world: handle.clone(),
            machine: founder,
        });
        let session = SessionId::parse("founder").unwrap_or_else(SessionId::random);
        let me = Arc::new(Owner::new("founder", "MF", session));
        let options = InitOptions {
            folder_size,
            ..InitOptions::new(Case::Sensitive)
        };
        let made = init(&share, &me, &clock, &options);
        assert!(made.is_ok(), "{made:?}");
    });
    while let Some(Wait::Until(time) | Wait::Idle(time)) = process.resume() {
        world.get().now = time;
    }
    let mut world = world.get();
    let now = world.now;
    world
        .server
        .put(".camctl/repo.toml", settings.policy().as_bytes(), now);
    for file in FILES {
        world.server.put(file, b"G0 X0", now);
    }
    for folder in ["", ".camctl", ".camctl/log"] {
        let _ = world.server.perform(&Request::SyncFolder(folder.into()), now);
    }
}
