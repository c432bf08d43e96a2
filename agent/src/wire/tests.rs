use std::sync::Arc;

use camctl_shared::model::{Case, RepositoryId, SessionId};
use camctl_shared::rules::Lively;

use super::*;

fn lock(user: &str, token: u64) -> Arc<Lock> {
    Arc::new(Lock::new(
        Arc::new(Owner::new(user, "CAM-03", SessionId::random())),
        Timestamp::UNIX_EPOCH,
        token,
    ))
}

#[test]
fn a_grant_that_is_over_before_it_can_be_told_is_not_said_to_stand() {
    let file = FileName::parse("a.mcam", Case::Sensitive).unwrap();
    let mine = lock("alice", 5);
    for (stands, presence) in [
        (Some(Arc::clone(&mine)), Presence::Alive),
        (Some(lock("bob", 9)), Presence::Unsafe),
        (None, Presence::Unsafe),
    ] {
        let mut table = Table::empty(RepositoryId::random(), Case::Sensitive);
        table.locks.extend(stands.map(|lock| (file.clone(), lock)));
        let eyes = Eyes {
            me: &mine.owner,
            table: &table,
            policy: &Policy::default(),
            judge: &Lively,
            safe: true,
        };
        let granted = Done::Granted {
            lock: Arc::clone(&mine),
            after: None,
        };
        let told = eyes.done(&file, &granted, None);
        assert!(
            matches!(&told, Outcome::Granted { lock, .. } if lock.presence == presence),
            "{told:?}"
        );
    }
}
