use camctl_shared::share::DiskShare;

use super::*;
use crate::{LONG, Sandbox, wait_until};

const LIMIT: u64 = 1000;

fn share() -> (Sandbox, Arc<Faulty>) {
    let sandbox = Sandbox::new();
    let disk = DiskShare::open(sandbox.folder()).unwrap();
    (sandbox, Faulty::new(Arc::new(disk)))
}

#[test]
fn only_the_meant_call_fails() {
    let (_sandbox, share) = share();
    let full = Fault::Fail(ShareErrorKind::Full);
    share.add(Rule::on(Operation::WriteNew).path("log").call(2).fault(full));
    share.write_new("log-a", b"1").unwrap();
    share.write_new("other", b"1").unwrap();
    let error = share.write_new("log-b", b"1").unwrap_err();
    assert_eq!((error.kind, share.struck()), (ShareErrorKind::Full, 1));
    assert_eq!(
        share.read("log-b", LIMIT).unwrap_err().kind,
        ShareErrorKind::NotFound
    );
    share.write_new("log-b", b"1").unwrap();
    assert_eq!(share.calls().last(), Some(&(Operation::WriteNew, "log-b".into())));
}

#[test]
fn a_lost_reply_hides_what_was_done() {
    let (_sandbox, share) = share();
    share.add(Rule::on(Operation::Publish).fault(Fault::LoseReply(ShareErrorKind::Unknown)));
    share.write_new("temporary", b"mine").unwrap();
    assert!(matches!(
        share.publish("temporary", "name"),
        Published::Unknown(_)
    ));
    assert_eq!(share.read("name", LIMIT).unwrap(), b"mine");
}

#[test]
fn a_publishing_that_fails_is_refused() {
    let (_sandbox, share) = share();
    share.add(Rule::on(Operation::Publish).fault(Fault::Fail(ShareErrorKind::Denied)));
    share.write_new("temporary", b"mine").unwrap();
    assert!(matches!(
        share.publish("temporary", "name"),
        Published::Refused(_)
    ));
    assert!(share.read("name", LIMIT).is_err());
    assert!(matches!(share.publish("temporary", "name"), Published::Won));
}

#[test]
fn what_is_half_written_stays_half_written() {
    let (_sandbox, share) = share();
    share.add(Rule::on(Operation::Overwrite).fault(Fault::Half(ShareErrorKind::Full)));
    assert!(share.overwrite("head", b"12345678").is_err());
    assert_eq!(share.read("head", LIMIT).unwrap(), b"1234");
}

#[test]
fn lies_are_told_until_the_share_is_well_again() {
    let (_sandbox, share) = share();
    share.write_new("old", b"new").unwrap();
    share.add(
        Rule::on(Operation::Read)
            .from_call(1)
            .fault(Fault::Lie(Lie::Content(b"old".into()))),
    );
    share.add(
        Rule::on(Operation::List)
            .from_call(1)
            .fault(Fault::Lie(Lie::Without("old".into()))),
    );
    assert_eq!(
        (share.read("old", LIMIT).unwrap(), share.list("").unwrap()),
        (b"old".to_vec(), Vec::new())
    );
    share.add(Rule::on(Operation::TryLock).fault(Fault::Lie(Lie::NoLock)));
    let (first, second) = (share.try_lock("mutex").unwrap(), share.try_lock("mutex").unwrap());
    assert!(first.is_some() && second.is_some(), "the first of them was a lie");
    share.heal();
    assert_eq!(
        (share.read("old", LIMIT).unwrap(), share.list("").unwrap().len()),
        (b"new".to_vec(), 2)
    );
    assert!(share.try_lock("mutex").unwrap().is_none());
}

#[test]
fn calls_are_held_back_before_or_after_they_are_done() {
    let (_sandbox, share) = share();
    for (name, fault, done) in [
        ("before", Fault::Before as fn(Gate) -> Fault, false),
        ("after", Fault::After, true),
    ] {
        let gate = Gate::new();
        share.add(
            Rule::on(Operation::WriteNew)
                .path(name)
                .fault(fault(gate.clone())),
        );
        std::thread::scope(|scope| {
            let call = scope.spawn(|| share.write_new(name, b"1"));
            wait_until(LONG, "the call is held back", || gate.waiting() == 1);
            assert_eq!(share.read(name, LIMIT).is_ok(), done, "{name}");
            gate.open();
            call.join().unwrap().unwrap();
        });
        assert_eq!(share.read(name, LIMIT).unwrap(), b"1");
    }
}
