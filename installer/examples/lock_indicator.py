#!/usr/bin/env python3
"""A window that shows whether a program has its database to itself.

    camctl run --lock data/wems.db --status-file lock.json -- python3 lock_indicator.py lock.json

Reads the status file that `camctl run` keeps. A program that does not run under `camctl run` asks
`camctl status --json FILE` instead: `from_status` takes that answer. With --once it prints what it
would show, and needs no display.
"""

import json
import sys

UNLOCKED = ("\N{OPEN LOCK} Database unlocked", "green")
LOCKED = ("\N{LOCK} Database locked by this program", "green")
UNSAFE = ("\N{WARNING SIGN} The share does not answer: save nothing now", "orange")
LOST = ("\N{WARNING SIGN} The lock is lost: somebody else may write", "red")
UNKNOWN = ("Nothing is known of the database", "gray")


def by(lock):
    """The words for somebody else's lock."""
    place = f" on {lock['machine']}" if lock.get("machine") else ""
    since = f" (since {lock['since']})" if lock.get("since") else ""
    return f"\N{LOCK} Database locked by {lock['user']}{place}{since}", "red"


def from_status_file(status):
    """What to show for the content of a status file, `None` when there is none yet: a text and a colour."""
    if status is None:
        return UNKNOWN
    if status["state"] == "waiting":
        locks = [file["lock"] for file in status["files"] if file["lock"]]
        return by(locks[0]) if locks else UNKNOWN
    return {"locked": LOCKED, "unsafe": UNSAFE, "lost": LOST, "unlocked": UNLOCKED}.get(status["state"], UNKNOWN)


def from_status(answer):
    """What to show for an answer of `camctl status --json FILE`: a text and a colour."""
    file = answer["files"][0] if answer.get("files") else {"result": "failed"}
    if file["result"] != "stands":
        return UNKNOWN
    lock = file["lock"]
    if lock is None:
        return UNLOCKED
    if lock["whose"] != "mine":
        return by(lock)
    return UNSAFE if lock["presence"] == "unsafe" else LOCKED


def read(path):
    """The status file; it is replaced whole, so what is read is never half of it."""
    try:
        with open(path, encoding="utf-8") as file:
            return json.load(file)
    except FileNotFoundError:
        return None


def window(path):
    """Shows the indicator until it is closed."""
    import tkinter

    root = tkinter.Tk()
    root.title("Database")
    label = tkinter.Label(root, font=("Arial", 12), padx=20, pady=10)
    label.pack()

    def refresh():
        text, colour = from_status_file(read(path))
        if label.cget("text") != text:
            label.configure(text=text, foreground=colour)
            print(text, flush=True)
        root.after(200, refresh)

    refresh()
    root.mainloop()


def main():
    paths = [word for word in sys.argv[1:] if word != "--once"]
    if len(paths) != 1:
        sys.exit(__doc__)
    if "--once" in sys.argv:
        print(from_status_file(read(paths[0]))[0])
    else:
        window(paths[0])


if __name__ == "__main__":
    main()
