//! What may become of an agent while others work: killed, frozen, stopped, and started again.

use std::thread;
use std::time::Duration;

use testkit::{Chance, Machine};

/// What happened.
#[derive(Debug, Default)]
pub struct Tally {
    /// Agents killed and started again.
    pub kills: u32,
    /// Agents frozen for shorter than `stale_after`.
    pub naps: u32,
    /// Agents frozen for longer.
    pub freezes: u32,
    /// Agents stopped cleanly and started again.
    pub stops: u32,
}

impl Tally {
    /// Adds what happened elsewhere.
    pub fn add(&mut self, other: &Self) {
        self.kills += other.kills;
        self.naps += other.naps;
        self.freezes += other.freezes;
        self.stops += other.stops;
    }
}

/// What may happen to an agent.
#[derive(Debug, Clone, Copy)]
pub enum Outage {
    /// Killed, and started again at once.
    Crash,
    /// Killed, and started again after more than `stale_after`.
    Death,
    /// Frozen for less than `stale_after`.
    Nap,
    /// Frozen for more.
    Freeze,
    /// Stopped cleanly, and started again at once.
    Stop,
}

/// Everything comes once in a while, in an order that chance decides.
pub fn deck(chance: &mut Chance) -> Vec<Outage> {
    use Outage::{Crash, Death, Freeze, Nap, Stop};
    let mut cards = vec![Crash, Death, Death, Nap, Freeze, Freeze, Freeze, Stop];
    for end in (1..cards.len()).rev() {
        cards.swap(end, chance.index(end + 1));
    }
    cards
}

impl Outage {
    /// Lets it happen to the agent of `machine`, which runs before and afterwards.
    pub fn happen(self, machine: &Machine, stale_after: Duration, chance: &mut Chance, tally: &mut Tally) {
        let stale = u64::try_from(stale_after.as_millis()).unwrap();
        let long = stale * 4 / 3..stale * 5 / 2;
        match self {
            Self::Crash => {
                machine.kill();
                machine.start();
                tally.kills += 1;
            }
            Self::Death => {
                machine.kill();
                thread::sleep(chance.time(long));
                machine.start();
                tally.kills += 1;
            }
            Self::Nap => {
                freeze(machine, chance.time(stale / 10..stale / 2));
                tally.naps += 1;
            }
            Self::Freeze => {
                freeze(machine, chance.time(long));
                tally.freezes += 1;
            }
            Self::Stop => {
                machine.stop();
                machine.start();
                tally.stops += 1;
            }
        }
    }
}

fn freeze(machine: &Machine, time: Duration) {
    machine.agent(|agent| agent.freeze());
    thread::sleep(time);
    machine.agent(|agent| agent.thaw());
}
