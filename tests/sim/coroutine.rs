//! One simulated process: product code on a stack of its own, left and entered again wherever it waits.
//!
//! The product's calls are synchronous and make many operations on the share in a row; to interleave processes at each of
//! them, every operation and every pause ends in [`wait`], which leaves the stack. A thread for each process, with a baton,
//! would do the same a hundred times slower. Dropping a [`Process`] is a crash: its stack is unwound from where it waits.

use std::cell::Cell;
use std::ptr;
use std::rc::Rc;
use std::time::Duration;

use corosensei::{Coroutine, CoroutineResult, Yielder};

/// What a process waits for; times are those of the simulated world.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Wait {
    /// That time.
    Until(Duration),
    /// That time, or somebody who wants something of it.
    Idle(Duration),
}

type Exit = Yielder<(), Wait>;

thread_local! {
    /// The way out of the process that runs; null when none does.
    static EXIT: Cell<*const Exit> = const { Cell::new(ptr::null()) };
}

/// See the module.
pub struct Process {
    stack: Coroutine<(), Wait, ()>,
    exit: Rc<Cell<*const Exit>>,
}

impl Process {
    /// A process that will run `main`; nothing of it has run yet.
    pub fn new(main: impl FnOnce() + 'static) -> Self {
        let exit = Rc::new(Cell::new(ptr::null()));
        let own = Rc::clone(&exit);
        let stack = Coroutine::new(move |yielder: &Exit, ()| {
            own.set(ptr::from_ref(yielder));
            EXIT.set(own.get());
            main();
        });
        Self { stack, exit }
    }

    /// Runs it until it waits; `None` when it has ended. A panic inside comes out here.
    pub fn resume(&mut self) -> Option<Wait> {
        EXIT.set(self.exit.get());
        let result = self.stack.resume(());
        EXIT.set(ptr::null());
        match result {
            CoroutineResult::Yield(wait) => Some(wait),
            CoroutineResult::Return(()) => None,
        }
    }
}

/// Leaves the process that runs until it is resumed.
///
/// # Panics
/// Outside of one.
pub fn wait(wait: Wait) {
    let exit = EXIT.get();
    assert!(!exit.is_null(), "nothing is simulated here: {wait:?}");
    #[expect(
        unsafe_code,
        reason = "the yielder lies on the stack that is running, below this call"
    )]
    // SAFETY: `EXIT` is set only while the process whose stack the yielder belongs to runs, which is now.
    let exit = unsafe { &*exit };
    exit.suspend(wait);
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: u64) -> Wait {
        Wait::Until(Duration::from_secs(seconds))
    }

    #[test]
    fn processes_run_in_turns_and_a_crash_unwinds() {
        struct Bell(Rc<Cell<u32>>);
        impl Drop for Bell {
            fn drop(&mut self) {
                self.0.set(self.0.get() + 1);
            }
        }
        let rung = Rc::new(Cell::new(0));
        let start = |id: u64| {
            let bell = Bell(Rc::clone(&rung));
            Process::new(move || {
                let _bell = bell;
                wait(at(id));
                wait(at(id + 10));
            })
        };
        let (mut one, mut two) = (start(1), start(2));
        assert_eq!((one.resume(), two.resume()), (Some(at(1)), Some(at(2))));
        assert_eq!((two.resume(), one.resume()), (Some(at(12)), Some(at(11))));
        assert_eq!((one.resume(), rung.get()), (None, 1));
        drop(two);
        assert_eq!(rung.get(), 2, "what it held was given back");
    }
}
