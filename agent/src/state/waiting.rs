//! The form on the disk of what is waited for.

use std::sync::Arc;

use camctl_shared::clock::Timestamp;
use camctl_shared::model::{Owner, Token};
use serde::{Deserialize, Serialize};

use super::form::time;
use crate::repository::courtesy::line::InLine;
use crate::repository::courtesy::{Seen, Wish};

#[derive(Serialize, Deserialize)]
struct SeenForm {
    user: Box<str>,
    machine: Option<Box<str>>,
    token: Option<Token>,
    since_us: i64,
}

#[derive(Serialize, Deserialize)]
pub(super) struct WishForm {
    until_us: Option<i64>,
    #[serde(flatten)]
    was: SeenForm,
}

#[derive(Serialize, Deserialize)]
pub(super) struct PlaceForm {
    joined: Option<u64>,
    stays: bool,
    message: Box<str>,
    #[serde(flatten)]
    was: SeenForm,
}

impl SeenForm {
    fn of(seen: &Seen) -> Self {
        Self {
            user: seen.owner.user.clone(),
            machine: seen.owner.machine.clone(),
            token: seen.token,
            since_us: seen.since.as_microsecond(),
        }
    }

    fn into_seen(self) -> Result<Seen, String> {
        Ok(Seen {
            owner: Arc::new(Owner {
                user: self.user,
                machine: self.machine,
                session: None,
            }),
            token: self.token,
            since: time(self.since_us)?,
        })
    }
}

impl WishForm {
    pub(super) fn of(wish: &Wish) -> Self {
        Self {
            until_us: wish.until.map(Timestamp::as_microsecond),
            was: SeenForm::of(&wish.was),
        }
    }

    pub(super) fn into_wish(self) -> Result<Wish, String> {
        Ok(Wish {
            until: self.until_us.map(time).transpose()?,
            was: self.was.into_seen()?,
        })
    }
}

impl PlaceForm {
    pub(super) fn of(place: &InLine) -> Self {
        Self {
            joined: place.joined,
            stays: place.stays,
            message: place.message.clone(),
            was: SeenForm::of(&place.was),
        }
    }

    pub(super) fn into_place(self) -> Result<InLine, String> {
        let was = self.was.into_seen()?;
        Ok(InLine::kept(self.joined, self.stays, self.message, was))
    }
}
