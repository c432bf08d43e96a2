//! `camctl-agent`, the program: everything is in the library beside it.

use std::process::ExitCode;

fn main() -> ExitCode {
    camctl_agent::main()
}
