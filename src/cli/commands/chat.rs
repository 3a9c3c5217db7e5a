//! `engine chat`: a conversation. Each line is a question of one session; Ctrl-C stops an answer, Ctrl-D ends it all.

use std::io::{BufRead, IsTerminal, StdinLock};
use std::path::{Path, PathBuf};

use rustyline::DefaultEditor;
use rustyline::error::ReadlineError;

use crate::cli::arguments::{Ask, Chat, Global};
use crate::cli::asking::Room;
use crate::cli::drive::Interruptible;
use crate::cli::exit::{Exit, Failure};
use crate::cli::printer::Printer;
use crate::cli::setup;

/// Lines that are remembered from one conversation to the next.
const REMEMBERED: usize = 1000;

const HELP: &str = "\
  A question in your own words; a short one (`What about Instagram?`) changes the one before, and
  `What did we say about hiring?` is answered from earlier answers.
  /explain     tell from now on why a question goes where it goes, or no longer
  /plan Q      show what would run for a question
  /save PATH Q keep the plan made for a question as a workflow, and run it
  /help        this
  /exit        end the conversation; Ctrl-D does as well
  Ctrl-C stops an answer.
";

pub(in crate::cli) fn run(
    arguments: &Chat,
    global: &Global,
    printer: &Printer,
) -> Result<Exit, Failure> {
    let room = Room::open(global, arguments.offline, &arguments.taping)?;
    let name = match &arguments.session {
        Some(name) => name.clone(),
        None => jiff::Zoned::now().strftime("chat-%Y-%m-%d-%H%M%S").to_string(),
    };
    room.sessions().turns(&name)?;
    let runtime = setup::runtime()?;
    let catalog = runtime.block_on(room.catalog())?;
    let journal = room.journal()?;
    let mut lines = Lines::open(room.folder())?;
    let is_terminal = matches!(lines, Lines::Edited { .. });
    if is_terminal {
        printer.err(&format!("session {name}; /help tells what can be said here\n"));
    }
    let mut ask = Ask {
        question: String::new(),
        session: Some(name),
        plan_only: false,
        save: None,
        explain: arguments.explain,
        offline: arguments.offline,
        max_cost_usd: arguments.max_cost_usd,
        ending: arguments.ending,
        taping: arguments.taping.clone(),
    };
    let mut worst = Exit::Success;
    while let Some(line) = lines.next()? {
        let asked = match Said::read(&line) {
            Said::Nothing => continue,
            Said::Exit => break,
            Said::Help => {
                printer.err(HELP);
                continue;
            }
            Said::Explain => {
                ask.explain = !ask.explain;
                let now = if ask.explain { "tells" } else { "no longer tells" };
                printer.err(&format!("{now} why a question goes where it goes\n"));
                continue;
            }
            Said::Unknown(word) => {
                printer.err(&format!("there is no {word}; /help tells what there is\n"));
                continue;
            }
            Said::Question(question) => Ask { question, ..ask.clone() },
            Said::Plan(question) => Ask { question, plan_only: true, ..ask.clone() },
            Said::Save(path, question) => Ask { question, save: Some(path), ..ask.clone() },
        };
        let answered = runtime.block_on(async {
            // One answer is stopped, and the conversation goes on.
            let stop = Interruptible::new();
            room.answer(&asked, &catalog, &journal, stop.cancel.clone(), printer).await
        });
        let exit = answered.unwrap_or_else(|failure| {
            printer.err(&failure.render(printer.colour()));
            failure.exit()
        });
        // In a terminal somebody saw what went wrong; a script learns it at the end.
        if !is_terminal && exit as u8 > worst as u8 {
            worst = exit;
        }
        printer.err("\n");
    }
    runtime.block_on(room.tools().close());
    Ok(worst)
}

/// What a line says.
#[derive(Debug, PartialEq)]
enum Said {
    Nothing,
    Question(String),
    Plan(String),
    Save(PathBuf, String),
    Explain,
    Help,
    Exit,
    Unknown(String),
}

impl Said {
    fn read(line: &str) -> Self {
        let line = line.trim();
        let (word, rest) = line.split_once(char::is_whitespace).unwrap_or((line, ""));
        let rest = rest.trim();
        match word {
            "" => Self::Nothing,
            "/exit" | "/quit" => Self::Exit,
            // As other programs have it.
            "exit" | "quit" | "bye" | ":q" if rest.is_empty() => Self::Exit,
            "/help" | "/?" => Self::Help,
            "/explain" => Self::Explain,
            "/plan" if !rest.is_empty() => Self::Plan(rest.to_owned()),
            "/save" => match rest.split_once(char::is_whitespace) {
                Some((path, question)) => Self::Save(path.into(), question.trim().to_owned()),
                None => Self::Unknown("/save without a path and a question".to_owned()),
            },
            word if word.starts_with('/') => Self::Unknown(word.to_owned()),
            _ => Self::Question(line.to_owned()),
        }
    }
}

/// Where lines come from.
enum Lines {
    /// Somebody types them.
    Edited { editor: Box<DefaultEditor>, history: PathBuf },
    /// A file or a program gives them.
    Read(StdinLock<'static>),
}

impl Lines {
    fn open(folder: &Path) -> Result<Self, Failure> {
        let stdin = std::io::stdin();
        if !stdin.is_terminal() {
            return Ok(Self::Read(stdin.lock()));
        }
        let config = rustyline::Config::builder().max_history_size(REMEMBERED);
        let config = config.map(|config| config.auto_add_history(true).build());
        let editor = config.and_then(DefaultEditor::with_config);
        let mut editor =
            editor.map_err(|e| Failure::machine("cannot read from the terminal", &e))?;
        let history = folder.join("history");
        // There is none yet in a new project.
        drop(editor.load_history(&history));
        Ok(Self::Edited { editor: Box::new(editor), history })
    }

    /// The next line; none where there are no more.
    fn next(&mut self) -> Result<Option<String>, Failure> {
        match self {
            Self::Edited { editor, history } => loop {
                match editor.readline("> ") {
                    Ok(line) => {
                        // That it cannot be kept is no reason to stop. The file is its owner's alone.
                        drop(editor.append_history(history));
                        return Ok(Some(line));
                    }
                    // The line is thrown away, nothing else.
                    Err(ReadlineError::Interrupted) => {}
                    Err(ReadlineError::Eof) => return Ok(None),
                    Err(error) => {
                        return Err(Failure::machine("cannot read from the terminal", &error));
                    }
                }
            },
            Self::Read(input) => {
                let mut line = String::new();
                let read = input.read_line(&mut line);
                let read = read.map_err(|e| Failure::machine("cannot read the questions", &e))?;
                Ok((read > 0).then_some(line))
            }
        }
    }
}
