//! The corpus of `tests/fuzz`: samples of everything, and what was found before.

use std::fs;
use std::path::Path;

use super::*;

#[global_allocator]
static COUNTING: Counting = Counting;

fn corpus(property: &Property) -> Vec<(String, Vec<u8>)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../tests/fuzz/corpus")
        .join(property.name);
    fs::read_dir(folder)
        .unwrap()
        .map(|entry| {
            let path = entry.unwrap().path();
            (path.display().to_string(), fs::read(&path).unwrap())
        })
        .collect()
}

#[test]
fn what_is_allocated_is_counted() {
    let (kept, used) = most_used(|| vec![1_u8; 10_000]);
    assert!(used >= kept.len(), "{used}");
}

#[test]
fn every_property_holds_of_its_corpus() {
    for property in ALL {
        let samples = corpus(&property);
        assert!(samples.len() >= 3, "{} has no corpus", property.name);
        for (path, bytes) in samples {
            println!("{path}");
            property.holds_of(&bytes);
        }
    }
}

/// Nearly right is what leads farthest.
#[test]
fn every_property_holds_of_a_corpus_that_is_cut_short_or_flipped() {
    for property in ALL {
        for (path, bytes) in corpus(&property) {
            for at in (0..bytes.len()).step_by(bytes.len() / 40 + 1) {
                println!("{path} at {at}");
                property.holds_of(&bytes[..at]);
                let mut flipped = bytes.clone();
                flipped[at] ^= 1 << (at % 8);
                property.holds_of(&flipped);
            }
        }
    }
}
