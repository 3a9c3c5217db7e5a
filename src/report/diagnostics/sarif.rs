//! SARIF 2.1.0 (OASIS), which code scanning services read.

use std::fmt::Write as _;

use serde_sarif::sarif::{
    ArtifactLocation, Location, Message, MultiformatMessageString, PhysicalLocation, Region,
    ReportingDescriptor, Result as Finding, ResultLevel, Run, SCHEMA_URL, Sarif, Tool,
    ToolComponent,
};

use crate::diagnostic::{Diagnostic, Severity, Span, rule};

use super::Manner;

/// A log of one run of the tool.
pub(super) fn write(found: &[Diagnostic], manner: &Manner) -> String {
    let mut codes: Vec<&str> = found.iter().map(|diagnostic| diagnostic.code).collect();
    codes.sort_unstable();
    codes.dedup();
    let driver = ToolComponent::builder()
        .name("engine")
        .version(env!("CARGO_PKG_VERSION"))
        .rules(codes.iter().map(|code| described(code)).collect::<Vec<_>>())
        .build();
    let findings: Vec<Finding> = found.iter().map(|fault| finding(fault, &codes, manner)).collect();
    let run = Run::builder()
        .tool(Tool::from(driver))
        .results(findings)
        .column_kind(serde_json::json!("unicodeCodePoints"))
        .build();
    let log =
        Sarif::builder().version(serde_json::json!("2.1.0")).schema(SCHEMA_URL).runs([run]).build();
    // The types hold nothing that JSON cannot say.
    let mut text = serde_json::to_string(&log).unwrap_or_default();
    text.push('\n');
    text
}

fn described(code: &str) -> ReportingDescriptor {
    match rule(code) {
        Some(rule) => ReportingDescriptor::builder()
            .id(code)
            .short_description(MultiformatMessageString::builder().text(rule.summary).build())
            .help(
                MultiformatMessageString::builder()
                    .text(rule.page.clone())
                    .markdown(rule.page)
                    .build(),
            )
            .build(),
        None => ReportingDescriptor::builder().id(code).build(),
    }
}

fn finding(fault: &Diagnostic, codes: &[&str], manner: &Manner) -> Finding {
    let level = match fault.severity() {
        Severity::Error => ResultLevel::Error,
        Severity::Warning => ResultLevel::Warning,
    };
    let index = codes.iter().position(|code| *code == fault.code).unwrap_or_default();
    let locations: Vec<Location> =
        fault.file.iter().map(|file| location(&manner.uri(&file.path), fault.span)).collect();
    let related: Vec<Location> = fault
        .related
        .iter()
        .map(|related| {
            let mut place = location(&manner.uri(&related.file.path), Some(related.span));
            place.message = Some(Message::builder().text(related.message.as_str()).build());
            place
        })
        .collect();
    Finding::builder()
        .rule_id(fault.code)
        .rule_index(i64::try_from(index).unwrap_or_default())
        .level(level)
        .message(Message::builder().text(super::message(fault)).build())
        .locations(locations)
        .related_locations(related)
        .build()
}

fn location(uri: &str, span: Option<Span>) -> Location {
    let number = |count: usize| i64::try_from(count).unwrap_or(i64::MAX);
    let artifact = ArtifactLocation::builder().uri(percent_encoded(uri)).build();
    let place = PhysicalLocation::builder().artifact_location(artifact);
    let place = match span {
        Some(span) => place
            .region(
                Region::builder()
                    .start_line(number(span.line))
                    .start_column(number(span.column))
                    .end_line(number(span.end_line))
                    .end_column(number(span.end_column))
                    .build(),
            )
            .build(),
        None => place.build(),
    };
    Location::builder().physical_location(place).build()
}

/// A path as part of an URI (RFC 3986): what a segment may not hold is written as `%XX`.
fn percent_encoded(path: &str) -> String {
    let mut out = String::with_capacity(path.len());
    for byte in path.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~/!$&'()*+,;=@".contains(&byte) {
            out.push(char::from(byte));
        } else {
            // Writing to a string cannot fail.
            let _ = write!(out, "%{byte:02X}");
        }
    }
    out
}
