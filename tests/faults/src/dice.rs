//! Chance, from one seed: each actor throws dice of its own, so that who comes first changes little for the others.

use std::sync::atomic::{AtomicBool, AtomicU32, AtomicU64, Ordering};
use std::sync::{Arc, Mutex};

use fastrand::Rng;

/// Who throws.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Actor {
    Plan,
    Catalogue,
    Erp,
    Delivery,
    People,
    /// A worker, a tick or a start: the how many-th.
    Process(u64),
}

/// How much goes wrong in all, whoever is hit. Once all is used up it is calm, so that every run can come to its end.
#[derive(Debug)]
pub(crate) struct Weather {
    left: AtomicU32,
    calm: AtomicBool,
    injected: AtomicU64,
}

impl Weather {
    pub(crate) fn new(faults: u32) -> Arc<Self> {
        Arc::new(Self { left: faults.into(), calm: false.into(), injected: 0.into() })
    }

    /// From now on nothing goes wrong.
    pub(crate) fn calm_down(&self) {
        self.calm.store(true, Ordering::SeqCst);
    }

    /// How often something went wrong.
    pub(crate) fn injected(&self) -> u64 {
        self.injected.load(Ordering::SeqCst)
    }

    fn strikes(&self) -> bool {
        let less = |left: u32| left.checked_sub(1);
        let strikes = !self.calm.load(Ordering::SeqCst)
            && self.left.try_update(Ordering::SeqCst, Ordering::SeqCst, less).is_ok();
        self.injected.fetch_add(strikes.into(), Ordering::SeqCst);
        strikes
    }
}

/// The dice of one actor.
#[derive(Debug, Clone)]
pub(crate) struct Dice {
    rng: Arc<Mutex<Rng>>,
    weather: Arc<Weather>,
}

impl Dice {
    pub(crate) fn of(seed: u64, actor: Actor, weather: &Arc<Weather>) -> Self {
        let stream = match actor {
            Actor::Plan => 1,
            Actor::Catalogue => 2,
            Actor::Erp => 3,
            Actor::Delivery => 4,
            Actor::People => 5,
            Actor::Process(number) => 1_000 + number,
        };
        // The generator spreads neighbouring seeds poorly over its first numbers.
        let mut rng = Rng::with_seed(seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) ^ stream << 48 ^ stream);
        rng.u64(..);
        Self { rng: Arc::new(Mutex::new(rng)), weather: Arc::clone(weather) }
    }

    /// Throws.
    pub(crate) fn throw<T>(&self, throw: impl FnOnce(&mut Rng) -> T) -> T {
        throw(&mut self.rng.lock().unwrap())
    }

    /// Whether nothing goes wrong any more.
    pub(crate) fn is_calm(&self) -> bool {
        self.weather.calm.load(Ordering::SeqCst)
    }

    /// One of `kinds` in `per_mille` of all cases, while faults are left.
    pub(crate) fn fault<F: Copy>(&self, per_mille: u32, kinds: &[F]) -> Option<F> {
        let kind = self.throw(|rng| (rng.u32(..1_000) < per_mille).then(|| rng.choice(kinds).copied()))?;
        kind.filter(|_| self.weather.strikes())
    }
}
