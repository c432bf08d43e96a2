"""What people's own scripts do with `locks.json`, in the two ways that are handed down; for tests.

`Manager` reads tolerantly: whatever cannot be parsed counts as "no locks", which is why it must never meet such a file.
`listing` and `overview` join the folder with the table. Writers rewrite the whole file under a lock on it.

    old_tool.py look FOLDER                      what both readers make of it, as one JSON object
    old_tool.py watch FOLDER STOP NAME=USER…     reads until the file STOP exists; says what it met
    old_tool.py take FOLDER NAME USER MESSAGE    writes a lock as they do
    old_tool.py give FOLDER NAME USER            takes it away again
"""

import fcntl
import json
import os
import sys
from contextlib import contextmanager
from datetime import datetime, timezone
from pathlib import Path

ENDINGS = {".mcam", ".vnc"}


@contextmanager
def locked(path, mode):
    kind = fcntl.LOCK_SH if mode == "r" else fcntl.LOCK_EX
    with open(path, mode, encoding="utf-8") as stream:
        fcntl.flock(stream, kind)
        try:
            yield stream
        finally:
            stream.flush()
            fcntl.flock(stream, fcntl.LOCK_UN)


class Manager:
    def __init__(self, path):
        self.path = path
        if not path.exists():
            path.write_text("{}")

    def load(self):
        try:
            with locked(self.path, "r") as stream:
                text = stream.read()
            return json.loads(text) if text.strip() else {}
        except (OSError, ValueError):
            return {}

    def save(self, table):
        with locked(self.path, "w") as stream:
            json.dump(table, stream, indent=2)

    def is_locked(self, name):
        return name in self.load()

    def info(self, name):
        return self.load().get(name)

    def take(self, name, user, message):
        table = self.load()
        if name in table:
            raise ValueError(f"locked by {table[name]['user']}")
        now = datetime.now(timezone.utc).isoformat()
        table[name] = {"user": user, "timestamp": now, "message": message}
        self.save(table)

    def give(self, name, user):
        table = self.load()
        if name not in table or table[name]["user"] != user:
            raise ValueError("not yours")
        del table[name]
        self.save(table)


def overview(folder, manager):
    """The service: files of one ending, in any case, with who has them."""
    table = manager.load()
    rows = []
    for entry in sorted(folder.iterdir()):
        if entry.is_file() and entry.name.lower().endswith(".mcam"):
            lock = table.get(entry.name)
            rows.append({
                "name": entry.name,
                "size_bytes": entry.stat().st_size,
                "status": "checked_out" if lock else "available",
                "locked_by": lock["user"] if lock else None,
            })
    return rows


def listing(folder):
    """The script: parses without mercy."""
    with locked(folder / "locks.json", "r") as stream:
        table = json.load(stream)
    rows = []
    for name in sorted(os.listdir(folder)):
        path = folder / name
        if path.is_file() and path.suffix in ENDINGS:
            held = name in table
            rows.append({
                "name": name,
                "status": "checked_out" if held else "available",
                "locked_by": table[name]["user"] if held else None,
                "size": path.stat().st_size,
            })
    return rows


def read_time(text):
    return datetime.fromisoformat(text.replace("Z", "+00:00"))


def look(folder):
    manager = Manager(folder / "locks.json")
    records = {}
    for name, record in manager.load().items():
        if "user" in record:
            age = datetime.now(timezone.utc) - read_time(record["timestamp"])
            records[name] = {
                "user": record["user"],
                "message": record["message"],
                "seconds": age.total_seconds(),
                "is_locked": manager.is_locked(name),
                "info_user": manager.info(name)["user"],
            }
    return {"records": records, "overview": overview(folder, manager), "listing": listing(folder)}


def watch(folder, stop, held):
    """Reads as fast as it can: strictly, to see every torn file, and tolerantly, to see what a tool would have made of it."""
    path = folder / "locks.json"
    manager = Manager(path)
    met = {"reads": 0, "tables": 0, "torn": 0, "missing": 0, "wrong": [], "first": None}
    seen = set()
    while not Path(stop).exists():
        met["reads"] += 1
        try:
            text = path.read_text(encoding="utf-8")
            seen.add(hash(text))
            json.loads(text)
        except FileNotFoundError:
            met["missing"] += 1
        except ValueError:
            met["torn"] += 1
            met["first"] = met["first"] or text[:200]
        table = manager.load()
        for name, user in held.items():
            record = table.get(name)
            fits = record and record["user"] == user and read_time(record["timestamp"]) and "message" in record
            if not fits and len(met["wrong"]) < 5:
                met["wrong"].append([name, record])
    met["tables"] = len(seen)
    return met


def main():
    what, folder, *rest = sys.argv[1:]
    folder = Path(folder)
    if what == "look":
        print(json.dumps(look(folder)))
    elif what == "watch":
        print(json.dumps(watch(folder, rest[0], dict(pair.split("=") for pair in rest[1:]))))
    elif what == "take":
        Manager(folder / "locks.json").take(*rest)
    elif what == "give":
        Manager(folder / "locks.json").give(*rest)
    else:
        sys.exit(__doc__)


main()
