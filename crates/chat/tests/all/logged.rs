//! What is logged while a test runs.

use std::io::Write;
use std::sync::{Arc, Mutex};

use tracing::level_filters::LevelFilter;

/// What this thread logs while it is there, from warnings upwards.
pub(crate) struct Logged {
    text: Arc<Mutex<Vec<u8>>>,
    _logging: (tracing::Dispatch, tracing::subscriber::DefaultGuard),
}

struct Page(Arc<Mutex<Vec<u8>>>);

impl Write for Page {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

impl Logged {
    pub(crate) fn here() -> Self {
        let text = Arc::<Mutex<Vec<u8>>>::default();
        let page = Arc::clone(&text);
        let subscriber = tracing_subscriber::fmt()
            .with_max_level(LevelFilter::WARN)
            .with_writer(move || Page(Arc::clone(&page)));
        // Where there is just one subscriber, what another thread logs first would never be logged here.
        let other = tracing_subscriber::fmt().with_max_level(LevelFilter::WARN);
        let other = tracing::Dispatch::new(other.with_writer(std::io::sink).finish());
        let guard = tracing::subscriber::set_default(subscriber.finish());
        Self {
            text,
            _logging: (other, guard),
        }
    }

    /// The lines that say this.
    pub(crate) fn lines_with(&self, words: &str) -> Vec<String> {
        let text = String::from_utf8(self.text.lock().unwrap().clone()).unwrap();
        let lines = text.lines().filter(|line| line.contains(words));
        lines.map(str::to_owned).collect()
    }
}
