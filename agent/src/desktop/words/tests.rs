use std::sync::Arc;
use std::time::Duration;

use camctl_shared::model::{Case, Ended, FileName, How, Owner, Said};

use super::*;
use crate::desktop::act::Place;
use crate::desktop::fold::Batch;

const NOW: &str = "2026-11-20T11:12:00Z";

fn now() -> Timestamp {
    NOW.parse().unwrap()
}

fn ago(minutes: i64) -> Timestamp {
    Timestamp::from_second(now().as_second() - 60 * minutes).unwrap()
}

fn file(name: &str) -> FileName {
    FileName::parse(name, Case::Sensitive).unwrap()
}

fn owner(user: &str, machine: &str) -> Arc<Owner> {
    Arc::new(Owner {
        user: user.into(),
        machine: Some(machine.into()),
        session: None,
    })
}

fn ended(how: How, reason: Option<&str>) -> Ended {
    Ended {
        owner: owner("alice", "CAM-03"),
        token: Some(7),
        since: ago(125),
        how,
        reason: reason.map(Into::into),
    }
}

fn notice(what: What) -> Notice {
    Notice {
        folder: "/mnt/cam".to_owned(),
        what,
    }
}

fn free(name: &str) -> Notice {
    notice(What::Free {
        file: file(name),
        was: ended(How::Released, None),
        by: owner("alice", "CAM-03"),
    })
}

fn words(what: What) -> (String, String) {
    let toast = toast(&notice(what), now());
    (toast.summary, toast.body)
}

fn labels(toast: &Toast) -> Vec<&str> {
    toast.buttons.iter().map(|button| button.label).collect()
}

#[test]
fn a_free_file_is_named_with_who_had_it_and_how_long_and_can_be_taken() {
    let toast = toast(&free("fixtures/4801247.mcam"), now());
    assert_eq!(toast.summary, "4801247.mcam is free");
    assert_eq!(
        toast.body,
        "alice on CAM-03 had it for 2 h.\n/mnt/cam/fixtures/4801247.mcam"
    );
    let place = Place {
        folder: "/mnt/cam".to_owned(),
        file: file("fixtures/4801247.mcam"),
    };
    let button = Button {
        label: "Check out",
        act: Some(Act::Checkout(place)),
    };
    assert_eq!(toast.buttons, [button]);
}

#[test]
fn who_ended_a_lock_for_another_is_said_with_the_reason() {
    let (_, body) = words(What::Free {
        file: file("a.mcam"),
        was: ended(How::Forced, Some("left the company")),
        by: owner("boss", "HQ"),
    });
    assert!(
        body.starts_with("alice on CAM-03 had it for 2 h. Forced by boss on HQ: \"left the company\"."),
        "{body}"
    );
}

#[test]
fn what_is_still_held_in_the_evening_can_be_checked_in_where_it_is_one() {
    let held = |name: &str| {
        notice(What::StillHeld {
            file: file(name),
            token: Some(7),
            since: ago(125),
        })
    };
    let one = toast(&held("fixtures/a.mcam"), now());
    assert_eq!(one.summary, "a.mcam is still checked out to you");
    assert!(
        one.body.starts_with("You have had it for 2 h. Others cannot"),
        "{one:?}"
    );
    assert_eq!(labels(&one), ["Check in now"]);
    let both = batch(&Batch::Same(vec![held("a.mcam"), held("b.mcam")]), now()).unwrap();
    assert_eq!(both.summary, "2 files are still checked out to you");
    assert_eq!((both.body.as_str(), both.buttons.len()), ("a.mcam, b.mcam", 0));
}

#[test]
fn the_end_of_ones_own_lock_says_how_by_whom_and_why() {
    let boss = owner("boss", "HQ");
    let told = |how, reason| {
        words(What::LockEnded {
            file: file("a.mcam"),
            ended: ended(how, reason),
            by: boss.clone(),
        })
    };
    let at = "/mnt/cam/a.mcam";
    let cases = [
        (
            told(How::Broken, None),
            "Your checkout of a.mcam was broken",
            "By boss on HQ, because your machine was silent. You had it for 2 h.",
        ),
        (
            told(How::Forced, Some("urgent")),
            "Your checkout of a.mcam was ended",
            "By boss on HQ: \"urgent\". You had it for 2 h.",
        ),
        (
            told(How::Expired, None),
            "Your checkout of a.mcam has ended",
            "Its time was over. You had it for 2 h.",
        ),
        (
            told(How::Released, Some("done")),
            "a.mcam was checked in by boss on HQ",
            "You had it for 2 h. It is no longer yours: \"done\".",
        ),
    ];
    for ((summary, body), expected, text) in cases {
        assert_eq!((summary.as_str(), body), (expected, format!("{text}\n{at}")));
    }
}

#[test]
fn a_request_has_its_three_answers_and_they_name_the_question() {
    let what = What::Asked {
        file: file("a.mcam"),
        token: Some(9),
        from: owner("bob", "CNC-1"),
        at: ago(1),
        message: "machine 3 stands still".into(),
        guarded: false,
    };
    let toast = toast(&notice(what), now());
    assert_eq!(toast.summary, "bob on CNC-1 asks for a.mcam");
    assert!(
        toast.body.starts_with("\"machine 3 stands still\"\n"),
        "{}",
        toast.body
    );
    assert_eq!(labels(&toast), ["Check in now", "In 10 minutes", "No"]);
    for (button, expected) in toast.buttons.iter().zip([Said::Yes, Said::Later, Said::No]) {
        let Some(Act::Answer { held, from, at, said }) = &button.act else {
            panic!("{button:?}")
        };
        assert_eq!(
            (held.token, &*from.user, *at, *said),
            (Some(9), "bob", ago(1), expected)
        );
    }
}

#[test]
fn what_a_program_needs_is_not_given_back_under_it() {
    let what = What::Asked {
        file: file("a.mcam"),
        token: Some(9),
        from: owner("bob", "CNC-1"),
        at: ago(1),
        message: "".into(),
        guarded: true,
    };
    assert_eq!(labels(&toast(&notice(what), now())), ["In 10 minutes", "No"]);
}

#[test]
fn a_refusal_offers_what_can_be_done_and_its_last_button_does_nothing() {
    let place = Place {
        folder: "/mnt/cam".to_owned(),
        file: file("a.mcam"),
    };
    let toast = refused(
        Toast::new(Urgency::Normal, "a.mcam is checked out", ""),
        place.clone(),
    );
    assert_eq!(labels(&toast), ["Wait in line", "Ask for it", "Close"]);
    let acts: Vec<_> = toast.buttons.into_iter().map(|button| button.act).collect();
    assert_eq!(
        acts,
        [Some(Act::Wait(place.clone())), Some(Act::Ask(place)), None]
    );
}

#[test]
fn what_was_said_with_a_file_that_is_given_back_is_told() {
    let (_, body) = words(What::Free {
        file: file("a.mcam"),
        was: ended(How::Released, Some("op 30 is not tested")),
        by: owner("alice", "CAM-03"),
    });
    let said = "alice on CAM-03 had it for 2 h: \"op 30 is not tested\".\n";
    assert!(body.starts_with(said), "{body}");
}

#[test]
fn a_lease_that_ends_can_be_kept_or_given_back() {
    let lease = Duration::from_mins(30);
    let what = What::Ending {
        file: file("a.mcam"),
        token: Some(3),
        at: ago(-3),
        lease,
    };
    let toast = toast(&notice(what), now());
    assert_eq!(labels(&toast), ["Keep it", "Check in now"]);
    let Some(Act::Renew { held, lease: renewed }) = &toast.buttons[0].act else {
        panic!("{toast:?}")
    };
    assert_eq!((held.token, *renewed), (Some(3), lease));
}

#[test]
fn the_rest_is_said_in_one_sentence() {
    let cases = [
        (
            What::LockGone {
                file: file("a.mcam"),
                holder: Some(owner("bob", "CNC-1")),
            },
            "Your checkout of a.mcam is gone",
            "bob on CNC-1 has it now.\n",
        ),
        (
            What::GrantedLate { file: file("a.mcam") },
            "a.mcam is checked out to you",
            "It was granted after",
        ),
        (
            What::Yours {
                file: file("a.mcam"),
                token: Some(3),
                was: Some(ended(How::Released, None)),
            },
            "a.mcam is yours now",
            "You were next in line. alice on CAM-03 had it for 2 h.",
        ),
        (
            What::Yours {
                file: file("a.mcam"),
                token: Some(3),
                was: None,
            },
            "a.mcam is yours now",
            "You were next in line.\n",
        ),
        (
            What::OutOfLine {
                file: file("a.mcam"),
                why: "there is no such file".into(),
            },
            "You are no longer in line for a.mcam",
            "It cannot be had: there is no such file.\n",
        ),
        (
            What::Answered {
                file: file("a.mcam"),
                by: owner("alice", "CAM-03"),
                answer: "no: the table is running".into(),
            },
            "alice on CAM-03 answers about a.mcam",
            "No: the table is running\n",
        ),
        (
            What::Ending {
                file: file("a.mcam"),
                token: Some(3),
                at: ago(-3),
                lease: Duration::from_mins(30),
            },
            "Your checkout of a.mcam ends in 3 min",
            "It was taken for 30 min.",
        ),
        (
            What::Unsafe { locks: 3 },
            "Your checkouts in cam may not be safe",
            "The share has not taken this machine's signs of life for a while. Soon others may be able to take what \
             you hold there (3 files).",
        ),
        (
            What::SafeAgain { locks: 1 },
            "Your checkouts in cam are safe",
            "1 checkout stood all the time.",
        ),
        (
            What::Away {
                cause: "cannot read /mnt/cam: Host is down".to_owned(),
            },
            "cam cannot be reached",
            "cannot read /mnt/cam: Host is down\n",
        ),
        (What::Back, "cam can be reached again", "/mnt/cam"),
        (
            What::Remark("locks.json was edited".to_owned()),
            "About cam",
            "locks.json was edited",
        ),
    ];
    for (what, summary, body) in cases {
        let told = words(what);
        assert_eq!(told.0, summary);
        assert!(told.1.starts_with(body), "{}", told.1);
    }
}

#[test]
fn what_others_wrote_can_neither_hide_nor_dress_up() {
    let what = What::Asked {
        file: file("gnp.\u{202e}macm"),
        token: None,
        from: owner("bob\u{7}", "CNC-1"),
        at: now(),
        message: "one\ntwo\u{1b}[2J <a href=\"x\">click</a>".into(),
        guarded: false,
    };
    let toast = toast(&notice(what), now());
    let text = format!("{}\n{}", toast.summary, toast.body);
    assert!(!text.chars().any(|c| c.is_control() && c != '\n'), "{text:?}");
    assert!(!text.contains('\u{202e}'), "{text:?}");
    assert!(toast.body.starts_with("\"one two\\u{1b}[2J <a"), "{}", toast.body);
    assert_eq!(
        escaped("<a href=\"x\">R&D</a>"),
        "&lt;a href=\"x\"&gt;R&amp;D&lt;/a&gt;"
    );
    let (_, body) = words(What::Answered {
        file: file("a.mcam"),
        by: owner("alice", "CAM-03"),
        answer: "x".repeat(10_000).into(),
    });
    assert!(body.chars().count() < 300);
}

#[test]
fn clocks_that_disagree_are_not_mentioned() {
    let mut was = ended(How::Released, None);
    was.since = ago(-60);
    let (_, body) = words(What::Free {
        file: file("a.mcam"),
        was,
        by: owner("alice", "CAM-03"),
    });
    assert!(body.starts_with("alice on CAM-03 had it.\n"), "{body}");
}

#[test]
fn paths_of_windows_stay_so() {
    let mut notice = free("fixtures/a.mcam");
    for (folder, path) in [
        (r"C:\cam", r"C:\cam\fixtures\a.mcam"),
        (r"\\nas\cam\", r"\\nas\cam\fixtures\a.mcam"),
    ] {
        folder.clone_into(&mut notice.folder);
        assert!(toast(&notice, now()).body.ends_with(path));
        assert_eq!(folder_name(folder), "cam");
    }
    assert_eq!(folder_name("/"), "/");
}

#[test]
fn many_of_a_kind_are_one_notification() {
    let names = ["a", "b", "c", "d", "e", "f", "g"];
    let notices: Vec<_> = names.iter().map(|name| free(&format!("{name}.mcam"))).collect();
    let told = |count: usize| batch(&Batch::Same(notices[..count].to_vec()), now()).unwrap();
    let all = told(7);
    assert_eq!(all.summary, "7 files are free");
    assert_eq!(all.body, "a.mcam, b.mcam, c.mcam, d.mcam and 3 more");
    assert_eq!(all.buttons, []);
    assert_eq!(told(5).body, "a.mcam, b.mcam, c.mcam, d.mcam, e.mcam");
    assert_eq!(told(1), toast(&notices[0], now()));
    assert_eq!(batch(&Batch::Same(Vec::new()), now()), None);
}

#[test]
fn what_came_in_a_pause_is_summed_up_by_kind() {
    let lost = notice(What::LockGone {
        file: file("z.mcam"),
        holder: None,
    });
    let missed = Batch::Missed(vec![free("a.mcam"), lost, free("b.mcam"), notice(What::Back)], 2);
    let toast = batch(&missed, now()).unwrap();
    assert_eq!(toast.summary, "6 messages while notifications were paused");
    assert_eq!(
        toast.body,
        "2 files are free: a.mcam, b.mcam\n1 checkout of yours ended: z.mcam\n1 share can be reached again: \
         cam\nand 2 more before that"
    );
    assert_eq!(toast.buttons, []);
}
