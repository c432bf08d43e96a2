//! Who needs a file asks its owner, and each of them is told once what the other said.

use camctl_shared::model::{Note, Said};
use camctl_shared::rules::{Queue, Response, To};

use super::*;
use crate::desktop::What;
use crate::problem::Problem;
use crate::repository::digest;
use crate::repository::questions::{self, Questions};

fn request(file: &str, message: &str) -> Item {
    Item {
        path: file.into(),
        intent: Intent::Request {
            message: Some(message.into()),
        },
    }
}

fn answer(file: &str, said: Said, message: Option<&str>) -> Item {
    Item {
        path: file.into(),
        intent: Intent::Answer(Response {
            said,
            message: message.map(Into::into),
            to: To::All,
            token: None,
        }),
    }
}

fn join(file: &str) -> Item {
    Item {
        path: file.into(),
        intent: Intent::Queue(Queue::Join(rules::Checkout::default())),
    }
}

/// What was asked, answered and freed, as one is told of it.
fn told(desk: &Desk) -> Vec<String> {
    let told = desk.desktop.told().into_iter();
    told.filter_map(|what| match what {
        What::Asked {
            file, from, message, ..
        } => Some(format!("{} asks for {file}: {message}", from.user)),
        What::Answered { file, by, answer } => Some(format!("{} about {file}: {answer}", by.user)),
        What::Free { file, .. } => Some(format!("{file} is free")),
        What::Yours { file, .. } => Some(format!("{file} is yours")),
        _ => None,
    })
    .collect()
}

/// alice holds `a.mcam`, and bob has asked for it.
fn asked(office: &Office) -> (Desk, Desk) {
    let (mut alice, mut bob) = (office.desk("alice"), office.desk("bob"));
    assert!(alice.ask(checkout("a.mcam")).result.is_ok());
    assert!(bob.ask(request("a.mcam", "Op 30")).result.is_ok());
    (alice, bob)
}

const ASKED: &str = "bob asks for a.mcam: Op 30";

#[test]
fn the_owner_is_told_once_and_the_asker_gets_the_answer_once() {
    let office = Office::new();
    let (mut alice, mut bob) = asked(&office);
    office.pass(Duration::from_secs(8), &mut [&mut alice, &mut bob]);
    assert_eq!(told(&alice), [ASKED]);
    assert_eq!(questions::open(&alice.board).len(), 1);
    // Renewed, it is the same lock with the same request.
    assert!(alice.ask(checkout("a.mcam")).result.is_ok());
    assert!(bob.ask(request("a.mcam", "Op 30")).result.is_ok());
    let later = answer("a.mcam", Said::Later, Some("in 10 minutes"));
    assert!(alice.ask(later).result.is_ok());
    office.pass(Duration::from_secs(60), &mut [&mut alice, &mut bob]);
    assert_eq!(told(&alice), [ASKED]);
    assert_eq!(told(&bob), ["alice about a.mcam: later: in 10 minutes"]);
    // "later" is not the last word: it still stands to be answered, and is not told again.
    assert_eq!(questions::open(&alice.board).len(), 1);
    assert_eq!(bob.board.state().questions.asked_for(&bob.board.me).len(), 1);
}

#[test]
fn asked_anew_it_is_told_anew() {
    let office = Office::new();
    let (mut alice, mut bob) = asked(&office);
    assert!(alice.ask(answer("a.mcam", Said::No, None)).result.is_ok());
    office.pass(Duration::from_secs(8), &mut [&mut alice, &mut bob]);
    assert!(bob.ask(request("a.mcam", "Op 30")).result.is_ok());
    office.pass(Duration::from_secs(8), &mut [&mut alice, &mut bob]);
    assert!(bob.ask(request("a.mcam", "now!")).result.is_ok());
    office.pass(Duration::from_secs(8), &mut [&mut alice, &mut bob]);
    // The first question was answered before alice's agent had a look at it by itself.
    assert_eq!(told(&alice), [ASKED, "bob asks for a.mcam: now!"]);
    assert_eq!(told(&bob), ["alice about a.mcam: no"]);
}

#[test]
fn with_yes_the_file_is_free_and_that_is_the_answer() {
    let office = Office::new();
    let (mut alice, mut bob) = asked(&office);
    office.pass(Duration::from_secs(2 * 24 * 3600), &mut [&mut alice, &mut bob]);
    assert!(alice.ask(answer("a.mcam", Said::Yes, None)).result.is_ok());
    office.pass(Duration::from_secs(8), &mut [&mut alice, &mut bob]);
    assert_eq!(told(&bob), ["a.mcam is free"], "however long it took");
    assert!(bob.board.state().questions.known.is_empty());
}

#[test]
fn with_yes_the_line_goes_on_and_the_asker_learns_to_whom() {
    let office = Office::new();
    let (mut alice, mut bob) = asked(&office);
    let mut carol = office.desk("carol");
    assert!(carol.ask(join("a.mcam")).result.is_ok());
    assert!(alice.ask(answer("a.mcam", Said::Yes, None)).result.is_ok());
    office.pass(Duration::from_secs(8), &mut [&mut alice, &mut bob, &mut carol]);
    let next = "alice about a.mcam: yes, and carol on DESK-carol was the first in line";
    assert_eq!(told(&bob), [next]);
    assert_eq!(told(&carol), ["a.mcam is yours"]);
    assert!(carol.ask(checkin("a.mcam")).result.is_ok());
    office.pass(Duration::from_secs(8), &mut [&mut alice, &mut bob, &mut carol]);
    assert_eq!(told(&bob), [next, "a.mcam is free"]);
}

/// What is called so, what alice does, what carol does then, and what bob is told.
type Case = (
    &'static str,
    Vec<Item>,
    &'static [&'static str],
    Vec<&'static str>,
);

/// What bob is told when he looks after all of it has happened.
#[test]
fn an_answer_is_told_although_the_lock_ended_before_anybody_looked() {
    let no = || answer("a.mcam", Said::No, Some("until Friday"));
    let yes = || answer("a.mcam", Said::Yes, Some("op 30 is not tested"));
    let was_told = "alice about a.mcam: no: until Friday";
    let free = "a.mcam is free";
    let cases: [Case; 5] = [
        (
            "no, then free",
            vec![no(), checkin("a.mcam")],
            &[],
            vec![was_told, free],
        ),
        (
            "no, then another has it",
            vec![no(), checkin("a.mcam")],
            &["checkout"],
            vec![was_told],
        ),
        ("yes", vec![yes()], &[], vec![free]),
        (
            "yes, and another is faster",
            vec![yes()],
            &["checkout"],
            vec!["alice about a.mcam: yes, and carol on DESK-carol was faster: op 30 is not tested"],
        ),
        (
            "yes, and another had it meanwhile",
            vec![yes()],
            &["checkout", "checkin"],
            vec![
                "alice about a.mcam: yes, and carol on DESK-carol was faster: op 30 is not tested",
                free,
            ],
        ),
    ];
    for (what, hers, carols, expected) in cases {
        let office = Office::new();
        let (mut alice, mut bob) = asked(&office);
        let mut carol = office.desk("carol");
        for item in hers {
            assert!(alice.ask(item).result.is_ok(), "{what}");
        }
        for verb in carols {
            let item = if *verb == "checkin" {
                checkin("a.mcam")
            } else {
                checkout("a.mcam")
            };
            assert!(carol.ask(item).result.is_ok(), "{what}");
        }
        office.pass(Duration::from_secs(60), &mut [&mut alice, &mut bob, &mut carol]);
        assert_eq!(told(&bob), expected, "{what}");
        assert!(bob.board.state().questions.known.is_empty(), "{what}");
    }
}

#[test]
fn a_yes_is_told_to_whoever_does_not_want_to_know_when_it_is_free() {
    let office = Office::new();
    let (mut alice, mut bob) = asked(&office);
    bob.board.state().courtesy.wishes.clear();
    let yes = answer("a.mcam", Said::Yes, Some("op 30 is not tested"));
    assert!(alice.ask(yes).result.is_ok());
    office.pass(Duration::from_secs(8), &mut [&mut alice, &mut bob]);
    assert_eq!(told(&bob), ["alice about a.mcam: yes: op 30 is not tested"]);
}

/// Given carol in line, and bob's agent that died with his request on its way, when alice says yes,
/// then the next agent of bob's, which reads both in the log, knows for whom that was.
#[test]
fn a_request_that_an_earlier_agent_did_not_see_is_known_by_its_commit() {
    let office = Office::new();
    let (mut alice, mut bob, mut carol) = (office.desk("alice"), office.desk("bob"), office.desk("carol"));
    assert!(alice.ask(checkout("a.mcam")).result.is_ok());
    assert!(carol.ask(join("a.mcam")).result.is_ok());
    assert!(bob.ask(request("a.mcam", "Op 30")).result.is_ok());
    assert!(alice.ask(answer("a.mcam", Said::Yes, None)).result.is_ok());
    let (mut questions, mut told, mut given) = (Questions::default(), Vec::new(), Vec::new());
    for commit in office.log.commits() {
        for change in &commit.draft.changes {
            questions.take(change, &desk("bob"), &mut told, &mut given);
        }
    }
    assert_eq!((told.len(), questions.known.len()), (0, 0));
    let told: Vec<What> = questions::untold(given, &[]).collect();
    assert!(
        matches!(&told[..], [What::Answered { answer, .. }] if &**answer == "yes, and carol on DESK-carol was the first in line"),
        "{told:?}"
    );
}

#[test]
fn whoever_was_told_no_is_not_told_the_yes_for_another() {
    let office = Office::new();
    let (mut alice, mut bob) = asked(&office);
    let mut carol = office.desk("carol");
    assert!(alice.ask(answer("a.mcam", Said::No, None)).result.is_ok());
    assert!(carol.ask(request("a.mcam", "Op 40")).result.is_ok());
    assert!(carol.ask(join("a.mcam")).result.is_ok());
    office.pass(Duration::from_secs(8), &mut [&mut alice, &mut bob, &mut carol]);
    let yes = answer("a.mcam", Said::Yes, None);
    assert!(alice.ask(yes).result.is_ok());
    office.pass(Duration::from_secs(8), &mut [&mut alice, &mut bob, &mut carol]);
    assert_eq!(told(&bob), ["alice about a.mcam: no"]);
    assert_eq!(told(&carol), ["a.mcam is yours"]);
}

#[test]
fn whom_to_ask_and_what_to_answer_about_is_not_guessed() {
    let office = Office::new();
    let mut alice = office.desk("alice");
    for item in [
        request("silent/a.mcam", "Op 30"),
        answer("silent/a.mcam", Said::No, None),
    ] {
        assert!(matches!(alice.ask(item).result, Err(Problem::Share(_))));
    }
}

/// Its user is asked, wherever they sit: an older tool writes no machine.
#[test]
fn what_is_asked_about_an_older_record_is_told() {
    let note = Note {
        from: desk("bob"),
        at: Timestamp::UNIX_EPOCH,
        message: "Op 30".into(),
        answer: None,
        extra: camctl_shared::model::Extra::new(),
    };
    let nowhere = Owner {
        machine: None,
        session: None,
        ..Owner::clone(&desk("alice"))
    };
    let mut lock = Lock::new(Arc::new(nowhere), Timestamp::UNIX_EPOCH, 7);
    lock.requests = vec![note];
    for (user, count) in [("alice", 1), ("carol", 0)] {
        let (mut questions, mut told) = (Questions::default(), Vec::new());
        questions.look(&name("a.mcam"), Some(&lock), &desk(user), &mut told);
        assert_eq!(told.len(), count, "{user}");
        questions.look(&name("a.mcam"), Some(&lock), &desk(user), &mut told);
        assert_eq!(told.len(), count, "{user}");
    }
}

fn desk(user: &str) -> Arc<Owner> {
    let session = SessionId::parse(&format!("session-{user}")).unwrap();
    Arc::new(Owner::new(user, &format!("DESK-{user}"), session))
}

/// Given a request, when both agents are started again, before and after the answer,
/// then each is told by the first run that sees it, and by no other.
#[test]
fn pending_requests_and_answers_survive_restarts_of_both() {
    let office = Office::new();
    let again = |desk: &Desk, user: &str| {
        let kept = digest::kept(&desk.board);
        office.desk_with(user, &format!("session-{user}"), kept)
    };
    let (alice, bob) = asked(&office);
    assert_eq!(told(&alice), [] as [&str; 0], "her agent has not looked yet");
    let alice = again(&alice, "alice");
    assert_eq!(told(&alice), [ASKED]);
    let mut alice = again(&alice, "alice");
    let kept = digest::kept(&bob.board);
    drop(bob);
    assert!(alice.ask(answer("a.mcam", Said::No, None)).result.is_ok());
    let bob = office.desk_with("bob", "session-bob", kept);
    assert_eq!(told(&bob), ["alice about a.mcam: no"]);
    let bob = again(&bob, "bob");
    assert_eq!(told(&bob), [] as [&str; 0]);
    assert_eq!(told(&alice), [] as [&str; 0]);
    let alice = again(&alice, "alice");
    assert_eq!(told(&alice), [] as [&str; 0]);
    assert!(alice.lock("a.mcam").is_some_and(|lock| lock.requests.len() == 1));
}

#[test]
fn what_was_answered_from_elsewhere_while_the_agent_was_off_is_not_asked_any_more() {
    let office = Office::new();
    let (alice, bob) = asked(&office);
    let kept = digest::kept(&alice.board);
    drop(alice);
    let mut elsewhere = office.desk_of(
        "alice",
        "OTHER",
        "session-other",
        Kept::default(),
        AnyFile::default(),
    );
    assert!(elsewhere.ask(answer("a.mcam", Said::No, None)).result.is_ok());
    let alice = office.desk_with("alice", "session-alice", kept);
    assert_eq!(told(&alice), [] as [&str; 0]);
    assert_eq!(told(&elsewhere), [] as [&str; 0], "it is not held there");
    drop(bob);
}
