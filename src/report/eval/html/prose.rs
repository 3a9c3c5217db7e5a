//! Answers as pages show them. They are Markdown that models and data wrote: what would be HTML stands there as it is written, and
//! links and pictures are left out but for their words.

use pulldown_cmark::{Event, Options, Parser, Tag, TagEnd, html};

/// A text as HTML.
pub(super) fn prose(text: &str) -> String {
    let events = Parser::new_ext(text, Options::ENABLE_TABLES).filter_map(shown);
    let mut out = String::with_capacity(text.len() * 2);
    html::push_html(&mut out, events);
    out
}

/// What is shown of a part of a text.
fn shown(event: Event<'_>) -> Option<Event<'_>> {
    if let Event::Html(written) | Event::InlineHtml(written) = event {
        return Some(Event::Text(written));
    }
    let leads_away = matches!(
        event,
        Event::Start(Tag::Link { .. } | Tag::Image { .. })
            | Event::End(TagEnd::Link | TagEnd::Image)
    );
    // A line that ends in the text ends on the page as well.
    let event = if event == Event::SoftBreak { Event::HardBreak } else { event };
    (!leads_away).then_some(event)
}

#[cfg(test)]
mod tests {
    use super::prose;

    #[test]
    fn markdown_is_shown_and_nothing_in_it_acts() {
        let shown = prose("## Costs\n\n| a | b |\n| --- | --- |\n| **1** | 2 |\n\none\ntwo");
        for part in ["<h2>Costs</h2>", "<th>a</th>", "<strong>1</strong>", "one<br />\ntwo"] {
            assert!(shown.contains(part), "{part}: {shown}");
        }
        for hostile in [
            "<script>alert(1)</script>",
            "a <img src=x onerror=alert(1)> b",
            "[click](javascript:alert(1))",
            "![x](https://evil.example/p.png)",
            "<https://evil.example>",
            "[a]: javascript:alert(1)\n[a]",
            "<div>\n<iframe src=\"//evil.example\"></iframe>\n</div>",
            "`<b>`\n\n    <i>\n\n```\n</pre><script>\n```",
            "```\"><script>\nx\n```",
        ] {
            let shown = prose(hostile);
            for bad in ["<script", "<img", "<a ", "<iframe", "<div", "<b>", "<i>", "href="] {
                assert!(!shown.contains(bad), "{hostile}: {shown}");
            }
        }
    }
}
