//! One file for each verb, named as everywhere.
//!
//! A handler may be dropped at any `await`: that is how a client that leaves ends its request. So nothing here may be
//! left half-done; what changes locks is the worker's, which notices that nobody waits any more.

mod agent;
mod answer;
#[path = "break.rs"]
mod break_;
mod checkin;
mod checkout;
mod common;
mod copying;
mod doctor;
mod get;
mod history;
mod init;
mod list;
mod menu;
mod notify;
mod put;
mod queue;
mod request;
mod run;
mod stats;
mod status;
mod wait;
mod watch;

use camctl_shared::ipc::message::{Reply, Request};

use super::Agent;
use super::conversation::{Gone, Replies};
use crate::problem::Problem;
use crate::wire;

/// Serves one request, its last reply included.
///
/// # Errors
/// [`Gone`], when the client has left or does not take its replies.
pub async fn handle(agent: &Agent, request: Request, replies: &mut Replies) -> Result<(), Gone> {
    match request {
        Request::Init {
            folder,
            extensions,
            locks_file,
            administrators,
        } => {
            let wish = init::Wish {
                folder,
                extensions,
                locks_file,
                administrators,
            };
            init::init(agent, replies, wish).await
        }
        Request::Checkout {
            files,
            message,
            wait,
            lease_ms,
            steal,
        } => {
            let wish = checkout::Wish {
                message,
                wait,
                lease_ms,
                steal,
            };
            checkout::checkout(agent, replies, files, wish).await
        }
        Request::Checkin { files, all, message } => {
            checkin::checkin(agent, replies, files, all, message).await
        }
        Request::Status { files } => status::status(agent, replies, files).await,
        Request::List { folder, filter } => list::list(agent, replies, &folder, &filter).await,
        Request::Wait { files, timeout_ms } => wait::wait(agent, replies, files, timeout_ms).await,
        Request::Break { files, reason } => break_::break_(agent, replies, files, &reason).await,
        Request::Watch { paths } => watch::watch(agent, replies, paths).await,
        Request::AgentStatus => agent::status(agent, replies).await,
        Request::AgentStop => agent::stop(agent, replies).await,
        Request::Doctor { folder, fix } => doctor::doctor(agent, replies, folder, fix).await,
        Request::Notify { files, on } => notify::notify(agent, replies, files, on).await,
        Request::StatusAtOnce { files, menus } => status::at_once(agent, replies, files, menus).await,
        Request::Menu { files } => menu::menu(agent, replies, files).await,
        Request::Queue { files, wish } => queue::queue(agent, replies, files, wish).await,
        Request::Request { files, message } => request::request(agent, replies, files, message).await,
        Request::Answer {
            files,
            said,
            message,
            to,
        } => {
            let wish = answer::Wish { said, message, to };
            answer::answer(agent, replies, files, wish).await
        }
        Request::History {
            paths,
            since_us,
            user,
            limit,
        } => {
            let wish = history::Wish {
                paths,
                since: since_us,
                user,
                limit,
            };
            history::history(agent, replies, wish).await
        }
        Request::Stats { folder, since_us } => stats::stats(agent, replies, &folder, since_us).await,
        Request::Run {
            file,
            message,
            wait,
            pid,
            token,
        } => {
            let wish = run::Wish { message, wait, pid };
            run::run(agent, replies, file, wish, token).await
        }
        Request::RunOver { file, token } => run::over(agent, replies, file, token).await,
        Request::Get { file, to } => get::get(agent, replies, file, to).await,
        Request::Put { file, from } => put::put(agent, replies, file, from).await,
    }
}

/// The request as a whole failed.
async fn fail(replies: &mut Replies, problem: &Problem) -> Result<(), Gone> {
    replies.send(&Reply::Failed(wire::plain_fault(problem))).await
}
