//! Whole commands against agents that follow a script: what is asked, what people and scripts are told.
//!
//! On Unix alone, because of the paths in the texts.

#![cfg(unix)]

mod asking;
mod batches;
mod grammar;
mod lists;
mod others;
mod past;
mod run;
mod sentences;
mod waiting;
mod windows;
mod wordings;
