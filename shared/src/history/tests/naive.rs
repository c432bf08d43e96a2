//! Any story, read by its definitions: slowly, and with the whole of it in view.

use std::collections::BTreeSet;

use proptest::prelude::*;

use super::{Desk, Heard, Tale, Wait};
use crate::history::{Conflict, Ending, Episode, Held, Reckoner, Step};
use crate::model::How;

/// One thing that somebody does.
#[derive(Debug, Clone, Copy)]
enum Act {
    Take(u32),
    Steal(u32, How),
    Give(u32),
    Break(u32, How),
    Join(u32),
    Leave(u32),
    Ask(u32),
    Renew,
}

fn act() -> impl Strategy<Value = Act> {
    let user = 0..4_u32;
    let how = prop_oneof![Just(How::Broken), Just(How::Forced), Just(How::Expired)];
    prop_oneof![
        user.clone().prop_map(Act::Take),
        (user.clone(), how.clone()).prop_map(|(user, how)| Act::Steal(user, how)),
        user.clone().prop_map(Act::Give),
        (user.clone(), how).prop_map(|(user, how)| Act::Break(user, how)),
        user.clone().prop_map(Act::Join),
        user.clone().prop_map(Act::Join),
        user.clone().prop_map(Act::Leave),
        user.prop_map(Act::Ask),
        Just(Act::Renew),
    ]
}

fn tell(acts: &[Act]) -> Vec<Step> {
    let mut tale = Tale::of(7);
    for act in acts {
        let free = tale.lock.is_none();
        match *act {
            Act::Take(user) if free => drop(tale.take(user, How::Released)),
            Act::Steal(user, how) if !free => drop(tale.take(user, how)),
            Act::Give(user) if !free => drop(tale.over(user, How::Released, "given")),
            Act::Break(user, how) if !free => drop(tale.over(user, how, "broken")),
            Act::Join(user) => drop(tale.join(user)),
            Act::Leave(user) => drop(tale.leave(user)),
            Act::Ask(user) => drop(tale.ask(user)),
            Act::Renew => drop(tale.change(9, |_, _| {})),
            _ => {}
        }
    }
    tale.steps
}

/// The locks of a story are the tokens in it. Each begins where it is first seen, and ends where it is said to.
fn episodes(steps: &[Step]) -> Vec<Episode> {
    let locks = |token| {
        steps
            .iter()
            .filter_map(|step| step.lock.as_ref())
            .filter(move |lock| lock.token == token)
    };
    let tokens: BTreeSet<_> = steps
        .iter()
        .filter_map(|step| step.lock.as_ref()?.token)
        .collect();
    let all = tokens.into_iter().map(|token| {
        let (first, last) = (
            locks(Some(token)).next().unwrap(),
            locks(Some(token)).next_back().unwrap(),
        );
        let granted = steps.iter().position(|step| step.n == token).unwrap();
        let before = granted.checked_sub(1).and_then(|at| steps[at].lock.as_ref());
        let place = before.and_then(|lock| lock.line.iter().find(|place| place.who == first.owner));
        let end = steps.iter().find(|step| {
            step.ended
                .as_ref()
                .is_some_and(|ended| ended.token == Some(token))
        });
        Episode {
            file: 7,
            owner: first.owner,
            token: Some(token),
            kind: Some(first.kind),
            message: last.message.clone(),
            taken: first.since,
            waited: place.map(|place| u64::try_from(first.since - place.since).unwrap()),
            ending: end.map(|step| Ending {
                at: step.at,
                how: step.ended.as_ref().map(|ended| ended.how),
                by: Some(step.by),
                reason: step.ended.as_ref().unwrap().reason.clone(),
                next: step.lock.as_ref().map(|lock| lock.owner),
            }),
        }
    });
    all.collect()
}

fn in_line(step: Option<&Step>, who: Desk) -> bool {
    let lock = step.and_then(|step| step.lock.as_ref());
    lock.is_some_and(|lock| lock.line.iter().any(|place| place.who == who))
}

/// A wait ends in the step after the last of an unbroken run of lines that have the waiter.
fn waits(steps: &[Step]) -> Vec<Wait> {
    let mut waits = Vec::new();
    for pair in steps.windows(2) {
        let [before, after] = pair else { continue };
        for place in before.lock.iter().flat_map(|lock| &lock.line) {
            if in_line(Some(after), place.who) {
                continue;
            }
            let owner = |step: &Step| step.lock.as_ref().map(|lock| lock.owner);
            waits.push(Wait {
                file: 7,
                who: place.who,
                from: place.since,
                until: after.at,
                served: owner(after) == Some(place.who) && owner(before) != Some(place.who),
            });
        }
    }
    waits
}

/// Whether `user` shows after this step that they want the file of somebody else.
fn shows(lock: Option<&Held>, user: u32) -> bool {
    lock.is_some_and(|lock| {
        lock.owner.user != user
            && lock
                .line
                .iter()
                .chain(&lock.asked)
                .any(|place| place.who.user == user)
    })
}

fn conflicts(steps: &[Step]) -> Vec<Conflict> {
    let mut conflicts = Vec::new();
    for user in 0..4 {
        let mut before: Option<&Step> = None;
        for step in steps {
            let wanted = shows(before.and_then(|before| before.lock.as_ref()), user);
            let conflict = |at, holder| Conflict {
                file: 7,
                at,
                user,
                holder,
            };
            let ended = step.ended.as_ref().filter(|ended| {
                step.by.user == user
                    && ended.owner.user != user
                    && matches!(ended.how, How::Broken | How::Forced)
            });
            if let Some(ended) = ended.filter(|_| !wanted) {
                conflicts.push(conflict(step.at, ended.owner.user));
            }
            if let Some(lock) = step
                .lock
                .as_ref()
                .filter(|lock| shows(Some(lock), user) && !wanted)
            {
                let mut all = lock.line.iter().chain(&lock.asked);
                let first = all.find(|place| place.who.user == user).unwrap();
                conflicts.push(conflict(first.since, lock.owner.user));
            }
            before = Some(step);
        }
    }
    conflicts
}

proptest! {
    #[test]
    fn any_story_is_told_as_it_reads(acts in prop::collection::vec(act(), 0..60)) {
        let steps = tell(&acts);
        let read = Heard {
            episodes: episodes(&steps),
            waits: waits(&steps),
            conflicts: conflicts(&steps),
        };
        prop_assert_eq!(Heard::of(steps), read.sorted());
    }

    /// Whoever begins in the middle, with the table as it stood then, hears the same of all that was not over.
    #[test]
    fn a_beginning_in_the_middle_changes_nothing_of_the_rest(
        acts in prop::collection::vec(act(), 1..60),
        cut in 0..60_usize,
    ) {
        let steps = tell(&acts);
        let cut = cut.min(steps.len());
        let at = cut.checked_sub(1).map_or(0, |last| steps[last].at);
        let table = cut.checked_sub(1).and_then(|last| steps[last].lock.clone());
        let mut heard = Heard::default();
        let mut reckoner = Reckoner::default();
        reckoner.begin(at, table.into_iter().map(|lock| (7, lock)).collect(), &mut heard);
        heard.conflicts.clear();
        for step in &steps[cut..] {
            reckoner.step(step.clone(), &mut heard);
        }
        reckoner.finish(&mut heard);
        let whole = Heard::of(steps);
        let later = |episode: &&Episode| episode.ending.as_ref().is_none_or(|ending| ending.at > at);
        let strip = |episode: &Episode| Episode { waited: None, ..episode.clone() };
        let expected: Vec<_> = whole.episodes.iter().filter(later).map(strip).collect();
        let heard = heard.sorted();
        let found: Vec<_> = heard.episodes.iter().map(strip).collect();
        prop_assert_eq!(found, expected);
        let waits: Vec<_> = whole.waits.into_iter().filter(|wait| wait.until > at).collect();
        prop_assert_eq!(heard.waits, waits);
    }
}
