//! A component of the front end has four files at most: the one that draws it, and those that are there for it alone.

use std::collections::{BTreeMap, BTreeSet};

use super::File;

const MOST_FILES: usize = 4;
const SOURCES: &str = "ui/src/";

/// A file ▸ those that import it.
type Importers<'a> = BTreeMap<&'a str, BTreeSet<&'a str>>;

pub(super) fn problems(files: &[File]) -> Vec<String> {
    let sources: Vec<_> = files
        .iter()
        .filter(|file| file.path.starts_with(SOURCES) && !file.path.contains(".test."))
        .filter(|file| file.has_extension(&["ts", "tsx", "css"]))
        .collect();
    let importers = importers(&sources);
    importers
        .keys()
        .filter(|path| draws(path))
        .filter_map(|path| problem(path, &component(path, &importers)))
        .collect()
}

fn problem(path: &str, component: &BTreeSet<&str>) -> Option<String> {
    let count = component.len();
    (count > MOST_FILES).then(|| {
        let files: Vec<_> = component.iter().copied().collect();
        format!(
            "{path}: its component has {count} files, more than {MOST_FILES}: {}; split it by what is drawn",
            files.join(", ")
        )
    })
}

fn draws(path: &str) -> bool {
    path.rsplit_once('.')
        .is_some_and(|(_, extension)| extension == "tsx")
}

/// What nothing imports but the file itself and what is there for it; what draws is a component of its own.
fn component<'a>(path: &'a str, importers: &Importers<'a>) -> BTreeSet<&'a str> {
    let mut component = BTreeSet::from([path]);
    loop {
        let grown: BTreeSet<_> = importers
            .iter()
            .filter(|(path, by)| !draws(path) && !by.is_empty() && by.is_subset(&component))
            .map(|(path, _)| *path)
            .chain(component.iter().copied())
            .collect();
        if grown.len() == component.len() {
            return component;
        }
        component = grown;
    }
}

fn importers<'a>(sources: &[&'a File]) -> Importers<'a> {
    let mut importers: Importers<'_> = sources
        .iter()
        .map(|file| (file.path.as_str(), BTreeSet::new()))
        .collect();
    for file in sources {
        for named in file.text.lines().filter_map(imported) {
            let path = resolved(&file.path, named);
            for end in ["", ".ts", ".tsx"] {
                if let Some(by) = importers.get_mut(format!("{path}{end}").as_str()) {
                    by.insert(&file.path);
                }
            }
        }
    }
    importers
}

/// The neighbour that a line imports: `… from "./name";`, or `import "./name";`.
fn imported(line: &str) -> Option<&str> {
    let named = line.strip_suffix("\";")?;
    let (before, named) = named.rsplit_once('"')?;
    let is_import = before.ends_with("from ") || before == "import ";
    (is_import && named.starts_with('.')).then_some(named)
}

/// `named` as it is seen from the folder of `path`.
fn resolved(path: &str, named: &str) -> String {
    let mut parts: Vec<_> = path.split('/').collect();
    parts.pop();
    for part in named.split('/') {
        match part {
            "." => {}
            ".." => {
                parts.pop();
            }
            _ => parts.push(part),
        }
    }
    parts.join("/")
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Each file with what it imports, as lines.
    fn told(files: &[(&str, &str)]) -> Vec<String> {
        let files: Vec<_> = files
            .iter()
            .map(|(path, text)| File {
                path: format!("ui/src/{path}"),
                text: (*text).into(),
            })
            .collect();
        problems(&files)
    }

    const FOUR: [(&str, &str); 4] = [
        (
            "view/menu.tsx",
            "import {\n  place,\n} from \"./menu/place\";\nimport \"./menu.css\";\n",
        ),
        ("view/menu.css", ""),
        (
            "view/menu/place.ts",
            "import type { Side } from \"../side\";\n",
        ),
        ("view/side.ts", ""),
    ];

    #[test]
    fn four_files_are_a_component() {
        let page = ("page.ts", "import { Menu } from \"./view/menu\";\n");
        assert_eq!(told(&[&FOUR[..], &[page]].concat()), Vec::<String>::new());
    }

    #[test]
    fn the_fifth_file_is_too_many_unless_another_component_needs_it() {
        let fifth = ("theme.ts", "");
        let side = ("view/side.ts", "import { theme } from \"../theme\";\n");
        let test = ("theme.test.ts", "import { theme } from \"./theme\";\n");
        let five = [&FOUR[..3], &[side, fifth, test]].concat();
        assert_eq!(
            told(&five),
            [
                "ui/src/view/menu.tsx: its component has 5 files, more than 4: ui/src/theme.ts, ui/src/view/menu.css, \
                 ui/src/view/menu.tsx, ui/src/view/menu/place.ts, ui/src/view/side.ts; split it by what is drawn"
            ]
        );
        let other = ("view/list.tsx", "import { theme } from \"../theme\";\n");
        assert_eq!(told(&[&five[..], &[other]].concat()), Vec::<String>::new());
    }

    #[test]
    fn what_a_component_draws_by_another_file_is_a_component_of_its_own() {
        let side = ("view/side.ts", "import { Row } from \"./row\";\n");
        let row = ("view/row.tsx", "");
        assert_eq!(
            told(&[&FOUR[..3], &[side, row]].concat()),
            Vec::<String>::new()
        );
    }
}
