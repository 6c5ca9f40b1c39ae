//! What stands around every route: a request id, a measure, a limit.

use std::{
    collections::{BTreeMap, HashMap},
    fmt::Write as _,
    net::{IpAddr, SocketAddr},
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, Instant as Stopwatch},
};

use axum::{
    extract::{ConnectInfo, MatchedPath, Request, State},
    http::{HeaderName, HeaderValue, StatusCode, header},
    middleware::Next,
    response::{IntoResponse, Response},
};
use edge::{Problem, Refused, RequestId};
use tracing::Instrument;
use tracing_opentelemetry::OpenTelemetrySpanExt;

const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");
const REQUEST_ID_MAX: usize = 64;

/// Gives every request an id (the caller's own, if it is a plain one), logs it under that id and answers with it.
pub(crate) async fn identify(mut request: Request, next: Next) -> Response {
    let given = request.headers().get(&REQUEST_ID).and_then(|id| id.to_str().ok()).filter(|id| is_plain(id));
    let id = given.map_or_else(fresh_id, str::to_owned);
    request.extensions_mut().insert(RequestId(id.clone()));
    let span = tracing::info_span!("request", id = %id, method = %request.method(), path = request.uri().path());
    // For traces only: a log line names the path already.
    span.set_attribute("freshet.request_id", id.clone());
    span.set_attribute("http.request.method", request.method().as_str().to_owned());
    if let Some(route) = request.extensions().get::<MatchedPath>() {
        span.set_attribute("http.route", route.as_str().to_owned());
    }
    let mut response = next.run(request).instrument(span.clone()).await;
    span.set_attribute("http.response.status_code", i64::from(response.status().as_u16()));
    if let Ok(id) = HeaderValue::from_str(&id) {
        response.headers_mut().insert(REQUEST_ID, id);
    }
    let headers = response.headers_mut();
    headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    headers.insert(header::REFERRER_POLICY, HeaderValue::from_static("same-origin"));
    headers.insert(header::X_FRAME_OPTIONS, HeaderValue::from_static("DENY"));
    response
}

fn is_plain(id: &str) -> bool {
    (1..=REQUEST_ID_MAX).contains(&id.len())
        && id.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte))
}

fn fresh_id() -> String {
    // A request id names a log line, nothing else hangs on it: without randomness a zero is still honest.
    format!("{:016x}", getrandom::u64().unwrap_or(0))
}

/// Turns what a handler's panic left behind into our own answer.
pub(crate) fn panicked(_panic: Box<dyn std::any::Any + Send + 'static>) -> Response {
    tracing::error!("a handler panicked");
    Problem::new(StatusCode::INTERNAL_SERVER_ERROR, "request/internal").into_response()
}

/// How often each operation was asked, how it was answered and how long that took.
#[derive(Clone, Default)]
pub(crate) struct Meter(Arc<Mutex<Figures>>);

#[derive(Clone, Default)]
struct Figures {
    answered: BTreeMap<(String, u16), Measured>,
    refused: BTreeMap<&'static str, u64>,
}

#[derive(Clone, Copy, Default)]
struct Measured {
    count: u64,
    took: Duration,
    buckets: [u64; BUCKETS_MS.len()],
}

const BUCKETS_MS: [u64; 8] = [1, 5, 10, 25, 50, 100, 250, 1000];

/// Measures every request under its route, not its address, so that ids do not multiply the figures.
pub(crate) async fn measure(State(meter): State<Meter>, request: Request, next: Next) -> Response {
    let route = request.extensions().get::<MatchedPath>().map_or("(none)", |path| path.as_str()).to_owned();
    let operation = format!("{} {route}", request.method());
    let stopwatch = Stopwatch::now();
    let response = next.run(request).await;
    let took = stopwatch.elapsed();
    let mut figures = meter.0.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(Refused(slug)) = response.extensions().get::<Refused>() {
        *figures.refused.entry(slug).or_default() += 1;
    }
    let measured = figures.answered.entry((operation, response.status().as_u16())).or_default();
    measured.count += 1;
    measured.took += took;
    for (bucket, limit) in measured.buckets.iter_mut().zip(BUCKETS_MS) {
        if took <= Duration::from_millis(limit) {
            *bucket += 1;
        }
    }
    drop(figures);
    response
}

impl Meter {
    /// The figures in the Prometheus text format.
    pub(crate) fn rendered(&self) -> String {
        let figures = self.0.lock().unwrap_or_else(PoisonError::into_inner).clone();
        let mut text = String::from("# TYPE freshet_request_duration_seconds histogram\n");
        for ((operation, status), measured) in figures.answered {
            let labels = format!("operation=\"{operation}\",status=\"{status}\"");
            for (count, limit) in measured.buckets.iter().zip(BUCKETS_MS) {
                let seconds = Duration::from_millis(limit).as_secs_f64();
                _ = writeln!(text, "freshet_request_duration_seconds_bucket{{{labels},le=\"{seconds}\"}} {count}");
            }
            let Measured { count, took, .. } = measured;
            _ = writeln!(text, "freshet_request_duration_seconds_bucket{{{labels},le=\"+Inf\"}} {count}");
            _ = writeln!(text, "freshet_request_duration_seconds_sum{{{labels}}} {}", took.as_secs_f64());
            _ = writeln!(text, "freshet_request_duration_seconds_count{{{labels}}} {count}");
        }
        text.push_str("# TYPE freshet_refusals_total counter\n");
        for (slug, count) in figures.refused {
            _ = writeln!(text, "freshet_refusals_total{{slug=\"{slug}\"}} {count}");
        }
        text
    }
}

/// A bucket of allowed requests per address.
#[derive(Clone)]
pub(crate) struct Limiter {
    per_second: u32,
    buckets: Arc<Mutex<HashMap<IpAddr, Bucket>>>,
}

#[derive(Clone, Copy)]
struct Bucket {
    tokens_milli: u64,
    filled: Stopwatch,
}

const BURST_SECONDS: u64 = 10;
/// Addresses remembered at once; the fullest buckets are forgotten first, because they have asked least.
const ADDRESSES_MAX: usize = 10_000;

impl Limiter {
    pub(crate) fn new(per_second: u32) -> Self {
        Self { per_second, buckets: Arc::default() }
    }

    fn admit(&self, address: IpAddr, now: Stopwatch) -> bool {
        if self.per_second == 0 {
            return true;
        }
        let full = u64::from(self.per_second) * BURST_SECONDS * 1000;
        let mut buckets = self.buckets.lock().unwrap_or_else(PoisonError::into_inner);
        if buckets.len() >= ADDRESSES_MAX {
            buckets.retain(|_, bucket| bucket.tokens_milli < full / 2);
        }
        let bucket = buckets.entry(address).or_insert(Bucket { tokens_milli: full, filled: now });
        let waited = u64::try_from(now.duration_since(bucket.filled).as_millis()).unwrap_or(u64::MAX);
        let gained = waited.saturating_mul(u64::from(self.per_second));
        bucket.tokens_milli = bucket.tokens_milli.saturating_add(gained).min(full);
        bucket.filled = now;
        match bucket.tokens_milli.checked_sub(1000) {
            Some(left) => {
                bucket.tokens_milli = left;
                true
            }
            None => false,
        }
    }
}

/// Refuses an address that asks too often.
pub(crate) async fn limit(State(limiter): State<Limiter>, request: Request, next: Next) -> Response {
    let peer = request.extensions().get::<ConnectInfo<SocketAddr>>().map(|ConnectInfo(peer)| peer.ip());
    match peer {
        Some(address) if !limiter.admit(address, Stopwatch::now()) => {
            Problem::new(StatusCode::TOO_MANY_REQUESTS, "request/too-many").with("seconds", 1).into_response()
        }
        Some(_) | None => next.run(request).await,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_burst_is_allowed_and_a_flood_is_not() {
        let limiter = Limiter::new(2);
        let (address, start) = (IpAddr::from([192, 0, 2, 7]), Stopwatch::now());
        let admitted = (0..100).filter(|_| limiter.admit(address, start)).count();
        assert_eq!(admitted, 20, "ten seconds' worth at once");
        assert!(limiter.admit(address, start + Duration::from_millis(500)), "one more after half a second");
        assert!(!limiter.admit(address, start + Duration::from_millis(500)));
        assert!(limiter.admit(IpAddr::from([192, 0, 2, 8]), start), "another address is not concerned");
    }

    #[test]
    fn only_plain_request_ids_are_taken_over() {
        assert!(is_plain("pda-7.42"));
        assert!(!is_plain(""));
        assert!(!is_plain("line\nbreak"));
        assert!(!is_plain(&"x".repeat(65)));
    }
}
