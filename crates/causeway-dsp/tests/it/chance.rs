//! A small seeded generator (SplitMix64), so that every world can be told by its number. It is
//! not fit for secrets.

/// A stream of choices.
pub(crate) struct Chance(u64);

impl Chance {
    /// The choices of world `seed`.
    pub(crate) fn of(seed: u64) -> Self {
        Self(seed)
    }

    /// A number below `bound`.
    pub(crate) fn below(&mut self, bound: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^= z >> 31;
        usize::try_from(z % bound as u64).unwrap()
    }

    /// True once in `n` times.
    pub(crate) fn once_in(&mut self, n: usize) -> bool {
        self.below(n) == 0
    }
}

/// Runs `world` for every number below `worlds` on all cores and reports the first that fails.
pub(crate) fn in_worlds(worlds: u64, world: fn(u64)) {
    let cores = std::thread::available_parallelism().map_or(1, usize::from) as u64;
    std::thread::scope(|scope| {
        let runs: Vec<_> = (0..cores)
            .map(|core| scope.spawn(move || (core..worlds).step_by(cores as usize).for_each(world)))
            .collect();
        for run in runs {
            if let Err(panic) = run.join() {
                std::panic::resume_unwind(panic);
            }
        }
    });
}
