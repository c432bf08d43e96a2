//! How much memory some work holds at once, counted by the allocator.
#![expect(unsafe_code, reason = "an allocator that counts can only be written so")]

use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;

thread_local! {
    /// Bytes that this thread holds now, and the most that it has held since `most_used` began.
    static USED: Cell<(usize, usize)> = const { Cell::new((0, 0)) };
}

/// The system's allocator, which counts for each thread. To be declared as `#[global_allocator]`.
pub struct Counting;

// SAFETY: hands everything to the system's allocator and changes nothing.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        USED.with(|used| {
            let (now, most) = used.get();
            let now = now + layout.size();
            used.set((now, most.max(now)));
        });
        // SAFETY: as the caller promised.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, block: *mut u8, layout: Layout) {
        USED.with(|used| {
            let (now, most) = used.get();
            used.set((now.saturating_sub(layout.size()), most));
        });
        // SAFETY: as the caller promised.
        unsafe { System.dealloc(block, layout) }
    }
}

/// The most memory that `work` held at once, beyond what there was before; 0 without [`Counting`].
pub fn most_used<T>(work: impl FnOnce() -> T) -> (T, usize) {
    let before = USED.with(|used| {
        let (now, _) = used.get();
        used.set((now, now));
        now
    });
    let result = work();
    (result, USED.with(|used| used.get().1).saturating_sub(before))
}
