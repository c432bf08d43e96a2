//! `camctlw`, the program without a console, for menus and shortcuts on Windows: `camctl --gui`. A program of the console
//! that is started there would open one, for as long as it runs.
#![cfg_attr(windows, windows_subsystem = "windows")]

use std::process::ExitCode;

fn main() -> ExitCode {
    camctl::main(camctl::Face::Window)
}
