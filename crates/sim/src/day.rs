//! The day's agenda: what can happen, and who deals with it.

use kernel::Instant;

use crate::{
    SimError, buying, complaints, counts, customers, demand, files, floor, meeting, papers, plants, recall, road,
    sensors, setup, suggestions, world::World,
};

/// One thing that happens at its time.
#[derive(Clone, Debug)]
pub(crate) enum Doing {
    /// 06:00: windows are opened, shifts set.
    Morning {
        day: u32,
    },
    /// Somebody wants to eat.
    Order {
        customer: usize,
        wish: customers::Wish,
    },
    /// The desk takes the restaurants' orders of the day, in one file.
    StandingOrders {
        day: u32,
        count: u32,
    },
    /// The order desk looks at what a rule doubted.
    Review {
        order: String,
    },
    /// A cut-off has passed.
    Release {
        site: usize,
        window: String,
        start: Instant,
        end: Instant,
    },
    /// A picker takes a batch of a wave.
    Claim {
        site: usize,
        wave: String,
        window: String,
        start: Instant,
        picker: u32,
    },
    /// A picker stands before a bin.
    Pick {
        site: usize,
        task: Box<floor::Task>,
        then: Box<floor::Batch>,
    },
    /// All of an order lies in its totes.
    Pack {
        site: usize,
        note: String,
    },
    /// The wave is packed: the dispatcher plans.
    Plan {
        site: usize,
        window: String,
        attempt: u32,
    },
    /// A courier scans what goes on their van, and leaves.
    Load {
        site: usize,
        run: String,
        crew: usize,
    },
    Depart {
        site: usize,
        run: String,
        crew: usize,
    },
    /// A courier stands before a door.
    Arrive {
        site: usize,
        run: String,
        crew: usize,
        stop: Box<road::Stop>,
    },
    HandOver {
        site: usize,
        run: String,
        crew: usize,
        stop: Box<road::Stop>,
    },
    /// A courier is back at the dock.
    Return {
        site: usize,
        run: String,
        crew: usize,
    },
    /// Bins are counted when the last van is back.
    Count {
        site: usize,
        day: u32,
    },
    /// A customer is not content.
    Complain {
        customer: usize,
        order: String,
    },
    /// The desk answers what no rule has.
    Answer {
        site: usize,
    },
    /// A lot is called back.
    Recall {
        site: usize,
    },
    /// People look back on the days.
    Meet {
        site: usize,
    },
    /// What has run out is thrown away.
    Dispose {
        site: usize,
    },
    /// Probes send what they measured; somebody looks at the screen.
    Sense,
    /// Somebody goes to a room that is too warm.
    AnswerAlarm {
        excursion: String,
    },
    CloseAlarm {
        excursion: String,
    },
    /// A customer has unpacked.
    Rate {
        customer: usize,
        order: String,
    },
    /// Goods are bought, received and paid.
    Buying(buying::Errand),
    /// Somebody says what would be better, or answers it.
    Suggest(suggestions::Word),
    /// Something goes wrong on purpose.
    Plant {
        kind: usize,
        entry: usize,
        spot: plants::Spot,
    },
    /// Before 06:00 somebody looks for everything that may have gone wrong.
    LookAround,
}

pub(crate) async fn happen(world: &mut World, what: Doing) -> Result<(), SimError> {
    match what {
        Doing::Morning { day } => {
            world.clock_in().await?;
            setup::morning(world, day).await?;
            demand::morning(world, day).await?;
            counts::after(world, day);
            complaints::after(world);
            recall::after(world, day);
            meeting::after(world, day);
            files::morning(world, day);
            counts::forgotten_goods(world, day).await
        }
        Doing::Order { customer, wish } => customers::order(world, customer, wish).await,
        Doing::StandingOrders { day, count } => files::send_standing_orders(world, day, count).await,
        Doing::Review { order } => customers::review(world, &order).await,
        Doing::Release { site, window, start, end } => floor::release(world, site, window, start, end).await,
        Doing::Claim { site, wave, window, start, picker } => {
            floor::claim(world, site, &wave, &window, start, picker).await
        }
        Doing::Pick { site, task, then } => floor::pick(world, site, *task, *then).await,
        Doing::Pack { site, note } => {
            papers::slip(world, &note).await?;
            floor::pack(world, site, &note).await
        }
        Doing::Plan { site, window, attempt } => road::plan(world, site, &window, attempt).await,
        Doing::Load { site, run, crew } => road::load(world, site, run, crew).await,
        Doing::Depart { site, run, crew } => road::depart(world, site, run, crew).await,
        Doing::Arrive { site, run, crew, stop } => road::arrive(world, site, run, crew, *stop).await,
        Doing::HandOver { site, run, crew, stop } => road::hand_over(world, site, run, crew, *stop).await,
        Doing::Return { site, run, crew } => road::come_back(world, site, &run, crew).await,
        Doing::Count { site, day } => counts::count(world, site, day).await,
        Doing::Complain { customer, order } => complaints::complain(world, customer, &order).await,
        Doing::Answer { site } => complaints::answer(world, site).await,
        Doing::Recall { site } => recall::recall(world, site).await,
        Doing::Meet { site } => meeting::meet(world, site).await,
        Doing::Dispose { site } => counts::dispose(world, site).await,
        Doing::Sense => sensors::sense(world).await,
        Doing::AnswerAlarm { excursion } => sensors::answer(world, &excursion).await,
        Doing::CloseAlarm { excursion } => sensors::close(world, &excursion).await,
        Doing::Rate { customer, order } => customers::rate(world, customer, &order).await,
        Doing::Buying(errand) => buying::run(world, errand).await,
        Doing::Suggest(word) => suggestions::run(world, word).await,
        Doing::Plant { kind, entry, spot } => plants::plant(world, kind, entry, spot).await,
        Doing::LookAround => plants::look_around(world).await,
    }
}
