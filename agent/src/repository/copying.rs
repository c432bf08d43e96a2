//! Contents on their way, each on a thread of its own: a file may take minutes, and the share may hang in the middle.
//!
//! The thread tells a [`Gauge`] how far it is, and sends what it comes to; whoever waits sees a share that is slow from one
//! that is dead by whether anything moves. When nobody waits any more, the thread ends at the next piece.

use std::ops::ControlFlow;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

use camctl_shared::clock::{Clock, Moment};
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};
use tokio::time::timeout;

use super::board::Board;
use crate::problem::Problem;

/// Contents that are copied at one time.
pub const AT_ONCE: usize = 4;

/// How far a copy is.
pub struct Gauge {
    clock: Arc<dyn Clock>,
    done: AtomicU64,
    of: AtomicU64,
    moved_ms: AtomicU64,
    unwanted: AtomicBool,
}

impl Gauge {
    fn new(clock: Arc<dyn Clock>) -> Self {
        let gauge = Self {
            clock,
            done: AtomicU64::new(0),
            of: AtomicU64::new(0),
            moved_ms: AtomicU64::new(0),
            unwanted: AtomicBool::new(false),
        };
        gauge.moves();
        gauge
    }

    /// For the copy: so many bytes of so many. Breaks it off when nobody waits for it any more.
    pub fn watch(&self, done: u64, of: u64) -> ControlFlow<()> {
        self.done.store(done, Ordering::Relaxed);
        self.of.store(of, Ordering::Relaxed);
        self.moves();
        if self.unwanted.load(Ordering::Relaxed) {
            ControlFlow::Break(())
        } else {
            ControlFlow::Continue(())
        }
    }

    /// The share has answered something else.
    pub fn moves(&self) {
        let now = milliseconds(self.clock.moment().since(Moment::default()));
        self.moved_ms.store(now, Ordering::Relaxed);
    }

    /// For how long nothing has moved.
    fn still(&self) -> Duration {
        let moved = Moment::from_start(Duration::from_millis(self.moved_ms.load(Ordering::Relaxed)));
        self.clock.moment().since(moved)
    }
}

fn milliseconds(time: Duration) -> u64 {
    u64::try_from(time.as_millis()).unwrap_or(u64::MAX)
}

/// A copy that is under way; when this is dropped, it is given up.
pub struct Going<T> {
    gauge: Arc<Gauge>,
    steps: UnboundedReceiver<T>,
    patience: Duration,
}

/// What there is to be said of a copy.
pub enum Next<T> {
    /// It has come to this.
    Step(T),
    /// It goes on: so many bytes of so many.
    Moves(u64, u64),
    /// Nothing has moved for so long.
    Still(Duration),
}

impl<T> Drop for Going<T> {
    fn drop(&mut self) {
        self.gauge.unwanted.store(true, Ordering::Relaxed);
    }
}

impl<T: Send + 'static> Going<T> {
    /// Starts `work` on a thread of its own, as soon as there are not too many of them.
    ///
    /// # Errors
    /// When the others hang, or the system gives no thread.
    pub async fn start(
        board: &Board,
        work: impl FnOnce(&Gauge, &UnboundedSender<T>) + Send + 'static,
    ) -> Result<Self, Problem> {
        let seat = timeout(board.patience, Arc::clone(&board.copies).acquire_owned()).await;
        let Ok(Ok(seat)) = seat else {
            return Err(board.no_answer(board.patience));
        };
        let gauge = Arc::new(Gauge::new(Arc::clone(&board.clock)));
        let (sender, steps) = unbounded_channel();
        let its_gauge = Arc::clone(&gauge);
        let thread = std::thread::Builder::new().name("copy".into());
        let spawned = thread.spawn(move || {
            work(&its_gauge, &sender);
            drop(seat);
        });
        match spawned {
            Ok(_) => Ok(Self {
                gauge,
                steps,
                patience: board.patience,
            }),
            Err(error) => Err(Problem::Internal(format!("no thread for a copy: {error}"))),
        }
    }

    /// What is next to be said, after `pause` at the latest.
    ///
    /// # Errors
    /// When the thread ended without a word.
    pub async fn next(&mut self, pause: Duration) -> Result<Next<T>, Problem> {
        match timeout(pause, self.steps.recv()).await {
            Ok(Some(step)) => Ok(Next::Step(step)),
            Ok(None) => Err(Problem::Internal("the copy ended without a word".into())),
            Err(_) => {
                let still = self.gauge.still();
                if still >= self.patience {
                    return Ok(Next::Still(still));
                }
                let (done, of) = (&self.gauge.done, &self.gauge.of);
                Ok(Next::Moves(
                    done.load(Ordering::Relaxed),
                    of.load(Ordering::Relaxed),
                ))
            }
        }
    }
}
