//! Menu: what can be done with files, for file managers. All its texts are here, so that every file manager and every
//! program behind `camctl bridge` says the same.
//!
//! Answered from memory: whoever opens a menu does not wait for a share.

use camctl_shared::ipc::message::{FileState, MenuEntry, Reply, Standing, Whose};

use super::status::standing;
use crate::server::Agent;
use crate::server::conversation::{Gone, Replies};

/// Serves `Menu`.
pub async fn menu(agent: &Agent, replies: &mut Replies, files: Vec<String>) -> Result<(), Gone> {
    let standings: Vec<Standing> = files.into_iter().map(|file| standing(agent, file)).collect();
    replies.send(&Reply::Menu(entries(&standings))).await
}

/// One command: its word, what is shown, and for which files it is.
struct Offer {
    command: &'static str,
    label: &'static str,
    fits: fn(&Standing) -> bool,
}

const CHECKOUT: Offer = Offer {
    command: "checkout",
    label: "Check out",
    fits: |standing| standing.state == FileState::Free,
};
const CHECKIN: Offer = Offer {
    command: "checkin",
    label: "Check in",
    fits: |standing| {
        let whose = standing.lock.as_ref().map(|lock| lock.whose);
        matches!(whose, Some(Whose::Mine | Whose::MineElsewhere))
    },
};
const WAIT: Offer = Offer {
    command: "wait",
    label: "Wait in line",
    fits: |standing| standing.state == FileState::Theirs,
};
const LEAVE: Offer = Offer {
    command: "leave",
    label: "Leave the line",
    fits: |standing| standing.state == FileState::Waiting,
};
const ASK: Offer = Offer {
    command: "ask",
    label: "Ask for it",
    fits: |standing| {
        let theirs = standing.lock.as_ref().map(|lock| lock.whose);
        theirs == Some(Whose::Theirs)
    },
};
const NOTIFY: Offer = Offer {
    command: "notify",
    label: "Tell me when free",
    fits: |standing| matches!(standing.state, FileState::Theirs | FileState::Waiting),
};
const WHO: Offer = Offer {
    command: "who",
    label: "Who has it?",
    fits: |standing| standing.lock.is_some(),
};

/// The menu for files that were chosen together. What can be done with none of them stands there all the same, so that
/// the lines keep their places; of waiting and leaving there is only the one that fits.
pub fn entries(standings: &[Standing]) -> Vec<MenuEntry> {
    if standings.iter().all(|standing| standing.repository.is_none()) {
        return Vec::new();
    }
    let line = if standings.iter().any(LEAVE.fits) && !standings.iter().any(WAIT.fits) {
        LEAVE
    } else {
        WAIT
    };
    [CHECKOUT, CHECKIN, line, ASK, NOTIFY, WHO]
        .iter()
        .map(|offer| entry(offer, standings))
        .collect()
}

fn entry(offer: &Offer, standings: &[Standing]) -> MenuEntry {
    let fitting = (0..)
        .zip(standings)
        .filter(|(_, standing)| (offer.fits)(standing));
    let files: Vec<u32> = fitting.map(|(place, _)| place).collect();
    let label = match files.len() {
        count if count == standings.len() || count == 0 => offer.label.to_owned(),
        count => format!("{} ({count} of {})", offer.label, standings.len()),
    };
    MenuEntry {
        command: offer.command.to_owned(),
        label,
        enabled: !files.is_empty(),
        files,
    }
}

#[cfg(test)]
mod tests {
    use camctl_shared::ipc::message::{LockInfo, Presence};

    use super::*;

    fn standing(state: FileState, whose: Option<Whose>) -> Standing {
        Standing {
            asked: "/mnt/cam/a.mcam".into(),
            repository: Some("/mnt/cam".into()),
            file: Some("a.mcam".into()),
            state,
            lock: whose.map(|whose| LockInfo {
                user: "alice".into(),
                machine: None,
                session: None,
                since_us: 0,
                message: String::new(),
                kind: "checkout".into(),
                token: None,
                expires_us: None,
                whose,
                presence: Presence::Alive,
                parked_us: None,
                waiting: 0,
                place: None,
                asked: 0,
            }),
            menu: Vec::new(),
        }
    }

    fn shown(standings: &[Standing]) -> String {
        let show = |entry: MenuEntry| {
            if entry.enabled {
                format!("{} {:?}", entry.label, entry.files)
            } else {
                format!("({})", entry.label)
            }
        };
        entries(standings)
            .into_iter()
            .map(show)
            .collect::<Vec<_>>()
            .join(" | ")
    }

    #[test]
    fn a_menu_offers_what_fits_the_file() {
        let free = || standing(FileState::Free, None);
        let mine = || standing(FileState::Mine, Some(Whose::Mine));
        let theirs = || standing(FileState::Theirs, Some(Whose::Theirs));
        let elsewhere = || standing(FileState::Theirs, Some(Whose::MineElsewhere));
        let waiting = || standing(FileState::Waiting, Some(Whose::Theirs));
        let unknown = || standing(FileState::Unknown, None);
        let outside = || Standing {
            repository: None,
            ..unknown()
        };
        let cases: [(Vec<Standing>, &str); 10] = [
            (vec![], ""),
            (vec![outside()], ""),
            (
                vec![unknown()],
                "(Check out) | (Check in) | (Wait in line) | (Ask for it) | (Tell me when free) | (Who has it?)",
            ),
            (
                vec![free()],
                "Check out [0] | (Check in) | (Wait in line) | (Ask for it) | (Tell me when free) | (Who has it?)",
            ),
            (
                vec![mine()],
                "(Check out) | Check in [0] | (Wait in line) | (Ask for it) | (Tell me when free) | Who has it? [0]",
            ),
            (
                vec![theirs()],
                "(Check out) | (Check in) | Wait in line [0] | Ask for it [0] | Tell me when free [0] | Who has it? [0]",
            ),
            (
                vec![elsewhere()],
                "(Check out) | Check in [0] | Wait in line [0] | (Ask for it) | Tell me when free [0] | Who has it? [0]",
            ),
            (
                vec![waiting()],
                "(Check out) | (Check in) | Leave the line [0] | Ask for it [0] | Tell me when free [0] | Who has it? [0]",
            ),
            (
                vec![free(), free()],
                "Check out [0, 1] | (Check in) | (Wait in line) | (Ask for it) | (Tell me when free) | (Who has it?)",
            ),
            (
                vec![outside(), free(), waiting(), theirs(), mine()],
                "Check out (1 of 5) [1] | Check in (1 of 5) [4] | Wait in line (1 of 5) [3] | \
                 Ask for it (2 of 5) [2, 3] | \
                 Tell me when free (2 of 5) [2, 3] | Who has it? (3 of 5) [2, 3, 4]",
            ),
        ];
        for (standings, menu) in cases {
            assert_eq!(shown(&standings), menu);
        }
    }
}
