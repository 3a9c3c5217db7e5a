//! For people: an excerpt with carets, and help.

use std::fmt::{self, Write as _};

use miette::{
    GraphicalReportHandler, GraphicalTheme, LabeledSpan, MietteError, MietteSpanContents,
    NamedSource, SourceCode, SourceSpan, SpanContents,
};

use crate::diagnostic::{Diagnostic, Severity, SourceFile, Span};
use crate::value::counted;

use super::Manner;

/// Faults that are drawn with an excerpt; drawing goes through the whole file each time. The others take a line each.
const DRAWN: usize = 100;

/// The widest line that can be drawn, in bytes; beyond it, no excerpt helps.
const WIDEST: usize = 10_000;

/// The longest message, in characters; a name can be as long as its file.
const LONGEST: usize = 1_000;

/// The faults one after another, and a line that sums them up.
pub(super) fn write(found: &[Diagnostic], files: usize, manner: &Manner) -> String {
    let theme =
        if manner.colour { GraphicalTheme::unicode() } else { GraphicalTheme::unicode_nocolor() };
    let handler = GraphicalReportHandler::new_themed(theme)
        .with_width(110)
        .with_links(false)
        .with_context_lines(1);
    let mut out = String::new();
    let (drawn, listed) = found.split_at(found.len().min(DRAWN));
    for diagnostic in drawn {
        let drawn = Drawn::of(diagnostic);
        if !drawn.fits() {
            // Writing to a string cannot fail.
            let _ = writeln!(out, "{}", Listed(diagnostic));
            continue;
        }
        if handler.render_report(&mut out, &drawn).is_err() {
            out.push_str(&diagnostic.message);
        }
        out.push('\n');
    }
    for diagnostic in listed {
        // Writing to a string cannot fail.
        let _ = writeln!(out, "{}", Listed(diagnostic));
    }
    let (errors, warnings) = super::counts(found);
    let failed = found.iter().any(|diagnostic| manner.fails(diagnostic));
    let verdict = if failed { "failed" } else { "ok" };
    // Writing to a string cannot fail.
    let _ = writeln!(
        out,
        "{verdict}: {} checked, {}, {}",
        counted(files, "file"),
        counted(errors, "error"),
        counted(warnings, "warning")
    );
    out
}

/// A diagnostic in one line.
struct Listed<'d>(&'d Diagnostic);

impl fmt::Display for Listed<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(file) = &self.0.file {
            write!(f, "{}:", file.path.display())?;
        }
        if let Some(span) = self.0.span {
            write!(f, "{}:{}:", span.line, span.column)?;
        }
        let message = &self.0.message;
        match message.char_indices().nth(LONGEST) {
            Some((end, _)) => write!(f, " {}...", message.get(..end).unwrap_or_default())?,
            None => write!(f, " {message}")?,
        }
        write!(f, " [{}]", self.0.code)
    }
}

/// A diagnostic as miette draws it.
#[derive(Debug)]
struct Drawn<'d> {
    diagnostic: &'d Diagnostic,
    source: Option<Text>,
    labels: Vec<LabeledSpan>,
}

impl<'d> Drawn<'d> {
    fn of(diagnostic: &'d Diagnostic) -> Self {
        let file = diagnostic.file.as_ref();
        let source = file
            .map(|file| Text(NamedSource::new(file.path.display().to_string(), file.text.clone())));
        let mut labels = Vec::new();
        if let (Some(file), Some(span)) = (file, diagnostic.span) {
            labels.push(LabeledSpan::new_with_span(Some("here".to_owned()), offsets(file, span)));
            for related in
                diagnostic.related.iter().filter(|related| related.file.path == file.path)
            {
                let place = offsets(&related.file, related.span);
                labels.push(LabeledSpan::new_with_span(Some(related.message.clone()), place));
            }
        }
        Self { diagnostic, source, labels }
    }

    /// Whether it can be drawn: widths are bounded there.
    fn fits(&self) -> bool {
        let source = self.source.as_ref().map_or("", |source| source.0.inner());
        self.diagnostic.message.len() <= WIDEST && source.lines().all(|line| line.len() <= WIDEST)
    }
}

/// A text whose columns are counted in characters, as everywhere else; miette counts bytes.
#[derive(Debug)]
struct Text(NamedSource<String>);

impl SourceCode for Text {
    fn read_span<'a>(
        &'a self,
        span: &SourceSpan,
        before: usize,
        after: usize,
    ) -> Result<Box<dyn SpanContents<'a> + 'a>, MietteError> {
        let found = self.0.read_span(span, before, after)?;
        let text = self.0.inner().get(..found.span().offset()).unwrap_or_default();
        let column = text.rsplit('\n').next().unwrap_or_default().chars().count();
        let column = if found.column() == 0 { 0 } else { column };
        Ok(Box::new(MietteSpanContents::new_named(
            self.0.name().to_owned(),
            found.data(),
            *found.span(),
            found.line(),
            column,
            found.line_count(),
        )))
    }
}

/// Lines and columns as the byte offsets that miette wants.
fn offsets(file: &SourceFile, span: Span) -> SourceSpan {
    let at = |line: usize, column: usize| {
        let start: usize =
            file.text.split_inclusive('\n').take(line.saturating_sub(1)).map(str::len).sum();
        let rest = file.text.get(start..).unwrap_or_default();
        let line_text = rest.split('\n').next().unwrap_or_default();
        let inside: usize =
            line_text.chars().take(column.saturating_sub(1)).map(char::len_utf8).sum();
        start + inside
    };
    let start = at(span.line, span.column);
    let end = at(span.end_line, span.end_column).max(start);
    (start, end - start).into()
}

impl fmt::Display for Drawn<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.diagnostic.message)?;
        if self.diagnostic.span.is_none()
            && let Some(file) = &self.diagnostic.file
        {
            write!(f, " ({})", file.path.display())?;
        }
        for related in &self.diagnostic.related {
            if self.diagnostic.file.as_ref().is_none_or(|file| file.path != related.file.path) {
                write!(
                    f,
                    "; {}: {}:{}",
                    related.message,
                    related.file.path.display(),
                    related.span.line
                )?;
            }
        }
        Ok(())
    }
}

impl std::error::Error for Drawn<'_> {}

impl miette::Diagnostic for Drawn<'_> {
    fn code<'a>(&'a self) -> Option<Box<dyn fmt::Display + 'a>> {
        Some(Box::new(self.diagnostic.code))
    }

    fn severity(&self) -> Option<miette::Severity> {
        Some(match self.diagnostic.severity() {
            Severity::Error => miette::Severity::Error,
            Severity::Warning => miette::Severity::Warning,
        })
    }

    fn help<'a>(&'a self) -> Option<Box<dyn fmt::Display + 'a>> {
        self.diagnostic.help.as_ref().map(|help| Box::new(help) as Box<dyn fmt::Display>)
    }

    fn source_code(&self) -> Option<&dyn SourceCode> {
        self.source.as_ref().map(|source| source as &dyn SourceCode)
    }

    fn labels(&self) -> Option<Box<dyn Iterator<Item = LabeledSpan> + '_>> {
        (!self.labels.is_empty())
            .then(|| Box::new(self.labels.iter().cloned()) as Box<dyn Iterator<Item = LabeledSpan>>)
    }
}
