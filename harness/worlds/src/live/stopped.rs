//! Waiting for a stop.

use afterall_engine::Stop;
use std::time::Duration;

/// How often a stop is looked for.
const POLL: Duration = Duration::from_millis(100);

/// Ends when the switch is pressed.
pub async fn stopped(stop: &Stop) {
    while !stop.is_stopped() {
        tokio::time::sleep(POLL).await;
    }
}
