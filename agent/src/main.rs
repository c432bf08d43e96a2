//! `camctl-agent`, the program: everything is in the library beside it.

use std::process::ExitCode;

/// See `Cargo.toml`: musl's own allocator costs a commit several calls to the system.
#[cfg(target_env = "musl")]
#[global_allocator]
static ALLOCATOR: dlmalloc::GlobalDlmalloc = dlmalloc::GlobalDlmalloc;

fn main() -> ExitCode {
    camctl_agent::main()
}
