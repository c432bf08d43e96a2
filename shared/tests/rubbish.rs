//! Whatever bytes arrive: no panic, and no more memory than a small multiple of what arrived.
//!
//! The allocator is counted, so each test runs in a process or at least a thread of its own.
#![expect(clippy::unwrap_used, reason = "a helper that fails is a test that fails")]

#[path = "../src/properties/memory.rs"]
mod memory;
#[path = "golden/samples.rs"]
mod samples;

use camctl_shared::ipc::codec::{self, CodecError, FrameReader, MAX_FRAME, PREFIX};
use camctl_shared::ipc::message::{Hello, Reply, Request};
use proptest::collection::vec;
use proptest::prelude::*;

use memory::{Counting, most_used};

#[global_allocator]
static COUNTING: Counting = Counting;

/// What one frame may cost while it is read. On the word of its sender, serde reserves 1 MiB for a list, and for a list
/// in it (the files of a menu's entry), and the codec eight times the frame's length (of 4 KiB at least) for a text; the
/// rest grows with what is there. An element of a list takes at least one byte of the frame, and in memory the size of
/// its type, twice while the list grows.
fn allowed(bytes: usize) -> usize {
    (2 << 20) + 8 * bytes.max(4096) + 128 * bytes
}

fn all_kinds(bytes: &[u8]) {
    let ((), used) = most_used(|| {
        let _ = codec::decode::<Hello>(bytes);
        let _ = codec::decode::<Request>(bytes);
        let _ = codec::decode::<Reply>(bytes);
    });
    assert!(
        used <= allowed(bytes.len()),
        "{} bytes took {used} bytes of memory",
        bytes.len()
    );
}

fn good_frames() -> Vec<Vec<u8>> {
    let requests = samples::requests()
        .into_iter()
        .map(|(_, it)| codec::encode(&it).unwrap());
    let replies = samples::replies()
        .into_iter()
        .map(|(_, it)| codec::encode(&it).unwrap());
    let hello = codec::encode(&samples::hello()).unwrap();
    requests.chain(replies).chain([hello]).collect()
}

/// A frame of a real message in which some bytes are wrong: most of it makes sense, so that it leads far.
fn damaged() -> impl Strategy<Value = Vec<u8>> {
    let frame = proptest::sample::select(good_frames());
    let damage = vec((any::<prop::sample::Index>(), any::<u8>()), 1..6);
    (frame, damage).prop_map(|(mut frame, damage)| {
        frame.drain(..PREFIX);
        for (at, byte) in damage {
            let at = at.index(frame.len());
            frame[at] = byte;
        }
        frame
    })
}

proptest! {
    #[test]
    fn arbitrary_bytes_are_never_more_than_an_error(bytes in vec(any::<u8>(), 0..2000)) {
        all_kinds(&bytes);
    }

    #[test]
    fn damaged_messages_are_never_more_than_an_error(bytes in damaged()) {
        all_kinds(&bytes);
    }

    #[test]
    fn frames_come_out_as_they_went_in_whatever_the_pieces(
        contents in vec(vec(any::<u8>(), 0..6000), 0..8),
        cuts in vec(1_usize..9000, 1..20),
        rest in vec(any::<u8>(), 0..PREFIX),
    ) {
        let mut stream = Vec::new();
        for content in &contents {
            stream.extend(u32::try_from(content.len()).unwrap().to_le_bytes());
            stream.extend(content);
        }
        stream.extend(&rest);
        let mut reader = FrameReader::new();
        let mut seen = Vec::new();
        let mut cuts = cuts.iter().cycle();
        let mut from = &stream[..];
        while !from.is_empty() {
            let space = reader.space();
            let count = space.len().min(from.len()).min(*cuts.next().unwrap());
            space[..count].copy_from_slice(&from[..count]);
            reader.filled(count);
            from = &from[count..];
            while let Some(frame) = reader.frame().unwrap() {
                seen.push(frame.to_vec());
            }
        }
        prop_assert_eq!(&seen, &contents);
        prop_assert_eq!(matches!(reader.end(), CodecError::Closed), rest.is_empty());
    }
}

#[test]
fn a_list_that_announces_more_than_there_is_costs_little() {
    // Status (3) with 2^64-1 files, of which the first announces 2^64-1 bytes.
    let mut bytes = vec![3];
    for _ in 0..2 {
        bytes.push(253);
        bytes.extend(u64::MAX.to_le_bytes());
    }
    let (result, used) = most_used(|| codec::decode::<Request>(&bytes));
    assert!(matches!(result, Err(CodecError::Rubbish { .. })), "{result:?}");
    assert!(used <= allowed(bytes.len()), "{used}");
}

#[test]
fn a_text_that_announces_more_than_there_is_costs_little() {
    // Break (6) of no file, for a reason of some length.
    for announced in [5_000_u32, 1 << 18, 1 << 20, 1 << 23, u32::MAX] {
        let mut bytes = vec![6, 0, 252];
        bytes.extend(announced.to_le_bytes());
        let (result, used) = most_used(|| codec::decode::<Request>(&bytes));
        assert!(matches!(result, Err(CodecError::Rubbish { .. })), "{result:?}");
        assert!(used <= 40 << 10, "{announced} announced: {used}");
    }
}

#[test]
fn the_densest_frame_costs_no_more_than_said() {
    // As many empty names as a frame can hold.
    let count = MAX_FRAME - 6;
    let mut bytes = vec![3, 252];
    bytes.extend(u32::try_from(count).unwrap().to_le_bytes());
    bytes.resize(MAX_FRAME, 0);
    let (result, used) = most_used(|| codec::decode::<Request>(&bytes));
    assert!(matches!(result, Ok(Request::Status { files }) if files.len() == count));
    assert!(used <= allowed(bytes.len()), "{used}");
    all_kinds(&bytes);
}

#[test]
fn a_reader_that_was_promised_a_megabyte_has_not_paid_for_it() {
    let ((), used) = most_used(|| {
        let mut reader = FrameReader::new();
        reader.space()[..PREFIX].copy_from_slice(&u32::try_from(MAX_FRAME).unwrap().to_le_bytes());
        reader.filled(PREFIX);
        assert!(reader.frame().unwrap().is_none());
        assert!(!reader.space().is_empty());
        assert!(
            matches!(reader.end(), CodecError::Truncated { expected, .. } if expected == PREFIX + MAX_FRAME)
        );
    });
    assert!(used <= 8 << 10, "{used}");
    let announced = u32::try_from(MAX_FRAME).unwrap().to_le_bytes();
    let (result, used) = most_used(|| codec::read_frame(&mut &announced[..], &mut Vec::new()));
    assert!(matches!(result, Err(CodecError::Truncated { .. })), "{result:?}");
    assert!(used <= 8 << 10, "{used}");
}

#[test]
fn a_list_in_a_list_costs_no_more_than_the_two() {
    // Menu (12) with 64,524 entries, of which the first is for 64,524 files.
    let many = [252, 0x0c, 0xfc, 0, 0];
    let bytes = [&[12][..], &many, &[0, 0, 0], &many].concat();
    let (result, used) = most_used(|| codec::decode::<Reply>(&bytes));
    assert!(matches!(result, Err(CodecError::Rubbish { .. })), "{result:?}");
    assert!((1 << 20..=allowed(bytes.len())).contains(&used), "{used}");
}
