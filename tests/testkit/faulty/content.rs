//! Files that go through a faulty share piece by piece.

use camctl_shared::share::{Meta, Reading, Result, Writing};

use super::{Faulty, Operation};

/// A file that is there, and is read as something else.
struct Lying {
    file: Box<dyn Reading>,
    content: Vec<u8>,
}

pub(super) fn lying(file: Box<dyn Reading>, content: Vec<u8>) -> Box<dyn Reading> {
    Box::new(Lying { file, content })
}

impl Reading for Lying {
    fn read(&mut self, piece: &mut [u8]) -> Result<usize> {
        let count = piece.len().min(self.content.len());
        for (to, from) in piece.iter_mut().zip(self.content.drain(..count)) {
            *to = from;
        }
        Ok(count)
    }

    fn meta(&self) -> Result<Meta> {
        self.file.meta()
    }
}

struct Fresh {
    share: Faulty,
    path: String,
    file: Box<dyn Writing>,
}

pub(super) fn writing(share: Faulty, path: &str, file: Box<dyn Writing>) -> Box<dyn Writing> {
    Box::new(Fresh {
        share,
        path: path.to_owned(),
        file,
    })
}

impl Writing for Fresh {
    fn write(&mut self, piece: &[u8]) -> Result<()> {
        let Self { share, path, file } = self;
        share.plain(Operation::Write, path, || file.write(piece))
    }

    fn finish(self: Box<Self>) -> Result<()> {
        let Self { share, path, file } = *self;
        share.plain(Operation::Finish, &path, || file.finish())
    }
}
