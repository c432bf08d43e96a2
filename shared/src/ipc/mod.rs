//! What the command line and the agent say to each other.
//!
//! A client connects to the agent's socket (`endpoint`), sends [`message::Hello`] and at once its first
//! [`message::Request`], and reads the agent's `Hello` and then one or more [`message::Reply`], up to the one that
//! [`message::Reply::is_last`]. Then it may send the next request. A `Watch` never ends by itself.
//!
//! Frames are 4 bytes of length, little-endian, and `bincode` (`codec`, the only file that knows it).

pub mod client;
pub mod codec;
pub mod endpoint;
pub mod message;
pub mod version;
