//! How many clients there may be at one time, and who has to go when there are more.
//!
//! A client that waits for nothing from us (it has not said `Hello`, it is between two requests, or it sends one byte
//! now and then) has to make room for a new one, the longest idle first. Clients that are being served stay.

use std::collections::BTreeMap;
use std::future::Future;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::{Notify, OwnedSemaphorePermit, Semaphore};

/// See the module.
#[derive(Clone)]
pub struct Seats {
    free: Arc<Semaphore>,
    idle: Arc<Mutex<Idle>>,
}

#[derive(Default)]
struct Idle {
    /// By when they became idle.
    waiting: BTreeMap<u64, Arc<Notify>>,
    count: u64,
}

/// A client's place.
pub struct Seat {
    idle: Arc<Mutex<Idle>>,
    leave: Arc<Notify>,
    _permit: OwnedSemaphorePermit,
}

/// The client had to make room.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Evicted;

impl Seats {
    /// So many.
    pub fn new(count: usize) -> Self {
        Self {
            free: Arc::new(Semaphore::new(count)),
            idle: Arc::default(),
        }
    }

    /// A place for a new client, if need be that of the one that has been idle longest; `None` when all are served.
    pub async fn take(&self) -> Option<Seat> {
        let permit = if let Ok(permit) = Arc::clone(&self.free).try_acquire_owned() {
            permit
        } else {
            let (_, longest) = lock(&self.idle).waiting.pop_first()?;
            longest.notify_one();
            // It does nothing else than wait for this.
            Arc::clone(&self.free).acquire_owned().await.ok()?
        };
        Some(Seat {
            idle: Arc::clone(&self.idle),
            leave: Arc::default(),
            _permit: permit,
        })
    }

    /// Sends away whoever is idle, and waits until the others have left; `count` is how many there may be.
    pub async fn all_left(&self, count: usize) {
        for (_, idle) in std::mem::take(&mut lock(&self.idle).waiting) {
            idle.notify_one();
        }
        let everyone = u32::try_from(count).unwrap_or(u32::MAX);
        // An error would mean that the seats are gone, and with them the clients.
        let _ = self.free.acquire_many(everyone).await;
    }
}

impl Seat {
    /// Waits for what the client says next; meanwhile others may need the place.
    ///
    /// # Errors
    /// [`Evicted`]: the place is to be left at once.
    pub async fn idle<T>(&self, next: impl Future<Output = T>) -> Result<T, Evicted> {
        let _mark = Mark::new(self);
        tokio::select! {
            biased;
            () = self.leave.notified() => Err(Evicted),
            said = next => Ok(said),
        }
    }
}

/// Somebody is idle as long as this lives.
struct Mark<'a> {
    seat: &'a Seat,
    number: u64,
}

impl<'a> Mark<'a> {
    fn new(seat: &'a Seat) -> Self {
        let mut idle = lock(&seat.idle);
        idle.count += 1;
        let number = idle.count;
        idle.waiting.insert(number, Arc::clone(&seat.leave));
        Self { seat, number }
    }
}

impl Drop for Mark<'_> {
    fn drop(&mut self) {
        lock(&self.seat.idle).waiting.remove(&self.number);
    }
}

fn lock(idle: &Mutex<Idle>) -> MutexGuard<'_, Idle> {
    idle.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use std::future::pending;

    use super::*;

    #[tokio::test]
    async fn the_longest_idle_makes_room_and_the_others_stay() {
        let seats = Seats::new(2);
        let (first, second) = (seats.take().await.unwrap(), seats.take().await.unwrap());
        let first = tokio::spawn(async move { first.idle(pending::<()>()).await });
        tokio::task::yield_now().await;
        let second = tokio::spawn(async move {
            let idle = second.idle(pending::<()>()).await;
            drop(second);
            idle
        });
        tokio::task::yield_now().await;
        let third = seats.take().await;
        assert!(third.is_some());
        assert_eq!(first.await.unwrap(), Err(Evicted));
        assert!(!second.is_finished());
    }

    #[tokio::test]
    async fn at_the_end_only_those_who_are_served_are_waited_for() {
        let seats = Seats::new(2);
        let (idle, served) = (seats.take().await.unwrap(), seats.take().await.unwrap());
        let idle = tokio::spawn(async move { idle.idle(pending::<()>()).await });
        tokio::task::yield_now().await;
        let end = tokio::spawn({
            let seats = seats.clone();
            async move { seats.all_left(2).await }
        });
        assert_eq!(idle.await.unwrap(), Err(Evicted));
        assert!(!end.is_finished());
        drop(served);
        end.await.unwrap();
    }

    #[tokio::test]
    async fn who_is_served_is_not_disturbed() {
        let seats = Seats::new(1);
        let served = seats.take().await.unwrap();
        assert_eq!(served.idle(async { 7 }).await, Ok(7));
        assert!(seats.take().await.is_none(), "nobody is idle");
        drop(served);
        assert!(seats.take().await.is_some());
    }
}
