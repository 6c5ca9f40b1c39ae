use std::{convert::Infallible, time::Duration};

use axum::{
    Extension,
    extract::State,
    http::HeaderMap,
    response::sse::{Event, KeepAlive, Sse},
};
use edge::{ApiJson, ApiPath, ApiQuery, App, By, Page, Paging, Problem, duty};
use futures_util::{Stream, stream};
use serde::Deserialize;
use store::{StoreError, Tx};
use tokio::time::{Instant, sleep, timeout};
use utoipa::IntoParams;
use utoipa_axum::{router::OpenApiRouter, routes};
use uuid::Uuid;

use crate::{BlockHead, Feed, Follower, SealedEvent, read};

/// The log over HTTP. The server lays `Extension(Feed)` over it, so that streams wake at once; without it they look
/// every second.
pub fn router() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(list_events))
        .routes(routes!(follow_events))
        .routes(routes!(list_blocks))
        .routes(routes!(list_events_of_object))
}

/// Where a reader of the log goes on.
#[derive(Clone, Copy, Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
struct After {
    /// The last position (or block number) that was read; 0 or absent for the beginning.
    #[serde(default)]
    #[param(minimum = 0)]
    after: i64,
    /// How many at most, 1 to 500; 100 if absent.
    #[serde(default = "After::limit")]
    #[param(minimum = 1, maximum = 500)]
    limit: i64,
}

impl After {
    const fn limit() -> i64 {
        100
    }

    fn checked(self) -> Result<Self, Problem> {
        edge::parse::within("after", self.after, 0, i64::MAX)?;
        edge::parse::within("limit", self.limit, 1, 500)?;
        Ok(self)
    }
}

/// The events behind a position, in order. `next` is the position of the last one and is there as long as one came,
/// so that a reader that polls keeps its place.
#[utoipa::path(get, path = "/events", tag = "0 events", operation_id = "list_events", params(After),
    responses((status = 200, body = Page<SealedEvent>), (status = "4XX", body = Problem)))]
async fn list_events(
    State(app): State<App>,
    _by: By<duty::ReadEvents>,
    ApiQuery(query): ApiQuery<After>,
) -> Result<ApiJson<Page<SealedEvent>>, Problem> {
    let After { after, limit } = query.checked()?;
    let items = app.read(async move |tx: &mut Tx| read::read_after(tx, after, limit).await).await?;
    let next = items.last().map(|event| event.position.to_string());
    Ok(ApiJson(Page { items, next }))
}

/// The events that are about one thing or touched it, in order; a thing that the log never told of is not found.
#[utoipa::path(get, path = "/objects/{noun}/{id}/events", tag = "0 events", operation_id = "list_events_of_object",
    params(("noun" = String, Path, description = "what the id names: `lot`, `customer_order`"), ("id" = Uuid, Path), Paging),
    responses((status = 200, body = Page<SealedEvent>), (status = "4XX", body = Problem)))]
async fn list_events_of_object(
    State(app): State<App>,
    _by: By<duty::ReadEvents>,
    ApiPath((noun, id)): ApiPath<(String, Uuid)>,
    ApiQuery(paging): ApiQuery<Paging>,
) -> Result<ApiJson<Page<SealedEvent>>, Problem> {
    let noun = edge::parse::code("noun", &noun, 60)?;
    let wanted = paging.clone();
    let rows = app.read(async move |tx: &mut Tx| read::of_object(tx, &noun, id, &wanted).await).await?;
    Ok(ApiJson(paging.page(rows, |event| event.position)?))
}

/// The heads of the blocks behind a number, to keep outside and check later.
#[utoipa::path(get, path = "/events/blocks", tag = "0 events", operation_id = "list_blocks", params(After),
    responses((status = 200, body = Page<BlockHead>), (status = "4XX", body = Problem)))]
async fn list_blocks(
    State(app): State<App>,
    _by: By<duty::ReadEvents>,
    ApiQuery(query): ApiQuery<After>,
) -> Result<ApiJson<Page<BlockHead>>, Problem> {
    let After { after, limit } = query.checked()?;
    let items = app.read(async move |tx: &mut Tx| read::blocks_after(tx, after, limit).await).await?;
    let next = items.last().map(|head| head.number.to_string());
    Ok(ApiJson(Page { items, next }))
}

/// Where a stream begins.
#[derive(Clone, Copy, Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
struct Since {
    /// Begin behind this position; absent for only what is new. `Last-Event-ID` wins over it.
    #[serde(default)]
    #[param(minimum = 0)]
    after: Option<i64>,
}

/// The log as it grows, as server-sent events whose ids are positions: a browser that loses the stream resumes
/// without a gap.
#[utoipa::path(get, path = "/events/stream", tag = "0 events", operation_id = "follow_events", params(Since),
    responses((status = 200, content_type = "text/event-stream", body = SealedEvent), (status = "4XX", body = Problem)))]
async fn follow_events(
    State(app): State<App>,
    _by: By<duty::ReadEvents>,
    feed: Option<Extension<Feed>>,
    headers: HeaderMap,
    ApiQuery(since): ApiQuery<Since>,
) -> Result<Sse<impl Stream<Item = Result<Event, Infallible>>>, Problem> {
    let resumed = headers.get("last-event-id").map(|id| {
        let position = id.to_str().ok().and_then(|id| id.trim().parse::<i64>().ok()).filter(|position| *position >= 0);
        position.ok_or_else(|| Problem::invalid("Last-Event-ID", "not a position of this log"))
    });
    let position = match (resumed.transpose()?, since.after) {
        (Some(position), _) | (None, Some(position)) => edge::parse::within("after", position, 0, i64::MAX)?,
        (None, None) => app.read(async move |tx: &mut Tx| read::tip(tx).await).await?,
    };
    let feed = feed.map_or_else(Feed::new, |Extension(feed)| feed);
    let follower = feed.follow();
    let until = Instant::now() + STREAM_MAX;
    let following = Following { app, follower, _feed: feed, position, ready: Vec::new().into_iter(), until };
    Ok(Sse::new(stream::unfold(following, Following::next)).keep_alive(KeepAlive::default()))
}

/// A stream ends after this and the client comes back with its position: whoever has lost the duty stays out.
const STREAM_MAX: Duration = Duration::from_mins(5);
/// Another process may have sealed without waking this one.
const LOOK_AGAIN: Duration = Duration::from_secs(1);
const COALESCE: Duration = Duration::from_millis(20);
const EVENTS_AT_ONCE: i64 = 256;

struct Following {
    app: App,
    follower: Follower,
    /// Kept, because a feed that nobody holds is a closed one.
    _feed: Feed,
    position: i64,
    ready: std::vec::IntoIter<SealedEvent>,
    until: Instant,
}

impl Following {
    async fn next(mut self) -> Option<(Result<Event, Infallible>, Self)> {
        loop {
            if let Some(event) = self.ready.next() {
                self.position = event.position;
                // Without a name of its own: a browser hears named messages only if it knows every name beforehand.
                // A body that was read from the log is JSON already.
                let told = Event::default().id(event.position.to_string()).json_data(&event).ok()?;
                return Some((Ok(told), self));
            }
            if Instant::now() >= self.until {
                return None;
            }
            let position = self.position;
            let events = self
                .app
                .read::<_, StoreError, _>(async move |tx: &mut Tx| read::read_after(tx, position, EVENTS_AT_ONCE).await)
                .await
                .ok()?;
            if events.is_empty() {
                // Woken, or a second has passed: look either way. A closed feed ends the stream.
                match timeout(LOOK_AGAIN, self.follower.beyond(position)).await {
                    // A burst is read as one; and a replica gets the moment that it needs to follow.
                    Ok(Some(_)) => sleep(COALESCE).await,
                    Err(_) => {}
                    Ok(None) => return None,
                }
            }
            self.ready = events.into_iter();
        }
    }
}
