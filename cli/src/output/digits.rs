//! Short texts with a number in them, without memory of their own.
//!
//! A long list has a size in each row, and the usual formatting costs more than all else there. Such a text is put
//! together in a register: writing it byte by byte and reading it in one piece would have the processor wait for each.

use std::fmt;

/// A short text with a number in it. Made from its end to its beginning.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Digits {
    /// The first byte is the lowest one.
    text: u128,
    length: u32,
}

impl Digits {
    /// The most bytes that it has room for: any size with its unit.
    pub const LONGEST: usize = 16;

    /// Nothing yet.
    pub const fn new() -> Self {
        Self { text: 0, length: 0 }
    }

    /// Puts a number before what is there.
    #[inline]
    #[must_use]
    pub fn number(mut self, mut number: u64) -> Self {
        while number >= 10 {
            self.put(digit(number % 10));
            number /= 10;
        }
        self.put(digit(number));
        self
    }

    /// Puts a text, in ASCII, before what is there.
    #[inline]
    #[must_use]
    pub fn text<const N: usize>(mut self, text: [u8; N]) -> Self {
        for byte in text.into_iter().rev() {
            self.put(byte);
        }
        self
    }

    #[inline]
    fn put(&mut self, byte: u8) {
        debug_assert!(self.len() < Self::LONGEST, "its end is lost");
        self.text = self.text << 8 | u128::from(byte);
        self.length += 1;
    }

    /// How long it is.
    #[inline]
    pub fn len(&self) -> usize {
        self.length as usize
    }

    /// The text at the right end of a line of spaces.
    #[inline]
    pub fn padded(&self) -> [u8; Self::LONGEST] {
        const SPACES: u128 = u128::from_le_bytes([b' '; Digits::LONGEST]);
        let taken = 8 * self.length;
        let spaces = SPACES.checked_shr(taken).unwrap_or(0);
        let text = self
            .text
            .checked_shl(u128::BITS.saturating_sub(taken))
            .unwrap_or(0);
        (text | spaces).to_le_bytes()
    }
}

impl fmt::Display for Digits {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let bytes = self.text.to_le_bytes();
        let text = bytes.get(..self.len()).unwrap_or(&bytes);
        // It is ASCII, always.
        f.write_str(str::from_utf8(text).unwrap_or_default())
    }
}

#[inline]
#[expect(clippy::cast_possible_truncation, reason = "a digit is less than ten")]
fn digit(digit: u64) -> u8 {
    b'0' + digit as u8
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_of_every_length_are_written() {
        for number in [0, 7, 10, 99, 100, 1_048_576, 9_999_999_999_999_999] {
            let digits = Digits::new().number(number);
            assert_eq!(digits.to_string(), number.to_string());
            assert_eq!(digits.len(), number.to_string().len());
            let padded = digits.padded();
            assert_eq!(str::from_utf8(&padded).unwrap(), format!("{number:>16}"));
        }
        assert_eq!(Digits::new().text(*b" B").number(12).to_string(), "12 B");
        assert_eq!(Digits::new().padded(), [b' '; Digits::LONGEST]);
    }
}
