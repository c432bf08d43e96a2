"""The extension in a file manager that is none: with a main loop of its own, and bridges that die, hang and talk.

    python3 installer/file-managers/test_extension.py
"""

import json
import os
import select
import subprocess
import sys
import time
import types
import unittest

os.environ["CAMCTL_EXTENSION_TEST"] = "1"
sys.dont_write_bytecode = True
sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))

import camctl_extension as extension  # noqa: E402

# A call of the file manager takes microseconds; on a busy machine some of them are interrupted, never all.
AT_ONCE = 0.02
LONG = 20


class Loop:
    """As much of GLib as the extension uses."""

    Error = OSError
    PRIORITY_DEFAULT_IDLE = 200
    IO_IN, IO_OUT, IO_ERR, IO_HUP = 1, 4, 8, 16
    SpawnFlags = types.SimpleNamespace(SEARCH_PATH=1, DO_NOT_REAP_CHILD=2)

    def __init__(self):
        self.sources, self.next, self.children, self.timeouts = {}, 0, {}, []

    def add(self, *source):
        self.next += 1
        self.sources[self.next] = source
        return self.next

    def spawn_async(self, command, **_):
        child = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        self.children[child.pid] = child
        pipes = (os.dup(child.stdin.fileno()), os.dup(child.stdout.fileno()))
        child.stdin.close()
        child.stdout.close()
        return (child.pid, *pipes, None)

    def spawn_close_pid(self, pid):
        del self.children[pid]

    def io_add_watch(self, pipe, _priority, condition, call):
        return self.add("in" if condition & self.IO_IN else "out", pipe, call)

    def child_watch_add(self, _priority, pid, call):
        return self.add("child", pid, call)

    def timeout_add(self, milliseconds, call):
        self.timeouts.append(milliseconds)
        return self.add("time", time.monotonic() + milliseconds / 1000, call)

    def idle_add(self, call):
        return self.add("time", 0, call)

    def source_remove(self, source):
        self.sources.pop(source, None)

    def get_monotonic_time(self):
        return int(time.monotonic() * 1000000)

    def filename_from_uri(self, uri):
        from urllib.parse import unquote

        return unquote(uri[len("file://") :], errors="surrogateescape"), None

    def turn(self):
        """Does what can be done by now."""
        for number, (kind, what, call) in list(self.sources.items()):
            if number not in self.sources:
                continue
            goes_on = True
            if kind == "time" and what <= time.monotonic():
                goes_on = call()
            elif kind == "in" and select.select([what], [], [], 0)[0]:
                goes_on = call(what, self.IO_IN)
            elif kind == "out" and select.select([], [what], [], 0)[1]:
                goes_on = call(what, self.IO_OUT)
            elif kind == "child" and self.children[what].poll() is not None:
                call(what, 0)
                goes_on = False
            if not goes_on:
                self.sources.pop(number, None)

    def until(self, condition):
        end = time.monotonic() + LONG
        while not condition():
            if time.monotonic() > end:
                raise AssertionError("waited in vain")
            self.turn()
            time.sleep(0.001)

    def end(self):
        for child in self.children.values():
            child.kill()
            child.wait()


class File:
    """A file of the file manager."""

    def __init__(self, path, folder=False):
        self.uri, self.folder = "file://" + path, folder
        self.emblems, self.attributes, self.invalidated = [], {}, 0

    def get_uri(self):
        return self.uri

    def is_directory(self):
        return self.folder

    def add_emblem(self, name):
        self.emblems.append(name)

    def add_string_attribute(self, name, text):
        self.attributes[name] = text

    def invalidate_extension_info(self):
        self.invalidated += 1

    def weak_ref(self, call, *arguments):
        self.gone = lambda: call(*arguments)
        return lambda: None if getattr(self, "dead", False) else self

    def die(self):
        self.dead = True
        self.gone()


class Item:
    def __init__(self, name, label, tip):
        self.name, self.label, self.sensitive, self.submenu, self.items = name, label, True, None, []

    def set_property(self, name, value):
        setattr(self, name, value)

    def connect(self, _signal, call, *arguments):
        self.activate = lambda: call(self, *arguments)

    def set_submenu(self, menu):
        self.submenu = menu


class Menu:
    def __init__(self):
        self.items = []

    def append_item(self, item):
        self.items.append(item)


# Says what it hears into a file, and answers with what the test has put into another.
TALKER = """
import json, sys
answers = json.load(open(sys.argv[1]))
heard = open(sys.argv[2], "a")
print(json.dumps({"bridge": 1}), flush=True)
for line in sys.stdin:
    heard.write(line); heard.flush()
    said = json.loads(line)
    if said.get("do") == "exit": sys.exit(3)
    for path in said.get("paths", []):
        answer = answers.get(said["do"] + " " + path)
        if answer: print(json.dumps(dict(answer, id=said["id"])), flush=True)
    if said.get("do") == "status":
        print(json.dumps({"id": said["id"], "status": [answers.get(path, {"path": path, "state": "unknown"})
            for path in said["paths"]]}), flush=True)
    if said.get("do") == "subscribe":
        print("rubbish\\n[1]\\n" + json.dumps({"id": said["id"], "subscribed": []}), flush=True)
"""


def status(path, state, **more):
    menu = [
        {"command": "checkout", "label": "Check out", "enabled": state == "free", "paths": [path] * (state == "free")},
        {"command": "who", "label": "Who has it?", "enabled": state != "free", "paths": [path] * (state != "free")},
    ]
    return dict(path=path, state=state, short=state + "!", menu=menu, **more)


class Desk(unittest.TestCase):
    def setUp(self):
        import tempfile

        self.folder = tempfile.TemporaryDirectory()
        self.loop = Loop()
        self.shown = []

    def tearDown(self):
        self.loop.end()
        self.folder.cleanup()

    def provider(self, command):
        extension.CAMCTL, before = "nowhere", extension.CAMCTL
        host = types.SimpleNamespace(
            InfoProvider=type("I", (), {}),
            ColumnProvider=type("C", (), {}),
            MenuProvider=type("M", (), {}),
            Column=types.SimpleNamespace,
            Menu=Menu,
            MenuItem=Item,
        )
        gobject = types.SimpleNamespace(GObject=type("G", (), {}))
        provider = extension.provider(host, self.loop, gobject, self.shown.append)()
        provider.extension.bridge.command = command
        extension.CAMCTL = before
        return provider

    def talker(self, answers):
        files = [os.path.join(self.folder.name, name) for name in ("answers", "heard")]
        with open(files[0], "w") as out:
            json.dump(answers, out)
        open(files[1], "w").close()
        return [sys.executable, "-c", TALKER, *files]

    def heard(self):
        with open(os.path.join(self.folder.name, "heard")) as lines:
            return [json.loads(line) for line in lines]

    def calls(self, provider, files):
        """Everything that the file manager calls; the fastest of each must take no time."""
        fastest = 1
        for file in files:
            began = time.monotonic()
            provider.update_file_info(file)
            provider.get_file_items(None, [file])
            provider.get_columns()
            fastest = min(fastest, time.monotonic() - began)
        self.assertLess(fastest, AT_ONCE)

    def test_what_the_bridge_says_is_shown(self):
        paths = {state: "/mnt/cam/%s.mcam" % state for state in extension.STATES}
        answers = {path: status(path, state) for state, path in paths.items()}
        provider = self.provider(self.talker(answers))
        files = {state: File(path) for state, path in paths.items()}
        other = [File("/mnt/cam/parts", folder=True), File("/mnt/bad\udcff.mcam")]
        other[1].uri = "file:///mnt/bad%ff.mcam"
        for file in [*files.values(), *other]:
            provider.update_file_info(file)
            self.assertEqual(file.emblems, [], "nothing is known yet")
        self.loop.until(lambda: all(file.invalidated for file in files.values()))
        for state, file in files.items():
            provider.update_file_info(file)
            self.assertEqual(file.emblems, ["camctl-" + state])
            self.assertEqual(file.attributes, {"camctl_who": state + "!"})
        asked = [line for line in self.heard() if line.get("do") == "status"]
        self.assertEqual(len(asked), 1, "all together")
        self.assertEqual(sorted(asked[0]["paths"]), sorted(paths.values()))
        [hello, subscribed] = self.heard()[:2]
        self.assertEqual((hello["bridge"], subscribed["folders"]), (1, ["/mnt/cam"]))

    def test_a_menu_does_what_it_says(self):
        free, theirs = "/mnt/cam/free.mcam", "/mnt/cam/theirs.mcam"
        answers = {path: status(path, state) for path, state in ((free, "free"), (theirs, "theirs"))}
        answers["checkout " + free] = {"done": False, "text": "no"}
        provider = self.provider(self.talker(answers))
        files = [File(free), File(theirs), File("/elsewhere/x")]
        self.assertEqual(provider.get_file_items(None, files[:1]), [])
        for file in files:
            provider.update_file_info(file)
        self.loop.until(lambda: files[1].invalidated)
        self.assertEqual(provider.get_file_items(files[2:]), [], "not in a repository")
        [top] = provider.get_file_items(files[:2])
        shown = [(item.label, item.sensitive) for item in top.submenu.items]
        self.assertEqual(shown, [("Check out (1 of 2)", True), ("Who has it? (1 of 2)", True)])
        [top] = provider.get_file_items(None, files[:1])
        top.submenu.items[0].activate()
        self.loop.until(lambda: self.shown)
        self.assertEqual(self.shown, ["no"])
        self.assertEqual([line["paths"] for line in self.heard() if line.get("do") == "checkout"], [[free]])

    def test_a_bridge_that_hangs_keeps_nobody_waiting(self):
        # It never reads: the pipe is full after some seconds of browsing.
        provider = self.provider(["sleep", "1000"])
        files = [File("/mnt/cam/%d/%s.mcam" % (number // 100, "x" * 200 + str(number))) for number in range(3000)]
        for at in range(0, len(files), 300):
            self.calls(provider, files[at : at + 300])
            began = time.monotonic()
            self.loop.turn()
            self.assertLess(time.monotonic() - began, 1)
        self.assertGreater(len(provider.extension.bridge.unsent), 0, "it is kept until the child listens")
        self.assertTrue(all(file.emblems == [] for file in files))

    def test_a_bridge_that_dies_is_forgotten_and_started_again_later_and_later(self):
        path = "/mnt/cam/a.mcam"
        provider = self.provider(self.talker({path: status(path, "mine")}))
        file = File(path)
        provider.update_file_info(file)
        self.loop.until(lambda: file.invalidated)
        pid = provider.extension.bridge.pid
        provider.extension.bridge.command = ["false"]
        self.loop.children[pid].kill()
        self.loop.until(lambda: len(self.loop.timeouts) == 2)
        self.assertEqual(self.loop.timeouts, [500, 1000])
        self.assertEqual(file.invalidated, 2, "it is shown no more")
        self.calls(provider, [file])
        self.assertEqual(file.emblems, [])
        # And is there again.
        provider.extension.bridge.command = self.talker({path: status(path, "mine")})
        self.loop.until(lambda: file.invalidated == 3)
        provider.update_file_info(file)
        self.assertEqual(file.emblems, ["camctl-mine"])

    def test_without_camctl_all_is_as_ever(self):
        provider = self.provider(["/nowhere/camctl", "bridge"])
        file = File("/mnt/cam/a.mcam")
        self.calls(provider, [file, File("/mnt/cam/b.mcam")])
        self.loop.until(lambda: self.loop.timeouts)
        provider.extension.command("checkout", ["/mnt/cam/a.mcam"])
        self.assertEqual(len(self.shown), 1)

    def test_changes_and_folders_that_are_left(self):
        path = "/mnt/cam/a.mcam"
        provider = self.provider(self.talker({path: status(path, "free")}))
        file = File(path)
        provider.update_file_info(file)
        self.loop.until(lambda: file.invalidated)
        provider.extension.hear({"changed": [status(path, "mine")]})
        self.assertEqual(file.invalidated, 2)
        provider.extension.hear({"ask_again": ["/mnt/cam"]})
        self.loop.until(lambda: file.invalidated == 3)
        file.die()
        self.loop.until(lambda: any(line.get("do") == "unsubscribe" for line in self.heard()))
        self.assertEqual((provider.extension.cache.known, provider.extension.cache.files), ({}, {}))


if __name__ == "__main__":
    unittest.main()
