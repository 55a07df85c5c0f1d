"""Reads the S3 sink's objects below a folder with other people's readers: rows and the sum of `id`, as JSON.

Folders: parquet, json (gzip), zstd, avro; in each <topic>/year=/month=/day=/hour=/<object>.
"""

import glob
import json
import sys

import duckdb
import fastavro
import pyarrow.compute
import pyarrow.dataset

root = sys.argv[1]
found = {}

table = pyarrow.dataset.dataset(f"{root}/parquet", format="parquet", partitioning="hive").to_table()
hours = table.group_by(["year", "month", "day", "hour"]).aggregate([]).num_rows
found["pyarrow_parquet"] = {"rows": table.num_rows, "sum": pyarrow.compute.sum(table["id"]).as_py(), "hours": hours}


def duck(query):
    return duckdb.sql(query).fetchall()[0]


rows, total, hours = duck(
    "select count(*), sum(id)::bigint, count(distinct (year, month, day, hour)) "
    f"from read_parquet('{root}/parquet/**/*.parquet', hive_partitioning=true)"
)
found["duckdb_parquet"] = {"rows": rows, "sum": total, "hours": hours}
for name, folder, end in [("duckdb_gzip", "json", "gz"), ("duckdb_zstd", "zstd", "zst")]:
    rows, total = duck(f"select count(*), sum(id)::bigint from read_json('{root}/{folder}/**/*.json.{end}')")
    found[name] = {"rows": rows, "sum": total}

rows, total = 0, 0
for path in glob.glob(f"{root}/avro/**/*.avro", recursive=True):
    with open(path, "rb") as file:
        for record in fastavro.reader(file):
            rows, total = rows + 1, total + record["id"]
found["fastavro"] = {"rows": rows, "sum": total}
print(json.dumps(found))
