//! What becomes of the agents: killed, frozen, stopped, and started again, some at a time, and meanwhile used by people.

use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::Duration;

use testkit::{Chance, Machine};

use super::client::{Account, Claims, Client, Scene};
use super::measure;
use super::voice::CommandLine;
use testkit::ledger::Desk;

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
    /// `camctl` used, for a checkout and a checkin if that was granted.
    pub commands: u32,
    /// From the first client's start to the last one's end.
    pub lasted: Duration,
}

impl Tally {
    /// Adds what happened elsewhere.
    pub fn add(&mut self, other: &Self) {
        self.kills += other.kills;
        self.naps += other.naps;
        self.freezes += other.freezes;
        self.stops += other.stops;
        self.commands += other.commands;
    }
}

/// Goes on until it is to be calm, one outage at a time; all agents run afterwards.
pub fn run(
    scene: &Scene,
    machines: &[Machine],
    claims: &[Claims],
    calm: &AtomicBool,
    mut chance: Chance,
) -> (Tally, Vec<(Desk, Account)>) {
    let mut tally = Tally::default();
    let mut people: Vec<_> = machines
        .iter()
        .zip(claims)
        .enumerate()
        .map(|(n, (machine, claims))| {
            let chance = Chance::new(chance.number(0..u64::MAX), n as u64);
            (claims, Client::new(scene, claims, CommandLine(machine), chance))
        })
        .collect();
    let mut cards = Vec::new();
    while !calm.load(Ordering::SeqCst) {
        thread::sleep(chance.time(20..200));
        people[chance.index(machines.len())].1.once();
        tally.commands += 1;
        if cards.is_empty() {
            cards = deck(&mut chance);
        }
        let at = chance.index(machines.len());
        claims[at].out.store(true, Ordering::SeqCst);
        if let Some(outage) = cards.pop() {
            happen(outage, &machines[at], &mut chance, &mut tally);
        }
        claims[at].out.store(false, Ordering::SeqCst);
    }
    let accounts = people
        .into_iter()
        .map(|(claims, person)| (claims.desk.clone(), person.account()))
        .collect();
    (tally, accounts)
}

/// What may happen to an agent.
#[derive(Debug, Clone, Copy)]
enum Outage {
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
fn deck(chance: &mut Chance) -> Vec<Outage> {
    use Outage::{Crash, Death, Freeze, Nap, Stop};
    let mut cards = vec![Crash, Death, Death, Nap, Freeze, Freeze, Freeze, Stop];
    for end in (1..cards.len()).rev() {
        cards.swap(end, chance.index(end + 1));
    }
    cards
}

fn happen(outage: Outage, machine: &Machine, chance: &mut Chance, tally: &mut Tally) {
    let stale = u64::try_from(measure().stale_after.as_millis()).unwrap();
    let long = stale * 4 / 3..stale * 5 / 2;
    match outage {
        Outage::Crash => {
            machine.kill();
            machine.start();
            tally.kills += 1;
        }
        Outage::Death => {
            machine.kill();
            thread::sleep(chance.time(long));
            machine.start();
            tally.kills += 1;
        }
        Outage::Nap => {
            freeze(machine, chance.time(stale / 10..stale / 2));
            tally.naps += 1;
        }
        Outage::Freeze => {
            freeze(machine, chance.time(long));
            tally.freezes += 1;
        }
        Outage::Stop => {
            machine.stop();
            machine.start();
            tally.stops += 1;
        }
    }
}

fn freeze(machine: &Machine, time: Duration) {
    machine.agent(|agent| agent.freeze());
    thread::sleep(time);
    machine.agent(|agent| agent.thaw());
}
