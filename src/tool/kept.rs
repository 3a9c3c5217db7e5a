//! Large folders of CSV files, kept as a SQLite file: they are read again only when they hold something else.
//!
//! The file is named by what the CSV files hold. It is written beside its place and moved there when it is whole, and never
//! changes afterwards, so whoever finds it may read it, whatever other processes do. A list tells which sizes, times and
//! hashes the CSV files had; without it, they are hashed again. One process at a time writes.

use std::fs::{File, OpenOptions, TryLockError};
use std::io::{self, Read as _, Write as _};
use std::path::{Path, PathBuf};
use std::time::{Duration, UNIX_EPOCH};

use jiff::Timestamp;
use rusqlite::{Connection, ErrorCode, OpenFlags};
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

use super::ToolError;
use super::csv::{Table, quoted, unreadable};
use super::filters::Words;
use super::loading::{Loading, Watcher};
use crate::value::hex;

/// Folders of at least so many bytes are kept; smaller ones are loaded faster than anybody notices.
pub(super) const LARGE: u64 = 16 << 20;

/// What is kept has this form; another one is made anew.
const FORM: &str = "1";

/// A file whose time is no older than this, when it was read, may have been written to again within the same tick.
const SETTLED: Duration = Duration::from_secs(2);

/// How often a folder that changes while it is read is read again.
const TRIES: usize = 3;

/// Memory that SQLite may use while it fills and sorts, in KiB.
const MEMORY: u32 = 64 << 10;

/// Bytes that are hashed at a time.
const CHUNK: usize = 256 << 10;

/// Where a source is kept, and for whom.
pub(super) struct Shelf<'s> {
    /// The source's name.
    pub(super) source: &'s str,
    /// The folder of all that is kept.
    pub(super) folder: &'s Path,
    /// What queries filter by.
    pub(super) queries: &'s [Words],
    pub(super) watcher: &'s Watcher,
}

/// A kept file. Nobody removes it as long as this lives.
#[derive(Debug)]
pub(super) struct Kept {
    pub(super) path: PathBuf,
    _lock: File,
}

/// A file that is written to, and removed unless it was moved to its place.
struct Draft(PathBuf);

impl Drop for Draft {
    fn drop(&mut self) {
        drop(std::fs::remove_file(&self.0));
    }
}

/// Why nothing was kept.
pub(super) enum Unkept {
    /// The folder is not to be written to.
    Closed(String),
    /// The source cannot be read at all.
    Fault(ToolError),
}

impl From<ToolError> for Unkept {
    fn from(error: ToolError) -> Self {
        Self::Fault(error)
    }
}

/// A CSV file as the list has it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Known {
    file: String,
    size: u64,
    /// When it was last written to, in nanoseconds since 1970.
    changed_ns: u64,
    /// Whether it was old enough that its time tells the next change.
    settled: bool,
    hash: String,
}

/// A column that wants an index.
type Wanted = (String, String);

impl Shelf<'_> {
    /// The file with the tables of the CSV files, made where there is none.
    pub(super) fn take(&self, files: &[PathBuf]) -> Result<Kept, Unkept> {
        if let Some((kept, lacking)) = self.find(files)?
            && lacking.is_empty()
        {
            return Ok(kept);
        }
        let _writing = self.lock()?;
        for _ in 0..TRIES {
            // Whoever waited finds what the other process made.
            match self.find(files)? {
                Some((kept, lacking)) if lacking.is_empty() => return Ok(kept),
                Some((kept, lacking)) => self.grow(&kept, &lacking)?,
                None => {
                    if let Some(kept) = self.make(files)? {
                        return Ok(kept);
                    }
                }
            }
        }
        let message = format!("source `{}` changes while it is read", self.source);
        Err(ToolError::new("source-busy", message).passing().into())
    }

    /// What is kept of the files as they are now, with the indexes that it lacks.
    fn find(&self, files: &[PathBuf]) -> Result<Option<(Kept, Vec<Wanted>)>, Unkept> {
        let Ok(list) = std::fs::read(self.list()) else { return Ok(None) };
        let Ok(listed) = serde_json::from_slice::<Vec<Known>>(&list) else { return Ok(None) };
        if listed.len() != files.len() {
            return Ok(None);
        }
        let mut now = Vec::new();
        for (path, listed) in files.iter().zip(&listed) {
            let mut known = look(path)?;
            if (&known.file, known.size) != (&listed.file, listed.size) {
                return Ok(None);
            }
            known.hash = if listed.settled && known.changed_ns == listed.changed_ns {
                listed.hash.clone()
            } else {
                self.hash(path, known.size)?
            };
            known.settled |= listed.settled && known.changed_ns == listed.changed_ns;
            now.push(known);
        }
        let Some(kept) = hold(&self.place(&now)).map_err(|e| self.failed(&e))? else {
            return Ok(None);
        };
        // What cannot be read, whoever spoiled it, is made anew.
        let lacking = open(&kept.path).and_then(|connection| self.lacking(&connection));
        let Ok(lacking) = lacking else { return Ok(None) };
        if now != listed {
            // Without the new times the files are hashed once more next time.
            drop(self.note(&now));
        }
        Ok(Some((kept, lacking)))
    }

    /// Reads the files into a new database. Where one changes meanwhile, nothing is made.
    fn make(&self, files: &[PathBuf]) -> Result<Option<Kept>, Unkept> {
        let before: Vec<Known> = files.iter().map(|file| look(file)).collect::<Result<_, _>>()?;
        let size = before.iter().map(|file| file.size).sum();
        let began = std::time::Instant::now();
        self.tell(&Loading::Began { bytes: size });
        let draft = self.draft()?;
        let mut read = 0;
        let mut hashed = before.clone();
        let mut connection = writer(&draft.0).map_err(|e| self.sql_failed(&e))?;
        let transaction = connection.transaction().map_err(|e| self.sql_failed(&e))?;
        for (path, known) in files.iter().zip(&mut hashed) {
            let mut count = |bytes: &[u8]| {
                read += bytes.len() as u64;
                // Every file is read twice.
                self.tell(&Loading::Read { bytes: read / 2, of: size });
            };
            let mut hash = Sha256::new();
            let table = Table::read(path, &mut |bytes| {
                hash.update(bytes);
                count(bytes);
            })?;
            known.hash = hex(&hash.finalize());
            table.copy(&transaction, &mut count)?;
        }
        transaction.commit().map_err(|e| self.sql_failed(&e))?;
        self.tell(&Loading::Indexing);
        self.lacking(&connection)
            .and_then(|wanted| index(&connection, &wanted))
            .map_err(|e| self.sql_failed(&e))?;
        drop(connection);
        let after: Vec<Known> = files.iter().map(|file| look(file)).collect::<Result<_, _>>()?;
        if after.iter().zip(&before).any(|(a, b)| (a.size, a.changed_ns) != (b.size, b.changed_ns))
        {
            return Ok(None);
        }
        let place = self.place(&hashed);
        self.put(&draft, &place)?;
        self.note(&hashed)?;
        self.tidy(&place);
        self.tell(&Loading::Done { took: began.elapsed() });
        hold(&place).map_err(|e| self.failed(&e))
    }

    /// Adds indexes, to a copy that takes the file's place.
    fn grow(&self, kept: &Kept, lacking: &[Wanted]) -> Result<(), Unkept> {
        self.tell(&Loading::Indexing);
        let draft = self.draft()?;
        let copied = std::fs::copy(&kept.path, &draft.0);
        copied.map_err(|e| self.failed(&e))?;
        let connection = writer(&draft.0).map_err(|e| self.sql_failed(&e))?;
        index(&connection, lacking).map_err(|e| self.sql_failed(&e))?;
        drop(connection);
        self.put(&draft, &kept.path)
    }

    /// Columns that queries filter by and that have no index yet.
    fn lacking(&self, connection: &Connection) -> rusqlite::Result<Vec<Wanted>> {
        let texts = |query: &str| -> rusqlite::Result<Vec<String>> {
            connection.prepare(query)?.query_map([], |row| row.get(0))?.collect()
        };
        let indexes = texts("select name from sqlite_schema where type = 'index'")?;
        let mut lacking = Vec::new();
        for table in texts("select name from sqlite_schema where type = 'table' order by name")? {
            let mut readers = self.queries.iter().filter(|query| query.reads(&table)).peekable();
            if table.starts_with("sqlite_") || readers.peek().is_none() {
                continue;
            }
            let readers: Vec<&Words> = readers.collect();
            let statement = connection.prepare(&format!("select * from {}", quoted(&table)))?;
            for column in statement.column_names() {
                let wanted = readers.iter().any(|query| query.compares(column));
                if wanted && !indexes.contains(&index_name(&table, column)) {
                    lacking.push((table.clone(), column.to_owned()));
                }
            }
        }
        Ok(lacking)
    }

    /// Holds whoever else wants to write.
    fn lock(&self) -> Result<File, Unkept> {
        private_folder(self.folder).map_err(|e| self.failed(&e))?;
        let ignore = self.folder.join(".gitignore");
        if !ignore.exists() {
            std::fs::write(ignore, "*\n").map_err(|e| self.failed(&e))?;
        }
        let lock = private(&self.beside("lock")).map_err(|e| self.failed(&e))?;
        if matches!(lock.try_lock(), Err(TryLockError::WouldBlock)) {
            self.tell(&Loading::Waiting);
            // Where locks cannot be had, two processes write drafts of their own names.
            drop(lock.lock());
        }
        Ok(lock)
    }

    /// An empty file to write to.
    fn draft(&self) -> Result<Draft, Unkept> {
        let draft = self.beside(&format!("{}.draft", std::process::id()));
        // A process that was killed left its draft behind; whoever writes is the only one.
        for old in self.siblings(".draft") {
            drop(std::fs::remove_file(old));
        }
        private(&draft).map_err(|e| self.failed(&e))?;
        Ok(Draft(draft))
    }

    /// Moves a draft to its place, once all of it is on the disk.
    fn put(&self, draft: &Draft, place: &Path) -> Result<(), Unkept> {
        let put = || {
            File::open(&draft.0)?.sync_all()?;
            std::fs::rename(&draft.0, place)
        };
        put().map_err(|e| self.failed(&e))
    }

    /// Writes the list.
    fn note(&self, files: &[Known]) -> Result<(), Unkept> {
        let note = || {
            let draft = self.beside(&format!("{}.list", std::process::id()));
            let mut file = private(&draft)?;
            file.set_len(0)?;
            file.write_all(&serde_json::to_vec(files)?)?;
            std::fs::rename(draft, self.list())
        };
        note().map_err(|e| self.failed(&e))
    }

    /// Removes what was kept of earlier contents, as far as nobody reads it.
    fn tidy(&self, place: &Path) {
        for old in self.siblings(".db").into_iter().filter(|old| old != place) {
            if File::open(&old).is_ok_and(|file| file.try_lock().is_ok()) {
                drop(std::fs::remove_file(old));
            }
        }
    }

    fn siblings(&self, ending: &str) -> Vec<PathBuf> {
        let begins = format!("{}.", self.stem());
        let entries = std::fs::read_dir(self.folder).into_iter().flatten().flatten();
        let named = entries.filter(|entry| {
            let name = entry.file_name();
            name.to_str().is_some_and(|name| name.starts_with(&begins) && name.ends_with(ending))
        });
        named.map(|entry| entry.path()).collect()
    }

    /// The source's name as a file may be called; two names that would be the same differ by a hash.
    fn stem(&self) -> String {
        let plain =
            |c: char| if c.is_ascii_alphanumeric() || c == '-' || c == '_' { c } else { '_' };
        let readable: String = self.source.chars().take(40).map(plain).collect();
        if readable == self.source {
            return readable;
        }
        let hash = hex(&Sha256::digest(self.source.as_bytes()));
        format!("{readable}-{}", hash.get(..8).unwrap_or(&hash))
    }

    fn beside(&self, ending: &str) -> PathBuf {
        self.folder.join(format!("{}.{ending}", self.stem()))
    }

    fn list(&self) -> PathBuf {
        self.beside("json")
    }

    /// Where tables with these contents are kept.
    fn place(&self, files: &[Known]) -> PathBuf {
        let mut hash = Sha256::new();
        hash.update(FORM);
        for file in files {
            hash.update(format!("\n{} {}", file.hash, file.file));
        }
        let hash = hex(&hash.finalize());
        self.beside(&format!("{}.db", hash.get(..16).unwrap_or(&hash)))
    }

    fn hash(&self, path: &Path, size: u64) -> Result<String, ToolError> {
        let hash = || -> io::Result<String> {
            let (mut file, mut hash) = (File::open(path)?, Sha256::new());
            let (mut buffer, mut read) = (vec![0; CHUNK], 0);
            loop {
                let count = file.read(&mut buffer)?;
                if count == 0 {
                    return Ok(hex(&hash.finalize()));
                }
                hash.update(buffer.get(..count).unwrap_or_default());
                read += count as u64;
                self.tell(&Loading::Compared { bytes: read, of: size });
            }
        };
        hash().map_err(|error| unreadable(path, &error))
    }

    fn tell(&self, loading: &Loading) {
        (self.watcher)(self.source, loading);
    }

    fn failed(&self, error: &io::Error) -> Unkept {
        let message = format!("cannot write to {}: {error}", self.folder.display());
        match error.kind() {
            io::ErrorKind::PermissionDenied | io::ErrorKind::ReadOnlyFilesystem => {
                Unkept::Closed(message)
            }
            _ => Unkept::Fault(self.full(message)),
        }
    }

    fn sql_failed(&self, error: &rusqlite::Error) -> Unkept {
        let message = match error.sqlite_error_code() {
            Some(ErrorCode::DiskFull) => "the disk is full".to_owned(),
            _ => error.to_string(),
        };
        self.full(format!("cannot write to {}: {message}", self.folder.display())).into()
    }

    fn full(&self, message: String) -> ToolError {
        let help = format!(
            "source `{}` is kept there: it takes about as much room as its files, twice while it is made",
            self.source
        );
        ToolError::new("source-unavailable", message).help(help)
    }
}

/// A file as it is now; its hash is not known yet.
fn look(path: &Path) -> Result<Known, ToolError> {
    let looked = || -> io::Result<(u64, Duration)> {
        let metadata = std::fs::metadata(path)?;
        Ok((metadata.len(), metadata.modified()?.duration_since(UNIX_EPOCH).unwrap_or_default()))
    };
    let (size, changed) = looked().map_err(|error| unreadable(path, &error))?;
    let nanoseconds = |since: Duration| u64::try_from(since.as_nanos()).unwrap_or(u64::MAX);
    let now = Duration::try_from(Timestamp::now().duration_since(Timestamp::UNIX_EPOCH));
    let age = now.unwrap_or_default().checked_sub(changed).unwrap_or_default();
    Ok(Known {
        file: path.file_name().unwrap_or_default().to_string_lossy().into_owned(),
        size,
        changed_ns: nanoseconds(changed),
        settled: age > SETTLED,
        hash: String::new(),
    })
}

/// A kept file, where it is there: whoever removes old ones asks for its lock first.
fn hold(path: &Path) -> io::Result<Option<Kept>> {
    let lock = match File::open(path) {
        Ok(file) => file,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(error),
    };
    // Where locks cannot be had, nothing is removed either.
    drop(lock.lock_shared());
    Ok(path.exists().then(|| Kept { path: path.to_owned(), _lock: lock }))
}

/// Opens a kept file to read. It never changes, so SQLite need not lock it.
pub(super) fn open(path: &Path) -> rusqlite::Result<Connection> {
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY
        | OpenFlags::SQLITE_OPEN_URI
        | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let path = path.to_string_lossy().replace('%', "%25").replace('?', "%3f").replace('#', "%23");
    Connection::open_with_flags(format!("file:{path}?immutable=1"), flags)
}

/// Opens a draft. What is lost in a crash is lost as a whole, so nothing is journaled.
fn writer(path: &Path) -> rusqlite::Result<Connection> {
    let connection = Connection::open(path)?;
    let settings = format!(
        "pragma journal_mode = off; pragma synchronous = off; pragma locking_mode = exclusive; pragma cache_size = -{MEMORY}"
    );
    connection.execute_batch(&settings)?;
    Ok(connection)
}

fn index(connection: &Connection, wanted: &[Wanted]) -> rusqlite::Result<()> {
    for (table, column) in wanted {
        let name = quoted(&index_name(table, column));
        let (table, column) = (quoted(table), quoted(column));
        connection.execute_batch(&format!("create index {name} on {table} ({column})"))?;
    }
    // Which of several indexes helps, the contents tell; a sample is enough.
    connection.execute_batch("pragma analysis_limit = 1000; analyze")
}

fn index_name(table: &str, column: &str) -> String {
    format!("{table} by {column}")
}

/// A folder that only its owner can look into: whoever may write to it could have queries read other rows.
fn private_folder(path: &Path) -> io::Result<()> {
    let mut folder = std::fs::DirBuilder::new();
    folder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut folder, 0o700);
    folder.create(path)
}

/// A file that only its owner can read, made where it is not there.
fn private(path: &Path) -> io::Result<File> {
    let mut options = OpenOptions::new();
    options.read(true).write(true).create(true).truncate(false);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path)
}
