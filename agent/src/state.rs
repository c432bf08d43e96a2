//! What a restarted agent goes on with: its session, the repositories it knows, and what it held there.
//!
//! One small file on the local disk, named after the machine. It is a memory, never the truth: that stands in the log.
//! A file that cannot be understood is set aside and the agent begins anew; locks of the same user on the same machine
//! are its own all the same, by the rules.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use camctl_shared::clock::Timestamp;
use camctl_shared::model::{Ended, How, Owner, SessionId, Token};
use camctl_shared::paths;
use camctl_shared::rules::Away;
use serde::{Deserialize, Serialize};

use crate::repository::board::{Held, Loss};

/// The form of the file.
const FORMAT: u32 = 1;
/// Longer than any sane state; a longer file is damaged.
const LONGEST: u64 = 64 << 20;

/// What is kept of one repository.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Kept {
    /// Its folder.
    pub root: PathBuf,
    /// The newest commit that everything below takes into account; `None` when the table was never read.
    pub seen: Option<u64>,
    /// What this desk held, by name.
    pub held: BTreeMap<String, Held>,
    /// What it lost and was not asked for since, by name.
    pub lost: BTreeMap<String, Loss>,
    /// How long parked sessions have been away.
    pub away: BTreeMap<SessionId, Away>,
}

/// The whole of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LocalState {
    /// The session that goes on.
    pub session: SessionId,
    /// The repositories that are known.
    pub repositories: Vec<Kept>,
}

/// Where the state is kept, and what was last written.
#[derive(Debug)]
pub struct StateFile {
    path: PathBuf,
    user: String,
    machine: String,
    written: Option<String>,
}

impl StateFile {
    /// The file at `path`, for this user at this machine.
    pub fn new(path: PathBuf, user: &str, machine: &str) -> Self {
        Self {
            path,
            user: user.to_owned(),
            machine: machine.to_owned(),
            written: None,
        }
    }

    /// What an earlier run left; a new session where it left nothing, or was another user or another machine (a home
    /// folder that was copied).
    ///
    /// A file that cannot be understood is set aside; a sentence about that is returned with the state.
    pub fn load(&mut self) -> (LocalState, Option<String>) {
        let begin = |problem| {
            let state = LocalState {
                session: SessionId::random(),
                repositories: Vec::new(),
            };
            (state, problem)
        };
        match read(&self.path) {
            Ok(None) => begin(None),
            Ok(Some(form)) if form.user != self.user || form.machine != self.machine => begin(Some(format!(
                "{} belongs to {} on {}; a new session begins",
                self.path.display(),
                form.user,
                form.machine
            ))),
            Ok(Some(form)) => match form.into_state() {
                Ok(state) => (state, None),
                Err(problem) => begin(Some(self.set_aside(&problem))),
            },
            Err(problem) => begin(Some(self.set_aside(&problem))),
        }
    }

    fn set_aside(&self, problem: &str) -> String {
        let mut aside = self.path.clone().into_os_string();
        aside.push(".bad");
        let kept = std::fs::copy(&self.path, &aside);
        let where_to = match kept {
            Ok(_) => format!("; kept as {}", Path::new(&aside).display()),
            Err(error) => format!("; it could not be kept: {error}"),
        };
        format!(
            "{} cannot be understood: {problem}{where_to}",
            self.path.display()
        )
    }

    /// Writes `state`, if it differs from what was last written.
    ///
    /// # Errors
    /// With a sentence; the old content stands.
    pub fn save(&mut self, state: &LocalState) -> Result<(), String> {
        let form = Form::of(state, &self.user, &self.machine);
        let text = serde_json::to_string_pretty(&form).map_err(|error| error.to_string())?;
        if self.written.as_deref() == Some(&text) {
            return Ok(());
        }
        paths::replace_file(&self.path, text.as_bytes()).map_err(|error| error.to_string())?;
        self.written = Some(text);
        Ok(())
    }
}

fn read(path: &Path) -> Result<Option<Form>, String> {
    match std::fs::metadata(path) {
        Ok(meta) if meta.len() > LONGEST => return Err(format!("it has {} bytes", meta.len())),
        Ok(_) => {}
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(error.to_string()),
    }
    let bytes = std::fs::read(path).map_err(|error| error.to_string())?;
    let form: Form = serde_json::from_slice(&bytes).map_err(|error| error.to_string())?;
    if form.format > FORMAT {
        return Err(format!(
            "it has format {}, written by a newer camctl",
            form.format
        ));
    }
    Ok(Some(form))
}

// --- the form on disk ----------------------------------------------------------------------------------------------

#[derive(Serialize, Deserialize)]
struct Form {
    format: u32,
    user: String,
    machine: String,
    session: String,
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
    fn of(state: &LocalState, user: &str, machine: &str) -> Self {
        Self {
            format: FORMAT,
            user: user.to_owned(),
            machine: machine.to_owned(),
            session: state.session.as_str().to_owned(),
            repositories: state.repositories.iter().map(RepositoryForm::of).collect(),
        }
    }

    fn into_state(self) -> Result<LocalState, String> {
        let session = SessionId::parse(&self.session).ok_or("its session is not one")?;
        let me = Arc::new(Owner::new(&self.user, &self.machine, session.clone()));
        let repositories: Result<Vec<Kept>, String> = self
            .repositories
            .into_iter()
            .map(|form| form.into_kept(&me))
            .collect();
        Ok(LocalState {
            session,
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
        }
    }

    fn into_kept(self, me: &Arc<Owner>) -> Result<Kept, String> {
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

fn time(microseconds: i64) -> Result<Timestamp, String> {
    Timestamp::from_microsecond(microseconds).map_err(|error| error.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sample() -> LocalState {
        let me = Arc::new(Owner::new("alice", "CAM-03", SessionId::parse("s1").unwrap()));
        let held = Held {
            token: Some(7),
            since: Timestamp::from_second(1_700_000_000).unwrap(),
        };
        let loss = Loss {
            ended: Ended {
                owner: me,
                token: Some(3),
                since: held.since,
                how: How::Forced,
                reason: Some("needed".into()),
            },
            by: Arc::new(Owner {
                user: "boss".into(),
                machine: Some("OFFICE".into()),
                session: None,
            }),
        };
        let away = Away {
            commit: 5,
            so_far: Duration::from_secs(60),
            looked: held.since,
        };
        LocalState {
            session: SessionId::parse("s1").unwrap(),
            repositories: vec![Kept {
                root: "/mnt/cam".into(),
                seen: Some(9),
                held: BTreeMap::from([("a.mcam".into(), held)]),
                lost: BTreeMap::from([("b.mcam".into(), loss)]),
                away: BTreeMap::from([(SessionId::parse("s2").unwrap(), away)]),
            }],
        }
    }

    #[test]
    fn what_was_saved_is_loaded() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("session-CAM-03.json");
        let mut file = StateFile::new(path.clone(), "alice", "CAM-03");
        file.save(&sample()).unwrap();
        assert_eq!(StateFile::new(path, "alice", "CAM-03").load(), (sample(), None));
    }

    #[test]
    fn nothing_is_written_when_nothing_changed() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("session.json");
        let mut file = StateFile::new(path.clone(), "alice", "CAM-03");
        file.save(&sample()).unwrap();
        std::fs::remove_file(&path).unwrap();
        file.save(&sample()).unwrap();
        assert!(!path.exists());
    }

    #[test]
    fn a_copied_home_begins_a_new_session() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("session.json");
        StateFile::new(path.clone(), "alice", "CAM-03")
            .save(&sample())
            .unwrap();
        let (state, problem) = StateFile::new(path, "alice", "CAM-04").load();
        assert_ne!(state.session, sample().session);
        assert!(problem.unwrap().contains("alice on CAM-03"));
    }

    #[test]
    fn a_damaged_file_is_kept_aside_and_stops_nobody() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("session.json");
        let newer = "{\"format\":99,\"user\":\"alice\",\"machine\":\"CAM-03\",\"session\":\"s\"}";
        for content in ["", "{", "[]", "null", "\u{0}\u{0}", newer] {
            std::fs::write(&path, content).unwrap();
            let (state, problem) = StateFile::new(path.clone(), "alice", "CAM-03").load();
            assert!(state.repositories.is_empty());
            assert!(problem.unwrap().contains("cannot be understood"), "{content:?}");
            let aside = std::fs::read_to_string(folder.path().join("session.json.bad")).unwrap();
            assert_eq!(aside, content);
        }
    }
}
