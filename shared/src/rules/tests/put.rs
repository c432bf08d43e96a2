use super::*;

const F: &str = "4801247.mcam";

#[test]
fn only_ones_own_current_lock_lets_one_put() {
    let held = |by: &str| Bench::new().held(F, by, |_| {});
    let expired = held("alice@CAM-03").judged(F, Standing::Expired);
    let cases = [
        (Bench::new(), None, "not held"),
        (Bench::new(), Some(7), "over"),
        (held("alice@CAM-03"), None, "may"),
        (held("alice@CAM-03"), Some(7), "may"),
        (held("alice@CAM-03"), Some(6), "over"),
        // After a restart of the agent's machine the session may be another; the desk is the same.
        (held("alice@CAM-03/2"), Some(7), "may"),
        (held("alice@CAM-04"), None, "not yours"),
        (held("alice"), None, "not yours"),
        (held("bob@CNC-1"), None, "not yours"),
        (held("bob@CNC-1"), Some(7), "not yours"),
        (held("bob@CNC-1"), Some(6), "over"),
        (expired, Some(7), "over"),
    ];
    for (bench, token, expected) in cases {
        let scene = bench.scene();
        let found = match may_put(&scene, &owner("alice@CAM-03"), &file(F), token) {
            Ok(lock) => {
                assert_eq!(lock.token, Some(7));
                "may"
            }
            Err(Refusal::NotHeld { .. }) => "not held",
            Err(Refusal::NotYours { .. }) => "not yours",
            Err(Refusal::OldToken { .. }) => "over",
            Err(other) => panic!("{other}"),
        };
        assert_eq!(found, expected, "{:?}, with {token:?}", bench.table.locks);
    }
}
