//! Colours, glyphs and marks. They are few, and none tells anything by colour alone.

use crate::plan::Kind;
use crate::run::StepStatus;

pub(super) const INK: &str = "#0f172a";
pub(super) const SOFT: &str = "#475569";
pub(super) const LINE: &str = "#94a3b8";
pub(super) const TRACK: &str = "#e2e8f0";
pub(super) const PAPER: &str = "#ffffff";
const RED: &str = "#c81e1e";
const GREY: &str = "#94a3b8";
const AMBER: &str = "#b45309";

/// How a kind of step looks.
pub(super) struct Look {
    pub(super) name: &'static str,
    pub(super) colour: &'static str,
    /// How round its corners are.
    pub(super) radius: f64,
    /// White lines around (0, 0).
    pub(super) glyph: &'static str,
}

/// A head and shoulders.
const AGENT: Look = Look {
    name: "agent",
    colour: "#4f46e5",
    radius: 14.0,
    glyph: "<circle cy=\"-4\" r=\"3.5\"/><path d=\"M-7 7.5C-7 .5 7 .5 7 7.5Z\"/>",
};

/// A drum of data.
const TOOL: Look = Look {
    name: "tool",
    colour: "#0f766e",
    radius: 8.0,
    glyph: "<ellipse cy=\"-5\" rx=\"6.5\" ry=\"2.5\"/><path d=\"M-6.5 -5V5C-6.5 8.3 6.5 8.3 6.5 5V-5M-6.5 0C-6.5 3.3 6.5 3.3 6.5 0\"/>",
};

/// A sum.
const COMPUTE: Look = Look {
    name: "compute",
    colour: "#57534e",
    radius: 3.0,
    glyph: "<path d=\"M5.5 -4V-6.5H-5.5L1 0L-5.5 6.5H5.5V4\"/>",
};

/// A page on a page.
const WORKFLOW: Look = Look {
    name: "workflow",
    colour: "#7c3aed",
    radius: 8.0,
    glyph: "<path d=\"M-6.5 -3V6.5H3M-3 -6.5H6.5V3H-3Z\"/>",
};

/// One way that becomes three.
const PLAN: Look = Look {
    name: "plan",
    colour: "#a21caf",
    radius: 8.0,
    glyph: "<path d=\"M-7 0H6.5M-2 0C1 0 0 -5.5 3 -5.5H6.5M-2 0C1 0 0 5.5 3 5.5H6.5\"/>",
};

/// A hand that is raised.
const APPROVAL: Look = Look {
    name: "approval",
    colour: "#be185d",
    radius: 14.0,
    glyph: "<path d=\"M-6.5 .5L-2 5L6.5 -5\"/>",
};

pub(super) const LOOKS: [&Look; 6] = [&AGENT, &TOOL, &WORKFLOW, &PLAN, &COMPUTE, &APPROVAL];

pub(super) fn of_kind(kind: &Kind) -> &'static Look {
    match kind {
        Kind::Agent(_) => &AGENT,
        Kind::Tool(_) => &TOOL,
        Kind::Compute(_) => &COMPUTE,
        Kind::Workflow(_) => &WORKFLOW,
        Kind::Plan(_) => &PLAN,
        Kind::Approval(_) => &APPROVAL,
    }
}

/// The mark of an end that is not the usual one.
pub(super) struct Mark {
    pub(super) name: &'static str,
    pub(super) colour: &'static str,
    /// A white line around (0, 0).
    pub(super) sign: &'static str,
}

const FAILED: Mark = Mark { name: "failed", colour: RED, sign: "M-3 -3L3 3M3 -3L-3 3" };
const SKIPPED: Mark = Mark { name: "skipped", colour: GREY, sign: "M-3.5 0H3.5" };
const DEFAULTED: Mark =
    Mark { name: "took its default", colour: AMBER, sign: "M3.5 -1.5V2.5H-3M-1 0L-3.5 2.5L-1 5" };
const WAITING: Mark =
    Mark { name: "waits for an answer", colour: AMBER, sign: "M0 -3.5V0.5M0 3V3.4" };
const CACHED: Mark =
    Mark { name: "kept from before", colour: "#0369a1", sign: "M-3.5 .5L-1 3L3.5 -2.5" };

pub(super) const MARKS: [&Mark; 5] = [&DEFAULTED, &CACHED, &WAITING, &SKIPPED, &FAILED];

pub(super) fn of_status(status: StepStatus) -> Option<&'static Mark> {
    match status {
        StepStatus::Succeeded => None,
        StepStatus::Failed => Some(&FAILED),
        StepStatus::Skipped => Some(&SKIPPED),
        StepStatus::Defaulted => Some(&DEFAULTED),
        StepStatus::Cached => Some(&CACHED),
        StepStatus::Waiting => Some(&WAITING),
    }
}

/// The colour of a step: that of its kind, unless it failed or never ran.
pub(super) fn colour(kind: &Kind, status: Option<StepStatus>) -> &'static str {
    match status {
        Some(StepStatus::Failed) => RED,
        Some(StepStatus::Skipped) => GREY,
        Some(
            StepStatus::Succeeded
            | StepStatus::Defaulted
            | StepStatus::Cached
            | StepStatus::Waiting,
        )
        | None => of_kind(kind).colour,
    }
}
