//! The readers of the log and the doors of the server, from outside: the program as a process, its API over HTTP.

mod exports;
mod imports;
mod receiver;
mod server;
mod shut;
mod telemetry;
mod told;
mod webhooks;
