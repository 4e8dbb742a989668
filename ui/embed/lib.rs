//! The front end as files to serve: the script that defines the chat's elements, the parts that it loads when they are
//! first needed, icons, and the pages.
//!
//! They are built from the TypeScript beside this crate while it is compiled. That takes Node 20 and npm, or a folder
//! that was built before, named by `FRONTDESK_UI_DIST`. Without either the crate compiles with a warning and has
//! [no files](IS_BUILT).

include!(concat!(env!("OUT_DIR"), "/assets.rs"));

/// A file of the front end.
#[derive(Debug, Clone, Copy)]
pub struct Asset {
    /// Relative to where the front end is served, as `chatkit.js` or `ui/chart.js`.
    pub path: &'static str,
    /// As it is.
    pub bytes: &'static [u8],
    /// Compressed, where that is smaller.
    pub gzip: Option<&'static [u8]>,
    /// Of the bytes; without quotes.
    pub etag: &'static str,
}

/// Whether there are any files.
pub const IS_BUILT: bool = !ASSETS.is_empty();

/// The file of this path.
pub fn asset(path: &str) -> Option<&'static Asset> {
    let place = ASSETS.binary_search_by(|asset| asset.path.cmp(path));
    ASSETS.get(place.ok()?)
}

impl Asset {
    /// What a browser takes it for.
    pub fn content_type(&self) -> &'static str {
        match self.path.rsplit('.').next() {
            Some("js") => "text/javascript; charset=utf-8",
            Some("css") => "text/css; charset=utf-8",
            Some("html") => "text/html; charset=utf-8",
            Some("svg") => "image/svg+xml",
            Some("txt") => "text/plain; charset=utf-8",
            Some("json") => "application/json",
            _ => "application/octet-stream",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{ASSETS, Asset, IS_BUILT, asset};

    #[test]
    fn each_file_is_found_by_its_path_and_nothing_else_is() {
        for file in ASSETS {
            assert_eq!(asset(file.path).map(|found| found.etag), Some(file.etag));
        }
        for path in ["", "/", "chatkit", "/chatkit.js", "../Cargo.toml", "ui/"] {
            assert!(asset(path).is_none(), "{path}");
        }
    }

    #[test]
    fn whoever_loads_a_script_finds_the_licences_of_what_is_in_it() {
        if !IS_BUILT {
            return;
        }
        let licences = asset("ui/licences.txt").map(|file| String::from_utf8_lossy(file.bytes));
        let licences = licences.unwrap_or_default();
        for name in [
            "@preact/signals",
            "highlight.js",
            "lucide-static",
            "marked",
            "preact",
            "temml",
        ] {
            assert!(
                licences
                    .lines()
                    .any(|line| line.starts_with(&format!("{name} "))),
                "{name}"
            );
        }
        let is_script = |file: &&Asset| file.content_type().starts_with("text/javascript");
        for script in ASSETS.iter().filter(is_script) {
            let text = String::from_utf8_lossy(script.bytes);
            assert!(text.contains("ui/licences.txt"), "{}", script.path);
        }
    }
}
