//! A store in a browser: its runs, their reports, two of them side by side, its campaigns, and what runs now.
//!
//! It only reads, and it shows nothing but what is below the store. Who may ask, and for what, is decided in `door.rs`: no path with `..`,
//! no method but `GET` and `HEAD`, and no name of a host but that of this machine, so that a page from elsewhere cannot have a name of its
//! own lead here. Pages are templates without scripts; what targets said is text in them. Reports, which have a script of their own, are
//! shown in a sandbox: they see neither the other pages nor the network.

mod address;
mod door;
mod pages;
mod server;
mod shelf;

pub use server::{Bound, ServeError};
pub use shelf::{Maker, Shelf};
