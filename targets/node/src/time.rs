//! The time client: disciplines the node's wall clock against the harness's time authority, the way real clocks
//! are ([`time_offset_us`]), so that an asymmetric delay on the link skews the node by half the difference.
//!
//! Wire: the client sends its node number (u16) once, then t0; the authority answers t0, t1, t2. All u64,
//! microseconds since the epoch, big endian.

use crate::engine::{WallClock, system_us};
use afterall_reference::core::{NodeId, time_offset_us};
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

const INTERVAL: Duration = Duration::from_millis(100);
const RETRY: Duration = Duration::from_millis(200);
/// An exchange that takes longer is given up.
const PATIENCE: Duration = Duration::from_secs(10);

/// Keeps the clock disciplined for ever.
pub(crate) async fn discipline(me: NodeId, authority: String, clock: WallClock) {
    loop {
        if let Ok(mut stream) = TcpStream::connect(&authority).await {
            let _ = stream.set_nodelay(true);
            if stream.write_u16(me.0).await.is_ok() {
                while let Ok(Ok(offset_us)) =
                    tokio::time::timeout(PATIENCE, exchange(&mut stream)).await
                {
                    clock.set_offset_us(offset_us);
                    tokio::time::sleep(INTERVAL).await;
                }
            }
        }
        tokio::time::sleep(RETRY).await;
    }
}

async fn exchange(stream: &mut TcpStream) -> std::io::Result<i64> {
    let t0 = system_us();
    stream.write_u64(t0).await?;
    let echoed = stream.read_u64().await?;
    let t1 = stream.read_u64().await?;
    let t2 = stream.read_u64().await?;
    let t3 = system_us();
    if echoed != t0 {
        return Err(std::io::Error::other("an answer to another question"));
    }
    Ok(time_offset_us([t0, t1, t2, t3]))
}
