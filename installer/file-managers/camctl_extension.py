"""Emblems, a column and a menu of camctl in Nautilus, Nemo and Caja: one file for the three.

It starts `camctl bridge` (cli/BRIDGE.md) and speaks with it in JSON lines, through GLib's main loop: nothing here reads a
file, looks at a folder or waits for anybody. What the bridge has not said is not shown yet; what it says later is shown
then. When the bridge ends it is started again, later and later, and what it said is forgotten.

The parts, from above: Cache (what is known, pure), Bridge (the child process), Extension (what the file manager calls).
"""

import json
import os
import sys
from collections import OrderedDict

# Which program to start; the installer writes its whole path here.
CAMCTL = "camctl"

HOSTS = ("Nautilus", "Nemo", "Caja")
STATES = ("free", "mine", "theirs", "waiting")
# Paths in one line to the bridge: its answer is taken in at one go, while the window waits.
TOGETHER = 50
# Folders that are watched at a time; the one that was looked at longest ago makes room.
FOLDERS = 64
# Files that are remembered.
FILES = 20000
# The longest line of the bridge that is believed.
LONGEST_LINE = 16 * 1024 * 1024
# Milliseconds until a bridge that ended is started again: at first, and at the most.
FIRST_PAUSE, LONGEST_PAUSE = 500, 60000
# A bridge that lived so many seconds was well.
WELL = 30


class Cache:
    """What is known of files, and what has to be asked. Never waits, never looks at a disk."""

    def __init__(self):
        self.known = OrderedDict()  # path -> status
        self.files = {}  # path -> the file manager's object for it, weakly
        self.counts = {}  # folder -> how many of them are in it
        self.wanted = OrderedDict()  # paths to ask about
        self.folders = OrderedDict()  # folders that are watched
        self.new_folders = []
        self.old_folders = []

    def appear(self, path, file):
        """The file manager shows this file."""
        if path not in self.files:
            folder = os.path.dirname(path)
            self.counts[folder] = self.counts.get(folder, 0) + 1
        self.files[path] = file

    def vanish(self, path):
        """It does not any more. A folder of which nothing is shown is not watched any more."""
        if self.files.pop(path, None) is None:
            return
        self.known.pop(path, None)
        self.wanted.pop(path, None)
        folder = os.path.dirname(path)
        self.counts[folder] -= 1
        if self.counts[folder] == 0:
            del self.counts[folder]
            if self.folders.pop(folder, None):
                self.old_folders.append(folder)

    def look(self, path):
        """The status of a file, or None; then it is asked for."""
        folder = os.path.dirname(path)
        if folder in self.folders:
            self.folders.move_to_end(folder)
        else:
            self.folders[folder] = True
            self.new_folders.append(folder)
            if len(self.folders) > FOLDERS:
                self.drop_folder(next(iter(self.folders)))
        status = self.known.get(path)
        if status is None:
            self.wanted[path] = True
        return status

    def drop_folder(self, folder):
        self.folders.pop(folder, None)
        self.old_folders.append(folder)
        for path in [path for path in self.known if os.path.dirname(path) == folder]:
            del self.known[path]

    def learn(self, statuses):
        """Takes in what the bridge said; returns the paths that look different now."""
        changed = []
        for status in statuses:
            path = status.get("path")
            if not isinstance(path, str):
                continue
            if self.known.get(path) != status:
                changed.append(path)
            self.known[path] = status
            self.known.move_to_end(path)
        while len(self.known) > FILES:
            self.known.popitem(last=False)
        return changed

    def forget(self, folders):
        """What is known of files in and below these folders may be wrong: they are asked for again."""
        below = tuple(folder.rstrip(os.sep) + os.sep for folder in folders)
        self.wanted.update((path, True) for path in self.files if path.startswith(below))

    def forget_all(self):
        """The same for everything; nothing is shown until it was asked again. Returns what looked different."""
        shown = [path for path, status in self.known.items() if status.get("state") in STATES]
        self.known.clear()
        self.wanted.update((path, True) for path in self.files)
        return shown

    def requests(self):
        """What is to be said to the bridge now, as the bodies of lines."""
        lines = []
        if self.old_folders:
            lines.append({"do": "unsubscribe", "folders": self.old_folders})
            self.old_folders = []
        if self.new_folders:
            lines.append({"do": "subscribe", "folders": self.new_folders})
            self.new_folders = []
        paths = list(self.wanted)
        self.wanted.clear()
        lines.extend(
            {"do": "status", "paths": paths[at : at + TOGETHER]} for at in range(0, len(paths), TOGETHER)
        )
        return lines

    def greet(self):
        """The bridge is new: it has heard of nothing."""
        self.new_folders = list(self.folders)
        self.old_folders = []
        self.wanted.update((path, True) for path in self.files)

    def menu(self, paths):
        """The menu for files that are chosen together: (command, label, enabled, paths), from their own menus."""
        if len(paths) == 1:
            entries = (self.known.get(paths[0]) or {}).get("menu") or []
            return [(one["command"], one["label"], one["enabled"], one["paths"]) for one in entries]
        together = OrderedDict()
        for path in paths:
            for one in (self.known.get(path) or {}).get("menu") or []:
                label, enabled = together.setdefault(one["command"], (one["label"], []))
                enabled.extend(one["paths"] if one["enabled"] else [])
        return [
            (
                command,
                label if len(enabled) in (0, len(paths)) else "%s (%d of %d)" % (label, len(enabled), len(paths)),
                bool(enabled),
                enabled,
            )
            for command, (label, enabled) in together.items()
            if enabled or command not in ("wait", "leave") or command == "wait"
        ]


class Lines:
    """Cuts what comes in pieces into lines of JSON; what is none is passed over."""

    def __init__(self):
        self.rest = b""

    def feed(self, data):
        *lines, self.rest = (self.rest + data).split(b"\n")
        if len(self.rest) > LONGEST_LINE:
            self.rest = b""
        for line in lines:
            try:
                said = json.loads(line.decode("utf-8"))
            except ValueError:
                continue
            if isinstance(said, dict):
                yield said


class Bridge:
    """`camctl bridge` as a child; everything happens when GLib's main loop says that it can."""

    def __init__(self, glib, hear, reborn, died, command=None):
        self.glib = glib
        self.command = command or [CAMCTL, "bridge"]
        self.hear, self.reborn, self.died = hear, reborn, died
        self.pid = None
        self.unsent = b""
        self.reading = self.writing = None
        self.pause = FIRST_PAUSE
        self.waiting = False
        self.began = 0

    def start(self):
        """Starts the child, unless it runs or is to be started later."""
        if self.pid is not None or self.waiting:
            return
        glib = self.glib
        try:
            self.pid, self.to, self.out, _ = glib.spawn_async(
                self.command,
                flags=glib.SpawnFlags.SEARCH_PATH | glib.SpawnFlags.DO_NOT_REAP_CHILD,
                standard_input=True,
                standard_output=True,
            )
        except glib.Error:
            self.pid = None
            self.start_later()
            return
        for pipe in (self.to, self.out):
            os.set_blocking(pipe, False)
        self.began = glib.get_monotonic_time()
        self.lines = Lines()
        self.unsent = b""
        self.reading = glib.io_add_watch(
            self.out, glib.PRIORITY_DEFAULT_IDLE, glib.IO_IN | glib.IO_HUP, self.read
        )
        glib.child_watch_add(glib.PRIORITY_DEFAULT_IDLE, self.pid, self.ended)
        self.send({"bridge": 1, "menus": True, "name": os.path.basename(sys.argv[0] or "file manager")})
        self.reborn()

    def send(self, line):
        """Says a line, as soon as the child listens. False when there is no child."""
        if self.pid is None:
            return False
        self.unsent += json.dumps(line).encode("utf-8") + b"\n"
        if self.writing is None:
            glib = self.glib
            self.writing = glib.io_add_watch(
                self.to, glib.PRIORITY_DEFAULT_IDLE, glib.IO_OUT | glib.IO_ERR, self.write
            )
        return True

    def write(self, *_):
        try:
            sent = os.write(self.to, self.unsent[:65536])
        except BlockingIOError:
            return True
        except OSError:
            # It is about to be seen to have ended.
            sent = len(self.unsent)
        self.unsent = self.unsent[sent:]
        if self.unsent:
            return True
        self.writing = None
        return False

    def read(self, _pipe, _condition):
        try:
            data = os.read(self.out, 16384)
        except BlockingIOError:
            return True
        except OSError:
            data = b""
        if not data:
            self.reading = None
            return False
        for said in self.lines.feed(data):
            self.hear(said)
        return True

    def ended(self, pid, _status):
        glib = self.glib
        glib.spawn_close_pid(pid)
        for source in (self.reading, self.writing):
            if source is not None:
                glib.source_remove(source)
        self.reading = self.writing = None
        for pipe in (self.to, self.out):
            os.close(pipe)
        self.pid = None
        if glib.get_monotonic_time() - self.began > WELL * 1000000:
            self.pause = FIRST_PAUSE
        self.died()
        self.start_later()

    def start_later(self):
        self.waiting = True
        self.glib.timeout_add(self.pause, self.start_again)
        self.pause = min(self.pause * 2, LONGEST_PAUSE)

    def start_again(self):
        self.waiting = False
        self.start()
        return False


class Extension:
    """What the file manager asks, whichever it is: always answered at once."""

    def __init__(self, glib, invalidate, show, bridge=None):
        self.glib = glib
        self.invalidate, self.show = invalidate, show
        self.cache = Cache()
        self.commands = {}
        self.next_id = 0
        self.flushing = False
        self.bridge = bridge or Bridge(glib, self.hear, self.reborn, self.died)

    def status(self, path):
        """How a file stands, as far as that is known; what is not is asked for in the background."""
        status = self.cache.look(path)
        self.flush_soon()
        return status

    def flush_soon(self):
        """All that the file manager asks now goes into one line."""
        if not self.flushing:
            self.flushing = True
            self.glib.idle_add(self.flush)

    def flush(self):
        self.flushing = False
        self.bridge.start()
        if self.bridge.pid is None:
            # Asked again when there is a bridge.
            self.cache.wanted.clear()
            return False
        for line in self.cache.requests():
            self.send(line)
        return False

    def send(self, line):
        self.next_id += 1
        return self.bridge.send(dict(line, id=self.next_id))

    def command(self, command, paths):
        """Does what was chosen in a menu."""
        self.bridge.start()
        if self.send({"do": command, "paths": paths}):
            self.commands[self.next_id] = command
        else:
            self.show("camctl does not answer at the moment; try again.")

    def hear(self, said):
        """Takes in one line of the bridge."""
        if isinstance(said.get("status"), list) and said.get("id") not in self.commands:
            self.invalidate(self.cache.learn(said["status"]))
        elif isinstance(said.get("changed"), list):
            self.invalidate(self.cache.learn(said["changed"]))
        elif "ask_again" in said:
            self.ask_again(said["ask_again"])
        elif said.get("id") in self.commands:
            self.done(self.commands.pop(said["id"]), said)

    def ask_again(self, what):
        if isinstance(what, list):
            self.cache.forget([folder for folder in what if isinstance(folder, str)])
        else:
            self.invalidate(self.cache.forget_all())
        self.flush_soon()

    def done(self, command, said):
        error = (said.get("error") or {}).get("message")
        if command == "who" or not said.get("done"):
            self.show(said.get("text") or error or "it could not be done")

    def reborn(self):
        self.cache.greet()
        self.flush_soon()

    def died(self):
        if self.commands:
            self.commands.clear()
            self.show("camctl ended before it said what came of it; look how the file stands.")
        self.invalidate(self.cache.forget_all())


def host():
    """The file manager that has loaded this file, by its name and its namespace."""
    import gi.repository

    # Who has loaded this has its namespace at hand, or is called like it.
    programs = [os.path.basename(sys.argv[0] if sys.argv else "")]
    try:
        programs.append(os.path.basename(os.readlink("/proc/self/exe")))
    except OSError:
        pass
    called = [name for name in HOSTS if name.lower() in (program.lower() for program in programs)]
    loaded = [name for name in HOSTS if "gi.repository." + name in sys.modules]
    for name in called + loaded:
        try:
            __import__("gi.repository." + name)
            return getattr(gi.repository, name)
        except (ImportError, AttributeError):
            continue
    raise ImportError("neither Nautilus nor Nemo nor Caja has loaded this")


def path_of(glib, file):
    """The path of a local file; of what lies elsewhere, or has a name that is no Unicode, None. Only its name is looked at."""
    if file.is_directory() or not file.get_uri().startswith("file:///"):
        return None
    try:
        path = glib.filename_from_uri(file.get_uri())[0]
        path.encode("utf-8")
        return path
    except (glib.Error, UnicodeError, TypeError, AttributeError):
        return None


def show_message(text):
    """A message that waits for nobody."""
    from gi.repository import Gtk

    dialog = Gtk.MessageDialog(text=text, buttons=Gtk.ButtonsType.CLOSE)
    dialog.set_title("camctl")
    dialog.connect("response", lambda dialog, _answer: dialog.destroy())
    dialog.show()


def provider(host, glib, gobject, show=show_message):
    """The class that the file manager looks for, with the parts of its own namespace."""

    class CamctlProvider(gobject.GObject, host.InfoProvider, host.ColumnProvider, host.MenuProvider):
        def __init__(self):
            super().__init__()
            self.extension = Extension(glib, self.invalidate, show)

        def invalidate(self, paths):
            for path in paths:
                file = self.extension.cache.files.get(path)
                file = file and file()
                if file is not None:
                    file.invalidate_extension_info()

        def update_file_info(self, file):
            path = path_of(glib, file)
            if path is None:
                return
            cache = self.extension.cache
            if path not in cache.files or cache.files[path]() is not file:
                cache.appear(path, file.weak_ref(self.vanished, path, id(file)))
            status = self.extension.status(path) or {}
            if status.get("state") in STATES:
                file.add_emblem("camctl-" + status["state"])
                file.add_string_attribute("camctl_who", status.get("short") or "")

        def vanished(self, path, _file):
            file = self.extension.cache.files.get(path)
            # Another object may stand for it by now.
            if file is not None and file() is None:
                self.extension.cache.vanish(path)
                self.extension.flush_soon()

        def get_columns(self):
            return (
                host.Column(
                    name="CamctlProvider::who",
                    attribute="camctl_who",
                    label="Checked out",
                    description="Who has checked the file out, and since when",
                ),
            )

        def get_file_items(self, *arguments):
            # Older versions name the window first.
            paths = [path_of(glib, file) for file in arguments[-1]]
            if not paths or None in paths:
                return []
            entries = self.extension.cache.menu(paths)
            if not entries:
                return []
            submenu = host.Menu()
            for command, label, enabled, concerned in entries:
                item = host.MenuItem(name="CamctlProvider::" + command, label=label, tip="")
                item.set_property("sensitive", bool(enabled))
                item.connect("activate", self.chosen, command, list(concerned))
                submenu.append_item(item)
            top = host.MenuItem(name="CamctlProvider::menu", label="camctl", tip="Check files in and out")
            top.set_submenu(submenu)
            return [top]

        def get_background_items(self, *_arguments):
            return []

        def chosen(self, _item, command, paths):
            self.extension.command(command, paths)

    return CamctlProvider


def load():
    """What a file manager gets when it loads this file."""
    import signal

    from gi.repository import GLib, GObject

    # A bridge that has just ended must not take the file manager along.
    if signal.getsignal(signal.SIGPIPE) == signal.SIG_DFL:
        signal.signal(signal.SIGPIPE, signal.SIG_IGN)
    return provider(host(), GLib, GObject)


if os.environ.get("CAMCTL_EXTENSION_TEST") is None:
    CamctlProvider = load()
