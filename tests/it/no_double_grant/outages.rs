//! What becomes of the agents: killed, frozen, stopped, and started again, some at a time, and meanwhile used by people.

use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::Duration;

use testkit::{Chance, Machine};

use super::client::{Account, Claims, Client, Scene};
use super::measure;
use super::voice::CommandLine;
use crate::outage;
use testkit::ledger::Desk;

/// What happened to the agents, and beside that.
#[derive(Debug, Default)]
pub struct Tally {
    /// To the agents.
    pub outages: outage::Tally,
    /// `camctl` used, for a checkout and a checkin if that was granted.
    pub commands: u32,
    /// From the first client's start to the last one's end.
    pub lasted: Duration,
}

impl Tally {
    /// Adds what happened elsewhere.
    pub fn add(&mut self, other: &Self) {
        self.outages.add(&other.outages);
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
            cards = outage::deck(&mut chance);
        }
        let at = chance.index(machines.len());
        claims[at].out.store(true, Ordering::SeqCst);
        if let Some(outage) = cards.pop() {
            outage.happen(
                &machines[at],
                measure().stale_after,
                &mut chance,
                &mut tally.outages,
            );
        }
        claims[at].out.store(false, Ordering::SeqCst);
    }
    let accounts = people
        .into_iter()
        .map(|(claims, person)| (claims.desk.clone(), person.account()))
        .collect();
    (tally, accounts)
}
