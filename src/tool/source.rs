//! What SQL tools read: opened once, at the first call, and then by as many readers as there are calls.
//! Small folders of CSV files are loaded into memory, large ones are kept on disk.

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, OnceLock, PoisonError};

use rusqlite::config::DbConfig;
use rusqlite::hooks::{AuthAction, AuthContext, Authorization};
use rusqlite::{Connection, OpenFlags};

use super::filters::Words;
use super::kept::{self, Kept, Shelf, Unkept};
use super::loading::{Loading, Watcher};
use super::{ToolError, csv};
use crate::document;
use crate::id::SourceName;

/// Functions that a query may call: those that compute. Nothing that reads files, loads code or tells of the machine.
pub(super) const FUNCTIONS: &[&str] = &[
    "abs",
    "avg",
    "ceil",
    "ceiling",
    "char",
    "coalesce",
    "concat",
    "concat_ws",
    "count",
    "cume_dist",
    "date",
    "datetime",
    "dense_rank",
    "exp",
    "first_value",
    "floor",
    "format",
    "glob",
    "group_concat",
    "hex",
    "ifnull",
    "iif",
    "instr",
    "julianday",
    "lag",
    "last_value",
    "lead",
    "length",
    "like",
    "ln",
    "log",
    "log10",
    "log2",
    "lower",
    "ltrim",
    "max",
    "median",
    "min",
    "mod",
    "nth_value",
    "ntile",
    "nullif",
    "percent_rank",
    "pi",
    "pow",
    "power",
    "printf",
    "quote",
    "rank",
    "replace",
    "round",
    "row_number",
    "rtrim",
    "sign",
    "sqrt",
    "strftime",
    "string_agg",
    "substr",
    "substring",
    "sum",
    "time",
    "total",
    "trim",
    "trunc",
    "typeof",
    "unicode",
    "unixepoch",
    "upper",
    "cast",
];

/// A source and its idle readers.
pub(super) struct Source {
    kind: Kind,
    idle: Mutex<Vec<Connection>>,
}

enum Kind {
    Csv(Box<Folder>),
    Sqlite(PathBuf),
}

/// Sources in memory so far: each has a name of its own.
static COUNT: AtomicU64 = AtomicU64::new(0);

/// A folder of CSV files.
struct Folder {
    /// The source's name.
    name: SourceName,
    path: PathBuf,
    /// Where it is kept if it is large.
    shelf: PathBuf,
    /// What queries filter by.
    queries: Vec<Words>,
    watcher: Watcher,
    loaded: OnceLock<Result<Loaded, ToolError>>,
}

/// The tables of a folder.
enum Loaded {
    /// In memory, by this name; readers share the one copy. The connection is only kept, never used: the lock makes it
    /// fit to be shared.
    Memory { name: String, _keeper: Mutex<Connection> },
    /// On disk.
    Kept(Kept),
}

impl Source {
    /// A source of files; none where it is a server. `queries` are those of its tools.
    pub(super) fn new<'q>(
        root: &Path,
        name: &SourceName,
        source: &document::Source,
        queries: impl Iterator<Item = &'q str>,
        watcher: &Watcher,
    ) -> Option<Self> {
        let kind = match source {
            document::Source::Csv(folder) => Kind::Csv(Box::new(Folder {
                name: name.clone(),
                path: root.join(folder),
                shelf: root.join(".engine").join("sources"),
                queries: queries.map(Words::of).collect(),
                watcher: Watcher::clone(watcher),
                loaded: OnceLock::new(),
            })),
            document::Source::Sqlite(file) => Kind::Sqlite(root.join(file)),
            document::Source::PostgresEnv(_) => return None,
        };
        Some(Self { kind, idle: Mutex::default() })
    }

    /// What the data is made of now: names, sizes and times of its files. None where they cannot be told.
    pub(super) fn version(&self) -> Option<String> {
        let files = match &self.kind {
            Kind::Csv(folder) => csv::files(&folder.path).ok()?,
            Kind::Sqlite(file) => {
                let mut log = file.clone().into_os_string();
                log.push("-wal");
                let log = PathBuf::from(log);
                if log.exists() { vec![file.clone(), log] } else { vec![file.clone()] }
            }
        };
        let mut version = String::new();
        for file in files {
            let metadata = std::fs::metadata(&file).ok()?;
            let changed = metadata.modified().ok()?;
            let line = format!("{} {} {changed:?}\n", file.display(), metadata.len());
            version.push_str(&line);
        }
        Some(version)
    }

    /// Lends a reader to `work`; calls at the same time get readers of their own.
    pub(super) fn read<T>(
        &self,
        work: impl FnOnce(&mut Connection) -> Result<T, ToolError>,
    ) -> Result<T, ToolError> {
        let idle = self.idle.lock().unwrap_or_else(PoisonError::into_inner).pop();
        let mut connection = match idle {
            Some(connection) => connection,
            None => self.open()?,
        };
        let result = work(&mut connection);
        self.idle.lock().unwrap_or_else(PoisonError::into_inner).push(connection);
        result
    }

    fn open(&self) -> Result<Connection, ToolError> {
        let flags = OpenFlags::SQLITE_OPEN_READ_ONLY
            | OpenFlags::SQLITE_OPEN_URI
            | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let connection = match &self.kind {
            Kind::Sqlite(file) => {
                if !file.is_file() {
                    return Err(ToolError::new(
                        "source-unavailable",
                        format!("there is no file {}", file.display()),
                    )
                    .help(
                        "`sources` in engine.yaml names a SQLite file, relative to engine.yaml",
                    ));
                }
                Connection::open_with_flags(file, flags)
            }
            Kind::Csv(folder) => match folder.loaded.get_or_init(|| folder.load()) {
                Err(error) => return Err(error.clone()),
                Ok(Loaded::Memory { name, .. }) => Connection::open_with_flags(name, flags),
                Ok(Loaded::Kept(kept)) => kept::open(&kept.path),
            },
        };
        let unavailable =
            |error: rusqlite::Error| ToolError::new("source-unavailable", error.to_string());
        let mut connection = connection.map_err(unavailable)?;
        connection.busy_timeout(std::time::Duration::from_secs(5)).map_err(unavailable)?;
        // A mistyped column in double quotes would otherwise be read as a text.
        connection.set_db_config(DbConfig::SQLITE_DBCONFIG_DQS_DML, false).map_err(unavailable)?;
        connection.authorizer(Some(authorize)).map_err(unavailable)?;
        Ok(connection)
    }
}

impl Folder {
    fn load(&self) -> Result<Loaded, ToolError> {
        let files = csv::files(&self.path)?;
        let sizes = files.iter().filter_map(|file| Some(std::fs::metadata(file).ok()?.len()));
        if sizes.sum::<u64>() >= kept::LARGE {
            let (source, folder) = (self.name.as_str(), self.shelf.as_path());
            let place = Shelf { source, folder, queries: &self.queries, watcher: &self.watcher };
            match place.take(&files) {
                Ok(kept) => return Ok(Loaded::Kept(kept)),
                Err(Unkept::Fault(error)) => return Err(error),
                Err(Unkept::Closed(why)) => (self.watcher)(source, &Loading::Unkept { why }),
            }
        }
        let number = COUNT.fetch_add(1, Ordering::Relaxed);
        let name = format!("file:/source{number}?vfs=memdb");
        let flags = OpenFlags::SQLITE_OPEN_READ_WRITE
            | OpenFlags::SQLITE_OPEN_CREATE
            | OpenFlags::SQLITE_OPEN_URI;
        let mut connection = Connection::open_with_flags(&name, flags)
            .map_err(|error| ToolError::new("source-unavailable", error.to_string()))?;
        csv::load(&files, &mut connection)?;
        Ok(Loaded::Memory { name, _keeper: Mutex::new(connection) })
    }
}

/// What a query may do: read tables and compute. Everything else is refused, whatever SQLite learns to do.
fn authorize(context: AuthContext<'_>) -> Authorization {
    match context.action {
        AuthAction::Select | AuthAction::Read { .. } | AuthAction::Recursive => {
            Authorization::Allow
        }
        AuthAction::Function { function_name }
            if FUNCTIONS.iter().any(|f| f.eq_ignore_ascii_case(function_name)) =>
        {
            Authorization::Allow
        }
        _ => Authorization::Deny,
    }
}
