#!/usr/bin/env python3
"""Compares what the demo workflows say with figures worked out here, from the CSV files alone.

    python3 tests/demo_figures.py ENGINE PROJECT [-v]

Runs every campaign, every budget category with several amounts, and several periods through `engine run --offline --json`,
first on the project's own data, then on a copy made to look like another company: other channels, campaigns and years,
a year that is not over, and cash that runs out. The expected figures share no SQL and no expression with the project.
"""

import csv
import json
import math
import pathlib
import re
import shutil
import sqlite3
import subprocess
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor

TOLERANCE = 1e-9


# ---- the data -----------------------------------------------------------------------------------------------------


def load(folder):
    """Every CSV file as a table; a column is a number only if every value is."""
    db = sqlite3.connect(":memory:", check_same_thread=False)
    db.row_factory = sqlite3.Row
    for path in sorted(pathlib.Path(folder).glob("*.csv")):
        with open(path, newline="", encoding="utf-8") as file:
            header, *rows = list(csv.reader(file))
        columns = []
        for index, name in enumerate(header):
            values = [row[index] for row in rows if row[index] != ""]
            number = all(re.fullmatch(r"-?\d+(\.\d+)?", value) for value in values)
            columns.append(f'"{name}" {"numeric" if number else "text"}')
        db.execute(f'create table "{path.stem}" ({", ".join(columns)})')
        marks = ", ".join("?" * len(header))
        cells = [[None if cell == "" else cell for cell in row] for row in rows]
        db.executemany(f'insert into "{path.stem}" values ({marks})', cells)
    return db


def one(db, query, *args):
    return db.execute(query, args).fetchone()[0]


def column(db, query, *args):
    return [row[0] for row in db.execute(query, args)]


def over(above, below):
    return None if above is None or below in (None, 0) else above / below


def months_between(first, last):
    year, month = int(first[:4]), int(first[5:])
    out = []
    while f"{year:04d}-{month:02d}" <= last:
        out.append(f"{year:04d}-{month:02d}")
        year, month = (year, month + 1) if month < 12 else (year + 1, 1)
    return out


def years_back(month, years):
    return f"{int(month[:4]) - years:04d}{month[4:]}"


def period(db, first=None, last=None):
    known = column(db, "select month from pnl_monthly order by 1")
    if last is None:
        ends = [month for month in known if int(month[5:]) % 3 == 0]
        last = known[-1] if first or not ends else ends[-1]
    if first is None:
        first = [month for month in known if month <= last][-12:][0]
    return first, last


# ---- the figures --------------------------------------------------------------------------------------------------


def expected_roi(db, campaign):
    runs = db.execute("select month, spend_usd, attributed_revenue_usd from marketing_performance where campaign_id = ?", [campaign])
    spend = revenue = 0
    months = set()
    for row in runs:
        months.add(row["month"])
        spend += row["spend_usd"]
        revenue += row["attributed_revenue_usd"]
    results = [row for row in db.execute("select * from pnl_monthly") if row["month"] in months]
    kept = sum(row["revenue_usd"] - row["cogs_usd"] for row in results)
    margin = over(kept, sum(row["revenue_usd"] for row in results))
    profit = None if margin is None else revenue * margin - spend
    return {
        "spend": spend,
        "revenue": revenue,
        "roas": over(revenue, spend),
        "gross_margin": margin,
        "net_profit": profit,
        "true_roi": over(profit, spend),
        "break_even_roas": over(1, margin) if margin and margin > 0 else None,
        "profitable": None if profit is None else profit > 0,
    }


def channel_sums(db, channel, first, last):
    rows = db.execute("select month, spend_usd, attributed_revenue_usd from marketing_performance where channel = ?", [channel])
    rows = [row for row in rows if row["month"] in months_between(first, last)]
    return sum(row["spend_usd"] for row in rows), sum(row["attributed_revenue_usd"] for row in rows), len(rows)


def expected_channels(db, first=None, last=None):
    first, last = period(db, first, last)
    length = len(months_between(first, last))
    years = math.ceil(length / 12)
    complete = one(db, "select min(month) from marketing_performance") <= years_back(first, years)
    rows = []
    for channel in column(db, "select distinct channel from marketing_performance"):
        spend, revenue, now = channel_sums(db, channel, first, last)
        prior_spend, prior_revenue, then = channel_sums(db, channel, years_back(first, years), years_back(last, years))
        if not now and not then:
            continue
        grew = complete and prior_spend > 0 and spend >= 1.05 * prior_spend
        rows.append({
            "channel": channel,
            "spend_usd": spend,
            "revenue_usd": revenue,
            "roas": over(revenue, spend),
            "prior_spend_usd": prior_spend,
            "prior_revenue_usd": prior_revenue,
            "spend_change_usd": spend - prior_spend,
            "revenue_change_usd": revenue - prior_revenue,
            "marginal_roas": over(revenue - prior_revenue, spend - prior_spend) if grew else None,
        })
    rows.sort(key=lambda row: (-row["spend_usd"], row["channel"]))

    kept, sales = db.execute(
        "select total(revenue_usd) - total(cogs_usd), total(revenue_usd) from pnl_monthly where month between ? and ?", [first, last]
    ).fetchone()
    margin = over(kept, sales)
    paying = [row for row in rows if margin and margin > 0 and row["roas"] is not None]
    by_margin = [row for row in paying if row["marginal_roas"] is not None and row["marginal_roas"] * margin > 1]
    by_average = [row for row in paying if row["marginal_roas"] is None and row["roas"] * margin > 1]
    best = None
    if by_margin:
        best = max(by_margin, key=lambda row: row["marginal_roas"])["channel"]
    elif by_average:
        best = max(by_average, key=lambda row: row["roas"])["channel"]
    return {
        "best_channel": best,
        "channels": rows,
        "budget_left": budget_left(db, "marketing")[0],
        "cut": [row["channel"] for row in paying if row["roas"] * margin < 1],
    }


def budget_left(db, category):
    """The year's budget less the year's actual, and what of the budget is for months still to come."""
    last = one(db, "select max(month) from pnl_monthly")
    year = last[:4] + "-%"
    if category == "marketing":
        budgets = db.execute("select month, budget_usd from marketing_budget where month like ?", [year]).fetchall()
        spent = one(db, "select total(spend_usd) from marketing_performance where month like ? and month <= ?", year, last)
    else:
        which = "from department_budget where department = ? and month like ?"
        budgets = db.execute(f"select month, budget_usd {which}", [category, year]).fetchall()
        spent = one(db, f"select total(actual_usd) {which} and month <= ?", category, year, last)
    coming = sum(amount for month, amount in budgets if month > last)
    return sum(amount for _, amount in budgets) - spent, coming


def expected_budget(db, spend, category, cover=3, runway=12):
    left, coming = budget_left(db, category)
    flows = db.execute("select * from cash_monthly order by month desc limit 12").fetchall()
    came = sum(row["receipts_usd"] for row in flows) / len(flows)
    went = -sum(row["operating_payments_usd"] + row["capex_usd"] + min(row["financing_usd"], 0) for row in flows) / len(flows)
    burn = max(went - came, 0)
    cash = flows[0]["closing_cash_usd"] - spend
    first, last = period(db)
    result = one(db, "select total(ebitda_usd - depreciation_usd) from pnl_monthly where month between ? and ?", first, last)
    fits = spend <= max(left - coming, 0)
    in_year = fits or spend <= left
    safe = cash >= max(cover * went, runway * burn)
    black = result - spend >= 0
    if not safe or not (in_year or black):
        decision = "deny"
    else:
        decision = "approve" if fits and black else "conditional"
    return {
        "decision": decision,
        "spend": spend,
        "category": category,
        "budget_left": left,
        "cash_runway_months": max(cash, 0) / burn if burn > 0 else None,
    }


# ---- another company ----------------------------------------------------------------------------------------------


def other_company(project, folder):
    """The same files, but nothing in them is what a workflow might have taken for granted."""
    for name in ("engine.yaml", "agents", "tools", "workflows"):
        source = pathlib.Path(project, name)
        (shutil.copytree if source.is_dir() else shutil.copy)(source, pathlib.Path(folder, name))
    data = pathlib.Path(folder, "data")
    data.mkdir()
    for path in sorted(pathlib.Path(project, "data").glob("*.csv")):
        with open(path, newline="", encoding="utf-8") as file:
            rows = list(csv.DictReader(file))
        header, kept = list(rows[0]), []
        for row in rows:
            late = row.get("month", "") > "2025-08"
            if late and path.stem in ("pnl_monthly", "cash_monthly", "marketing_performance"):
                continue
            if late and path.stem == "department_budget":
                row["actual_usd"] = ""
            if path.stem == "department_budget" and row["department"] == "sales":
                row["budget_usd"] = str(int(row["budget_usd"]) + 40000)
            for key in ("month", "start_month", "end_month"):
                if key in row:
                    row[key] = years_back(row[key], -6)
            for key in ("channel", "campaign_id", "campaign_name"):
                if key in row:
                    row[key] = "x" + row[key][::-1]
            if row.get("department") == "research_development":
                row["department"] = "laboratory"
            if "receipts_usd" in row:
                row["receipts_usd"] = str(int(row["receipts_usd"]) * 3 // 4)
            if "cogs_usd" in row:
                row["cogs_usd"] = str(int(row["cogs_usd"]) * 5 // 4)
                row["gross_profit_usd"] = str(int(row["revenue_usd"]) - int(row["cogs_usd"]))
            kept.append(row)
        if path.stem == "campaigns":  # planned, never run
            kept.append(dict(zip(header, ["xnever", "Never run", kept[0]["channel"], "2031-11", "2031-12"])))
            kept.append(dict(zip(header, ["xfree", "Free", kept[0]["channel"], "2031-03", "2031-03"])))
        if path.stem == "marketing_performance":  # revenue without spend
            kept.append(dict(zip(header, ["2031-03", "xfree", kept[0]["channel"], "0", "10", "5", "2", "900"])))
        with open(data / path.name, "w", newline="", encoding="utf-8") as file:
            writer = csv.DictWriter(file, header)
            writer.writeheader()
            writer.writerows(kept)
    return folder


# ---- the comparison -----------------------------------------------------------------------------------------------


def differences(want, got, where=""):
    if isinstance(want, dict):
        if not isinstance(got, dict):
            return [f"{where}: expected an object, got {got!r}"]
        return [line for key in want for line in differences(want[key], got.get(key, "(missing)"), f"{where}.{key}".lstrip("."))]
    if isinstance(want, list):
        if not isinstance(got, list) or len(want) != len(got):
            return [f"{where}: expected {want!r}, got {got!r}"]
        return [line for index, value in enumerate(want) for line in differences(value, got[index], f"{where}.{index}")]
    if isinstance(want, (int, float)) and not isinstance(want, bool):
        number = isinstance(got, (int, float)) and not isinstance(got, bool)
        if number and math.isclose(want, got, rel_tol=TOLERANCE, abs_tol=TOLERANCE):
            return []
    elif type(want) is type(got) and want == got:
        return []
    return [f"{where}: expected {want!r}, got {got!r}"]


def dollars(value):
    """How a whole amount stands in a text."""
    return f"{abs(value):,.0f}"


def run(engine, project, workflow, params):
    command = [engine, "run", f"workflows/{workflow}.yaml"]
    for name, value in params.items():
        command += ["--param", f"{name}={value}"]
    done = subprocess.run([*command, "--offline", "--json"], cwd=project, capture_output=True, text=True, timeout=60)
    if done.returncode != 0:
        raise RuntimeError(f"exit {done.returncode}: {done.stderr.strip() or done.stdout.strip()}")
    return json.loads(done.stdout)


def check(engine, project, workflow, params, want, mentions):
    """What is wrong with one run."""
    try:
        outcome = run(engine, project, workflow, params)
    except (OSError, RuntimeError, ValueError, subprocess.TimeoutExpired) as error:
        return [str(error)]
    outputs = outcome.get("outputs", {})
    faults = differences(want, outputs)
    faults += differences({"status": "succeeded", "degraded": True}, outcome)
    faults += [f"unverified figure: {figure}" for figure in outcome.get("figures", {}).get("unverified", [])]
    answer = outputs.get("answer")
    if not isinstance(answer, str) or len(answer) < 80:
        return [*faults, f"answer: too short: {answer!r}"]
    faults += [f"answer: holds {mark!r}" for mark in ("[[", "]]", "{{", "{%", "[unknown", "none", "null", "NaN") if mark in answer]
    faults += [f"answer: does not say {text!r}" for text in mentions if text not in answer]
    if workflow == "budget_check":
        reasons = outputs.get("reasons")
        if not isinstance(reasons, list) or len(reasons) < 3 or not all(isinstance(reason, str) and reason for reason in reasons):
            faults.append(f"reasons: expected at least three texts, got {reasons!r}")
    return faults


def cases(db, amounts, periods):
    for campaign in column(db, "select campaign_id from campaigns order by 1"):
        want = expected_roi(db, campaign)
        yield "roi", {"campaign_id": campaign}, want, [dollars(want["spend"]), dollars(want["revenue"])]
    for first, last in periods:
        params = {name: value for name, value in (("from", first), ("to", last)) if value}
        want = expected_channels(db, first, last)
        yield "channel_optimization", params, want, [*([want["best_channel"]] if want["best_channel"] else []), *want["cut"]]
    categories = {"marketing", *column(db, "select department from department_budget")}
    for category in sorted(categories):
        for amount in amounts:
            yield "budget_check", {"spend": amount, "category": category}, expected_budget(db, amount, category), [dollars(amount)]
    amount = amounts[2]
    params = {"spend": amount, "category": "marketing", "min_cover_months": 1, "min_runway_months": 2}
    yield "budget_check", params, expected_budget(db, amount, "marketing", 1, 2), [dollars(amount)]


def main():
    if len(sys.argv) < 3:
        sys.exit(__doc__)
    engine, project = str(pathlib.Path(sys.argv[1]).resolve()), str(pathlib.Path(sys.argv[2]).resolve())
    verbose = "-v" in sys.argv[3:]
    amounts = [0, 5000, 15000, 250000, 3000000, 4500000, 7000000, 25000000]
    own_periods = [(None, None), ("2025-01", "2025-12"), ("2025-10", "2025-12"), ("2025-10", None), (None, "2025-09"), ("2024-01", "2024-12"),
                   ("2024-01", "2025-12"), ("2025-08", "2025-08"), ("2025-06", "2025-08")]
    other_periods = [(None, None), ("2031-01", None), (None, "2030-12"), ("2031-03", "2031-05"), ("2031-08", "2031-08")]
    with tempfile.TemporaryDirectory() as folder:
        work = []
        for place, periods in ((project, own_periods), (other_company(project, folder), other_periods)):
            db = load(pathlib.Path(place, "data"))
            work += [(place, *case) for case in cases(db, amounts, periods)]
        with ThreadPoolExecutor(2) as pool:
            results = list(pool.map(lambda job: check(engine, *job), work))
    failed = 0
    for (place, workflow, params, _, _), faults in zip(work, results):
        if faults or verbose:
            which = "demo" if place == project else "other company"
            print(f"{'FAIL' if faults else 'ok  '} {which}: {workflow} {json.dumps(params)}")
            for fault in faults:
                print(f"       {fault}")
        failed += bool(faults)
    print(f"{len(work) - failed} passed, {failed} failed")
    sys.exit(1 if failed else 0)


if __name__ == "__main__":
    main()
