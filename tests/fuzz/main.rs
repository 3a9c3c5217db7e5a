//! The fuzz targets of `fuzz/`, held against their seeds and against changes of them: a short run of each on every test, without
//! the tools that the long ones need.

#[cfg(test)]
mod bodies;

#[cfg(test)]
mod seeds {
    use std::path::{Path, PathBuf};

    use super::bodies;

    /// Changed seeds of each target.
    const CHANGED: usize = 500;

    /// Pieces that files, expressions, journals and answers are made of.
    const PIECES: [&str; 44] = [
        "{{ ",
        " }}",
        "{% if ",
        "{% endif %}",
        "{% for i in range(9) %}",
        "[[",
        "]]",
        "|",
        ".",
        "[0]",
        "(",
        ")",
        "steps.",
        "params.",
        ": ",
        "- ",
        "\n",
        "\n  ",
        "\t",
        "&a ",
        "*a",
        "<<: ",
        "!!str ",
        "'",
        "\"",
        "#",
        "|-\n",
        "null",
        "~",
        "1e999",
        "-0",
        "not ",
        " if ",
        "\u{0}",
        "\u{feff}",
        "\u{1f600}",
        "data: ",
        "event: error\n",
        "\n\n",
        "\r",
        "[DONE]",
        "{\"choices\":[",
        "\"error\":",
        "18446744073709551615",
    ];

    fn root() -> PathBuf {
        PathBuf::from(env!("CARGO_MANIFEST_DIR"))
    }

    /// The files below some folders, in order.
    fn files(folders: &[&str]) -> Vec<Vec<u8>> {
        fn below(folder: &Path, found: &mut Vec<PathBuf>) {
            for entry in std::fs::read_dir(folder).into_iter().flatten().flatten() {
                let path = entry.path();
                if path.is_dir() { below(&path, found) } else { found.push(path) }
            }
        }
        let mut found = Vec::new();
        for folder in folders {
            below(&root().join(folder), &mut found);
        }
        found.sort();
        found.iter().map(|path| std::fs::read(path).expect("a seed")).collect()
    }

    /// Numbers without an end, the same on every machine.
    struct Numbers(u64);

    impl Numbers {
        fn below(&mut self, bound: usize) -> usize {
            self.0 ^= self.0 << 13;
            self.0 ^= self.0 >> 7;
            self.0 ^= self.0 << 17;
            usize::try_from(self.0 >> 11).expect("64 bits") % bound.max(1)
        }
    }

    /// A seed with some of it changed, cut, doubled, or put together with another one.
    fn changed(seeds: &[Vec<u8>], numbers: &mut Numbers) -> Vec<u8> {
        let mut data = seeds[numbers.below(seeds.len())].clone();
        for _ in 0..=numbers.below(4) {
            let (from, to) = (numbers.below(data.len() + 1), numbers.below(data.len() + 1));
            let (from, to) = (from.min(to), from.max(to));
            match numbers.below(6) {
                0 => drop(data.drain(from..to.min(from + 40))),
                1 => {
                    let piece = data[from..to.min(from + 40)].to_vec();
                    data.splice(to..to, piece);
                }
                2 if from < data.len() => {
                    data[from] = u8::try_from(numbers.below(256)).expect("a byte");
                }
                3 => {
                    let other = &seeds[numbers.below(seeds.len())];
                    let start = numbers.below(other.len() + 1);
                    data.truncate(from);
                    data.extend_from_slice(&other[start..]);
                }
                _ => {
                    let piece = PIECES[numbers.below(PIECES.len())].bytes();
                    data.splice(from..from, piece);
                }
            }
        }
        data
    }

    fn hold(name: &str, body: fn(&[u8]), seeds: &[Vec<u8>]) {
        assert!(seeds.len() > 3, "{name} has too few seeds");
        for seed in seeds {
            body(seed);
        }
        let mut numbers = Numbers(0x9e37_79b9_7f4a_7c15);
        for _ in 0..CHANGED {
            let data = changed(seeds, &mut numbers);
            let shown = String::from_utf8_lossy(&data).into_owned();
            let held = std::panic::catch_unwind(|| body(&data));
            assert!(held.is_ok(), "{name} does not hold for:\n{shown}");
        }
    }

    #[test]
    fn documents() {
        hold(
            "document",
            bodies::document,
            &files(&["tests/corpus", "workflows", "agents", "tools"]),
        );
    }

    #[test]
    fn expressions() {
        let lines = files(&["tests/fuzz/seeds/expression"]).concat();
        let lines: Vec<Vec<u8>> = lines.split(|byte| *byte == b'\n').map(<[u8]>::to_vec).collect();
        hold("expression", bodies::expression, &lines);
    }

    #[test]
    fn plans() {
        hold("plan", bodies::plan, &files(&["tests/corpus", "workflows", "tests/fuzz/seeds/plan"]));
    }

    #[test]
    fn answers() {
        hold("answer", bodies::answer, &files(&["tests/fuzz/seeds/answer"]));
    }

    #[test]
    fn streams() {
        hold("stream", bodies::stream, &files(&["tests/fuzz/seeds/stream"]));
    }

    #[test]
    fn journals() {
        hold("replay", bodies::replay, &files(&["tests/fuzz/seeds/replay"]));
    }
}
