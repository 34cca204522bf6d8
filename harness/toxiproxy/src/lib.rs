//! Links between processes that can be cut, slowed and silenced.
//!
//! Every directed link of a cluster under test is one TCP proxy. Two servers offer them behind the same HTTP
//! API: Shopify's Toxiproxy, and the [`Server`] embedded here, which needs no installation. [`Links`] is the
//! one client for both; it reads back every change and compares, because a fault that did not take hold must not
//! pass for one that did.
//!
//! ```
//! # async fn example() -> Result<(), Box<dyn std::error::Error>> {
//! use afterall_toxiproxy::{Direction, Links, Server};
//!
//! let server = Server::start("127.0.0.1:0".parse()?).await?;
//! let links = Links::connect(&server.addr().to_string(), "run7").await?;
//! let address = links.create("n1-n2", "127.0.0.1:7002").await?;
//! // n1 dials `address` in place of n2's own.
//! links.latency("n1-n2", Direction::Upstream, 100, 20).await?;
//! links.cut("n1-n2").await?;
//! links.delete_all().await?;
//! server.shutdown().await;
//! # let _ = address;
//! # Ok(())
//! # }
//! ```

mod client;
mod direction;
mod server;

pub use client::{
    Change, CrateError, Difference, Error, LinkState, Links, NewLink, ToxicKind, ToxicState,
};
pub use direction::Direction;
pub use server::{Server, Traffic};
