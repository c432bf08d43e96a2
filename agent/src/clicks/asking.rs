//! Clicks about who needs a file: asking, answering, and keeping a lease.

use std::time::Duration;

use camctl_shared::model::{Refusal, Said};
use camctl_shared::rules::{Checkout, Done, Form, Intent, Response, To};
use camctl_shared::text::{clean, span};

use super::{CHANGED, ask, repository, stands, why};
use crate::desktop::act::{Act, Held, Place};
use crate::desktop::words::{Toast, Urgency, base, refused};
use crate::problem::Problem;
use crate::server::Agent;

/// What the button "In 10 minutes" says.
const SOON: &str = "in 10 minutes";

/// Asks the owner for a file, in no words.
pub(super) async fn ask_for(agent: &Agent, place: &Place) -> Toast {
    let name = base(place.file.as_str()).into_owned();
    match ask(agent, place, Intent::Request { message: None }).await {
        Ok(Done::Requested { lock, .. }) => Toast::new(
            Urgency::Low,
            format!("{} is asked for {name}", clean(&lock.owner.to_string())),
            "You will be told the answer, and when it is free.",
        ),
        Ok(_) => Toast::new(Urgency::Low, format!("Its owner is asked for {name}"), ""),
        Err(Problem::Refused(Refusal::NotHeld { .. })) => Toast::new(
            Urgency::Normal,
            format!("{name} is free"),
            "Nobody has it any more.",
        )
        .button("Check out", Act::Checkout(place.clone())),
        Err(problem) => Toast::new(
            Urgency::Normal,
            format!("Nobody was asked for {name}"),
            why(&problem),
        ),
    }
}

/// Answers one question about one lock, and nothing else.
pub(super) async fn answer(agent: &Agent, held: &Held, to: To, said: Said) -> Option<Toast> {
    let response = Response {
        said,
        message: (said == Said::Later).then(|| SOON.into()),
        to,
        token: held.token,
    };
    let problem = ask(agent, &held.place, Intent::Answer(response)).await.err()?;
    let reason = match problem {
        Problem::Refused(Refusal::NotAsked { .. }) => {
            "They do not ask any more, or were answered.".to_owned()
        }
        problem => why(&problem),
    };
    let name = base(held.place.file.as_str());
    let summary = format!("Nobody was answered about {name}");
    Some(Toast::new(Urgency::Normal, summary, reason))
}

/// Renews the lease that the person saw.
pub(super) async fn renew(agent: &Agent, held: Held, lease: Duration) -> Toast {
    let name = base(held.place.file.as_str()).into_owned();
    let failed = |reason: String| {
        let summary = format!("Your checkout of {name} was not renewed");
        Toast::new(Urgency::Normal, summary, reason)
    };
    let repository = repository(agent, &held.place.folder);
    if !repository.is_some_and(|repository| stands(&repository, &held)) {
        return failed(CHANGED.to_owned());
    }
    // Should it end in this moment, it is taken anew: that is what was wanted.
    let again = Checkout {
        form: Form::Lease(lease),
        ..Checkout::default()
    };
    match ask(agent, &held.place, Intent::Checkout(again)).await {
        Ok(_) => Toast::new(
            Urgency::Low,
            format!("{name} is yours for another {}", span(lease)),
            "Check it in when you are done.",
        ),
        Err(Problem::Refused(Refusal::Held { lock, .. })) => {
            let summary = format!("{name} is checked out by {}", clean(&lock.owner.to_string()));
            refused(
                Toast::new(Urgency::Normal, summary, "Your time was over."),
                held.place,
            )
        }
        Err(problem) => failed(why(&problem)),
    }
}
