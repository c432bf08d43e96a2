use std::sync::Arc;

use camctl_shared::model::{Case, FileName, Owner};

use super::*;

fn at(ms: u64) -> Moment {
    Moment::from_start(Duration::from_secs(60) + Duration::from_millis(ms))
}

fn notice(what: What) -> Notice {
    Notice {
        folder: "/cam".to_owned(),
        what,
    }
}

fn remark(text: &str) -> Notice {
    notice(What::Remark(text.to_owned()))
}

fn away() -> Notice {
    notice(What::Away {
        cause: "gone".to_owned(),
    })
}

fn same(notices: &[Notice]) -> Batch {
    Batch::Same(notices.to_vec())
}

#[test]
fn what_comes_at_the_same_time_is_one_of_each_kind() {
    let mut outbox = Outbox::default();
    assert_eq!(outbox.due(), None);
    outbox.put(remark("a"), at(0));
    outbox.put(away(), at(10));
    outbox.put(remark("b"), at(50));
    assert_eq!(outbox.due(), Some(at(200)), "nobody waits longer than that");
    assert_eq!(outbox.take(at(199)), []);
    assert_eq!(
        outbox.take(at(200)),
        [same(&[remark("a"), remark("b")]), same(&[away()])]
    );
    assert_eq!((outbox.due(), outbox.take(at(900))), (None, Vec::new()));
}

#[test]
fn a_stream_of_notices_becomes_a_few_notifications() {
    let mut outbox = Outbox::default();
    let mut shown = Vec::new();
    for second in 0..60 {
        outbox.put(remark(&second.to_string()), at(second * 1000));
        for step in 0..10 {
            shown.extend(outbox.take(at(second * 1000 + step * 100)));
        }
    }
    shown.extend(outbox.take(at(80_000)));
    let notices: usize = shown
        .iter()
        .map(|batch| match batch {
            Batch::Same(notices) => notices.len(),
            Batch::Missed(..) => 0,
        })
        .sum();
    assert_eq!(notices, 60, "nothing is lost");
    assert!(
        shown.len() <= 6 * BURST + 1,
        "{} notifications in a minute",
        shown.len()
    );
    assert_eq!(shown.first(), Some(&same(&[remark("0")])));
}

#[test]
fn what_is_over_before_it_was_shown_is_not_shown() {
    let mut outbox = Outbox::default();
    outbox.put(away(), at(0));
    outbox.put(notice(What::Back), at(100));
    assert_eq!(outbox.due(), None);
    outbox.put(notice(What::Unsafe { locks: 1 }), at(300));
    let elsewhere = Notice {
        folder: "/other".to_owned(),
        what: What::SafeAgain { locks: 1 },
    };
    outbox.put(elsewhere.clone(), at(310));
    let batches = [same(&[notice(What::Unsafe { locks: 1 })]), same(&[elsewhere])];
    assert_eq!(
        outbox.take(at(600)),
        batches,
        "another share says nothing of this one"
    );
    outbox.put(notice(What::Back), at(700));
    assert_eq!(outbox.take(at(1000)), [same(&[notice(What::Back)])]);
}

#[test]
fn a_pause_holds_everything_back_and_then_sums_up() {
    let mut outbox = Outbox::default();
    outbox.put(remark("before"), at(0));
    outbox.pause(PAUSE, at(100));
    assert!(outbox.is_paused());
    outbox.put(away(), at(5000));
    assert_eq!(outbox.take(at(3_600_000)), []);
    assert_eq!(outbox.due(), Some(at(3_600_100)));
    let missed = Batch::Missed(vec![remark("before"), away()], 0);
    assert_eq!(outbox.take(at(3_600_100)), [missed]);
    assert!(!outbox.is_paused());
    outbox.pause(PAUSE, at(4_000_000));
    outbox.resume(at(4_000_100));
    assert_eq!(outbox.take(at(4_000_100)), [], "nothing happened");
    assert!(!outbox.is_paused());
}

#[test]
fn a_long_pause_keeps_the_newest_and_counts_the_others() {
    let mut outbox = Outbox::default();
    outbox.pause(PAUSE, at(0));
    for n in 0..KEPT + 5 {
        outbox.put(remark(&n.to_string()), at(10));
    }
    // Pausing again does not forget.
    outbox.pause(PAUSE, at(20));
    outbox.resume(at(30));
    let batches = outbox.take(at(30));
    let [Batch::Missed(kept, 5)] = &batches[..] else {
        panic!("{batches:?}")
    };
    assert_eq!((kept.len(), kept.first()), (KEPT, Some(&remark("5"))));
}

#[test]
fn a_few_answers_are_shown_one_by_one() {
    let answer = |name: &str| {
        notice(What::Answered {
            file: FileName::parse(name, Case::Sensitive).unwrap(),
            by: Arc::new(Owner {
                user: "alice".into(),
                machine: None,
                session: None,
            }),
            answer: "no".into(),
        })
    };
    let names = ["a.mcam", "b.mcam", "c.mcam"];
    for few in 1..=names.len() {
        let mut outbox = Outbox::default();
        for name in &names[..few] {
            outbox.put(answer(name), at(0));
        }
        let batches = outbox.take(at(200)).len();
        assert_eq!(batches, if few <= 2 { few } else { 1 });
    }
}
