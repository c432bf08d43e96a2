//! The protocol's version: one integer.
//!
//! | protocol | date | what changed |
//! | --- | --- | --- |
//! | 1 | 2026-11-20 | the first |

/// The version that this program speaks.
pub const PROTOCOL: u32 = 1;
