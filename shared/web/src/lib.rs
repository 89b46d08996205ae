pub mod app;

pub use app::{App, Clock};
