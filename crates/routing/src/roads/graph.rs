//! Roads as a graph of turns: every directed piece between two junctions is a node.

use std::collections::{BTreeMap, BTreeSet};

use super::Point;
use super::osm::{Extract, ExtractError, RawWay};

/// Kinds of vehicle that drive on different roads at different speeds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Profile {
    Van,
    Scooter,
    CargoBike,
}

/// A directed piece of road.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Segment {
    pub from: u32,
    pub to: u32,
    pub ms: u32,
    pub metres: u32,
    /// Where its course begins and ends in [`Graph::course`]'s store; shared with its other direction.
    pub(super) shape: u32,
    pub(super) shape_end: u32,
    /// Drives the course from its end.
    pub(super) backwards: bool,
}

/// Pieces of road and the turns between them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Graph {
    pub(super) segments: Vec<Segment>,
    pub(super) shapes: Vec<Point>,
    /// Turns from segment `s` are `turns[first_turn[s]..first_turn[s + 1]]`.
    pub(super) first_turn: Vec<u32>,
    pub(super) turns: Vec<u32>,
}

/// Speeds in km/h by class of road: van, scooter, cargo bike. Zero is not allowed.
const SPEEDS: [(&str, [u32; 3]); 20] = [
    ("motorway", [100, 0, 0]),
    ("motorway_link", [60, 0, 0]),
    ("trunk", [80, 0, 0]),
    ("trunk_link", [50, 0, 0]),
    ("primary", [55, 35, 16]),
    ("primary_link", [40, 30, 15]),
    ("secondary", [48, 35, 17]),
    ("secondary_link", [35, 30, 16]),
    ("tertiary", [42, 32, 18]),
    ("tertiary_link", [30, 28, 17]),
    ("unclassified", [35, 30, 18]),
    ("residential", [26, 25, 18]),
    ("living_street", [10, 10, 10]),
    ("service", [14, 14, 14]),
    ("road", [30, 25, 16]),
    ("track", [0, 0, 10]),
    ("cycleway", [0, 0, 18]),
    ("path", [0, 0, 9]),
    ("pedestrian", [0, 0, 6]),
    ("bridleway", [0, 0, 0]),
];
/// Share of the speed that is left in an hour of the day, in percent, on roads where traffic gathers.
const RUSH: [u32; 24] =
    [100, 100, 100, 100, 100, 98, 92, 78, 70, 80, 88, 88, 85, 85, 86, 84, 76, 68, 72, 85, 94, 98, 100, 100];
const CROWDED: [&str; 4] = ["motorway", "trunk", "primary", "secondary"];

impl Profile {
    const fn column(self) -> usize {
        match self {
            Self::Van => 0,
            Self::Scooter => 1,
            Self::CargoBike => 2,
        }
    }

    /// Words of access tags that speak of this vehicle, the strongest last.
    const fn access_words(self) -> &'static [&'static str] {
        match self {
            Self::Van => &["access", "vehicle", "motor_vehicle", "motorcar"],
            Self::Scooter => &["access", "vehicle", "motor_vehicle"],
            Self::CargoBike => &["access", "vehicle", "bicycle"],
        }
    }

    /// How fast it drives along the way and against it; zero where it may not.
    fn kmh(self, way: &RawWay, hour: Option<u8>) -> (u32, u32) {
        let tag = |name: &str| way.tags.get(name).map(String::as_str);
        let class = tag("highway").unwrap_or_default();
        let mut kmh = SPEEDS.iter().find(|(known, _)| *known == class).map_or(0, |(_, kmh)| kmh[self.column()]);
        if tag("area") == Some("yes") {
            return (0, 0);
        }
        let word = self.access_words().iter().rev().find_map(|word| tag(word));
        match word {
            Some("no" | "private" | "agricultural" | "forestry" | "military" | "use_sidepath") => kmh = 0,
            Some("yes" | "designated" | "permissive") if kmh == 0 && self == Self::CargoBike => kmh = 10,
            Some(_) | None => {}
        }
        if let Some(limit) = tag("maxspeed").and_then(limit_kmh) {
            // Nobody drives faster than allowed, and in town seldom as fast.
            kmh = kmh.min((limit * 9 / 10).max(5));
        }
        if let Some(hour) = hour
            && CROWDED.iter().any(|crowded| class.starts_with(crowded))
            && self != Self::CargoBike
        {
            kmh = kmh * RUSH[usize::from(hour % 24)] / 100;
        }
        let oneway = match (self, tag("oneway:bicycle"), tag("oneway")) {
            (Self::CargoBike, Some("no"), _) => None,
            (_, _, word) => word,
        };
        match oneway {
            Some("yes" | "true" | "1") => (kmh, 0),
            Some("-1" | "reverse") => (0, kmh),
            None if tag("junction") == Some("roundabout") || class == "motorway" => (kmh, 0),
            Some(_) | None => (kmh, kmh),
        }
    }

    fn excepted(self, except: &str) -> bool {
        let words: &[&str] = match self {
            Self::Van => &["motorcar", "motor_vehicle", "vehicle", "goods"],
            Self::Scooter => &["motorcycle", "moped", "motor_vehicle", "vehicle"],
            Self::CargoBike => &["bicycle", "vehicle"],
        };
        except.split(';').any(|word| words.contains(&word.trim()))
    }
}

/// A segment takes less: then ways of thousands of them can be added up.
pub(super) const SEGMENT_MS_MAX: u32 = 1 << 30;
/// Two neighbouring nodes of a road are nearer to each other.
const PIECE_METRES_MAX: f64 = 100_000.0;

/// Whether two points can be the ends of a straight piece of road: where people live, and near to each other.
pub(super) fn is_piece(ends: &[Point]) -> bool {
    let inhabited =
        |point: &Point| point.lat.unsigned_abs() <= 850_000_000 && point.lon.unsigned_abs() <= 1_800_000_000;
    match ends {
        [from, to] => inhabited(from) && inhabited(to) && from.metres_to(*to) < PIECE_METRES_MAX,
        _ => false,
    }
}

fn limit_kmh(text: &str) -> Option<u32> {
    let (number, unit) = text.split_at(text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len()));
    let number: u32 = number.parse().ok().filter(|&number| number <= 300)?;
    Some(if unit.trim() == "mph" { number * 1_609 / 1_000 } else { number })
}

impl Graph {
    /// The roads of an extract for one profile, at an hour of the day or without traffic. Only pieces that can all
    /// reach each other are kept.
    pub fn build(extract: &Extract, profile: Profile, hour: Option<u8>) -> Result<Self, ExtractError> {
        let drivable: Vec<(&RawWay, (u32, u32))> = extract
            .ways
            .iter()
            .map(|way| (way, profile.kmh(way, hour)))
            .filter(|(_, (along, against))| along + against > 0)
            .collect();
        let point = |id: i64| {
            let found = extract.nodes.binary_search_by_key(&id, |node| node.0).ok();
            found.map(|index| extract.nodes[index].1)
        };
        let mut uses: BTreeMap<i64, u32> = BTreeMap::new();
        for (way, _) in &drivable {
            for (position, &node) in way.nodes.iter().enumerate() {
                let end = position == 0 || position + 1 == way.nodes.len();
                *uses.entry(node).or_default() += if end { 2 } else { 1 };
            }
        }
        let mut junctions: BTreeMap<i64, u32> = BTreeMap::new();
        let mut graph = Self::default();
        let mut way_of = Vec::new();
        for (way, kmh) in &drivable {
            let mut course: Vec<Point> = Vec::new();
            let mut begin = None;
            for &node in &way.nodes {
                // Extracts are cut at borders; a way goes on as far as its nodes are known.
                let Some(here) = point(node) else {
                    course.clear();
                    begin = None;
                    continue;
                };
                // Nor is a road where two nodes lie further apart than any two of a road do.
                if course.last().is_some_and(|last| !is_piece(&[*last, here])) {
                    course.clear();
                    begin = None;
                }
                course.push(here);
                let Some(from) = begin else {
                    begin = Some(node);
                    continue;
                };
                if uses.get(&node).is_some_and(|&uses| uses > 1) {
                    let mut number = |node: i64| {
                        let next = junctions.len() as u32;
                        *junctions.entry(node).or_insert(next)
                    };
                    graph.add(number(from), number(node), &course, *kmh);
                    way_of.resize(graph.segments.len(), way.id);
                    course = vec![here];
                    begin = Some(node);
                }
            }
        }
        graph.connect(extract, profile, &junctions, &way_of);
        let graph = graph.largest_part();
        if graph.segments.is_empty() { Err(ExtractError::NoRoads) } else { Ok(graph) }
    }

    /// A graph from bare pieces of road, without restrictions: junctions, and between which of them one drives how
    /// long and how far. Whoever generates cities needs no extract. A piece of twelve days or more leads nowhere.
    pub fn from_pieces(junctions: &[Point], pieces: &[(u32, u32, u32, u32)]) -> Self {
        let mut graph = Self::default();
        let pieces: Vec<(u32, u32, u32, u32)> =
            pieces.iter().filter(|piece| piece.2 < SEGMENT_MS_MAX).copied().collect();
        for &(from, to, ms, metres) in &pieces {
            let shape = graph.shapes.len() as u32;
            graph.shapes.extend([junctions[from as usize], junctions[to as usize]]);
            graph.segments.push(Segment { from, to, ms, metres, shape, shape_end: shape + 2, backwards: false });
        }
        let ways: Vec<i64> =
            pieces.iter().map(|&(from, to, ..)| i64::from(from.min(to)) << 32 | i64::from(from.max(to))).collect();
        graph.connect(&Extract::default(), Profile::Van, &BTreeMap::new(), &ways);
        graph.largest_part()
    }

    pub const fn len(&self) -> usize {
        self.segments.len()
    }

    pub const fn is_empty(&self) -> bool {
        self.segments.is_empty()
    }

    pub fn segment(&self, number: u32) -> &Segment {
        &self.segments[number as usize]
    }

    /// Segments that may follow one.
    pub fn turns_from(&self, segment: u32) -> &[u32] {
        let segment = segment as usize;
        &self.turns[self.first_turn[segment] as usize..self.first_turn[segment + 1] as usize]
    }

    /// The course of a segment in its direction.
    pub fn course(&self, segment: u32) -> Vec<Point> {
        let Segment { shape, shape_end, backwards, .. } = *self.segment(segment);
        let mut course = self.shapes[shape as usize..shape_end as usize].to_vec();
        if backwards {
            course.reverse();
        }
        course
    }

    fn add(&mut self, from: u32, to: u32, course: &[Point], (along, against): (u32, u32)) {
        let metres: f64 = course.windows(2).map(|pair| pair[0].metres_to(pair[1])).sum();
        let shape = self.shapes.len() as u32;
        self.shapes.extend_from_slice(course);
        let shape_end = self.shapes.len() as u32;
        for (kmh, from, to, backwards) in [(along, from, to, false), (against, to, from, true)] {
            let ms = (metres * 3_600.0 / f64::from(kmh)).round().max(1.0) as u32;
            if kmh > 0 && ms < SEGMENT_MS_MAX {
                let metres = metres.round() as u32;
                self.segments.push(Segment { from, to, ms, metres, shape, shape_end, backwards });
            }
        }
    }

    /// Finds the turns: from every segment to those that leave where it ends, except back where it came from (unless
    /// there is no other way) and except where a sign forbids it.
    fn connect(&mut self, extract: &Extract, profile: Profile, junctions: &BTreeMap<i64, u32>, way_of: &[i64]) {
        let mut leaving: BTreeMap<u32, Vec<u32>> = BTreeMap::new();
        for (number, segment) in self.segments.iter().enumerate() {
            leaving.entry(segment.from).or_default().push(number as u32);
        }
        let mut forbidden: BTreeSet<(i64, u32, i64)> = BTreeSet::new();
        let mut commanded: BTreeMap<(i64, u32), BTreeSet<i64>> = BTreeMap::new();
        for rule in extract.restrictions.iter().filter(|rule| !profile.excepted(&rule.except)) {
            // Signs for cars do not bind bicycles when the crossing has its own rule; without one they do.
            let Some(&via) = junctions.get(&rule.via_node) else { continue };
            if rule.commands {
                commanded.entry((rule.from_way, via)).or_default().insert(rule.to_way);
            } else {
                forbidden.insert((rule.from_way, via, rule.to_way));
            }
        }
        self.first_turn = vec![0];
        for (number, segment) in self.segments.iter().enumerate() {
            let next = leaving.get(&segment.to).map_or(&[][..], Vec::as_slice);
            let way = way_of[number];
            let allowed = |&&other: &&u32| {
                let to = way_of[other as usize];
                let command = commanded.get(&(way, segment.to));
                !forbidden.contains(&(way, segment.to, to)) && command.is_none_or(|ways| ways.contains(&to))
            };
            let turns_back = |other: u32| {
                let other_segment = self.segments[other as usize];
                other_segment.to == segment.from
                    && way_of[other as usize] == way
                    && (other_segment.shape == segment.shape || segment.shape_end - segment.shape == 2)
            };
            let onward: Vec<u32> = next.iter().filter(allowed).copied().filter(|&other| !turns_back(other)).collect();
            if onward.is_empty() {
                self.turns.extend(next.iter().copied().filter(|&other| turns_back(other)));
            } else {
                self.turns.extend(onward);
            }
            self.first_turn.push(self.turns.len() as u32);
        }
    }

    /// Only the largest set of segments that all reach each other: elsewhere a van would be trapped.
    fn largest_part(&self) -> Self {
        let part = self.strong_parts();
        let mut sizes: BTreeMap<u32, usize> = BTreeMap::new();
        for &part in &part {
            *sizes.entry(part).or_default() += 1;
        }
        let Some((&largest, _)) = sizes.iter().max_by_key(|&(&part, &size)| (size, std::cmp::Reverse(part))) else {
            return Self::default();
        };
        let mut new_number = vec![u32::MAX; self.segments.len()];
        let mut kept = Self { first_turn: vec![0], ..Self::default() };
        for (old, segment) in self.segments.iter().enumerate().filter(|(old, _)| part[*old] == largest) {
            new_number[old] = kept.segments.len() as u32;
            let shape = kept.shapes.len() as u32;
            // The other direction, if it follows, shares the course.
            let shared = kept
                .segments
                .last()
                .filter(|_| old > 0 && part[old - 1] == largest && self.segments[old - 1].shape == segment.shape);
            let (shape, shape_end) = if let Some(last) = shared {
                (last.shape, last.shape_end)
            } else {
                let course = &self.shapes[segment.shape as usize..segment.shape_end as usize];
                kept.shapes.extend_from_slice(course);
                (shape, kept.shapes.len() as u32)
            };
            kept.segments.push(Segment { shape, shape_end, ..*segment });
        }
        for old in (0..self.segments.len()).filter(|&old| part[old] == largest) {
            let turns = self.turns_from(old as u32).iter().map(|&to| new_number[to as usize]);
            kept.turns.extend(turns.filter(|&to| to != u32::MAX));
            kept.first_turn.push(kept.turns.len() as u32);
        }
        kept
    }

    /// Tarjan's components, without recursion.
    fn strong_parts(&self) -> Vec<u32> {
        let count = self.segments.len();
        let unseen = u32::MAX;
        let (mut index, mut low, mut part) = (vec![unseen; count], vec![0u32; count], vec![unseen; count]);
        let (mut stack, mut next_index, mut parts) = (Vec::new(), 0u32, 0u32);
        for root in 0..count {
            if index[root] != unseen {
                continue;
            }
            let mut calls = vec![(root, 0usize)];
            while let Some(&(node, turn)) = calls.last() {
                if turn == 0 {
                    index[node] = next_index;
                    low[node] = next_index;
                    next_index += 1;
                    stack.push(node);
                }
                let turns = self.turns_from(node as u32);
                if let Some(&to) = turns.get(turn) {
                    if let Some(call) = calls.last_mut() {
                        call.1 += 1;
                    }
                    let to = to as usize;
                    if index[to] == unseen {
                        calls.push((to, 0));
                    } else if part[to] == unseen {
                        low[node] = low[node].min(index[to]);
                    }
                    continue;
                }
                calls.pop();
                if let Some(&(caller, _)) = calls.last() {
                    low[caller] = low[caller].min(low[node]);
                }
                if low[node] == index[node] {
                    while let Some(member) = stack.pop() {
                        part[member] = parts;
                        if member == node {
                            break;
                        }
                    }
                    parts += 1;
                }
            }
        }
        part
    }
}
