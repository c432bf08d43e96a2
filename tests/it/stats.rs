//! `camctl stats`

use serde_json::json;

use crate::stage::Stage;

/// Given alice who has a file, bob who waits for it and gets it, and alice who then takes another, then the numbers say so.
#[test]
fn the_past_is_counted() {
    let stage = Stage::new();
    stage.alice(&["checkout", "a.mcam"]).run().succeeds();
    stage.bob(&["queue", "a.mcam", "--join"]).run().succeeds();
    stage.alice(&["checkin", "a.mcam"]).run().succeeds();
    stage
        .alice(&["checkout", "parts/c.vnc", "-m", "Op 30"])
        .run()
        .succeeds();
    let numbers = stage.bob(&["stats", "--json"]).run().succeeds().json();
    let all = &numbers["all"];
    assert_eq!(
        (&all["locks"], &all["held"]["count"]),
        (&json!(3), &json!(1)),
        "{numbers}"
    );
    assert_eq!(
        (&all["waits"], &all["waited"]["count"]),
        (&json!(1), &json!(1)),
        "{numbers}"
    );
    assert_eq!(all["conflicts"], json!(1));
    assert_eq!(numbers["files"][0]["name"], "a.mcam", "{numbers}");
    assert_eq!(numbers["files"][0]["conflicts"], json!(1));
    let people: Vec<_> = numbers["people"].as_array().unwrap().iter().collect();
    let person = |name: &str| people.iter().find(|one| one["name"] == name).unwrap();
    assert_eq!(
        (&person("bob")["conflicts"], &person("bob")["had"]),
        (&json!(1), &json!(0))
    );
    assert_eq!(
        (&person("alice")["conflicts"], &person("alice")["had"]),
        (&json!(0), &json!(1))
    );
    assert_eq!(numbers["standing_in_all"], json!(2));
    let days: u64 = numbers["days"]
        .as_array()
        .unwrap()
        .iter()
        .map(|day| day["locks"].as_u64().unwrap())
        .sum();
    assert_eq!(days, 3);
    let parts = stage.alice(&["stats", "parts", "--json"]).run().succeeds().json();
    assert_eq!(
        (&parts["folder"], &parts["all"]["locks"]),
        (&json!("parts"), &json!(1)),
        "{parts}"
    );
    stage
        .alice(&["stats"])
        .run()
        .succeeds()
        .says("3 locks: 1 given back, 2 held now")
        .says("busiest files");
    stage
        .alice(&["stats", "--csv"])
        .run()
        .succeeds()
        .says("person,bob,1,");
}
