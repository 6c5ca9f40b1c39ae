//! A prepared network as bytes, so that it is prepared once.

use super::graph::{Graph, SEGMENT_MS_MAX, Segment, is_piece};
use super::hierarchy::{Arc, Hierarchy, NOWHERE};
use super::{Network, Point};

const MAGIC: &[u8; 8] = b"FRESHRD2";

/// Why bytes are no saved network.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SavedError {
    #[error("this is no road network, or one of another version")]
    Foreign,
    #[error("the road network is damaged")]
    Damaged,
}

impl Network {
    /// What [`Network::from_bytes`] reads.
    pub fn to_bytes(&self) -> Vec<u8> {
        let (graph, hierarchy) = (&self.graph, &self.hierarchy);
        let mut out = Writer { bytes: MAGIC.to_vec() };
        out.list(&graph.segments, |out, s| {
            for number in [s.from, s.to, s.ms, s.metres, s.shape, s.shape_end, u32::from(s.backwards)] {
                out.number(number);
            }
        });
        out.list(&graph.shapes, |out, point| {
            out.number(point.lat.cast_unsigned());
            out.number(point.lon.cast_unsigned());
        });
        for list in [&graph.first_turn, &graph.turns, &hierarchy.ranked, &hierarchy.first_up, &hierarchy.first_down] {
            out.list(list, |out, &number| out.number(number));
        }
        for arcs in [&hierarchy.up, &hierarchy.down] {
            out.list(arcs, |out, arc| {
                out.number(arc.node);
                out.number(arc.middle);
                out.number((arc.weight >> 32) as u32);
                out.number(arc.weight as u32);
            });
        }
        let sum = checksum(&out.bytes);
        out.bytes.extend_from_slice(&sum.to_le_bytes());
        out.bytes
    }

    /// Reads what [`Network::to_bytes`] wrote, and refuses everything else.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, SavedError> {
        let body = bytes.strip_prefix(MAGIC).ok_or(SavedError::Foreign)?;
        let (body, sum) = body.split_last_chunk::<8>().ok_or(SavedError::Damaged)?;
        if checksum(&bytes[..bytes.len() - 8]) != u64::from_le_bytes(*sum) {
            return Err(SavedError::Damaged);
        }
        let network = Reader { rest: body }.network().ok_or(SavedError::Damaged)?;
        if network.is_whole() { Ok(network) } else { Err(SavedError::Damaged) }
    }

    /// Every number leads to something that exists.
    fn is_whole(&self) -> bool {
        let (graph, hierarchy) = (&self.graph, &self.hierarchy);
        let count = graph.segments.len();
        let firsts = |first: &[u32], length: usize| {
            first.len() == count + 1
                && first.first() == Some(&0)
                && first.windows(2).all(|pair| pair[0] <= pair[1])
                && first.last().is_some_and(|&last| last as usize == length)
        };
        let known = |node: u32| (node as usize) < count;
        // Arcs lead upwards over something lower, so that every course ends.
        let upwards = |first: &[u32], arcs: &[Arc]| {
            (0..count as u32).zip(first.windows(2)).all(|(low, ends)| {
                arcs[ends[0] as usize..ends[1] as usize]
                    .iter()
                    .all(|arc| known(arc.node) && arc.node > low && (arc.middle == u32::MAX || arc.middle < low))
            })
        };
        hierarchy.ranked.len() == count
            && firsts(&graph.first_turn, graph.turns.len())
            && firsts(&hierarchy.first_up, hierarchy.up.len())
            && firsts(&hierarchy.first_down, hierarchy.down.len())
            && graph.turns.iter().all(|&turn| known(turn))
            && upwards(&hierarchy.first_up, &hierarchy.up)
            && upwards(&hierarchy.first_down, &hierarchy.down)
            && graph.segments.iter().all(|segment| {
                let course = graph.shapes.get(segment.shape as usize..segment.shape_end as usize);
                segment.ms < SEGMENT_MS_MAX
                    && course.is_some_and(|course| course.len() >= 2 && course.windows(2).all(is_piece))
            })
            && hierarchy.up.iter().chain(&hierarchy.down).all(|arc| arc.weight < NOWHERE)
    }
}

/// The rank of every segment, if each has exactly one.
fn ranks(ranked: &[u32]) -> Option<Vec<u32>> {
    let mut rank = vec![u32::MAX; ranked.len()];
    for (number, &segment) in (0u32..).zip(ranked) {
        let known = rank.get_mut(segment as usize)?;
        if std::mem::replace(known, number) != u32::MAX {
            return None;
        }
    }
    Some(rank)
}

/// FNV-1a, which finds damage but no malice.
fn checksum(bytes: &[u8]) -> u64 {
    bytes.iter().fold(0xcbf2_9ce4_8422_2325, |sum, &byte| (sum ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3))
}

struct Writer {
    bytes: Vec<u8>,
}

impl Writer {
    fn number(&mut self, number: u32) {
        self.bytes.extend_from_slice(&number.to_le_bytes());
    }

    fn list<T>(&mut self, list: &[T], write: impl Fn(&mut Self, &T)) {
        self.number(list.len() as u32);
        for entry in list {
            write(self, entry);
        }
    }
}

struct Reader<'a> {
    rest: &'a [u8],
}

impl Reader<'_> {
    fn number(&mut self) -> Option<u32> {
        let (head, rest) = self.rest.split_first_chunk::<4>()?;
        self.rest = rest;
        Some(u32::from_le_bytes(*head))
    }

    fn list<T>(&mut self, read: impl Fn(&mut Self) -> Option<T>) -> Option<Vec<T>> {
        let length = self.number()? as usize;
        // A length that the bytes cannot hold must not reserve memory.
        if length > self.rest.len() {
            return None;
        }
        (0..length).map(|_| read(self)).collect()
    }

    fn network(mut self) -> Option<Network> {
        let segments = self.list(|from| {
            Some(Segment {
                from: from.number()?,
                to: from.number()?,
                ms: from.number()?,
                metres: from.number()?,
                shape: from.number()?,
                shape_end: from.number()?,
                backwards: from.number()? == 1,
            })
        })?;
        let shapes =
            self.list(|from| Some(Point { lat: from.number()?.cast_signed(), lon: from.number()?.cast_signed() }))?;
        let first_turn = self.list(Self::number)?;
        let turns = self.list(Self::number)?;
        let ranked = self.list(Self::number)?;
        let first_up = self.list(Self::number)?;
        let first_down = self.list(Self::number)?;
        let arc = |from: &mut Self| {
            let (node, middle) = (from.number()?, from.number()?);
            let weight = u64::from(from.number()?) << 32 | u64::from(from.number()?);
            Some(Arc { node, middle, weight })
        };
        let up = self.list(arc)?;
        let down = self.list(arc)?;
        let rank = ranks(&ranked)?;
        self.rest.is_empty().then_some(Network {
            graph: Graph { segments, shapes, first_turn, turns },
            hierarchy: Hierarchy { rank, ranked, first_up, up, first_down, down },
        })
    }
}
