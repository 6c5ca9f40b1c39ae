//! Many alike, on some threads.

/// Does the same with every one of many, in parts, and keeps their order.
pub(crate) fn in_parts<T: Sync, R: Send>(all: &[T], threads: usize, each: impl Fn(&T) -> R + Sync) -> Vec<R> {
    let threads = threads.clamp(1, 64).min(all.len().max(1));
    if threads == 1 {
        return all.iter().map(each).collect();
    }
    let part = all.len().div_ceil(threads);
    std::thread::scope(|scope| {
        let each = &each;
        let parts: Vec<_> =
            all.chunks(part).map(|part| scope.spawn(move || part.iter().map(each).collect::<Vec<R>>())).collect();
        // A part that fails has a bug; it fails the whole.
        parts
            .into_iter()
            .flat_map(|part| part.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic)))
            .collect()
    })
}
