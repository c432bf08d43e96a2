//! The form on the disk of what was told of requests.

use serde::{Deserialize, Serialize};

use crate::repository::questions::Known;

#[derive(Serialize, Deserialize)]
pub(super) struct KnownForm {
    user: Box<str>,
    machine: Option<Box<str>>,
    at_us: i64,
    #[serde(default)]
    answer: Option<Box<str>>,
}

impl KnownForm {
    pub(super) fn of(known: &Known) -> Self {
        Self {
            user: known.user.clone(),
            machine: known.machine.clone(),
            at_us: known.at_us,
            answer: known.answer.clone(),
        }
    }

    pub(super) fn into_known(self) -> Known {
        Known {
            user: self.user,
            machine: self.machine,
            at_us: self.at_us,
            answer: self.answer,
        }
    }
}
