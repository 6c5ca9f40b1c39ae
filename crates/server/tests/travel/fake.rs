//! A server of roads that answers what a test wants, and remembers what it was asked.

use std::{
    sync::{Arc, Mutex},
    time::Duration,
};

use axum::{
    Router,
    body::Bytes,
    extract::Request,
    http::StatusCode,
    response::{IntoResponse, Response},
};
use tokio::net::TcpListener;

/// What a server does when it is asked.
#[derive(Clone)]
pub(crate) enum Answer {
    Says(u16, String),
    NeverAnswers,
}

/// One call: path with query, and body.
#[derive(Clone, Debug)]
pub(crate) struct Asked {
    pub(crate) path: String,
    pub(crate) body: String,
}

pub(crate) struct Fake {
    pub(crate) url: String,
    asked: Arc<Mutex<Vec<Asked>>>,
}

impl Fake {
    pub(crate) async fn that(answers: impl Fn(&Asked) -> Answer + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let asked = Arc::new(Mutex::new(Vec::new()));
        let (answers, heard) = (Arc::new(answers), Arc::clone(&asked));
        let handler = move |request: Request| {
            let (answers, heard) = (Arc::clone(&answers), Arc::clone(&heard));
            async move {
                let path = request.uri().to_string();
                let body: Bytes = axum::body::to_bytes(request.into_body(), 1 << 20).await.unwrap();
                let asked = Asked { path, body: String::from_utf8(body.to_vec()).unwrap() };
                heard.lock().unwrap().push(asked.clone());
                respond(answers(&asked)).await
            }
        };
        tokio::spawn(async move { axum::serve(listener, Router::new().fallback(handler)).await });
        Self { url, asked }
    }

    /// What it was asked since the last time.
    pub(crate) fn asked(&self) -> Vec<Asked> {
        std::mem::take(&mut self.asked.lock().unwrap())
    }
}

async fn respond(answer: Answer) -> Response {
    match answer {
        Answer::Says(status, body) => (StatusCode::from_u16(status).unwrap(), body).into_response(),
        Answer::NeverAnswers => {
            tokio::time::sleep(Duration::from_mins(10)).await;
            StatusCode::OK.into_response()
        }
    }
}
