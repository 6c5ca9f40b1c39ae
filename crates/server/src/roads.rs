//! What the settings say that vehicles drive by.

use std::{collections::BTreeMap, path::PathBuf, sync::Arc, time::Duration};

use delivery::planning::{
    VehicleKind,
    travel::{
        Ask, Asking, Dialect, Question, Reply, RoadServer, RoadsFiles, Travel, TravelBy, TravelSource, Unanswered,
    },
};
use exchange::Reach;
use reqwest::{Url, header::CONTENT_TYPE};

use crate::{
    PlanningSettings, StartError,
    outgoing::{Outgoing, reason},
};

/// The source of travel that step 4.1 plans with. Files are read now, servers are asked when a plan is made.
pub fn travel(settings: &PlanningSettings) -> Result<TravelBy, StartError> {
    let wrong = |error: &dyn std::fmt::Display| StartError::Roads(error.to_string());
    let travel: Arc<dyn Travel> = match settings.roads {
        TravelSource::GreatCircle => return Ok(TravelBy(None)),
        TravelSource::File => {
            let files = settings.roads_by_vehicle().into_iter().map(|(vehicle, path)| (vehicle, PathBuf::from(path)));
            Arc::new(RoadsFiles::open(&files.collect()).map_err(|error| wrong(&error))?)
        }
        TravelSource::Osrm => Arc::new(server(Dialect::Osrm, settings)?),
        TravelSource::Valhalla => Arc::new(server(Dialect::Valhalla, settings)?),
    };
    Ok(TravelBy(Some(travel)))
}

fn server(dialect: Dialect, settings: &PlanningSettings) -> Result<RoadServer, StartError> {
    let url = settings.roads_url.as_deref().unwrap_or_default();
    // The address is left out of what is told: it may carry the operator's credential.
    let parsed: Url = url.parse().map_err(|_| StartError::Roads("planning.roads_url is no address".to_owned()))?;
    if parsed.query().is_some() || parsed.fragment().is_some() {
        return Err(StartError::Roads("planning.roads_url ends with the path".to_owned()));
    }
    let reach = if settings.roads_allow_private { Reach::PrivateToo } else { Reach::PublicOnly };
    let out = Outgoing::new(reach).map_err(|error| StartError::Roads(error.to_string()))?;
    let profiles: BTreeMap<VehicleKind, String> =
        settings.roads_by_vehicle().into_iter().map(|(vehicle, profile)| (vehicle, profile.to_owned())).collect();
    let patience = Duration::from_millis(settings.roads_patience_ms);
    Ok(RoadServer::new(dialect, url, profiles, patience, Arc::new(out)))
}

impl Ask for Outgoing {
    fn ask<'a>(&'a self, question: &'a Question) -> Asking<'a> {
        Box::pin(self.fetch(question))
    }
}

impl Outgoing {
    async fn fetch(&self, question: &Question) -> Result<Reply, Unanswered> {
        let url: Url = question.url.parse().map_err(|_| Unanswered::Silent("the address does not parse".to_owned()))?;
        let request = match &question.body {
            None => self.from(&url),
            Some(body) => {
                self.to(&url).map(|request| request.header(CONTENT_TYPE, "application/json").body(body.clone()))
            }
        };
        let request = request.map_err(Unanswered::Silent)?.timeout(question.patience);
        let mut answer = request.send().await.map_err(unanswered)?;
        let status = answer.status().as_u16();
        let mut body = Vec::new();
        while let Some(piece) = answer.chunk().await.map_err(unanswered)? {
            if body.len() + piece.len() > question.answer_bytes_max {
                return Err(Unanswered::TooLong);
            }
            body.extend_from_slice(&piece);
        }
        Ok(Reply { status, body })
    }
}

/// The address is left out: it may carry the operator's credential.
fn unanswered(error: reqwest::Error) -> Unanswered {
    if error.is_timeout() { Unanswered::TimedOut } else { Unanswered::Silent(reason(&error.without_url())) }
}
