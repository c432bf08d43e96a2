//! `camctl`, the program: everything is in the library beside it.

use std::process::ExitCode;

/// See `Cargo.toml`: musl's own allocator costs more than the rest of a short command.
#[cfg(target_env = "musl")]
#[global_allocator]
static ALLOCATOR: dlmalloc::GlobalDlmalloc = dlmalloc::GlobalDlmalloc;

fn main() -> ExitCode {
    camctl::main(camctl::Face::Terminal)
}
