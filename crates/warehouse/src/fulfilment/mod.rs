//! Step 2.2 分揀與包裝: waves, picking by scan and scale, packing by temperature class, the weight check, and the
//! parcels' way to the van.
//!
//! What the scale showed is kept as it was, weighing by weighing; the grams in the parcel, on the slip and in the
//! invoice are those and no others. A lot that may not be used at the moment of the pick is never picked: another is
//! bound in its place, or the line goes short with a reason.
//!
//! It never decides which order is released, and it never changes a price.

pub mod events;
pub mod http;
pub mod rules;
pub mod scan;
pub mod settings;
pub mod weight;

mod goods;
mod origin;
mod pack;
mod parcels;
mod pick;
mod put_back;
mod refusal;
mod returned;
mod store;
mod waves;

pub use origin::{PickedGoods, picks_of_line};
pub use pack::{NewParcel, ParcelContent, ParcelSheet, pack};
pub use parcels::{
    ClosedParcel, PackedLine, classes_of_each, closed_parcels_of, hand_over, load, order_of, packed, parcel,
    parcel_by_code, parcels_by_id, parcels_in, parcels_of, parcels_of_each, parcels_of_note, returned, site_of, stage,
    unload,
};
pub use pick::{
    Confirmation, PickAnswer, Picking, ScaleRecord, Shortage, Weighed, pick, scale_record, short, task, task_record,
};
pub use put_back::put_back;
pub use refusal::FulfilmentRefusal;
pub use returned::{JudgedReturn, JudgedReturnLine, ReturnDecision, judge_return};
pub use rules::{ParcelState, ShortReason, TaskState, WaveState};
pub use scan::{SCAN_MAX, Scanned, UnreadableScan};
pub use settings::{
    LabelItem, LabelSettings, NewLabelSettings, NewPackaging, Packaging, labels, packagings, put_label_item,
    put_packaging, set_labels,
};
pub use waves::{
    Batch, Claim, NotePick, PickStop, StopTask, TaskCard, TaskLine, WalkKey, WaveCard, Whose, add_tasks, claim,
    finish_if_done, note, open_wave, order_and_site, walk, wave, waves,
};
pub use weight::{Scale, Side, WEIGHINGS_MAX, Weighing, WeighingFault, WeightReason};
