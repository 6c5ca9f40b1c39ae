//! `freshet demo --kill N`: the server is killed at random moments of the day and started again on the same books.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use sim::Pulse;
use tokio::{sync::Mutex, task::JoinHandle};

use crate::{Failure, child::Server};

/// Somebody with a hand on the plug.
pub(crate) struct Killer {
    done: JoinHandle<Result<u32, Failure>>,
    enough: Arc<AtomicBool>,
}

/// How close to a request the plug is pulled, so that some are hit on the way in, some at work, some on the way out.
const WITHIN_US: u64 = 6_000;

impl Killer {
    /// Kills `times`, each time after a random number of requests, `apart` on average.
    pub(crate) fn start(server: Arc<Mutex<Server>>, pulse: Pulse, times: u32, apart: u64, seed: u64) -> Self {
        let enough = Arc::new(AtomicBool::new(false));
        let stop = Arc::clone(&enough);
        let done = tokio::spawn(async move {
            let mut random = seed ^ 0x9E37_79B9_7F4A_7C15;
            for killed in 0..times {
                let wait = 1 + draw(&mut random) % (2 * apart).max(1);
                let target = pulse.beats() + wait;
                while pulse.beats() < target {
                    if stop.load(Ordering::Acquire) {
                        return Ok(killed);
                    }
                    tokio::time::sleep(Duration::from_micros(200)).await;
                }
                tokio::time::sleep(Duration::from_micros(draw(&mut random) % WITHIN_US)).await;
                server.lock().await.kill_and_restart().await?;
            }
            Ok(times)
        });
        Self { done, enough }
    }

    /// Takes the hand off the plug; answers how often it was pulled.
    pub(crate) async fn end(self) -> Result<u32, Failure> {
        self.enough.store(true, Ordering::Release);
        self.done.await.map_err(Failure::new)?
    }
}

/// `SplitMix64` (Steele, Lea and Flood 2014).
fn draw(state: &mut u64) -> u64 {
    *state = state.wrapping_add(0x9E37_79B9_7F4A_7C15);
    let value = (*state ^ (*state >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    let value = (value ^ (value >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    value ^ (value >> 31)
}
