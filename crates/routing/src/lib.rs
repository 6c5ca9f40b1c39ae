//! Vehicle routing for people who deliver, and the roads under it.
//!
//! A [`model::Problem`] says what has to be brought where and by whom. [`solve::solve`] makes a [`model::Plan`] of it
//! within a budget, and [`check::check`], which shares no code with the solver, says whether a plan keeps every promise
//! and what it costs. The crate does no input or output, starts no task, reads no clock and knows no database: bytes
//! and numbers go in, bytes and numbers come out. Who wants a budget in milliseconds lends a clock
//! ([`solve::Clock`]).
//!
//! # Units
//!
//! Everything is an integer. Time is in milliseconds from an origin of the caller's choice (midnight, say), distance in
//! metres, a load in six dimensions of the caller's choice (grams, cubic centimetres, crates, cold-box places, …). Costs have any unit as long as it is one: with micro-cents, 15 € an hour are 417 per millisecond and 20
//! cent a kilometre are 20,000 per metre. The benchmark formats of [`formats`] use the units of their instances.
//!
//! # Example
//!
//! ```
//! use routing::model::{Matrix, Order, Plan, Problem, Vehicle, Window};
//! use routing::solve::{Budget, Settings, solve};
//!
//! // Place 0 is the depot; spinach and cod wait at places 1 and 2, one minute and one kilometre apart.
//! let minutes = |row: &[i32]| row.iter().map(|minute| minute * 60_000).collect::<Vec<_>>();
//! let ms = minutes(&[0, 1, 2, 1, 0, 1, 2, 1, 0]);
//! let metres = vec![0, 1_000, 2_000, 1_000, 0, 1_000, 2_000, 1_000, 0];
//! let morning = Window::new(0, 4 * 3_600_000);
//! let problem = Problem {
//!     matrices: vec![Matrix::new(3, ms, metres)?],
//!     orders: vec![Order::at("spinach", 1).within(morning), Order::at("cod", 2).within(morning)],
//!     vehicles: vec![Vehicle::at("van", 0, morning)],
//!     balance: None,
//! };
//! let answer = solve(&problem, None, &Settings { budget: Budget::iterations(1_000), ..Settings::default() })?;
//! assert_eq!(answer.plan.routes.len(), 1);
//! let verdict = routing::check::check(&problem, &answer.plan);
//! assert!(verdict.violations.is_empty());
//! assert_eq!(verdict.cost.metres, 4_000);
//! # Ok::<(), routing::model::ModelError>(())
//! ```
//!
//! # Sources
//!
//! - J. Christiaens, G. Vanden Berghe: *Slack Induction by String Removals for Vehicle Routing Problems*,
//!   Transportation Science 54 (2), 2020: the ruin, the recreate with blinks and the fleet reduction of [`solve`].
//! - M. W. P. Savelsbergh: *The Vehicle Routing Problem with Time Windows: Minimizing Route Duration*, 1992: earliest
//!   and latest starts that judge an insertion in constant time.
//! - M. M. Solomon, 1987, and H. Gehring, J. Homberger, 1999: the instances that [`formats::solomon`] reads.

#![expect(
    clippy::as_conversions,
    clippy::cast_possible_truncation,
    clippy::cast_possible_wrap,
    clippy::cast_precision_loss,
    clippy::cast_sign_loss,
    reason = "indices are u32 to halve the memory that the inner loops walk; sizes are limited where data enters"
)]

pub mod check;
pub mod formats;
pub mod model;
pub mod replan;
pub mod roads;
pub mod solve;
