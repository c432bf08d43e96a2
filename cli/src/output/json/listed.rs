//! The files of a list in JSON, written piece by piece: a list has very many.

use camctl_shared::ipc::message::{LeftOut, ListedFile, Page};
use serde::Serialize;

use super::{ErrorShape, LockShape, VERSION};
use crate::errors::Failure;
use crate::output::clean::is_plain;
use crate::output::sheet::Sheet;
use crate::output::time::{Stamps, Times};

/// The object of a list, which is written in parts: it may be too long to be held.
#[derive(Default)]
pub struct Listed {
    sheet: Sheet,
    stamps: Stamps,
    number: itoa::Buffer,
    begun: bool,
}

impl Listed {
    /// What stands before the first file.
    pub fn begin() -> String {
        format!("{{\"camctl\":{VERSION},\"command\":\"list\",\"files\":[")
    }

    /// The files of a page.
    pub fn page(&mut self, page: &Page) -> &[u8] {
        self.sheet.clear();
        let verbatim = is_verbatim(page.names());
        for file in page.files() {
            if self.begun {
                self.sheet.put(b",");
            }
            self.begun = true;
            self.file(file, verbatim);
        }
        self.sheet.text()
    }

    fn file(&mut self, file: ListedFile<'_>, verbatim: bool) {
        let sheet = &mut self.sheet;
        if verbatim || is_verbatim(file.name) {
            sheet.put(b"{\"name\":\"");
            sheet.put(file.name.as_bytes());
            sheet.put(b"\",\"size\":");
        } else {
            sheet.put(b"{\"name\":");
            value(sheet, &file.name);
            sheet.put(b",\"size\":");
        }
        match file.size {
            Some(size) => sheet.put(self.number.format(size).as_bytes()),
            None => sheet.put(b"null"),
        }
        match file.modified_us.and_then(|at| self.stamps.rfc3339(at)) {
            Some(stamp) => {
                sheet.put(b",\"modified\":\"");
                sheet.put(stamp);
                sheet.put(b"\",\"lock\":");
            }
            None => sheet.put(b",\"modified\":null,\"lock\":"),
        }
        match file.lock {
            Some(lock) => value(sheet, &LockShape::from(lock)),
            None => sheet.put(b"null"),
        }
        sheet.put(b"}");
    }

    /// What stands after the last file. `left_out` and how much more there is of it are known when the list came to
    /// its end.
    pub fn end(end: Result<(&[LeftOut], u64), &Failure>, times: &Times) -> String {
        let wording = end.err().map(|failure| failure.wording(times));
        let end = End {
            left_out: end
                .ok()
                .map(|(what, _)| what.iter().map(LeftOutShape::from).collect()),
            left_out_more: end.ok().map(|(_, more)| more),
            exit: wording.as_ref().map_or(0, |wording| wording.exit.code()),
            error: wording.map(ErrorShape::from),
        };
        let end = serde_json::to_string(&end).unwrap_or_default();
        format!("],{}\n", end.strip_prefix('{').unwrap_or_default())
    }
}

/// Whether a text stands in JSON as it is.
fn is_verbatim(text: &str) -> bool {
    is_plain(text) && !text.contains(['"', '\\'])
}

/// Adds a value. Writing plain data into memory cannot fail.
fn value(sheet: &mut Sheet, value: &impl Serialize) {
    sheet.put(&serde_json::to_vec(value).unwrap_or_default());
}

#[derive(Debug, Serialize)]
struct End<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    left_out: Option<Vec<LeftOutShape<'a>>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    left_out_more: Option<u64>,
    exit: u8,
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<ErrorShape>,
}

#[derive(Debug, Serialize)]
struct LeftOutShape<'a> {
    path: &'a str,
    folder: bool,
    why: &'a str,
}

impl<'a> From<&'a LeftOut> for LeftOutShape<'a> {
    fn from(left_out: &'a LeftOut) -> Self {
        Self {
            path: &left_out.path,
            folder: left_out.folder,
            why: &left_out.why,
        }
    }
}
