//! The form of the local state on the disk.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use camctl_shared::clock::Timestamp;
use camctl_shared::model::{Ended, How, Owner, SessionId, Token};
use camctl_shared::rules::Away;
use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use super::asked::KnownForm;
use super::waiting::{PlaceForm, WishForm};
use super::{Kept, LocalState};
use crate::repository::board::{Held, Loss};

/// The newest form that this version writes and reads.
pub(super) const FORMAT: u32 = 1;

/// The whole file.
#[derive(Serialize, Deserialize)]
pub(super) struct Form {
    pub(super) format: u32,
    pub(super) user: String,
    pub(super) machine: String,
    session: String,
    /// The agent that wrote it has stopped since, with nothing left to say.
    #[serde(default)]
    stopped: bool,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    reminded: Option<Date>,
    #[serde(default)]
    repositories: Vec<RepositoryForm>,
}

#[derive(Serialize, Deserialize)]
struct RepositoryForm {
    root: PathBuf,
    #[serde(default)]
    seen: Option<u64>,
    #[serde(default)]
    held: BTreeMap<String, HeldForm>,
    #[serde(default)]
    lost: BTreeMap<String, LossForm>,
    #[serde(default)]
    away: BTreeMap<String, AwayForm>,
    #[serde(default)]
    wishes: BTreeMap<String, WishForm>,
    #[serde(default)]
    places: BTreeMap<String, PlaceForm>,
    #[serde(default)]
    questions: BTreeMap<String, Vec<KnownForm>>,
    #[serde(default)]
    endings: BTreeMap<String, u64>,
}

#[derive(Serialize, Deserialize)]
struct HeldForm {
    token: Option<Token>,
    since_us: i64,
}

#[derive(Serialize, Deserialize)]
struct LossForm {
    token: Option<Token>,
    since_us: i64,
    how: String,
    reason: Option<Box<str>>,
    by_user: Box<str>,
    by_machine: Option<Box<str>>,
}

#[derive(Serialize, Deserialize)]
struct AwayForm {
    commit: u64,
    so_far_ms: u64,
    looked_us: i64,
}

impl Form {
    /// `state` as it is written for this user at this machine.
    pub(super) fn of(state: &LocalState, user: &str, machine: &str) -> Self {
        Self {
            format: FORMAT,
            user: user.to_owned(),
            machine: machine.to_owned(),
            session: state.session.as_str().to_owned(),
            stopped: state.stopped,
            reminded: state.reminded,
            repositories: state.repositories.iter().map(RepositoryForm::of).collect(),
        }
    }

    /// What it says.
    ///
    /// # Errors
    /// With a sentence, when it says something that cannot be.
    pub(super) fn into_state(self) -> Result<LocalState, String> {
        let session = SessionId::parse(&self.session).ok_or("its session is not one")?;
        let me = Arc::new(Owner::new(&self.user, &self.machine, session.clone()));
        let repositories: Result<Vec<Kept>, String> = self
            .repositories
            .into_iter()
            .map(|form| form.into_kept(&me, !self.stopped))
            .collect();
        Ok(LocalState {
            session,
            stopped: self.stopped,
            reminded: self.reminded,
            repositories: repositories?,
        })
    }
}

impl RepositoryForm {
    fn of(kept: &Kept) -> Self {
        let held = |held: &Held| HeldForm {
            token: held.token,
            since_us: held.since.as_microsecond(),
        };
        let away = |away: &Away| AwayForm {
            commit: away.commit,
            so_far_ms: u64::try_from(away.so_far.as_millis()).unwrap_or(u64::MAX),
            looked_us: away.looked.as_microsecond(),
        };
        Self {
            root: kept.root.clone(),
            seen: kept.seen,
            held: kept
                .held
                .iter()
                .map(|(name, one)| (name.clone(), held(one)))
                .collect(),
            lost: kept
                .lost
                .iter()
                .map(|(name, one)| (name.clone(), LossForm::of(one)))
                .collect(),
            away: kept
                .away
                .iter()
                .map(|(id, one)| (id.as_str().to_owned(), away(one)))
                .collect(),
            wishes: kept
                .wishes
                .iter()
                .map(|(name, one)| (name.clone(), WishForm::of(one)))
                .collect(),
            places: kept
                .places
                .iter()
                .map(|(name, one)| (name.clone(), PlaceForm::of(one)))
                .collect(),
            questions: kept
                .questions
                .iter()
                .map(|(name, all)| (name.clone(), all.iter().map(KnownForm::of).collect()))
                .collect(),
            endings: kept.endings.clone(),
        }
    }

    fn into_kept(self, me: &Arc<Owner>, doubtful: bool) -> Result<Kept, String> {
        let held = |form: HeldForm| -> Result<Held, String> {
            Ok(Held {
                token: form.token,
                since: time(form.since_us)?,
            })
        };
        let away = |id: String, form: AwayForm| -> Result<(SessionId, Away), String> {
            let session = SessionId::parse(&id).ok_or_else(|| format!("{id:?} is not a session"))?;
            let away = Away {
                commit: form.commit,
                so_far: Duration::from_millis(form.so_far_ms),
                looked: time(form.looked_us)?,
            };
            Ok((session, away))
        };
        Ok(Kept {
            root: self.root,
            doubtful,
            seen: self.seen,
            held: self
                .held
                .into_iter()
                .map(|(name, form)| Ok((name, held(form)?)))
                .collect::<Result<_, String>>()?,
            lost: self
                .lost
                .into_iter()
                .map(|(name, form)| Ok((name, form.into_loss(me)?)))
                .collect::<Result<_, String>>()?,
            away: self
                .away
                .into_iter()
                .map(|(id, form)| away(id, form))
                .collect::<Result<_, String>>()?,
            wishes: self
                .wishes
                .into_iter()
                .map(|(name, form)| Ok((name, form.into_wish()?)))
                .collect::<Result<_, String>>()?,
            places: self
                .places
                .into_iter()
                .map(|(name, form)| Ok((name, form.into_place()?)))
                .collect::<Result<_, String>>()?,
            questions: self
                .questions
                .into_iter()
                .map(|(name, all)| (name, all.into_iter().map(KnownForm::into_known).collect()))
                .collect(),
            endings: self.endings,
        })
    }
}

impl LossForm {
    fn of(loss: &Loss) -> Self {
        Self {
            token: loss.ended.token,
            since_us: loss.ended.since.as_microsecond(),
            how: loss.ended.how.as_str().to_owned(),
            reason: loss.ended.reason.clone(),
            by_user: loss.by.user.clone(),
            by_machine: loss.by.machine.clone(),
        }
    }

    fn into_loss(self, me: &Arc<Owner>) -> Result<Loss, String> {
        Ok(Loss {
            ended: Ended {
                owner: Arc::clone(me),
                token: self.token,
                since: time(self.since_us)?,
                how: How::parse(&self.how).ok_or_else(|| format!("a lock cannot end as {:?}", self.how))?,
                reason: self.reason,
            },
            by: Arc::new(Owner {
                user: self.by_user,
                machine: self.by_machine,
                session: None,
            }),
        })
    }
}

pub(super) fn time(microseconds: i64) -> Result<Timestamp, String> {
    Timestamp::from_microsecond(microseconds).map_err(|error| error.to_string())
}
