//! What happens in a run. Events are the only way the state of a run changes: one transition
//! function (`run::state`) applies them, live and on replay, and console, JSON and journal are
//! readers of the same stream.

// A new kind of event, step or state must be looked at everywhere.
#![warn(clippy::wildcard_enum_match_arm)]

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::id::{
    AgentName, ModelName, PlanHash, RunId, StepId, StepKey, StepPath, ToolName, WorkflowName,
};
use crate::value::{Object, Value, is_default};

/// An event with its time.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Record {
    /// Microseconds since the Unix epoch.
    pub at_us: i64,
    /// What happened.
    pub event: Event,
}

/// What happened.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum Event {
    /// A run began.
    RunStarted {
        /// The run.
        run_id: RunId,
        /// The workflow it runs.
        workflow: WorkflowName,
        /// The frozen plan, kept once in the journal however many runs share it.
        plan: PlanHash,
        /// The values of all params.
        params: Object,
        /// Whether models were ruled out by the user.
        offline: bool,
        /// Whether tools may write where nobody consents.
        #[serde(default, skip_serializing_if = "std::ops::Not::not")]
        allow_write: bool,
        /// The run that this one does again.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        parent: Option<RunId>,
        /// The row of a batch that it is for.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        batch: Option<BatchRow>,
        /// The conversation that it belongs to.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        session: Option<String>,
    },
    /// A process goes on with a run that none drove: it waited for a person, or was interrupted. Since the event before
    /// nothing was done.
    RunResumed,
    /// A step left the queue.
    StepStarted {
        /// The step.
        step: StepPath,
        /// With `for_each`: how many items there are.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        items: Option<usize>,
        /// Where it runs a workflow: the values of that workflow's params.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        params: Option<Object>,
    },
    /// A request to a model ended.
    ModelCalled {
        /// The step that asked.
        step: StepPath,
        /// What was asked and what came back.
        call: ModelCall,
    },
    /// A call of a tool ended.
    ToolCalled {
        /// The step that called.
        step: StepPath,
        /// What was called and what came back.
        call: ToolCall,
    },
    /// A step of kind `plan` knows what it is made of: its steps run inside of it.
    PlanMade {
        /// The step.
        step: StepPath,
        /// The workflow document that was made, for people.
        document: Arc<Value>,
        /// The frozen plan of that document.
        plan: Arc<Value>,
        /// The values of its params.
        params: Object,
        /// What the reader of the outcome should know about how it was made.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        warning: Option<String>,
    },
    /// A step has its output.
    StepSucceeded {
        /// The step.
        step: StepPath,
        /// What later steps read.
        output: Arc<Value>,
        /// What the step was made of, where that can be told.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        key: Option<StepKey>,
        /// The run that the output is taken from, where it was not made anew.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        reused: Option<RunId>,
        /// Why the output is the step's `default`, where it is.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        defaulted: Option<Fault>,
        /// The figures of its texts, where it has any.
        #[serde(default, skip_serializing_if = "FigureCount::is_empty")]
        figures: FigureCount,
        /// What the reader of the outcome should know about it.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        warnings: Vec<String>,
        /// What its agents looked up, where the output was made before: the calls are not in this run.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        looked_up: Vec<LookedUp>,
    },
    /// A step ended without an output.
    StepFailed {
        /// The step.
        step: StepPath,
        /// Why.
        error: Fault,
    },
    /// An attempt failed and another one follows.
    StepRetrying {
        /// The step.
        step: StepPath,
        /// The attempt that failed, from 1.
        attempt: u32,
        /// Why.
        error: Fault,
        /// The wait before the next attempt.
        delay_ms: u64,
    },
    /// A step will not run.
    StepSkipped {
        /// The step.
        step: StepPath,
        /// Why.
        reason: SkipReason,
    },
    /// A person is asked.
    ApprovalRequested {
        /// The step.
        step: StepPath,
        /// What is to be decided.
        message: String,
        /// The answers that can be given.
        choices: Vec<String>,
        /// When the time for an answer is over, in microseconds since the Unix epoch.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        expires_us: Option<i64>,
    },
    /// A person answered, or nobody did in time.
    ApprovalGiven {
        /// The step.
        step: StepPath,
        /// The answer.
        choice: String,
        /// Who gave it; none where the time was over.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        by: Option<String>,
        /// What they said about it.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        comment: Option<String>,
    },
    /// The next call does not fit the budget any more.
    BudgetExceeded {
        /// The step whose call did not fit.
        step: StepPath,
        /// What was exceeded, in words with figures.
        message: String,
    },
    /// The run ended.
    RunFinished {
        /// How.
        status: RunStatus,
        /// What it gives back; missing outputs are null.
        outputs: Object,
        /// Why it gives back less than it should.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        error: Option<Fault>,
    },
}

/// A row of a batch.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct BatchRow {
    /// What the batch is made of: workflow, params and rows. A hash, in hex.
    pub batch: String,
    /// The row, from 1.
    pub row: u64,
}

/// A request to a model and what came back.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ModelCall {
    /// The consulted agent that asked; none where it was the step's own.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub agent: Option<AgentName>,
    /// The model, as engine.yaml names it.
    pub model: ModelName,
    /// The system message.
    pub system: String,
    /// The messages after it, from the user's first.
    pub messages: Vec<Message>,
    /// The names of the tools that it might call.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub tools: Vec<String>,
    /// The answer's text; none where the request failed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub answer: Option<String>,
    /// The tools that the answer asks for.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub tool_calls: Vec<ToolRequest>,
    /// Whether the answer was cut at its greatest length.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub truncated: bool,
    /// Whether it was called off, because another answer to the same question came first: then its tokens and what it cost are an
    /// estimate, by that other answer.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub called_off: bool,
    /// Why the request failed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error: Option<Fault>,
    /// Tokens of it.
    #[serde(default)]
    pub usage: Usage,
    /// US dollars; none where the model has no price.
    pub cost_usd: Option<f64>,
    /// From the request to the end of the answer.
    pub duration_ms: u64,
}

impl ModelCall {
    /// Whether a provider asks money for it.
    pub fn is_charged(&self) -> bool {
        self.answer.is_some() || self.called_off
    }
}

/// One message of a conversation with a model.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Message {
    /// Who wrote it.
    pub role: Role,
    /// Its text.
    pub content: String,
    /// The tools that a model asks for.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub tool_calls: Vec<ToolRequest>,
    /// The request that the result of a tool answers.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub answers: Option<String>,
    /// Whether the tool failed.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub is_error: bool,
}

impl Message {
    /// What the engine asks.
    pub fn user(content: impl Into<String>) -> Self {
        Self::of(Role::User, content.into())
    }

    /// What a model answered.
    pub fn assistant(content: impl Into<String>, tool_calls: Vec<ToolRequest>) -> Self {
        Self { tool_calls, ..Self::of(Role::Assistant, content.into()) }
    }

    /// What a tool gave, or why it gave nothing.
    pub fn result(id: impl Into<String>, content: impl Into<String>, is_error: bool) -> Self {
        Self { answers: Some(id.into()), is_error, ..Self::of(Role::Tool, content.into()) }
    }

    fn of(role: Role, content: String) -> Self {
        Self { role, content, tool_calls: Vec::new(), answers: None, is_error: false }
    }
}

/// A model's request to have a tool called.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ToolRequest {
    /// By which the result is told apart from others; unique in its conversation.
    pub id: String,
    /// The tool, as the model names it.
    pub tool: String,
    /// The arguments, as the model wrote them: JSON, unless it went wrong.
    pub arguments: String,
}

/// Who wrote a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Role {
    /// The engine.
    User,
    /// The model.
    Assistant,
    /// A tool.
    Tool,
}

/// A call of a tool and what came back.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ToolCall {
    /// The consulted agent that called; none where it was the step or its own agent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub agent: Option<AgentName>,
    /// The tool; `ask_NAME` is the agent of that name.
    pub tool: ToolName,
    /// Its arguments.
    pub arguments: Object,
    /// Where an agent's call stands in the evidence: `steps.ID.tools.N`; none where a step of kind `tool` called.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub evidence: Option<String>,
    /// Its result; none where it failed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub output: Option<Arc<Value>>,
    /// Why it failed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error: Option<Fault>,
    /// How long it took.
    pub duration_ms: u64,
}

/// What a tool gave to an agent.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct LookedUp {
    /// Where it stands in the evidence: `steps.ID.tools.N`.
    pub path: String,
    /// The tool.
    pub tool: ToolName,
    /// What it was called with.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub arguments: Option<Object>,
    /// Its result.
    pub value: Arc<Value>,
}

impl LookedUp {
    /// What a call adds to the evidence; none where it failed, or was a step's own.
    pub fn of(call: &ToolCall) -> Option<Self> {
        let (path, value) = (call.evidence.clone()?, call.output.clone()?);
        Some(Self { path, tool: call.tool.clone(), arguments: Some(call.arguments.clone()), value })
    }
}

/// Tokens of one or several requests.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Usage {
    /// Tokens of the requests, cached ones included.
    pub input_tokens: u64,
    /// Those of them that the provider had cached.
    pub cached_input_tokens: u64,
    /// Tokens of the answers.
    pub output_tokens: u64,
}

impl std::ops::AddAssign for Usage {
    fn add_assign(&mut self, other: Self) {
        self.input_tokens += other.input_tokens;
        self.cached_input_tokens += other.cached_input_tokens;
        self.output_tokens += other.output_tokens;
    }
}

/// Why something went wrong, in words that can be shown: no secret is ever in them.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct Fault {
    /// Stable name of the kind, in kebab case (`rate-limited`, `no-model`).
    pub kind: String,
    /// What is wrong.
    pub message: String,
    /// How to mend it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub help: Option<String>,
}

impl Fault {
    /// A fault without help.
    pub fn new(kind: &str, message: impl Into<String>) -> Self {
        Self { kind: kind.to_owned(), message: message.into(), help: None }
    }

    /// Says how to mend it.
    #[must_use]
    pub fn help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(help.into());
        self
    }
}

impl std::fmt::Display for Fault {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for Fault {}

/// Why a step will not run.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum SkipReason {
    /// Its `when` is false.
    When,
    /// It could not be done, and says `on_error: skip`.
    Error {
        /// Why.
        error: Fault,
    },
    /// It needs a step that was skipped or failed.
    Needs {
        /// That step.
        step: StepId,
        /// Whether a failure is behind it, not a choice of the workflow.
        failed: bool,
    },
    /// The run ended before it could start: cancelled, out of time or out of budget.
    RunEnded,
}

/// How a run ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum RunStatus {
    /// All outputs were made.
    Succeeded,
    /// Some were.
    Partial,
    /// None was.
    Failed,
    /// It waits for an approval.
    Waiting,
    /// The user ended it.
    Cancelled,
}

/// What became of the figures in a step's texts.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct FigureCount {
    /// Filled in from the evidence by the engine.
    pub cited: u64,
    /// Written by the model and found in the evidence.
    pub matched: u64,
    /// Written by the model and made of two values of the evidence.
    #[serde(default, skip_serializing_if = "is_default")]
    pub derived: u64,
    /// Not found, each once however often it stands there.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub unverified: Vec<Unverified>,
    /// Every figure, in the order of the texts.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub ledger: Vec<FigureEntry>,
}

impl FigureCount {
    /// Adds the figures of another text.
    pub fn add(&mut self, other: Self) {
        self.cited += other.cited;
        self.matched += other.matched;
        self.derived += other.derived;
        self.unverified.extend(other.unverified);
        self.ledger.extend(other.ledger);
    }

    /// Whether the texts hold no figure.
    pub fn is_empty(&self) -> bool {
        self.cited == 0
            && self.matched == 0
            && self.derived == 0
            && self.unverified.is_empty()
            && self.ledger.is_empty()
    }
}

/// A figure of a text, with where it comes from.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct FigureEntry {
    /// The figure as it stands in the text.
    pub text: String,
    /// Which text of a structured output holds it, as a JSON pointer; absent where the output is one text.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub pointer: String,
    /// Where it stands in that text, in bytes.
    pub at: usize,
    /// What became of it.
    pub how: Tracing,
    /// The value behind it, unrounded.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub value: Option<Value>,
    /// The value's unit, where the evidence tells one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub unit: Option<String>,
    /// The path of the value in the evidence of the step.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub path: Option<String>,
    /// Paths of other values that the figure may be as well, where its sentence names none of them.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub alike: Vec<String>,
    /// What a derived figure is made of: `= steps.a.output.x - steps.b.output.y`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub formula: Option<String>,
    /// The paths of the values in that formula.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub operands: Vec<String>,
    /// Why it could not be traced.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
}

/// What became of a figure.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema,
)]
#[serde(rename_all = "lowercase")]
pub enum Tracing {
    /// The engine filled it in: a citation, or a template of the workflow.
    Cited,
    /// The model wrote it, and it is a value of the evidence.
    Matched,
    /// The model wrote it, and it is made of two values of the evidence.
    Derived,
    /// The prompt says it, or the workflow's own text.
    Given,
    /// None of these.
    #[default]
    Unverified,
}

/// A figure that could not be traced.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct Unverified {
    /// The figure as it stands in the text.
    pub text: String,
    /// The step whose text holds it.
    pub step: StepPath,
    /// Why it could not be traced.
    pub reason: String,
    /// Where it stands in that step's texts, each place once.
    #[serde(default)]
    pub places: Vec<Place>,
}

impl Unverified {
    /// How often it stands in the texts.
    pub fn times(&self) -> usize {
        self.places.len().max(1)
    }
}

/// A place in a step's texts.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct Place {
    /// Which text of a structured output, as a JSON pointer; absent where the output is one text.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub pointer: String,
    /// Where in that text, in bytes.
    pub at: usize,
}
