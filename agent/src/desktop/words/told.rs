//! Each kind of notice in words.

use std::sync::Arc;
use std::time::Duration;

use camctl_shared::clock::Timestamp;
use camctl_shared::model::{Ended, FileName, How, Owner, Said, Token};
use camctl_shared::text::{clean, span};

use super::{Toast, Urgency, base, count, folder_name, one_line};
use crate::desktop::act::{Act, Held, Place};

/// What was told about one repository.
pub struct Told<'a> {
    pub folder: &'a str,
    pub now: Timestamp,
}

impl Told<'_> {
    fn place(&self, file: &FileName) -> Place {
        Place {
            folder: self.folder.to_owned(),
            file: file.clone(),
        }
    }

    fn held(&self, file: &FileName, token: Option<Token>) -> Held {
        Held {
            place: self.place(file),
            token,
        }
    }

    /// About a file: its whole path, as the file manager shows it, is the last line.
    fn about(&self, file: &FileName, urgency: Urgency, summary: String, body: &str) -> Toast {
        let separator = if self.folder.contains('\\') { "\\" } else { "/" };
        let file = file.as_str().replace('/', separator);
        let path = format!("{}{separator}{file}", self.folder.trim_end_matches(['/', '\\']));
        Toast::new(urgency, summary, format!("{body}\n{}", clean(&path)))
    }

    /// ` for 2 h`; nothing where clocks disagree.
    fn for_how_long(&self, since: Timestamp) -> String {
        match Duration::try_from(self.now.duration_since(since)) {
            Ok(time) if time >= Duration::from_secs(1) => format!(" for {}", span(time)),
            _ => String::new(),
        }
    }

    fn who_had_it(&self, was: &Ended) -> String {
        // Why another ended it stands with who that was.
        let said = match was.how {
            How::Released => reason(was),
            How::Broken | How::Forced | How::Expired => String::new(),
        };
        let time = self.for_how_long(was.since);
        format!("{} had it{time}{said}.", name_of(&was.owner))
    }

    pub fn lock_ended(&self, file: &FileName, ended: &Ended, by: &Owner) -> Toast {
        let had = format!("You had it{}.", self.for_how_long(ended.since));
        let (name, by, why) = (name(file), name_of(by), reason(ended));
        let (urgency, summary, body) = match ended.how {
            How::Released => (
                Urgency::Normal,
                format!("{name} was checked in by {by}"),
                format!("{had} It is no longer yours{why}."),
            ),
            How::Expired => (
                Urgency::Critical,
                format!("Your checkout of {name} has ended"),
                format!("Its time was over. {had}"),
            ),
            How::Broken => (
                Urgency::Critical,
                format!("Your checkout of {name} was broken"),
                format!("By {by}, because your machine was silent{why}. {had}"),
            ),
            How::Forced => (
                Urgency::Critical,
                format!("Your checkout of {name} was ended"),
                format!("By {by}{why}. {had}"),
            ),
        };
        self.about(file, urgency, summary, &body)
    }

    pub fn lock_gone(&self, file: &FileName, holder: Option<&Owner>) -> Toast {
        let body = match holder {
            Some(holder) => format!("{} has it now.", name_of(holder)),
            None => "It is free now, and nothing says how that came.".to_owned(),
        };
        let summary = format!("Your checkout of {} is gone", name(file));
        self.about(file, Urgency::Critical, summary, &body)
    }

    pub fn granted_late(&self, file: &FileName) -> Toast {
        let summary = format!("{} is checked out to you", name(file));
        let body = "It was granted after the command that asked for it had ended.";
        self.about(file, Urgency::Normal, summary, body)
    }

    pub fn free(&self, file: &FileName, was: &Ended, by: &Arc<Owner>) -> Toast {
        let mut body = self.who_had_it(was);
        if was.how != How::Released && *by != was.owner {
            let how = capitalised(was.how.as_str());
            body = format!("{body} {how} by {}{}.", name_of(by), reason(was));
        }
        self.about(file, Urgency::Normal, format!("{} is free", name(file)), &body)
            .button("Check out", Act::Checkout(self.place(file)))
    }

    pub fn yours(&self, file: &FileName, token: Option<Token>, was: Option<&Ended>) -> Toast {
        let who = was.map(|was| self.who_had_it(was)).unwrap_or_default();
        let body = format!("You were next in line. {who}");
        let body = body.trim_end();
        let open = Act::Open {
            folder: self.folder.to_owned(),
            file: Some(file.clone()),
        };
        self.about(
            file,
            Urgency::Normal,
            format!("{} is yours now", name(file)),
            body,
        )
        .button("Open folder", open)
        .button("Give it back", Act::Checkin(vec![self.held(file, token)]))
    }

    pub fn out_of_line(&self, file: &FileName, why: &str) -> Toast {
        let summary = format!("You are no longer in line for {}", name(file));
        let body = format!("It cannot be had: {}.", one_line(why));
        self.about(file, Urgency::Normal, summary, &body)
    }

    pub fn asked(
        &self,
        file: &FileName,
        token: Option<Token>,
        from: &Arc<Owner>,
        at: Timestamp,
        message: &str,
        guarded: bool,
    ) -> Toast {
        let answer = |said| Act::Answer {
            held: self.held(file, token),
            from: Arc::clone(from),
            at,
            said,
        };
        let summary = format!("{} asks for {}", name_of(from), name(file));
        let body = match one_line(message) {
            text if text.is_empty() => "No reason was given.".to_owned(),
            text => format!("\"{text}\""),
        };
        let mut toast = self.about(file, Urgency::Normal, summary, &body);
        if !guarded {
            toast = toast.button("Check in now", answer(Said::Yes));
        }
        toast
            .button("In 10 minutes", answer(Said::Later))
            .button("No", answer(Said::No))
    }

    pub fn answered(&self, file: &FileName, by: &Owner, answer: &str) -> Toast {
        let summary = format!("{} answers about {}", name_of(by), name(file));
        let answer = capitalised(&one_line(answer));
        self.about(file, Urgency::Normal, summary, &answer)
            .button("Wait in line", Act::Wait(self.place(file)))
    }

    pub fn ending(&self, file: &FileName, token: Option<Token>, at: Timestamp, lease: Duration) -> Toast {
        let left = Duration::try_from(at.duration_since(self.now)).unwrap_or_default();
        let when = match left.as_secs() {
            0 => "now".to_owned(),
            _ => format!("in {}", span(left)),
        };
        let summary = format!("Your checkout of {} ends {when}", name(file));
        let body = format!("It was taken for {}.", span(lease));
        let held = self.held(file, token);
        let renew = Act::Renew {
            held: held.clone(),
            lease,
        };
        self.about(file, Urgency::Normal, summary, &body)
            .button("Keep it", renew)
            .button("Check in now", Act::Checkin(vec![held]))
    }

    pub fn forgotten(
        &self,
        file: &FileName,
        token: Option<Token>,
        untouched: Duration,
        left: Duration,
    ) -> Toast {
        let summary = format!("{} will be checked in", name(file));
        let body = format!(
            "It has not changed, and you have touched nothing for {}. In {} it is given back.",
            span(untouched),
            span(left)
        );
        self.about(file, Urgency::Normal, summary, &body)
            .button("Keep it", Act::Keep(vec![self.held(file, token)]))
    }

    pub fn given_back(&self, file: &FileName) -> Toast {
        let summary = format!("{} was checked in", name(file));
        let body = "It had not changed, and nobody was there.";
        self.about(file, Urgency::Normal, summary, body)
            .button("Check out", Act::Checkout(self.place(file)))
    }

    pub fn still_held(&self, file: &FileName, token: Option<Token>, since: Timestamp) -> Toast {
        let summary = format!("{} is still checked out to you", name(file));
        let body = match self.for_how_long(since) {
            time if time.is_empty() => "Others cannot edit it meanwhile.".to_owned(),
            time => format!("You have had it{time}. Others cannot edit it meanwhile."),
        };
        self.about(file, Urgency::Normal, summary, &body)
            .button("Check in now", Act::Checkin(vec![self.held(file, token)]))
    }

    pub fn not_safe(&self, locks: usize) -> Toast {
        let body = format!(
            "The share has not taken this machine's signs of life for a while. Soon others may be able to take what \
             you hold there ({}).",
            count(locks, "file")
        );
        let summary = format!("Your checkouts in {} may not be safe", folder_name(self.folder));
        Toast::new(Urgency::Critical, summary, body)
    }

    pub fn safe_again(&self, locks: usize) -> Toast {
        let summary = format!("Your checkouts in {} are safe", folder_name(self.folder));
        let body = format!("{} stood all the time.", count(locks, "checkout"));
        Toast::new(Urgency::Low, summary, body)
    }

    pub fn away(&self, cause: &str) -> Toast {
        let summary = format!("{} cannot be reached", folder_name(self.folder));
        let body = format!("{}\nWhat is checked out stays so.", one_line(cause));
        Toast::new(Urgency::Normal, summary, body)
    }

    pub fn back(&self) -> Toast {
        let summary = format!("{} can be reached again", folder_name(self.folder));
        Toast::new(Urgency::Low, summary, clean(self.folder))
    }

    pub fn remark(&self, remark: &str) -> Toast {
        let summary = format!("About {}", folder_name(self.folder));
        Toast::new(Urgency::Normal, summary, one_line(remark))
    }
}

fn name(file: &FileName) -> String {
    base(file.as_str()).into_owned()
}

fn name_of(owner: &Owner) -> String {
    clean(&owner.to_string()).into_owned()
}

/// `: "a message"`, or nothing.
fn quoted(message: &str) -> String {
    match one_line(message) {
        text if text.is_empty() => text,
        text => format!(": \"{text}\""),
    }
}

fn reason(ended: &Ended) -> String {
    ended.reason.as_deref().map(quoted).unwrap_or_default()
}

fn capitalised(text: &str) -> String {
    let mut chars = text.chars();
    let first = chars.next().map(|first| first.to_uppercase().to_string());
    first.unwrap_or_default() + chars.as_str()
}
