//! What a panic does. It is in the log, and ends the agent: a thread that ended alone would leave its repository without
//! signs of life, and the person without a word. The next command starts another agent, which goes on with the same locks.
//!
//! What a desktop's library gives up on is not worth that: it costs what was about to be shown, and nothing else.

use std::cell::Cell;
use std::panic::{set_hook, take_hook};
use std::process::abort;

thread_local! {
    /// Whether what this thread does now may fail alone.
    static CONTAINED: Cell<bool> = const { Cell::new(false) };
}

/// From here on a panic ends the agent, unless it is contained.
pub fn end_the_agent() {
    let usual = take_hook();
    set_hook(Box::new(move |panic| {
        usual(panic);
        tracing::error!(%panic, "a mistake of camctl's");
        if !CONTAINED.get() {
            abort();
        }
    }));
}

#[cfg(any(test, all(feature = "desktop", target_os = "linux")))]
mod task {
    use std::future::poll_fn;
    use std::pin::pin;

    use super::CONTAINED;

    /// The same future, to be spawned: a panic in it ends its task, and no more.
    pub async fn contained<F: Future>(work: F) -> F::Output {
        let mut work = pin!(work);
        poll_fn(|context| {
            let _mark = Mark::set();
            work.as_mut().poll(context)
        })
        .await
    }

    /// Taken away however the poll ends.
    struct Mark;

    impl Mark {
        fn set() -> Self {
            CONTAINED.set(true);
            Self
        }
    }

    impl Drop for Mark {
        fn drop(&mut self) {
            CONTAINED.set(false);
        }
    }
}
#[cfg(any(test, all(feature = "desktop", target_os = "linux")))]
pub use task::contained;

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_contained_panic_costs_its_task_alone() {
        let task = tokio::spawn(contained(async {
            tokio::task::yield_now().await;
            assert!(!CONTAINED.get(), "this is the panic");
        }));
        assert!(task.await.unwrap_err().is_panic());
        assert!(!CONTAINED.get());
        assert!(contained(async { CONTAINED.get() }).await);
        assert!(!CONTAINED.get());
    }
}
