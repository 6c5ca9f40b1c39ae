//! Wake-ups for those who follow the log live. They carry a position and no event: who wakes reads by position.

use std::sync::Arc;

use tokio::sync::watch;

/// Tells followers within this process that the log has grown. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Feed {
    tip: Arc<watch::Sender<Tip>>,
}

/// One who follows.
#[derive(Debug)]
pub struct Follower {
    tip: watch::Receiver<Tip>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Tip {
    At(i64),
    Closed,
}

impl Feed {
    pub fn new() -> Self {
        Self { tip: Arc::new(watch::Sender::new(Tip::At(0))) }
    }

    /// Wakes the followers: events up to `position` can be read.
    pub fn advanced(&self, position: i64) {
        self.tip.send_if_modified(|tip| match *tip {
            Tip::At(known) if known < position => {
                *tip = Tip::At(position);
                true
            }
            Tip::At(_) | Tip::Closed => false,
        });
    }

    /// Ends every stream, so that a server can stop.
    pub fn close(&self) {
        self.tip.send_replace(Tip::Closed);
    }

    pub fn follow(&self) -> Follower {
        Follower { tip: self.tip.subscribe() }
    }
}

impl Default for Feed {
    fn default() -> Self {
        Self::new()
    }
}

impl Follower {
    /// The newest position, once there is one behind `position`; `None` when the feed is closed.
    pub async fn beyond(&mut self, position: i64) -> Option<i64> {
        let moved = |tip: &Tip| match *tip {
            Tip::At(known) => known > position,
            Tip::Closed => true,
        };
        match *self.tip.wait_for(moved).await.ok()? {
            Tip::At(known) => Some(known),
            Tip::Closed => None,
        }
    }
}
