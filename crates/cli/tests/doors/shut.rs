use crate::server::{Databases, Server};

#[tokio::test]
async fn figures_are_read_with_the_token_and_tell_what_waits() {
    let databases = Databases::new("metrics");
    for database in databases.urls() {
        let server = Server::start(&database, &[("FRESHET_METRICS_TOKEN", "figures-for-two")]).await;
        let admin = server.sign_in("admin").await;
        server.get(&admin, "/api/customers").await;

        assert_eq!(server.bare("/metrics", None).await.0, 401);
        assert_eq!(server.bare("/metrics", Some("figures-for-one")).await.0, 401);
        let (status, text) = server.bare("/metrics", Some("figures-for-two")).await;
        assert_eq!(status, 200);
        let figure = |name: &str| text.lines().find(|line| line.starts_with(name)).map(str::to_owned);
        assert!(figure("freshet_sealing_lag_milliseconds ").is_some() && figure("freshet_unsealed_events ").is_some());
        assert_eq!(figure("freshet_writer_lane_depth ").is_some(), database.starts_with("sqlite:"));
        let refused = figure("freshet_refusals_total{slug=\"identity/duty-missing\"}");
        assert!(refused.is_some() || text.contains("freshet_refusals_total{slug="), "{text}");
        assert!(
            text.contains("freshet_request_duration_seconds_count{operation=\"POST /api/session\",status=\"200\"}")
        );
    }
}

#[tokio::test]
async fn the_api_is_described_by_a_page_of_our_own() {
    let databases = Databases::new("described");
    let database = databases.urls().remove(0);
    let server = Server::start(&database, &[]).await;

    let (status, document) = server.bare("/api/openapi.json", None).await;
    assert_eq!(status, 200);
    assert!(document.contains("\"openapi\": \"3.1"));
    let (status, page) = server.bare("/api/docs", None).await;
    // Without Node nobody has built the client; then the page is not there, and nothing else is shown in its place.
    if status == 200 {
        assert!(page.contains("<div id=\"root\">") && !page.contains("https://"), "{page}");
    } else {
        assert_eq!(status, 404);
    }
}
