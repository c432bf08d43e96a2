//! One connection, from its `Hello` to its end.

use camctl_shared::ipc::codec::CodecError;
use camctl_shared::ipc::message::{Fault, Hello, Reply};
use camctl_shared::ipc::version::PROTOCOL;
use interprocess::local_socket::tokio::Stream;

use super::conversation::{Gone, Heard, Incoming, Replies, Unheard};
use super::seats::Seat;
use super::{Agent, handlers};

/// Serves one client until it leaves, stalls or says something that cannot be understood.
pub async fn serve(stream: Stream, agent: &Agent, seat: &Seat) {
    let (from, to) = tokio::io::split(stream);
    let mut incoming = Incoming::new(from, agent.room.clone());
    let mut replies = Replies::new(to, agent.limits.take);
    match converse(&mut incoming, &mut replies, agent, seat).await {
        Ok(()) | Err(Unheard::Codec(CodecError::Closed)) => {}
        Err(Unheard::Codec(error)) => tracing::debug!(%error, "a connection was ended"),
        Err(Unheard::NoRoom) => tracing::warn!("too many long requests at one time; one was turned away"),
    }
}

async fn converse(
    incoming: &mut Incoming,
    replies: &mut Replies,
    agent: &Agent,
    seat: &Seat,
) -> Result<(), Unheard> {
    let limits = agent.limits;
    let Ok(theirs) = seat.idle(incoming.next(limits.hello, limits.hello)).await else {
        return Ok(());
    };
    let theirs: Hello = theirs?.message;
    let ours = Hello {
        protocol: PROTOCOL,
        version: env!("CARGO_PKG_VERSION").to_owned(),
        capabilities: Vec::new(),
    };
    // Whatever the client speaks: it compares the versions and says which one is older.
    if replies.send_message(&ours).await.is_err() {
        return Ok(());
    }
    if theirs.protocol != PROTOCOL {
        tracing::info!(protocol = theirs.protocol, version = %theirs.version, "a client of another version");
        return Ok(());
    }
    loop {
        let Ok(request) = seat.idle(incoming.next(limits.idle, limits.frame)).await else {
            return Ok(());
        };
        let Heard {
            message: request,
            room,
        } = match request {
            Ok(heard) => heard,
            Err(Unheard::Codec(CodecError::TimedOut)) => return Ok(()),
            Err(error) => {
                if let Some(fault) = fault(&error) {
                    // It may have left; the connection ends either way.
                    let _ = replies.send(&Reply::Failed(fault)).await;
                }
                return Err(error);
            }
        };
        let served = tokio::select! {
            biased;
            served = handlers::handle(agent, request, replies) => served,
            () = incoming.gone() => Err(Gone),
        };
        drop(room);
        if served.is_err() {
            return Ok(());
        }
    }
}

/// What a client is told whose request was not heard; `None` when it has left, or said nothing.
fn fault(error: &Unheard) -> Option<Fault> {
    match error {
        Unheard::Codec(error @ (CodecError::Rubbish { .. } | CodecError::TooLarge { .. })) => {
            Some(Fault::BadRequest {
                problem: error.to_string(),
            })
        }
        Unheard::Codec(_) => None,
        Unheard::NoRoom => Some(Fault::BadRequest {
            problem: "other programs are sending too much to the agent at the same time; try again, or name \
                      fewer files at once"
                .into(),
        }),
    }
}
