//! Reads the protocol-buffer form of OpenStreetMap, as far as roads need it.

use std::collections::BTreeMap;

use super::Point;

/// Blobs may not be larger, says the format.
const BLOB_MAX: usize = 32 << 20;
/// Bytes that a byte of an extract may unpack to, all blocks together: real ones need five, bombs a thousand.
const UNPACKED_PER_BYTE: usize = 64;
/// Bytes of an extract at most: a country, not a continent.
pub const EXTRACT_MAX: usize = 512 << 20;

/// A way with the tags that roads need.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RawWay {
    pub id: i64,
    pub nodes: Vec<i64>,
    pub tags: BTreeMap<String, String>,
}

/// A forbidden or commanded turn at a node.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Restriction {
    pub from_way: i64,
    pub via_node: i64,
    pub to_way: i64,
    /// `true` for *only this way*, `false` for *not this way*.
    pub commands: bool,
    /// Kinds of vehicle that it does not bind, as tagged.
    pub except: String,
}

/// What an extract tells about roads.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Extract {
    /// Sorted by number.
    pub nodes: Vec<(i64, Point)>,
    pub ways: Vec<RawWay>,
    pub restrictions: Vec<Restriction>,
}

/// Why bytes are no extract.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ExtractError {
    #[error("the extract has {bytes} bytes, at most {most} are read")]
    TooLong { bytes: usize, most: usize },
    #[error("the extract ends within a block that begins at byte {at}")]
    CutOff { at: usize },
    #[error("a block has {bytes} bytes, at most {most} are allowed")]
    BlockTooLarge { bytes: usize, most: usize },
    #[error("up to the block at byte {at} more is unpacked than roads need")]
    UnpacksTooFar { at: usize },
    #[error("the block at byte {at} is damaged")]
    Damaged { at: usize },
    #[error("the block at byte {at} is packed in a way that we do not read")]
    UnknownPacking { at: usize },
    #[error("the extract asks for {feature}, which we do not have")]
    UnknownFeature { feature: String },
    #[error("node {node} is not on the earth")]
    NotOnEarth { node: i64 },
    #[error("there is no road for this kind of vehicle")]
    NoRoads,
}

/// Tags that decide about roads; all others are dropped at once.
const TAGS: [&str; 14] = [
    "highway",
    "oneway",
    "oneway:bicycle",
    "junction",
    "maxspeed",
    "access",
    "vehicle",
    "motor_vehicle",
    "motorcar",
    "bicycle",
    "service",
    "area",
    "route",
    "cycleway",
];

/// Reads an extract.
pub fn read(bytes: &[u8]) -> Result<Extract, ExtractError> {
    if bytes.len() > EXTRACT_MAX {
        return Err(ExtractError::TooLong { bytes: bytes.len(), most: EXTRACT_MAX });
    }
    let mut extract = Extract::default();
    let unpacked_max = BLOB_MAX + bytes.len() * UNPACKED_PER_BYTE;
    let (mut at, mut unpacked) = (0, 0);
    while at < bytes.len() {
        let begin = at;
        let cut = ExtractError::CutOff { at: begin };
        let length = bytes.get(at..at + 4).ok_or_else(|| cut.clone())?;
        let length = length.iter().fold(0usize, |sum, &byte| sum << 8 | usize::from(byte));
        at += 4;
        if length > 64 << 10 {
            return Err(ExtractError::BlockTooLarge { bytes: length, most: 64 << 10 });
        }
        let header = bytes.get(at..at + length).ok_or_else(|| cut.clone())?;
        at += length;
        let damaged = || ExtractError::Damaged { at: begin };
        let (mut kind, mut size) = (&[][..], 0usize);
        for field in Fields::of(header) {
            match field.ok_or_else(damaged)? {
                (1, Value::Bytes(name)) => kind = name,
                (3, Value::Number(number)) => size = usize::try_from(number).map_err(|_| damaged())?,
                _ => {}
            }
        }
        if size > BLOB_MAX {
            return Err(ExtractError::BlockTooLarge { bytes: size, most: BLOB_MAX });
        }
        let blob = bytes.get(at..at + size).ok_or(cut)?;
        at += size;
        let block = unpack(blob, begin)?;
        unpacked += block.len();
        if unpacked > unpacked_max {
            return Err(ExtractError::UnpacksTooFar { at: begin });
        }
        match kind {
            b"OSMHeader" => header_block(&block, begin)?,
            b"OSMData" => data_block(&block, &mut extract).ok_or_else(damaged)?,
            _ => {}
        }
    }
    extract.nodes.sort_unstable();
    extract.nodes.dedup_by_key(|node| node.0);
    if let Some(&(node, _)) = extract
        .nodes
        .iter()
        .find(|(_, point)| point.lat.unsigned_abs() > 900_000_000 || point.lon.unsigned_abs() > 1_800_000_000)
    {
        return Err(ExtractError::NotOnEarth { node });
    }
    Ok(extract)
}

fn unpack(blob: &[u8], at: usize) -> Result<Vec<u8>, ExtractError> {
    for field in Fields::of(blob) {
        match field.ok_or(ExtractError::Damaged { at })? {
            (1, Value::Bytes(raw)) => return Ok(raw.to_vec()),
            (3, Value::Bytes(packed)) => {
                return miniz_oxide::inflate::decompress_to_vec_zlib_with_limit(packed, BLOB_MAX)
                    .map_err(|_| ExtractError::Damaged { at });
            }
            (4..=7, Value::Bytes(_)) => return Err(ExtractError::UnknownPacking { at }),
            _ => {}
        }
    }
    Ok(Vec::new())
}

fn header_block(block: &[u8], at: usize) -> Result<(), ExtractError> {
    for field in Fields::of(block) {
        if let (4, Value::Bytes(feature)) = field.ok_or(ExtractError::Damaged { at })? {
            let feature = String::from_utf8_lossy(feature);
            if !["OsmSchema-V0.6", "DenseNodes"].contains(&&*feature) {
                return Err(ExtractError::UnknownFeature { feature: feature.chars().take(60).collect() });
            }
        }
    }
    Ok(())
}

/// How a block writes its places.
struct Grid {
    granularity: i64,
    lat_offset: i64,
    lon_offset: i64,
}

impl Grid {
    fn point(&self, lat: i64, lon: i64) -> Option<Point> {
        let unit = |offset: i64, number: i64| {
            let nano = number.checked_mul(self.granularity)?.checked_add(offset)?;
            i32::try_from(nano / 100).ok()
        };
        Some(Point { lat: unit(self.lat_offset, lat)?, lon: unit(self.lon_offset, lon)? })
    }
}

fn data_block(block: &[u8], extract: &mut Extract) -> Option<()> {
    let mut strings: Vec<&[u8]> = Vec::new();
    let mut grid = Grid { granularity: 100, lat_offset: 0, lon_offset: 0 };
    for field in Fields::of(block) {
        match field? {
            (1, Value::Bytes(table)) => {
                for string in Fields::of(table) {
                    if let (1, Value::Bytes(string)) = string? {
                        strings.push(string);
                    }
                }
            }
            (17, Value::Number(number)) => grid.granularity = number as i64,
            (19, Value::Number(number)) => grid.lat_offset = number as i64,
            (20, Value::Number(number)) => grid.lon_offset = number as i64,
            _ => {}
        }
    }
    for field in Fields::of(block) {
        let (2, Value::Bytes(group)) = field? else { continue };
        for entry in Fields::of(group) {
            match entry? {
                (1, Value::Bytes(node)) => single_node(node, &grid, extract)?,
                (2, Value::Bytes(dense)) => dense_nodes(dense, &grid, extract)?,
                (3, Value::Bytes(way)) => one_way(way, &strings, extract)?,
                (4, Value::Bytes(relation)) => one_relation(relation, &strings, extract)?,
                _ => {}
            }
        }
    }
    Some(())
}

fn single_node(node: &[u8], grid: &Grid, extract: &mut Extract) -> Option<()> {
    let (mut id, mut lat, mut lon) = (0, 0, 0);
    for field in Fields::of(node) {
        match field? {
            (1, Value::Number(number)) => id = zigzag(number),
            (8, Value::Number(number)) => lat = zigzag(number),
            (9, Value::Number(number)) => lon = zigzag(number),
            _ => {}
        }
    }
    extract.nodes.push((id, grid.point(lat, lon)?));
    Some(())
}

fn dense_nodes(dense: &[u8], grid: &Grid, extract: &mut Extract) -> Option<()> {
    let (mut ids, mut lats, mut lons) = (&[][..], &[][..], &[][..]);
    for field in Fields::of(dense) {
        match field? {
            (1, Value::Bytes(bytes)) => ids = bytes,
            (8, Value::Bytes(bytes)) => lats = bytes,
            (9, Value::Bytes(bytes)) => lons = bytes,
            _ => {}
        }
    }
    let (mut id, mut lat, mut lon) = (0i64, 0i64, 0i64);
    while !ids.is_empty() {
        id = id.checked_add(zigzag(varint(&mut ids)?))?;
        lat = lat.checked_add(zigzag(varint(&mut lats)?))?;
        lon = lon.checked_add(zigzag(varint(&mut lons)?))?;
        extract.nodes.push((id, grid.point(lat, lon)?));
    }
    Some(())
}

fn one_way(way: &[u8], strings: &[&[u8]], extract: &mut Extract) -> Option<()> {
    let (mut id, mut keys, mut values, mut refs) = (0, &[][..], &[][..], &[][..]);
    for field in Fields::of(way) {
        match field? {
            (1, Value::Number(number)) => id = number as i64,
            (2, Value::Bytes(bytes)) => keys = bytes,
            (3, Value::Bytes(bytes)) => values = bytes,
            (8, Value::Bytes(bytes)) => refs = bytes,
            _ => {}
        }
    }
    let tags = tags(keys, values, strings, &TAGS)?;
    if !tags.contains_key("highway") {
        return Some(());
    }
    let (mut nodes, mut node) = (Vec::new(), 0i64);
    while !refs.is_empty() {
        node = node.checked_add(zigzag(varint(&mut refs)?))?;
        nodes.push(node);
    }
    extract.ways.push(RawWay { id, nodes, tags });
    Some(())
}

fn one_relation(relation: &[u8], strings: &[&[u8]], extract: &mut Extract) -> Option<()> {
    let (mut keys, mut values, mut roles, mut members, mut kinds) = (&[][..], &[][..], &[][..], &[][..], &[][..]);
    for field in Fields::of(relation) {
        match field? {
            (2, Value::Bytes(bytes)) => keys = bytes,
            (3, Value::Bytes(bytes)) => values = bytes,
            (8, Value::Bytes(bytes)) => roles = bytes,
            (9, Value::Bytes(bytes)) => members = bytes,
            (10, Value::Bytes(bytes)) => kinds = bytes,
            _ => {}
        }
    }
    let tags = tags(keys, values, strings, &["type", "restriction", "except"])?;
    let (Some("restriction"), Some(rule)) = (tags.get("type").map(String::as_str), tags.get("restriction")) else {
        return Some(());
    };
    let (mut member, mut from, mut via, mut to) = (0i64, None, None, None);
    while !members.is_empty() {
        member = member.checked_add(zigzag(varint(&mut members)?))?;
        let role = *strings.get(usize::try_from(varint(&mut roles)?).ok()?)?;
        match (role, varint(&mut kinds)?) {
            (b"from", 1) => from = Some(member),
            (b"via", 0) => via = Some(member),
            (b"to", 1) => to = Some(member),
            _ => {}
        }
    }
    if let (Some(from_way), Some(via_node), Some(to_way)) = (from, via, to) {
        let except = tags.get("except").cloned().unwrap_or_default();
        let commands = rule.starts_with("only_");
        if commands || rule.starts_with("no_") {
            extract.restrictions.push(Restriction { from_way, via_node, to_way, commands, except });
        }
    }
    Some(())
}

fn tags(mut keys: &[u8], mut values: &[u8], strings: &[&[u8]], wanted: &[&str]) -> Option<BTreeMap<String, String>> {
    let mut tags = BTreeMap::new();
    while !keys.is_empty() {
        let key = *strings.get(usize::try_from(varint(&mut keys)?).ok()?)?;
        let value = *strings.get(usize::try_from(varint(&mut values)?).ok()?)?;
        if let Some(known) = wanted.iter().find(|known| known.as_bytes() == key) {
            tags.insert((*known).to_owned(), String::from_utf8_lossy(value).into_owned());
        }
    }
    Some(tags)
}

enum Value<'a> {
    Number(u64),
    Bytes(&'a [u8]),
}

/// The fields of a message; a damaged one is `None` and the last.
struct Fields<'a> {
    rest: &'a [u8],
}

impl<'a> Fields<'a> {
    const fn of(message: &'a [u8]) -> Self {
        Self { rest: message }
    }

    fn field(&mut self) -> Option<(u64, Value<'a>)> {
        let key = varint(&mut self.rest)?;
        let value = match key & 7 {
            0 => Value::Number(varint(&mut self.rest)?),
            1 => self.take(8)?,
            2 => {
                let length = usize::try_from(varint(&mut self.rest)?).ok()?;
                self.take(length)?
            }
            5 => self.take(4)?,
            _ => return None,
        };
        Some((key >> 3, value))
    }

    fn take(&mut self, length: usize) -> Option<Value<'a>> {
        let (head, tail) = self.rest.split_at_checked(length)?;
        self.rest = tail;
        Some(Value::Bytes(head))
    }
}

impl<'a> Iterator for Fields<'a> {
    type Item = Option<(u64, Value<'a>)>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.rest.is_empty() {
            return None;
        }
        let field = self.field();
        if field.is_none() {
            self.rest = &[];
        }
        Some(field)
    }
}

fn varint(bytes: &mut &[u8]) -> Option<u64> {
    let mut number = 0u64;
    for shift in (0..64).step_by(7) {
        let (&byte, rest) = bytes.split_first()?;
        *bytes = rest;
        number |= u64::from(byte & 0x7f) << shift;
        if byte & 0x80 == 0 {
            return Some(number);
        }
    }
    None
}

const fn zigzag(number: u64) -> i64 {
    (number >> 1) as i64 ^ -((number & 1) as i64)
}
