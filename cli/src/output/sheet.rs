//! Text that is put together in one piece of memory, used again for each page: for answers of very many lines.
//!
//! The C library's copying, which slices of unknown length are otherwise copied with, costs more than all else that is
//! done for a line (musl, in a virtual machine). Short pieces are copied in steps of fixed size here.

/// See the module.
#[derive(Debug, Default)]
pub struct Sheet {
    bytes: Vec<u8>,
    used: usize,
}

impl Sheet {
    /// What is on it.
    pub fn text(&self) -> &[u8] {
        &self.bytes[..self.used]
    }

    /// Takes everything off it.
    pub fn clear(&mut self) {
        self.used = 0;
    }

    /// Adds a piece.
    #[inline]
    pub fn put(&mut self, piece: &[u8]) {
        copy(self.take(piece.len()), piece);
    }

    /// Adds spaces.
    pub fn pad(&mut self, columns: usize) {
        self.take(columns).fill(b' ');
    }

    /// Adds so many bytes, which the caller is to write.
    #[inline]
    pub fn take(&mut self, count: usize) -> &mut [u8] {
        let start = self.used;
        self.used += count;
        if self.used > self.bytes.len() {
            self.grow();
        }
        &mut self.bytes[start..self.used]
    }

    #[cold]
    fn grow(&mut self) {
        self.bytes.resize(2 * self.used, 0);
    }
}

/// Copies `from` to the beginning of `to`, which must not be shorter.
#[inline]
pub fn copy(to: &mut [u8], from: &[u8]) {
    let to = &mut to[..from.len()];
    match from.len() {
        32..=64 => ends::<32>(to, from),
        16..32 => ends::<16>(to, from),
        8..16 => ends::<8>(to, from),
        4..8 => ends::<4>(to, from),
        2..4 => ends::<2>(to, from),
        1 => ends::<1>(to, from),
        _ => to.copy_from_slice(from),
    }
}

/// The first and the last `N` bytes, which may overlap: everything, when there are at most twice as many.
#[inline]
fn ends<const N: usize>(to: &mut [u8], from: &[u8]) {
    if let (Some(to), Some(from)) = (to.first_chunk_mut::<N>(), from.first_chunk::<N>()) {
        *to = *from;
    }
    if let (Some(to), Some(from)) = (to.last_chunk_mut::<N>(), from.last_chunk::<N>()) {
        *to = *from;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pieces_of_every_length_follow_one_another() {
        let piece: Vec<u8> = (1..=200).collect();
        let mut sheet = Sheet::default();
        for _ in 0..2 {
            let mut expected = Vec::new();
            for length in 0..=piece.len() {
                sheet.put(&piece[..length]);
                sheet.pad(length % 3);
                expected.extend_from_slice(&piece[..length]);
                expected.extend(std::iter::repeat_n(b' ', length % 3));
            }
            assert_eq!(sheet.text(), expected);
            sheet.clear();
            assert_eq!(sheet.text(), b"");
        }
    }
}
