//! The promises, checked on each decision and each commit.

use super::super::*;
use super::{LEASE, World};
use crate::clock::Clock;
use crate::model::{How, Verb};

impl World {
    pub(super) fn check_answers(&self, asks: &[Ask], decision: &Decision) {
        assert_eq!(asks.len(), decision.answers.len());
        let mut done = Vec::new();
        let mut touched = BTreeSet::new();
        for (ask, answer) in asks.iter().zip(&decision.answers) {
            let settled = self.truth.settled.contains(&ask.id);
            assert_eq!(
                matches!(answer, Answer::Settled(_)),
                settled,
                "{ask:?}: {answer:?}"
            );
            if settled {
                continue;
            }
            assert_eq!(
                *answer == Answer::Later,
                touched.contains(&ask.file),
                "{ask:?}: {answer:?}"
            );
            if let Answer::Done(_) = answer {
                done.push(ask.id.clone());
                touched.insert(&ask.file);
                continue;
            }
            if *answer == Answer::Later {
                continue;
            }
            // What nobody may be refused: a free file, and to give back what is one's own.
            let standing = self.bench.table.locks.get(&ask.file);
            match (&ask.intent, standing) {
                (Intent::Checkout(_) | Intent::Queue(Queue::Join(_)), None) => {
                    panic!("a free file was refused: {answer:?}")
                }
                (Intent::Queue(Queue::Join(wish)), Some(_)) => {
                    assert!(wish.steal.is_some(), "there is always room in a line: {answer:?}");
                }
                (Intent::Queue(Queue::Leave { .. }), Some(lock)) => {
                    let waits = lock.queue.iter().any(|waiter| waiter.owner.same_desk(&ask.by));
                    assert!(!waits, "everybody may leave: {answer:?}");
                }
                (Intent::Checkin(wish), Some(lock)) => {
                    let right = wish.token.is_none() || wish.token == lock.token;
                    assert!(!right || lock.owner.user != ask.by.user, "{ask:?}: {answer:?}");
                }
                _ => {}
            }
        }
        assert_eq!(decision.draft.requests, done);
        assert_eq!(decision.draft.changes.len(), done.len());
    }

    pub(super) fn check_change(&mut self, n: u64, change: &Change) {
        let before = self.bench.table.locks.get(&change.file).cloned();
        match (&before, &change.ended) {
            (None, None) => assert!(change.grants(n), "nothing comes of nothing"),
            (None, Some(ended)) => panic!("an end of nothing: {ended:?}"),
            (Some(before), None) => {
                let after = change.lock.as_ref().expect("a lock vanished without a record");
                assert_eq!(after.token, before.token, "a lock changed hands without a record");
                assert!(
                    after.owner == before.owner || after.owner.same_desk(&before.owner),
                    "{before:?} became {after:?}"
                );
                self.check_waiting(change, before, after);
                self.check_requests(change, before, after);
                return;
            }
            (Some(before), Some(ended)) => {
                assert_eq!(
                    (&ended.owner, ended.token, ended.since),
                    (&before.owner, before.token, before.since)
                );
                self.check_right(change, before, ended);
            }
        }
        let Some(after) = &change.lock else {
            if let Some(before) = &before {
                assert!(
                    before
                        .queue
                        .iter()
                        .all(|waiter| !self.lives(waiter) || Self::parks(change, waiter))
                );
            }
            return;
        };
        assert!(change.grants(n), "a new lock has a new token");
        match &before {
            // Moved by its owner, or taken over.
            Some(before)
                if [Verb::CHECKOUT, Verb::STEAL].contains(&change.verb)
                    && before.owner.user == after.owner.user =>
            {
                assert_eq!(
                    after.requests, before.requests,
                    "what was asked of the same user stands"
                );
            }
            _ => assert!(after.requests.is_empty(), "nobody has asked for a new lock"),
        }
        let newest = self.truth.newest.get(&change.file);
        assert!(newest.is_none_or(|newest| *newest < n), "tokens only grow");
        if let Some(before) = &before {
            self.check_line(change, before, after);
        }
    }

    /// Whether whoever made this change was allowed to end the lock that stood.
    fn check_right(&mut self, change: &Change, before: &Lock, ended: &Ended) {
        *self.seen.entry(ended.how.as_str()).or_default() += 1;
        if change.verb == Verb::ANSWER {
            assert!(before.requests.iter().any(Note::is_open), "nobody was answered");
            assert_eq!(change.by.user, before.owner.user);
            *self.seen.entry("said yes").or_default() += 1;
        }
        let admin = self.bench.policy.is_administrator(&change.by.user);
        let mine = ended.owner.user == change.by.user;
        let moment = self.clock.moment();
        match ended.how {
            How::Released => assert!(mine || (admin && ended.token.is_none()), "{change:?}"),
            How::Forced => assert!(admin && !mine),
            How::Expired => {
                assert_eq!(before.kind, Kind::Lease);
                let lasted = moment.since(self.truth.renewed[&change.file]);
                assert!(lasted >= LEASE, "a lease ended after {lasted:?}");
            }
            How::Broken => {
                let id = before
                    .owner
                    .session
                    .as_ref()
                    .expect("an older tool's record is never stale");
                if let Some(since) = self.truth.parked.get(id) {
                    let away = moment.since(*since);
                    assert!(away >= self.bench.policy.park_limit, "broken after {away:?} away");
                    *self.seen.entry("parked too long").or_default() += 1;
                } else {
                    let silent = moment.since(self.truth.life[id]);
                    assert!(silent >= self.bench.policy.stale_after, "broken after {silent:?}");
                }
            }
        }
    }

    /// Whoever got the file was the first in line who lives, or had a right to pass; the others stay in order.
    fn check_line(&mut self, change: &Change, before: &Lock, after: &Lock) {
        let served = |waiter: &&Waiter| waiter.owner.same_desk(&after.owner);
        let taken = after.owner == change.by && change.verb != Verb::CHECKIN && change.verb != Verb::BREAK;
        let admin = self.bench.policy.is_administrator(&change.by.user) && change.verb == Verb::STEAL;
        let moved = before.owner.user == after.owner.user && before.kind != Kind::Guard;
        if !(taken && (admin || moved)) {
            for waiter in before.queue.iter().take_while(|waiter| !served(waiter)) {
                assert!(
                    !self.lives(waiter) || Self::parks(change, waiter),
                    "{} passed {}",
                    name(&after.owner),
                    name(&waiter.owner)
                );
            }
        }
        if !before.queue.is_empty() && before.queue.iter().any(|waiter| served(&waiter)) {
            *self.seen.entry("served").or_default() += 1;
        }
        let mut rest = before.queue.iter();
        for waiter in &after.queue {
            assert!(rest.any(|known| known == waiter), "the line is out of order");
        }
        for waiter in before.queue.iter().filter(|waiter| !served(waiter)) {
            let keeps = self.lives(waiter) || self.bench.table.parked.contains_key(&of(waiter));
            assert!(
                !keeps || after.queue.contains(waiter),
                "{} lost the place",
                name(&waiter.owner)
            );
        }
    }

    /// While a lock stands, its line changes only by who joins at the end, and who leaves; each desk has one place.
    fn check_waiting(&mut self, change: &Change, before: &Lock, after: &Lock) {
        let desks = |lock: &Lock, but: Option<&Owner>| {
            let others = lock.queue.iter().map(|waiter| &waiter.owner);
            others
                .filter(|owner| but.is_none_or(|but| !owner.same_desk(but)))
                .map(|owner| name(owner))
                .collect::<Vec<_>>()
        };
        let by = Some(&*change.by);
        assert_eq!(
            desks(before, by),
            desks(after, by),
            "somebody else's place changed"
        );
        let place = |lock: &Lock| {
            let mine = |waiter: &Waiter| waiter.owner.same_desk(&change.by);
            assert!(
                lock.queue.iter().filter(|waiter| mine(waiter)).count() <= 1,
                "one place for each desk"
            );
            lock.queue.iter().position(mine)
        };
        match (place(before), place(after)) {
            (None, Some(place)) => assert_eq!(place, before.queue.len(), "whoever comes stands behind"),
            (Some(_), None) => {
                assert_eq!(change.verb, Verb::LEAVE);
                *self.seen.entry("left").or_default() += 1;
            }
            (before, after) => assert_eq!(before, after),
        }
    }

    /// While a lock stands nobody's request vanishes, and only the owner's user answers.
    fn check_requests(&mut self, change: &Change, before: &Lock, after: &Lock) {
        let of = |lock: &Lock, desk: &Note| {
            let note = lock.requests.iter().find(|note| note.from.same_desk(&desk.from));
            note.cloned()
        };
        for note in before.requests.iter().chain(&after.requests) {
            let (was, is) = (of(before, note), of(after, note).expect("a request vanished"));
            if was.as_ref() == Some(&is) {
                continue;
            }
            if let Some(answer) = &is.answer {
                assert_eq!(change.verb, Verb::ANSWER);
                assert_eq!(change.by.user, before.owner.user, "only the owner answers");
                let open = was.is_some_and(|was| was.is_open() && was.at == is.at);
                assert!(open, "{answer} to nothing");
                *self.seen.entry("answered").or_default() += 1;
            } else {
                assert_eq!(change.verb, Verb::REQUEST);
                assert!(change.by.same_desk(&is.from), "nobody asks for another");
                *self.seen.entry("asked").or_default() += 1;
            }
        }
    }

    /// As the decision knew it.
    fn lives(&self, waiter: &Waiter) -> bool {
        let id = of(waiter);
        !self.bench.table.parked.contains_key(&id) && !self.observer.session_is_stale(&self.bench.table, &id)
    }

    fn parks(change: &Change, waiter: &Waiter) -> bool {
        change.verb == Verb::PARK && change.by.session == waiter.owner.session
    }
}

fn of(waiter: &Waiter) -> SessionId {
    waiter.owner.session.clone().unwrap()
}
