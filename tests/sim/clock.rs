//! A simulated machine's clocks: no real time anywhere.

use std::time::Duration;

use camctl_shared::clock::{Clock, Moment, Timestamp};

use crate::coroutine::{self, Wait};
use crate::mutations::Seam;
use crate::world::Handle;

/// When the simulation begins, on a wall clock that is right.
const START: i64 = 1_790_000_000;

/// What a wall clock shows at `now` that is `off` seconds wrong.
pub fn wall(now: Duration, off: i64) -> Timestamp {
    let start = Timestamp::from_second(START + off).unwrap_or_default();
    start.saturating_add(now).unwrap_or_default()
}

/// See the module.
pub struct SimClock {
    pub world: Handle,
    pub machine: usize,
}

impl SimClock {
    /// The true time of `moment`, as far as can be told now.
    pub fn time_of(&self, moment: Moment) -> Duration {
        let left = moment.since(self.moment());
        let world = self.world.get();
        world.now + world.machines[self.machine].clock.passed(left)
    }
}

impl Clock for SimClock {
    fn wall(&self) -> Timestamp {
        let world = self.world.get();
        wall(world.now, world.machines[self.machine].clock.wall)
    }

    fn moment(&self) -> Moment {
        let world = self.world.get();
        let clock = world.machines[self.machine].clock;
        let mut moment = clock.base + clock.counted(world.now);
        if world.seam == Some(Seam::MomentsFromTheWall) {
            let far = Duration::from_secs(clock.wall.unsigned_abs());
            moment = if clock.wall < 0 {
                moment.saturating_sub(far)
            } else {
                moment + far
            };
        }
        Moment::from_start(moment)
    }

    fn pause(&self, time: Duration) {
        let until = {
            let world = self.world.get();
            world.now + world.machines[self.machine].clock.passed(time)
        };
        coroutine::wait(Wait::Until(until));
    }
}
