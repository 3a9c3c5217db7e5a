//! What authors of tools can rely on, on real SQLite.

use std::path::Path;
use std::time::Duration;

use serde_json::{Value, json};

use super::*;
use crate::document::{Project, Returns, Source, Tool};

fn silent() -> Watcher {
    std::sync::Arc::new(|_, _| {})
}

/// A folder of CSV files and tools on it.
struct House {
    folder: tempfile::TempDir,
    project: Project,
}

impl House {
    fn with(files: &[(&str, &str)]) -> Self {
        let folder = tempfile::tempdir().unwrap();
        for (name, text) in files {
            std::fs::write(folder.path().join(name), text).unwrap();
        }
        let mut project = Project::default();
        project.sources.insert("company".into(), Source::Csv(String::from(".")));
        Self { folder, project }
    }

    fn tool(query: &str, returns: Returns) -> Tool {
        let json =
            json!({"name": "t", "description": "x", "sql": {"source": "company", "query": query}});
        let tool: Tool = serde_json::from_value(json).unwrap();
        Tool { returns, ..tool }
    }

    fn call(&self, tool: Tool, arguments: &Value, limit: Duration) -> Result<Value, ToolError> {
        let name = tool.name.clone();
        let toolbox =
            Toolbox::new(self.folder.path(), &self.project, Secrets::new(), [tool], &silent());
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(toolbox.call(&name, arguments.as_object().unwrap().clone(), limit))
    }

    fn rows(&self, query: &str) -> Result<Value, ToolError> {
        self.call(Self::tool(query, Returns::Rows), &json!({}), Duration::from_secs(5))
    }

    fn kind(&self, query: &str) -> String {
        self.rows(query).expect_err(query).fault().kind
    }
}

const SALES: (&str, &str) = (
    "sales.csv",
    "\u{feff}month,channel,spend_usd,rate,code,note\r\n2025-01,email,100,0.5,007,\"a, b\"\r\n2025-02,email,,1.25,008,\r\n2025-03,\"tik\"\"tok\",-300,2,12345678901234567890,é\r\n",
);

#[test]
fn a_csv_file_is_a_typed_table() {
    let house = House::with(&[SALES]);
    assert_eq!(
        house.rows("select * from sales").unwrap(),
        json!([
            {"month": "2025-01", "channel": "email", "spend_usd": 100, "rate": 0.5, "code": "007", "note": "a, b"},
            {"month": "2025-02", "channel": "email", "spend_usd": null, "rate": 1.25, "code": "008", "note": null},
            {"month": "2025-03", "channel": "tik\"tok", "spend_usd": -300, "rate": 2.0, "code": "12345678901234567890", "note": "é"},
        ])
    );
    assert_eq!(house.rows("select sum(spend_usd) as s from sales").unwrap(), json!([{"s": -200}]));
}

#[test]
fn bad_files_are_named_with_their_line() {
    for (text, line, word) in [
        ("a,b\n1,2\n3\n", 3, "1 values where the header has 2"),
        ("a,A\n1,2\n", 1, "two columns are named `A`"),
        ("a,\n1,2\n", 1, "no name"),
        ("", 1, "no header"),
        ("a,b\n1,\"5\n2,6\n3,7\n4,8\n", 2, "a quote opens here and nothing closes it"),
        ("a,b\r\n\r\n1,2\r\n3,\"5\r\n2,6", 4, "a quote opens here"),
        ("a,b\n\"1\n\"\"\",\"5\n2,6\n", 3, "a quote opens here"),
        ("a,b,c\n1,\"5\n2,6\n", 2, "a quote opens here"),
        ("\u{feff}\"a,b\n1,2\n", 1, "a quote opens here"),
    ] {
        let fault =
            House::with(&[("bad.csv", text)]).rows("select 1 as x").expect_err(text).fault();
        assert_eq!(fault.kind, "bad-csv");
        assert!(
            fault.message.contains(&format!("bad.csv, line {line}"))
                && fault.message.contains(word),
            "{}",
            fault.message
        );
    }
    let house = House::with(&[]);
    std::fs::write(house.folder.path().join("x.csv"), b"a\n\xff\xfe\n").unwrap();
    assert_eq!(house.kind("select 1 as x"), "bad-csv");
}

#[test]
fn quoted_values_span_lines_and_close_at_the_end_of_a_file() {
    let house = House::with(&[("notes.csv", "a,b\n1,\"x\ny\"\n2,5\" wide\n3,\"say \"\"z\"\"\"")]);
    assert_eq!(
        house.rows("select b from notes").unwrap(),
        json!([{"b": "x\ny"}, {"b": "5\" wide"}, {"b": "say \"z\""}])
    );
}

#[test]
fn a_query_only_reads() {
    let house = House::with(&[SALES]);
    for query in [
        "delete from sales",
        "update sales set rate = 1",
        "insert into sales (month) values ('x')",
        "drop table sales",
        "create table x (a)",
        "attach database '/tmp/x.db' as x",
        "pragma user_version = 3",
        "pragma table_info(sales)",
        "vacuum into '/tmp/x.db'",
        "select load_extension('x')",
        "select readfile('/etc/passwd')",
        "select writefile('/tmp/x', 'y')",
        "select fts3_tokenizer('x')",
        "select sqlite_version()",
        "reindex",
        "begin immediate",
    ] {
        assert!(house.rows(query).is_err(), "{query}");
    }
    for query in
        ["select 1 as a; select 2 as b", "select 1 as a; drop table sales", "", "-- nothing"]
    {
        assert_eq!(house.kind(query), "not-allowed", "{query}");
    }
    assert!(house.rows("select 1 as a; -- done").is_ok());
    assert_eq!(
        house.rows("select count(*) as n from sales").unwrap(),
        json!([{"n": 3}]),
        "nothing was changed"
    );
}

#[test]
fn arguments_are_values_and_never_sql() {
    let house = House::with(&[SALES]);
    let mut tool =
        House::tool("select count(*) as n from sales where channel = :channel", Returns::Value);
    let param = serde_json::from_value(json!({"type": "string"})).unwrap();
    tool.params.insert("channel".to_owned(), param);
    let count = |channel: &str| {
        house.call(tool.clone(), &json!({"channel": channel}), Duration::from_secs(5))
    };
    assert_eq!(count("email").unwrap(), json!(2));
    assert_eq!(count("tik\"tok").unwrap(), json!(1));
    for hostile in
        ["x' or '1'='1", "email'; drop table sales; --", "\" or 1=1 --", ":channel", "\u{0}"]
    {
        assert_eq!(count(hostile).unwrap(), json!(0), "{hostile}");
    }
}

#[test]
fn a_query_that_reads_what_no_param_is_fails_and_null_is_bound_where_a_param_is_optional() {
    let house = House::with(&[SALES]);
    assert!(
        house.rows("select :nope as x").expect_err("unbound").fault().message.contains(":nope")
    );
    let mut tool = House::tool("select coalesce(:from, 'none') as x", Returns::Value);
    let param = serde_json::from_value(json!({"type": "string", "default": null, "pattern": "^x"}))
        .unwrap();
    tool.params.insert("from".to_owned(), param);
    let call = |arguments: Value| house.call(tool.clone(), &arguments, Duration::from_secs(5));
    assert_eq!(call(json!({})).unwrap(), json!("none"));
    assert_eq!(call(json!({"from": null})).unwrap(), json!("none"));
    assert_eq!(call(json!({"from": "xy"})).unwrap(), json!("xy"));
    assert_eq!(call(json!({"from": "y"})).expect_err("no match").fault().kind, "bad-argument");
    assert!(
        call(json!({"form": "x"})).expect_err("unknown").fault().help.unwrap().contains("`from`")
    );
}

#[test]
fn time_rows_and_shape_are_bounded() {
    let house = House::with(&[SALES]);
    let endless = "with recursive n(x) as (select 1 union all select x + 1 from n) select count(*) as c from n";
    let tool = House::tool(endless, Returns::Rows);
    let fault =
        house.call(tool, &json!({}), Duration::from_millis(100)).expect_err("too long").fault();
    assert_eq!(fault.kind, "time-limit");
    let many = "with recursive n(x) as (select 1 union all select x + 1 from n limit 20000) select x from n";
    assert_eq!(house.kind(many), "too-many-rows");
    let shaped = |query: &str, returns| {
        house.call(House::tool(query, returns), &json!({}), Duration::from_secs(5))
    };
    assert_eq!(shaped("select 1 as a, 2 as b", Returns::Row).unwrap(), json!({"a": 1, "b": 2}));
    assert_eq!(shaped("select 1 as a", Returns::Value).unwrap(), json!(1));
    for (query, returns, kind) in [
        ("select 1 as a where false", Returns::Row, "no-row"),
        ("select month from sales", Returns::Row, "several-rows"),
        ("select 1 as a, 2 as b", Returns::Value, "several-columns"),
        ("select 1 as a, 2 as a", Returns::Rows, "sql-error"),
        ("select x'ff' as a", Returns::Rows, "sql-error"),
        ("select nope from sales", Returns::Rows, "sql-error"),
        ("select 1 from nope", Returns::Rows, "sql-error"),
    ] {
        assert_eq!(shaped(query, returns).expect_err(query).fault().kind, kind, "{query}");
    }
}

#[test]
fn a_sqlite_file_is_read_and_never_written() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("shop.db");
    rusqlite::Connection::open(&file)
        .unwrap()
        .execute_batch("create table t (a integer); insert into t values (7)")
        .unwrap();
    let before = std::fs::read(&file).unwrap();
    let mut project = Project::default();
    project.sources.insert("company".into(), Source::Sqlite("shop.db".to_owned()));
    let house = House { folder, project };
    assert_eq!(house.rows("select a from t").unwrap(), json!([{"a": 7}]));
    assert!(house.rows("insert into t values (8)").is_err());
    assert_eq!(std::fs::read(&file).unwrap(), before);
    let gone = House { folder: tempfile::tempdir().unwrap(), project: house.project.clone() };
    assert_eq!(gone.kind("select 1 as x"), "source-unavailable");
    assert!(!Path::new(&gone.folder.path().join("shop.db")).exists(), "a missing file is not made");
}

#[test]
fn calls_at_the_same_time_read_the_same_tables() {
    let house = House::with(&[SALES]);
    let tool = House::tool("select sum(rate) as s from sales", Returns::Value);
    let name = tool.name.clone();
    let toolbox = std::sync::Arc::new(Toolbox::new(
        house.folder.path(),
        &house.project,
        Secrets::new(),
        [tool],
        &silent(),
    ));
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let mut calls = tokio::task::JoinSet::new();
        for _ in 0..32 {
            let (toolbox, name) = (std::sync::Arc::clone(&toolbox), name.clone());
            calls.spawn(async move {
                toolbox.call(&name, crate::value::Object::new(), Duration::from_secs(5)).await
            });
        }
        for result in calls.join_all().await {
            assert_eq!(result.unwrap(), json!(3.75));
        }
    });
}

#[test]
fn what_is_kept_is_loaded_once_for_each_content() {
    use std::sync::Arc;
    use std::sync::atomic::{AtomicUsize, Ordering};

    let house = House::with(&[SALES]);
    let files = csv::files(house.folder.path()).unwrap();
    let folder = house.folder.path().join(".engine/sources");
    let queries = [filters::Words::of("select * from sales where channel = :c and month > '2025'")];
    let loads = Arc::new(AtomicUsize::new(0));
    let count = Arc::clone(&loads);
    let watcher: Watcher = Arc::new(move |_, loading| {
        count.fetch_add(usize::from(matches!(loading, Loading::Began { .. })), Ordering::SeqCst);
    });
    let take = |queries: &[filters::Words]| {
        let shelf = kept::Shelf { source: "company", folder: &folder, queries, watcher: &watcher };
        let Ok(kept) = shelf.take(&files) else { panic!("nothing was kept") };
        kept
    };
    // However many ask at once.
    std::thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| take(&queries));
        }
    });
    assert_eq!(loads.load(Ordering::SeqCst), 1);
    let text = |query: &str| -> String {
        let connection = kept::open(&take(&queries).path).unwrap();
        connection.query_row(query, [], |row| row.get(0)).unwrap()
    };
    let kinds = "select typeof(spend_usd) || ' ' || typeof(rate) || ' ' || typeof(code) || ' ' || code from sales limit 1";
    assert_eq!(text(kinds), "integer real text 007");
    let indexes =
        "select group_concat(name, ', ' order by name) from sqlite_schema where type = 'index'";
    assert_eq!(text(indexes), "sales by channel, sales by month");
    let more = [filters::Words::of("select * from sales where code = :c")];
    take(&more);
    assert_eq!(text(indexes), "sales by channel, sales by code, sales by month");
    assert_eq!(loads.load(Ordering::SeqCst), 1, "an index needs no load");
    // What was left half, or spoiled, is never read.
    std::fs::write(folder.join("company.7.draft"), "half").unwrap();
    std::fs::write(take(&queries).path, "spoiled").unwrap();
    assert_eq!(text(kinds), "integer real text 007");
    assert_eq!(loads.load(Ordering::SeqCst), 2);
    std::fs::write(&files[0], SALES.1.replace("007", "006")).unwrap();
    assert_eq!(text(kinds), "integer real text 006");
    assert_eq!(loads.load(Ordering::SeqCst), 3);
    let names = std::fs::read_dir(&folder).unwrap().flatten().map(|entry| entry.path());
    let ends = |path: &Path| path.extension().is_some_and(|e| e == "db" || e == "draft");
    let names: Vec<_> = names.filter(|path| ends(path)).collect();
    assert_eq!(names.len(), 1, "{names:?}");
}
