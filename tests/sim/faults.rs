//! What goes wrong, and when: drawn from the seed before anything runs.

use std::time::Duration;

use testkit::Chance;

use crate::profile::Profile;

/// What goes wrong.
#[derive(Debug, Clone)]
pub enum Fault {
    /// An agent dies wherever it is, and starts again after a while.
    Crash {
        power: bool,
        loses_state: bool,
        down: Duration,
    },
    /// An agent parks, and starts again after a while.
    Park { down: Duration },
    /// A process stands still, or its machine sleeps.
    Freeze(Duration),
    /// A machine has no connection.
    Cut(Duration),
    /// A machine's connection loses things.
    Flaky(Duration),
    /// A machine is told that a commit was refused, of which an earlier attempt is still on its way.
    Doubt,
    /// A machine's wall clock is set.
    Wall(i64),
    /// Nobody has a connection.
    CutAll(Duration),
    /// The server loses power.
    Off(Duration),
    /// The server answers nobody.
    Stall(Duration),
    /// The disk is full.
    Full(Duration),
    /// There is room again.
    Room,
    /// File locks vanish while they are held.
    Unlock,
    /// Somebody stands still while everybody is away for longer than history is kept, works, and is away again.
    Holiday,
    /// Somebody deletes a file or writes rubbish into it.
    Spoil(&'static str, Option<&'static [u8]>),
}

/// A fault with its time, and what it waits for then.
#[derive(Debug, Clone)]
pub struct Planned {
    pub at: Duration,
    pub machine: usize,
    pub fault: Fault,
    /// Strikes in the middle of work: after so many steps, counted from the next publication if that is wanted.
    pub armed: Option<(u32, bool)>,
}

/// Draws what will go wrong before `end`.
pub fn plan(
    chance: &mut Chance,
    profile: &Profile,
    machines: usize,
    stale_after: Duration,
    end: Duration,
) -> Vec<Planned> {
    // Some seeds are calm, so that what goes wrong there is not blamed on faults.
    let often = *chance.one(&[0_u64, 2, 4, 8, 16]);
    let mut planned = Vec::new();
    for _ in 0..often * machines as u64 {
        let fault = draw(chance, profile, stale_after);
        let in_work = matches!(
            fault,
            Fault::Crash { .. } | Fault::Freeze(_) | Fault::Cut(_) | Fault::Off(_) | Fault::Flaky(_)
        );
        let armed = match chance.index(3) {
            0 if in_work => Some((u32::try_from(chance.number(0..40)).unwrap_or(0), false)),
            1 if in_work => Some((u32::try_from(chance.number(0..14)).unwrap_or(0), true)),
            _ => None,
        };
        planned.push(Planned {
            at: chance.time(0..u64::try_from(end.as_millis()).unwrap_or(1)),
            machine: chance.index(machines),
            fault,
            armed,
        });
    }
    if chance.index(6) == 0 {
        let steps = u32::try_from(chance.number(0..5)).unwrap_or(0);
        planned.push(Planned {
            at: chance.time(0..u64::try_from((end / 2).as_millis()).unwrap_or(1)),
            machine: chance.index(machines),
            fault: Fault::Holiday,
            armed: Some((steps, true)),
        });
    }
    planned
}

/// No server loses its power and answers again at once.
fn restart(chance: &mut Chance) -> Duration {
    chance.time(4_000..30_000)
}

fn draw(chance: &mut Chance, profile: &Profile, stale_after: Duration) -> Fault {
    let long = |chance: &mut Chance| match chance.index(4) {
        0 => chance.time(10..3_000),
        1 => chance.time(3_000..20_000),
        2 => stale_after.mul_f64(0.5) + chance.time(0..20_000),
        _ => stale_after + chance.time(0..u64::try_from(stale_after.as_millis()).unwrap_or(1)),
    };
    let network = if profile.local { 14 } else { 23 };
    match chance.index(network) {
        0..=3 => Fault::Crash {
            power: chance.index(3) == 0,
            loses_state: chance.index(8) == 0,
            down: long(chance),
        },
        4 | 5 => Fault::Park { down: long(chance) },
        6..=8 => Fault::Freeze(long(chance)),
        9 => Fault::Wall(*chance.one(&[-86_400, -3_600, -60, 60, 3_600, 86_400, 400 * 86_400])),
        10 if profile.vanishes() => Fault::Off(restart(chance)),
        10 => Fault::Off(long(chance).min(Duration::from_secs(20))),
        11 => Fault::Full(long(chance)),
        12 => match chance.index(6) {
            0 => Fault::Unlock,
            1 => Fault::Spoil(".camctl/head", None),
            2 => Fault::Spoil(".camctl/head", Some(b"rubbish")),
            3 => Fault::Spoil("locks.json", None),
            4 => Fault::Spoil("locks.json", Some(b"{}")),
            _ => Fault::Spoil("locks.json", Some(b"{\"a.mcam\": {\"user\"")),
        },
        13 => Fault::Stall(long(chance)),
        14..=16 => Fault::Cut(long(chance)),
        17 | 18 => Fault::CutAll(long(chance)),
        19 => Fault::Doubt,
        // What such a server loses is what matters there.
        _ if profile.vanishes() => Fault::Off(restart(chance)),
        _ => Fault::Flaky(long(chance) * 2),
    }
}
