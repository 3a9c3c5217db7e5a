#!/usr/bin/env python3
"""Runs the engine on a real PostgreSQL server, started here on loopback and ended by its id.

    python3 tests/postgres.py ENGINE PROJECT [-v]

The demo data is copied in with `engine data load`, every demo workflow has to give the outputs that it gives on its CSV
files, and what a query reads, refuses and says is held against small tables of every type.
"""

import glob
import json
import os
import pathlib
import pwd
import shutil
import subprocess
import sys
import tempfile
import time

sys.dont_write_bytecode = True
sys.path.insert(0, str(pathlib.Path(__file__).parent / "support"))
import scripts
from obedient import HOSTILE, ORDER, Obedient, outside
from scripts import check, ended, free_port, wait_for

PASSWORD = "hunter2-very-secret"
TYPES = """
create type mood as enum ('glad', 'sad');
create domain euro as numeric(12, 2);
create table kinds (
  id uuid primary key, flag boolean, small smallint, big bigint, single real, double_ double precision, money_ numeric(12, 2),
  wide numeric(38, 18), loose numeric, whole numeric, day date, moment timestamp, instant timestamptz, hour time, span interval,
  word varchar(20), feeling mood, price euro, doc jsonb, tags text[], grid integer[], sums numeric[], nothing text);
insert into kinds values (
  '00112233-4455-6677-8899-aabbccddeeff', true, -7, 9223372036854775807, 0.1, 0.1, 100.50,
  '12345678901234567890.123456789012345678', 0.1234567890123456789, 18446744073709551616, '2024-02-29', '2024-02-29 12:30:00.25',
  '2024-02-29 12:30:00+02', '23:59:59', '1 year 2 months 3 days 04:05:06', 'it''s', 'sad', 9.90, '{"a": [1, null]}',
  '{x,"y, z",NULL}', '{{1,2},{3,4}}', '{1.5,0.33333333333333333333}', null);
create view quotients as select 1::numeric / 3 as third, money_ / 3 as part from kinds;
create table events (at date, shop uuid, amount numeric(12, 2));
insert into events values ('2024-01-05', '00112233-4455-6677-8899-aabbccddeeff', 10.10), ('2024-02-05', null, 20.20);
create user reader password 'PASSWORD';
grant select on kinds, quotients to reader;
"""
KINDS = {
    "id": "00112233-4455-6677-8899-aabbccddeeff", "flag": True, "small": -7, "big": 9223372036854775807, "single": 0.1,
    "double_": 0.1, "money_": 100.5, "wide": "12345678901234567890.123456789012345678",
    "loose": "0.1234567890123456789", "whole": "18446744073709551616", "day": "2024-02-29",
    "moment": "2024-02-29T12:30:00.25", "instant": "2024-02-29T10:30:00Z", "hour": "23:59:59", "span": "P1Y2M3DT14706S",
    "word": "it's", "feeling": "sad", "price": 9.9, "doc": {"a": [1, None]}, "tags": ["x", "y, z", None],
    "grid": [[1, 2], [3, 4]], "sums": [1.5, "0.33333333333333333333"], "nothing": None,
}

MORE = """
create table more (doc json, docb jsonb, docs jsonb[], ids uuid[], days date[], moments timestamptz[], ages int4range, spent numrange,
  stays daterange, during tstzrange, many int4multirange, none daterange, nights daterange[], ever date, soon timestamp);
insert into more values (
  '{"a": 12345678901234567890.5, "b": 1e3, "c": [0.1, -0.12345678901234567891], "d": "1.5 \\" 2"}',
  '{"a": 12345678901234567890.5, "b": 1e3, "c": [0.1, -0.12345678901234567891], "d": "1.5 \\" 2"}',
  array['{"x": 18446744073709551616}'::jsonb, '7'::jsonb], '{00112233-4455-6677-8899-aabbccddeeff,NULL}', '{2024-02-29,infinity}',
  '{2024-02-29 12:30:00+02}', '[1,5)', '(0.5,]', '[2024-01-01,2024-02-01)', '[2024-01-01 00:00+00,)', '{[1,3),[5,8)}', 'empty',
  '{"[2024-01-01,2024-01-03)"}', '-infinity', 'infinity');
"""
LONG = {"a": "12345678901234567890.5", "c": [0.1, "-0.12345678901234567891"], "d": '1.5 " 2'}
SPAN = lambda lower, upper, bounds="[)": {"lower": lower, "upper": upper, "bounds": bounds}
KEPT = {
    "doc": {**LONG, "b": 1e3}, "docb": {**LONG, "b": 1000}, "docs": [{"x": "18446744073709551616"}, 7],
    "ids": ["00112233-4455-6677-8899-aabbccddeeff", None], "days": ["2024-02-29", "infinity"], "moments": ["2024-02-29T10:30:00Z"],
    "ages": SPAN(1, 5), "spent": SPAN(0.5, None, "()"), "stays": SPAN("2024-01-01", "2024-02-01"),
    "during": SPAN("2024-01-01T00:00:00Z", None), "many": [SPAN(1, 3), SPAN(5, 8)], "none": SPAN(None, None, "empty"),
    "nights": [SPAN("2024-01-01", "2024-01-03")], "ever": "-infinity", "soon": "infinity",
}


def holds(name, text, *parts):
    """Counts one check of a text that holds the parts, and no password."""
    scripts.holds(name, text.replace(PASSWORD, "(the password)"), *parts)
    check(f"{name}: no password", PASSWORD in text, False)


class Server:
    """A private cluster, owned by a user that is not root."""

    def __init__(self, folder):
        binaries = sorted(glob.glob("/usr/lib/postgresql/*/bin"), key=lambda path: float(path.split("/")[4]))
        self.bin, self.data = pathlib.Path(binaries[-1]), folder / "cluster"
        self.user = {"user": "postgres", "group": "postgres"} if os.getuid() == 0 else {}
        if self.user:
            owner = pwd.getpwnam("postgres")
            os.chown(folder, owner.pw_uid, owner.pw_gid)
        self.port = free_port()
        words = folder / "password"
        words.write_text(PASSWORD)
        words.chmod(0o644)
        self.call("initdb", "-D", self.data, "-U", "owner", "--pwfile", words, "-A", "scram-sha-256", "-E", "UTF8", "--no-sync")
        words.unlink()
        self.process = None

    def call(self, name, *arguments):
        done = subprocess.run([self.bin / name, *arguments], capture_output=True, text=True, cwd="/", **self.user)
        if done.returncode != 0:
            raise SystemExit(f"{name}: {done.stderr}")

    def start(self, *settings):
        options = [f"-cport={self.port}", "-clisten_addresses=127.0.0.1", "-cunix_socket_directories=", "-cfsync=off", *settings]
        self.process = subprocess.Popen(
            [self.bin / "postgres", "-D", self.data, *options], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, cwd="/", **self.user)
        wait_for(self.port, "PostgreSQL")

    def stop(self):
        if self.process:
            self.process.send_signal(2)
            self.process.wait(30)
            self.process = None

    def url(self, user="owner", password=PASSWORD, database="postgres", options=""):
        return f"postgresql://{user}:{password}@127.0.0.1:{self.port}/{database}{options}"

    def sql(self, text):
        environment = {**os.environ, "PGPASSWORD": PASSWORD}
        command = [self.bin / "psql", "-qX", "-v", "ON_ERROR_STOP=1", "-h", "127.0.0.1", "-p", str(self.port), "-U", "owner", "postgres"]
        subprocess.run(command, input=text, text=True, check=True, env=environment, stdout=subprocess.DEVNULL)


class Project(scripts.Project):
    """A project whose source `shop` is a database."""

    def __init__(self, engine, folder, url):
        super().__init__(engine, folder, SHOP_URL=url)

    def at(self, url):
        """The same project at another address."""
        return Project(self.engine, self.folder, url) if url else self

    def tool(self, query, returns="rows", params=None, timeout="5s", url=None, arguments=None):
        """What one query gives: its output, or the message of its fault."""
        tool = {"name": "look", "description": "Looks.", "params": params or {}, "sql": {"source": "shop", "query": query}, "returns": returns}
        self.write("tools/all.yaml", {"tools": [tool]})
        step = {"id": "look", "tool": "look", "timeout": timeout, "with": arguments or {}}
        workflow = {"name": "look", "description": "Looks.", "steps": [step], "outputs": {"found": "{{ steps.look.output }}"}}
        self.write("workflows/look.yaml", workflow)
        _, out, err = self.at(url).run("run", "workflows/look.yaml", "--json")
        try:
            outcome = json.loads(out)
        except ValueError:
            return out + err
        if outcome["status"] == "succeeded":
            return outcome["outputs"]["found"]
        return json.dumps(outcome) + err


def demo(engine, source, folder, server):
    """The demo on PostgreSQL gives what it gives on its CSV files."""
    shutil.copytree(source, folder, ignore=shutil.ignore_patterns(".git", ".engine", "target", "src", "tests"))
    files = Project(engine, folder, server.url())
    cases = [["roi_analysis", f"campaign_id={line.split(',')[0]}"] for line in (folder / "data/campaigns.csv").read_text().splitlines()[1:]]
    cases += [["channel_optimization"]]
    categories = ["marketing", "sales", "research_development"]
    cases += [["budget_check", f"category={category}", f"spend={amount}"] for category in categories for amount in (1000, 90000)]
    tools = ["profit_and_loss", "monthly_results", "cash_position", "budget_overview", "channel_performance", "campaign_performance", "channel_budgets", "positions", "headcount", "list_departments"]
    steps = [{"id": name, "tool": name} for name in tools]
    steps.append({"id": "hiring_cost", "tool": "hiring_cost", "with": {"role": "software_engineer", "count": 3}})
    every = {"name": "every_tool", "description": "Calls tools.", "steps": steps,
             "outputs": {step["id"]: "{{ steps.%s.output }}" % step["id"] for step in steps}}
    files.write("workflows/every_tool.yaml", every)
    cases.append(["workflows/every_tool.yaml"])

    def outputs(case):
        params = [part for pair in case[1:] for part in ("-p", pair)]
        code, out, err = files.run("run", case[0], *params, "--offline", "--json")
        try:
            outcome = json.loads(out)
        except ValueError:
            return code, err
        return outcome["status"], outcome["outputs"], [(step["id"], step["status"]) for step in outcome["steps"]]

    wanted = [outputs(case) for case in cases]
    check("the demo runs on its files", {out[0] for out in wanted}, {"succeeded"})
    engine_yaml = folder / "engine.yaml"
    text = engine_yaml.read_text()
    assert "company: {csv: data}" in text
    engine_yaml.write_text(text.replace("company: {csv: data}", "company: {postgres_env: SHOP_URL}"))
    code, out, err = files.run("data", "load", "data", "--into", "company", "--json")
    loaded = {table["table"]: table["rows"] for table in json.loads(out)["tables"]} if code == 0 else err
    rows = {path.stem: len(path.read_text().splitlines()) - 1 for path in (folder / "data").glob("*.csv")}
    check("every file is a table", loaded, rows)
    code, _, err = files.run("data", "load", "data", "--into", "company")
    check("tables that are there are kept", code, 2)
    holds("and the way to replace them is told", err, "there is a table `campaigns` already", "--replace")
    code, out, err = files.run("data", "load", "data", "--into", "company", "--replace")
    check("or replaced", (code, out.count("\n")), (0, len(rows)))
    code, _, err = files.run("validate", "--online", "--deny-warnings")
    check("the server takes every query of the demo", (code, err if code else ""), (0, ""))
    for case, want in zip(cases, wanted):
        check(" ".join(["the same figures:", *case]), outputs(case), want)


def types(project):
    check("every type has its JSON", project.tool("select * from kinds", "row"), KINDS)
    check("long numbers in documents keep their digits, ranges have bounds", project.tool("select * from more", "row"), KEPT)
    near = project.tool("select * from quotients", "row")
    check("a quotient is a number", near, {"third": 1 / 3, "part": 33.5})
    check("what is computed keeps its digits, too, where a double cannot", project.tool("select sum(wide) as s from kinds", "value"), KINDS["wide"])
    check("no row is a fault", "no row was found" in str(project.tool("select 1 as x where false", "row")), True)
    kinds = {"day": {"type": "string"}, "shop": {"type": "string"}, "least": {"type": "number"}, "flag": {"type": "boolean"}, "n": {"type": "integer"}}
    given = {"day": "2024-02-01", "shop": "00112233-4455-6677-8899-aabbccddeeff", "least": 1.5, "flag": True, "n": 2}
    query = "select amount from events where (at >= :day or shop = :shop) and amount > :least and :flag order by at limit :n"
    check("params have the types of their places", project.tool(query, params=kinds, arguments=given), [{"amount": 10.1}, {"amount": 20.2}])
    sly = {"day": "2024-02-01'; drop table events; --"}
    holds("a param is no SQL", str(project.tool("select amount from events where at >= :day", params={"day": {"type": "string"}}, arguments=sly)), "invalid input syntax for type date")
    told = project.tool("select concat(:day, '!') as a, :day as b", "row", params={"day": {"type": "string"}}, arguments={"day": "x"})
    check("a text is a text where its place tells nothing", told, {"a": "x!", "b": "x"})


def injection(engine, folder, server):
    """Hostile rows against a model that obeys whatever it reads."""
    model = Obedient()
    key = "sk-the-key-of-the-house"
    project = Project(engine, folder, server.url())
    project.environment["HOUSE_KEY"] = key
    project.write("engine.yaml", {
        "sources": {"shop": {"postgres_env": "SHOP_URL"}}, "default_model": "m",
        "models": {"m": {"provider": "openai", "model": "obedient", "api_key_env": "HOUSE_KEY", "base_url": model.url}}})
    notes = {"name": "notes", "description": "What customers wrote.", "sql": {"source": "shop", "query": "select note, doc, tags from notes"}}
    wipe = {"name": "wipe", "description": "Deletes.", "params": {"what": {"type": "string"}}, "effect": "write",
            "http": {"method": "POST", "url": model.url + "/wipe", "allow_private": True, "body": {"what": "{{ params.what }}"}}}
    project.write("tools/all.yaml", {"tools": [notes, wipe]})
    look = {"id": "look", "tool": "notes"}
    ask = {"id": "answer", "agent": {"role": "Clerk", "goal": "Sum up", "tools": ["notes", "wipe"]}, "figures": "cite",
           "prompt": "They wrote {{ steps.look.output | tojson }}, and first {{ steps.look.output[0].note }}."}
    project.write("w.yaml", {"name": "w", "description": "Asks.", "steps": [look, ask], "outputs": {"answer": "{{ steps.answer.output }}"}})
    text = lambda value: "$q$" + value + "$q$"
    rows = [f"({text(note)}, jsonb_build_object({text(note)}, {text(note)}), array[{text(note)}])" for note in HOSTILE]
    server.sql("create table notes (note text, doc jsonb, tags text[]); insert into notes values " + ", ".join(rows))
    code, out, err = project.run("run", "w.yaml", "--json")
    check("an obedient model ends well", (code, err if code else ""), (0, ""))
    outcome = json.loads(out)
    check("by the plan that was made", [step["id"] for step in outcome["steps"]], ["look", "answer"])
    holds("its answer is no template", outcome["outputs"]["answer"], "{{ params.note }}")
    check("it is offered no write", {one["function"]["name"] for request in model.seen for one in request.get("tools", [])}, {"notes"})
    check("it writes nothing", [request for request in model.seen if "messages" not in request], [])
    texts = [outside(told) for told in model.texts()]
    check("no order outside of fences", [bare for bare, _ in texts if ORDER in bare], [])
    check("it read them all", max(within for _, within in texts) >= 4 * len(HOSTILE), True)
    shown = [told for told in [*model.texts(), out, err] if key in told or PASSWORD in told]
    check("no key in what it was told or what was shown", shown, [])


def bounds(project, server):
    holds("a write is refused", str(project.tool("delete from events returning 1 as x")), "not-allowed", "read-only transaction")
    check("and nothing was written", project.tool("select count(*) as n from events", "value"), 2)
    holds("two statements are refused", str(project.tool("select 1 as x; select 2 as y")), "multiple commands")
    began = time.monotonic()
    holds("a query ends with its time", str(project.tool("select pg_sleep(30)::text as x", timeout="1s")), "1s")
    check("at once", time.monotonic() - began < 10, True)
    holds("too many rows", str(project.tool("select n from generate_series(1, 10001) as s(n)")), "more than 10000 rows")
    check("as many as may be", len(project.tool("select n from generate_series(1, 10000) as s(n)")), 10000)
    holds("bytes have no words", str(project.tool("select 'x'::bytea as b")), "column `b` holds bytes")
    reader = server.url(user="reader")
    check("rights are the user's", project.tool("select flag from kinds", "value", url=reader), True)
    holds("what the user may not read", str(project.tool("select * from events", url=reader)), "permission denied", "grant")
    holds("a wrong password", str(project.tool("select 1 as x", url=server.url(password="wrong-and-secret"))), "password authentication failed", "SHOP_URL")
    check("is not shown", "wrong-and-secret" in str(project.tool("select 1 as x", url=server.url(password="wrong-and-secret"))), False)
    holds("no such database", str(project.tool("select 1 as x", url=server.url(database="nowhere"))), 'database "nowhere" does not exist')
    holds("a broken URL", str(project.tool("select 1 as x", url=f"postgres://me:{PASSWORD}@localhost:x/y")), "SHOP_URL holds a URL that cannot be read")
    holds("no encryption where it has to be", str(project.tool("select 1 as x", url=server.url(options="?sslmode=require"))), "cannot connect", "TLS")


def validation(project):
    cases = [
        ("select amout from events", "unknown-column", "there is no column `amout`", "did you mean `amount`?"),
        ("select * from event", "unknown-table", "there is no table `event`", "did you mean `events`?"),
        ("select 1 as x from events where", "sql-syntax", "syntax error", ""),
        ("select julianday('2024-01-01') as x", "sql-function", "function julianday", ""),
        ("with gone as (delete from events returning 1 as x) select * from gone", "sql-writes", "more than read", ""),
        ("select 1 as x, 2 as x", "sql-syntax", "two columns are named `x`", ""),
        ("select point(1, 2) as p", "sql-syntax", "type `point`", "cast"),
    ]
    for query, *parts in cases:
        project.tool(query)
        code, _, err = project.run("validate", "--online")
        holds(f"validate --online: {query}", err, *parts, "all.yaml")
        check(f"is an error: {query}", code, 2)
    project.tool("select :b as x")
    code, _, err = project.at("postgresql://nobody@127.0.0.1:1/nowhere").run("validate")
    holds("params are checked without a server", err, "sql-param", "`:b`")
    project.tool("select nonsense")
    code, _, err = project.at("postgresql://nobody@127.0.0.1:1/nowhere").run("validate")
    check("without --online nothing connects", (code, err.count("error[")), (0, 0))


def encryption(project, server):
    """A certificate in the name of `localhost`."""
    key, certificate = server.data / "server.key", server.data / "server.crt"
    made = subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost",
         "-addext", "basicConstraints=critical,CA:FALSE", "-keyout", key, "-out", certificate], capture_output=True, cwd="/", **server.user)
    if made.returncode != 0:
        print("openssl is not to be had here: TLS is not tried")
        return
    key.chmod(0o600)
    root = project.folder / "root.crt"
    shutil.copy(certificate, root)
    server.stop()
    server.start("-cssl=on")
    look = lambda options, host="localhost": str(project.tool("select ssl from pg_stat_ssl where pid = pg_backend_pid()", "value", url=server.url(options=options).replace("127.0.0.1", host)))
    check("require", look("?sslmode=require"), "True")
    check("prefer", look(""), "True")
    check("disable", look("?sslmode=disable"), "False")
    holds("an authority that nobody knows", look("?sslmode=verify-full"), "certificate")
    check("verify-full", look(f"?sslmode=verify-full&sslrootcert={root}"), "True")
    holds("another name", look(f"?sslmode=verify-full&sslrootcert={root}", "127.0.0.1"), "certificate")
    check("verify-ca", look(f"?sslmode=verify-ca&sslrootcert={root}", "127.0.0.1"), "True")


def main():
    engine, source = pathlib.Path(sys.argv[1]).resolve(), pathlib.Path(sys.argv[2]).resolve()
    with tempfile.TemporaryDirectory(prefix="engine-postgres-") as folder, tempfile.TemporaryDirectory(prefix="engine-demo-") as place:
        server = Server(pathlib.Path(folder))
        server.start()
        try:
            demo(engine, source, pathlib.Path(place) / "demo", server)
            server.sql(TYPES.replace("PASSWORD", PASSWORD) + MORE)
            project = Project(engine, pathlib.Path(place) / "shop", server.url())
            (project.folder / "engine.yaml").write_text("sources:\n  shop: {postgres_env: SHOP_URL}\n")
            types(project)
            injection(engine, pathlib.Path(place) / "notes", server)
            bounds(project, server)
            validation(project)
            encryption(project, server)
            server.stop()
            holds("a dead server", str(project.tool("select 1 as x")), f"cannot connect to PostgreSQL at 127.0.0.1:{server.port}/postgres", "check that it runs")
            code, _, err = project.run("validate", "--online")
            holds("a dead server is told at its source", err, "source-unavailable", "engine.yaml:2")
        finally:
            server.stop()
    return ended()


if __name__ == "__main__":
    sys.exit(main())
