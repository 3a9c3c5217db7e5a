//! Calls that ended before the process died that made them.

use crate::event::{Event, Fault, Message, ModelCall, ToolCall};
use crate::id::{ModelName, ToolName};
use crate::tool::UNREACHABLE;
use crate::value::Object;

/// The calls of one step that are not to be made again.
#[derive(Debug, Default)]
pub(in crate::run) struct PastCalls {
    models: Vec<ModelCall>,
    tools: Vec<ToolCall>,
    failed: Vec<ToolCall>,
}

impl PastCalls {
    /// The calls that these events tell of.
    pub(in crate::run) fn of(events: &[Event]) -> Self {
        let mut calls = Self::default();
        for event in events {
            // Questions that failed are asked again.
            if let Event::ModelCalled { call, .. } = event
                && call.answer.is_some()
            {
                calls.models.push(call.clone());
            } else if let Event::ToolCalled { call, .. } = event {
                let kept = if call.output.is_some() { &mut calls.tools } else { &mut calls.failed };
                kept.push(call.clone());
            }
        }
        calls
    }

    /// The answer to a question that was asked already; each counts once.
    pub(super) fn answer(
        &mut self,
        model: &ModelName,
        system: &str,
        messages: &[Message],
    ) -> Option<ModelCall> {
        let found = self.models.iter().position(|call| {
            call.model == *model && call.system == system && call.messages == messages
        })?;
        Some(self.models.remove(found))
    }

    /// The result of a call that was made already, an agent's at its place in the evidence; each counts once.
    pub(super) fn result(
        &mut self,
        tool: &ToolName,
        arguments: &Object,
        evidence: Option<&str>,
    ) -> Option<ToolCall> {
        let found = self.tools.iter().position(|call| is_same(call, tool, arguments, evidence))?;
        Some(self.tools.remove(found))
    }

    /// Why a call failed that may have changed something all the same, so that it is not to be made again.
    pub(super) fn failure(
        &self,
        tool: &ToolName,
        arguments: &Object,
        evidence: Option<&str>,
    ) -> Option<Fault> {
        let same = self.failed.iter().filter(|call| is_same(call, tool, arguments, evidence));
        same.filter_map(|call| call.error.clone()).find(|fault| fault.kind != UNREACHABLE)
    }
}

fn is_same(call: &ToolCall, tool: &ToolName, arguments: &Object, evidence: Option<&str>) -> bool {
    call.tool == *tool && call.arguments == *arguments && call.evidence.as_deref() == evidence
}
