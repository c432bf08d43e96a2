//! `head`: 64 bytes that say which commit is the newest. What agents poll; a hint, from which nothing is decided.
//!
//! It is written in place by one write, because that is what pollers on SMB and NFS see at their next open, within
//! about a second; a file replaced by rename they may never see. It may be torn, old or missing: the log is the law.

use super::format::checksum;
use crate::model::Nonce;

/// Bytes; one write of this size reaches the share as one.
pub(super) const SIZE: usize = 64;

const MAGIC: &str = "camctl1 ";

/// The record for commit `n`.
pub(super) fn encode(n: u64, nonce: &Nonce) -> Vec<u8> {
    let nonce = shorten(nonce);
    let text = format!("{MAGIC}{n:020} {nonce} ");
    let mut bytes = format!("{text}{}", checksum(text.as_bytes())).into_bytes();
    bytes.resize(SIZE - 1, b' ');
    bytes.push(b'\n');
    bytes
}

/// What `head` says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Hint {
    /// The newest commit.
    pub(super) n: u64,
    nonce: Box<str>,
}

impl Hint {
    /// Whether it tells of the commit with this nonce, and not of one of another log.
    pub(super) fn is_of(&self, nonce: &Nonce) -> bool {
        *self.nonce == *shorten(nonce)
    }
}

fn shorten(nonce: &Nonce) -> String {
    let ascii = nonce.as_str().chars().filter(char::is_ascii);
    ascii.chain(std::iter::repeat('-')).take(16).collect()
}

/// What the record says; `None` when it is torn, foreign or from another version.
pub(super) fn decode(bytes: &[u8]) -> Option<Hint> {
    let bytes = bytes.get(..SIZE)?;
    let (text, rest) = bytes.split_at(MAGIC.len() + 20 + 1 + 16 + 1);
    let sum = rest.get(..16)?;
    if !text.starts_with(MAGIC.as_bytes()) || sum != checksum(text).as_bytes() {
        return None;
    }
    let (n, nonce) = std::str::from_utf8(text.get(MAGIC.len()..)?)
        .ok()?
        .trim_end()
        .split_once(' ')?;
    Some(Hint {
        n: n.parse().ok()?,
        nonce: nonce.into(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_head_is_64_bytes_for_ever() {
        let nonce = Nonce::from_text("00112233445566778899aabbccddeeff");
        let bytes = encode(1842, &nonce);
        let text = "camctl1 00000000000000001842 0011223344556677 ";
        assert_eq!(
            String::from_utf8(bytes.clone()).unwrap(),
            format!(
                "{text}{} 
",
                checksum(text.as_bytes())
            )
        );
        assert_eq!(bytes.len(), SIZE);
        let hint = decode(&bytes).unwrap();
        assert_eq!(hint.n, 1842);
        assert!(hint.is_of(&nonce) && !hint.is_of(&Nonce::random()));
        assert_eq!(decode(&encode(u64::MAX, &nonce)).unwrap().n, u64::MAX);
    }

    #[test]
    fn every_torn_head_is_known_as_one() {
        let old = encode(1841, &Nonce::from_text("aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"));
        let new = encode(1842, &Nonce::from_text("bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb"));
        for cut in 0..SIZE {
            let torn = [&new[..cut], &old[cut..]].concat();
            let read = decode(&torn);
            assert!(
                read.is_none() || torn == old || torn == new,
                "cut at {cut}: {read:?}"
            );
            assert_eq!(decode(&new[..cut]), None, "short by {}", SIZE - cut);
        }
        assert_eq!(decode(&[b'x'; SIZE]), None);
    }
}
