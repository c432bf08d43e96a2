//! Numbers as text, without memory of their own.
//!
//! Digit by digit, from the right to the left: a long list has a number in each row, and the usual formatting costs
//! more than all else there.

/// A short text with a number in it, at the right end of a line of spaces. Made from its end to its beginning.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Digits {
    text: [u8; Self::LONGEST],
    start: usize,
}

impl Digits {
    /// The most that it has room for; what goes beyond is cut off at the left. Any `u64` fits, or any size with its
    /// unit.
    pub const LONGEST: usize = 20;

    /// Nothing yet.
    pub const fn new() -> Self {
        Self {
            text: [b' '; Self::LONGEST],
            start: Self::LONGEST,
        }
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
        // Beyond the beginning this is a very large number, and nowhere.
        let before = self.start.wrapping_sub(1);
        if let Some(place) = self.text.get_mut(before) {
            *place = byte;
            self.start = before;
        }
    }

    /// How long it is.
    pub fn len(&self) -> usize {
        Self::LONGEST - self.start
    }

    /// The text, with all the spaces before it.
    pub fn padded(&self) -> &[u8; Self::LONGEST] {
        &self.text
    }

    /// The text alone.
    pub fn as_bytes(&self) -> &[u8] {
        &self.text[self.start..]
    }

    /// The text alone.
    pub fn as_str(&self) -> &str {
        // It is ASCII, always.
        str::from_utf8(self.as_bytes()).unwrap_or_default()
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
        for number in [0, 7, 10, 99, 100, 1_048_576, u64::MAX] {
            let digits = Digits::new().number(number);
            assert_eq!(digits.as_str(), number.to_string());
            assert_eq!(digits.len(), number.to_string().len());
            assert_eq!(digits.padded().trim_ascii_start(), digits.as_bytes());
        }
        assert_eq!(Digits::new().text(*b" B").number(12).as_str(), "12 B");
    }
}
