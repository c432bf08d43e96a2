//! Nobody says anything.

use tokio::sync::mpsc::UnboundedSender;

use super::Power;

/// Says what the system says: nothing. Ends when nobody listens.
pub async fn watch(say: UnboundedSender<Power>) {
    say.closed().await;
}
