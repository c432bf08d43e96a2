//! A process of its own on Unix.
#![expect(
    unsafe_code,
    reason = "what a child does before it becomes the program can only be written so"
)]

use std::mem::MaybeUninit;
use std::os::unix::process::CommandExt as _;
use std::process::Command;
use std::ptr;

/// A process group of its own: signals of the terminal go to groups, and not to this one. It hears all signals, also where
/// this process has blocked some, as `camctl run` does.
pub(super) fn detach(command: &mut Command) {
    command.process_group(0);
    // SAFETY: both calls may be made between fork and exec, and touch nothing but the set, which the first one fills.
    unsafe {
        command.pre_exec(|| {
            let mut none = MaybeUninit::uninit();
            libc::sigemptyset(none.as_mut_ptr());
            libc::pthread_sigmask(libc::SIG_SETMASK, none.as_ptr(), ptr::null_mut());
            Ok(())
        });
    }
}
