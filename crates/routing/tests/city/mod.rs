//! A generated city, for whoever needs roads and no extract.

#![expect(
    clippy::as_conversions,
    clippy::cast_possible_truncation,
    clippy::cast_possible_wrap,
    clippy::cast_sign_loss,
    reason = "its towns are small"
)]

use routing::roads::{Graph, Point};

/// Numbers without a pattern, the same on every run.
pub(crate) fn scattered(count: usize) -> impl Iterator<Item = usize> {
    let mut state = 88_172_645_463_325_252u64;
    std::iter::repeat_with(move || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        (state >> 11) as usize
    })
    .take(count)
}

/// A city of streets on a grid of about 90 metres, some of them one-way, some missing, every tenth one fast.
pub(crate) fn city(side: u32) -> Graph {
    let mut chance = scattered((side * side * 4) as usize);
    let mut draw = |end: usize| chance.next().unwrap_or(0) % end;
    let at = |x: u32, y: u32| x + y * side;
    let mut junctions = Vec::new();
    for y in 0..side {
        for x in 0..side {
            let stagger = |step: u32, by: usize| (step * 8_000) as i32 + by as i32;
            junctions.push(Point {
                lat: 250_000_000 + stagger(y, draw(2_000)),
                lon: 1_215_000_000 + stagger(x, draw(2_000)),
            });
        }
    }
    let mut pieces = Vec::new();
    for y in 0..side {
        for x in 0..side {
            for (to_x, to_y, line) in [(x + 1, y, y), (x, y + 1, x)] {
                if to_x == side || to_y == side {
                    continue;
                }
                let fate = draw(100);
                if fate < 5 {
                    continue;
                }
                let (from, to) = (at(x, y), at(to_x, to_y));
                let metres = junctions[from as usize].metres_to(junctions[to as usize]) as u32 + 1;
                let ms = metres * if line % 10 == 0 { 72 } else { 120 };
                pieces.push((from, to, ms, metres));
                if fate >= 15 {
                    pieces.push((to, from, ms, metres));
                }
            }
        }
    }
    Graph::from_pieces(&junctions, &pieces)
}
