use super::*;

/// The path and what is at the cursor, which `¦` marks.
fn at(marked: &str) -> String {
    let (mut place, mut text) = (None, String::new());
    for (line, content) in marked.split('\n').enumerate() {
        if let Some(column) = content.chars().position(|c| c == '¦') {
            place = Some(Place { line, column });
        }
        text.extend(content.chars().filter(|c| *c != '¦'));
        text.push('\n');
    }
    let place = place.expect("a cursor");
    let Some(cursor) = Outline::cursor(text.lines(), place) else { return "nothing".to_owned() };
    let path: Vec<String> = cursor
        .path
        .iter()
        .map(|segment| match segment {
            Segment::Key(key) => key.clone(),
            Segment::Item(number) => number.to_string(),
        })
        .collect();
    let path = path.join("/");
    match cursor.at {
        At::Word { typed, word, keyed } => {
            format!("{path} word {typed}|{}{}", word.text, if keyed { ":" } else { "" })
        }
        At::Value { before, after, text } => {
            format!("{path} {} {before}|{after}", if text { "text" } else { "value" })
        }
    }
}

#[test]
fn a_cursor_is_found_in_whatever_is_written() {
    for (marked, found) in [
        ("na¦", " word na|na"),
        ("na¦me: x", " word na|name:"),
        ("name: x¦y", "name value x|y"),
        ("name:¦", "name value |"),
        ("name: ¦", "name value |"),
        ("name: x # a¦", "nothing"),
        ("# na¦", "nothing"),
        ("a:\n  b: 1\n  ¦", "a word |"),
        ("a:\n  b: 1\n¦", " word |"),
        ("steps:\n  - ¦", "steps/0 word |"),
        ("steps:\n  - id: a\n    ag¦", "steps/0 word ag|ag"),
        ("steps:\n  - id: a\n  - id: b\n    agent: c¦", "steps/1/agent value c|"),
        ("steps:\n- id: a\n- id: b\n  agent: ¦", "steps/1/agent value |"),
        ("tools:\n  - a\n  - b¦", "tools/1 word b|b"),
        ("p: |\n  one {{ st¦ }}\n  two", "p text   one {{ st| }}"),
        ("p: |\n  one\n\n  two¦", "p text   one\n\n  two|"),
        ("p: |-\n  one\nq¦", " word q|q"),
        ("p: >-\n  'a' if b\n  else c.¦", "p text   'a' if b\n  else c.|"),
        ("p: \"x {{ a¦ }}\"", "p text x {{ a| }}"),
        ("p: \"x {{ a¦", "p text x {{ a|"),
        ("p: plain {{ a¦ }} x", "p value plain {{ a| }} x"),
        ("p: one\n  two¦ three", "p text one\n  two| three"),
        ("w: {a¦", "w word a|a"),
        ("w: {a: b¦, c: d}", "w/a value b|"),
        ("w: {a: \"{{ x¦ }}\", c: d}", "w/a text {{ x| }}"),
        ("w: {a: {{ x¦ }}, c: d}", "w/a text {{ x| }}"),
        ("w: {a: b, ¦}", "w word |"),
        ("w: {a: [x, y¦]}", "w/a/1 word y|y"),
        ("w: [¦]", "w/0 word |"),
        ("w: [{a: b}, {c¦: d}]", "w/1 word c|c:"),
        ("w: {\n  a: b,\n  c: d¦\n}\nx: y", "w/c value d|"),
        ("w: {a: b\nx: y¦", "x value y|"),
        ("- - a: ¦", "0/0/a value |"),
        ("😀: ü😀¦", " word 😀: ü😀|😀: ü😀"),
    ] {
        assert_eq!(at(marked), found, "{marked}");
    }
}

#[test]
fn steps_and_their_keys_are_listed() {
    let text = "params: {a: {type: string}, b: {type: number}}\nsteps:\n  - id: one # first\n    with:\n      x: 1\n      y: |\n        z: 2\n  - {id: \"two\", tool: t, needs: [one, three]}\n  - description: three\n    id: three\n";
    let outline = Outline::read(text.lines());
    let steps: Vec<(usize, &str)> =
        outline.steps().map(|(number, id)| (number, id.text.as_str())).collect();
    assert_eq!(steps, [(0, "one"), (1, "two"), (2, "three")]);
    let keys = |path: &[Segment]| -> Vec<String> {
        outline.keys(path).map(|word| word.text.clone()).collect()
    };
    assert_eq!(keys(&path(["params"])), ["a", "b"]);
    assert_eq!(keys(&Outline::of_step(0, "with")), ["x", "y"]);
    let needs = Outline::of_step(1, "needs");
    let values: Vec<&str> =
        outline.below(&needs).filter_map(|e| Some(e.value.as_ref()?.text.as_str())).collect();
    assert_eq!(values, ["one", "three"]);
    let two = outline.scalar(&Outline::of_step(1, "id")).expect("an id");
    assert_eq!(two.at, Place { line: 7, column: 10 });
}

#[test]
fn no_text_is_too_odd() {
    let bits =
        ["{", "}", "[", "]", "\"", "'", ":", " ", "-", "\n", "#", "|", "{{", "a", "😀", "\\"];
    let mut state = 1_u64;
    for _ in 0..3000 {
        let mut text = String::new();
        for _ in 0..12 {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            let pick = usize::try_from(state >> 40).expect("it fits") % bits.len();
            text.push_str(bits[pick]);
        }
        Outline::read(text.lines());
        for (line, content) in text.lines().enumerate() {
            for column in 0..=content.chars().count() {
                Outline::cursor(text.lines(), Place { line, column });
            }
        }
    }
}
