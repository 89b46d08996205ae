//! What every operation is given: built once, before the first request.

use std::sync::Arc;

use jiff::Timestamp;
use roster_store::Store;

/// The parts that operations share.
#[derive(Clone)]
pub struct App {
    pub store: Store,
    pub clock: Arc<dyn Clock>,
}

/// Tells the time. Nothing else in the system asks for it.
pub trait Clock: Send + Sync {
    fn now(&self) -> Timestamp;
}
