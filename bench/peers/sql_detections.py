"""Detections as SQL over a JSON log, run by DuckDB: hits of each rule, as lines "name count".

    sql_detections.py THREADS LOG RULES.yaml...

Understands what the fillers and hits.yaml are made of: one selection of equality, startswith, contains, re and gte
over envelope fields, values folded but for re. Anything else ends the program."""
import sys

import duckdb
import yaml

COLUMNS = {
    "verb": "VARCHAR",
    "requestURI": "VARCHAR",
    "userAgent": "VARCHAR",
    "user": "STRUCT(username VARCHAR)",
    "objectRef": "STRUCT(resource VARCHAR, namespace VARCHAR, name VARCHAR, subresource VARCHAR)",
    "responseStatus": "STRUCT(code INTEGER)",
}
# As the field `resource` of the rules: with the subresource behind it.
FIELDS = {
    "resource": "(objectRef.resource || coalesce('/' || objectRef.subresource, ''))",
}


def text(value):
    return "'" + str(value).replace("'", "''") + "'"


def test(key, value):
    field, _, operator = key.partition("|")
    column = FIELDS.get(field, field)
    values = value if isinstance(value, list) else [value]
    if operator == "gte":
        return f"{column} >= {value}"
    if field == "responseStatus.code":
        return f"{column} IN ({', '.join(map(str, values))})"
    if operator == "re":
        return " OR ".join(f"regexp_matches({column}, {text(v)})" for v in values)
    folded = [text(str(v).lower()) for v in values]
    if operator == "startswith":
        return " OR ".join(f"starts_with(lower({column}), {v})" for v in folded)
    if operator == "contains":
        return " OR ".join(f"contains(lower({column}), {v})" for v in folded)
    if operator == "":
        return f"lower({column}) IN ({', '.join(folded)})"
    sys.exit(f"sql_detections: no SQL for {key}")


def condition(rule):
    detection = rule["detection"]
    if detection["condition"] != "selection":
        sys.exit(f"sql_detections: no SQL for the condition of {rule['name']}")
    return " AND ".join(f"({test(k, v)})" for k, v in detection["selection"].items())


def main():
    threads, log, *files = sys.argv[1:]
    rules = [rule for file in files for rule in yaml.safe_load_all(open(file))]
    counts = ", ".join(f"count(*) FILTER (WHERE {condition(rule)})" for rule in rules)
    columns = ", ".join(f"{name}: '{kind}'" for name, kind in COLUMNS.items())
    database = duckdb.connect()
    database.execute(f"SET threads = {threads}")
    row = database.execute(
        f"SELECT {counts} FROM read_json('{log}', format = 'newline_delimited', columns = {{{columns}}},"
        " maximum_object_size = 67108864)"
    ).fetchone()
    for rule, count in zip(rules, row):
        if count:
            print(rule["name"], count)


main()
