//! For how long the person has touched neither keyboard nor mouse, as far as somebody can say. What is said may be too short, and
//! never too long; where nobody can say anything, nothing is given back for it.

#[cfg_attr(all(target_os = "linux", feature = "desktop"), path = "idle/linux.rs")]
#[cfg_attr(all(windows, feature = "desktop"), path = "idle/windows.rs")]
#[cfg_attr(
    not(all(any(target_os = "linux", windows), feature = "desktop")),
    path = "idle/none.rs"
)]
mod platform;

pub use platform::untouched;
