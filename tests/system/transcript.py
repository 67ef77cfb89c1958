# SPDX-License-Identifier: Apache-2.0
"""The ```console blocks of a README, checked: what they say that a person types is typed, and what
they say that appears must appear.

    ```console
    $ stack up -d
    [+] Running 2/2
     ✔ Network hello_default      Created    0.0s
     ✔ Container hello-web-1      Started    0.1s
    $ curl --silent \\
    >   http://127.0.0.1:8000/
    Hello from a container.
    ```

A line that begins with "$ " is a command, "> " goes on with it, and what follows up to the next one is
what it shows. The commands run in the order of the file, each by a shell of its own (so `cd` and variables
last for one command) in the folder of the README, and must end with exit code 0; one that is meant to fail
says so: `stack up -d || echo "exit code $?"`.

They run on a terminal of 120 columns, without CI or NO_COLOR in the environment, and what counts is how its
screen looks in the end. So steps that run at once need no care: their rows stand in the order of the plan,
whichever of them ends first.

A line of the README fits a line of the screen when they are equal but for
  * how many blanks are between two words, or at the end,
  * what is another one each time: durations (0.3s, 12ms), ages (2 seconds, Less than a second), times
    (2026-11-29T00:24:09Z) and ids of containers and images (12 or 64 hexadecimal digits). The README has
    some of the same kind in their place,
  * `...`, which stands for any text; alone on a line, for any number of lines.

Images: `stack image debian NAME --packages ...` in a README is run before, once, where Debian's packages are
reached (prepare_images), and kept. In its place it runs again, finds the image, and what it shows is not
compared. There is nothing else that a test knows of how an example's images are made.

Blocks in a shell's language are refused: nobody would check them. Others (yaml, text) are for the reader.

STACK_UPDATE_GOLDEN=1 writes what is seen into the README, for a person to read before committing: lines that
fit are brought to the widths of today, with their `...`; others are replaced.
"""

import fcntl
import functools
import os
import pty
import re
import select
import struct
import subprocess
import termios
import time
from dataclasses import dataclass, field
from pathlib import Path

import world

ROWS, COLUMNS = 50, 120
PATIENCE = 550  # seconds for one command: some compile
PATIENCE_FOR_IMAGES = 1500
UNCHECKED = {"", "sh", "bash", "shell"}
MAKES_IMAGE = "stack image debian "

# What is another one each time, longest first.
SHAPES = [(kind, re.compile(pattern)) for kind, pattern in (
    ("<time>", r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d(?:\.\d+)?(?:Z|[+-]\d\d:?\d\d)?"),
    ("<id>", r"(?<![0-9A-Za-z])(?:[0-9a-f]{64}|[0-9a-f]{12})(?![0-9A-Za-z])"),
    ("<age>", r"\bLess than a second\b|\bAbout an? (?:minute|hour)\b|\b\d+ (?:seconds?|minutes?|hours?)\b"),
    ("<duration>", r"(?:\b\d+m)?\b\d+(?:\.\d+)? ?(?:s|ms|µs)\b"),
)]


@dataclass
class Step:
    """A command of a README, and what it says that one sees."""

    line: int
    command: str
    shows: list[str] = field(default_factory=list)


# --- reading


def read(readme):
    """The steps of a README. Throws ValueError for what would not be checked."""
    steps, language, opened_at = [], None, 0
    for number, line in enumerate(Path(readme).read_text(encoding="utf-8").splitlines(), 1):
        where = f"{readme}:{number}"
        if line.startswith("```"):
            if language is None:
                language, opened_at = line[3:].strip(), number
                if language in UNCHECKED:
                    raise ValueError(f"{where}: a block that no test reads; say ```console, and show what is seen")
            else:
                language = None
        elif language == "console":
            take_line(steps, line, number, where, first=number == opened_at + 1)
    if language is not None:
        raise ValueError(f"{readme}:{opened_at}: a block without an end")
    for step in steps:
        while step.shows and not step.shows[-1].strip():
            step.shows.pop()
    return steps


def take_line(steps, line, number, where, first):
    if line.startswith("$ "):
        steps.append(Step(number, line[2:]))
    elif first:
        raise ValueError(f"{where}: a console block begins with a command: $ ...")
    elif line.startswith("> ") and not steps[-1].shows:
        steps[-1].command += "\n" + line[2:]
    else:
        steps[-1].shows.append(line)


# --- comparing


def normalised(line):
    for kind, pattern in SHAPES:
        line = pattern.sub(kind, line)
    return re.sub(r"[ \t]+", " ", line).rstrip()


def fits(expected, shown):
    """Whether a line of the README stands for this line of the screen."""
    parts = [re.escape(part) for part in normalised(expected).split("...")]
    return re.fullmatch(".*".join(parts), normalised(shown)) is not None


def fit(expected, shown):
    """The same of all lines."""
    if not expected:
        return not shown
    if expected[0].strip() == "...":
        return any(fit(expected[1:], shown[skipped:]) for skipped in range(len(shown) + 1))
    return bool(shown) and fits(expected[0], shown[0]) and fit(expected[1:], shown[1:])


def first_difference(expected, shown):
    """The line of the screen that is not as the README has it, for a message: it may be all that is read."""
    for number, (old, new) in enumerate(zip(expected, shown), 1):
        if old.strip() == "...":
            break
        if not fits(old, new):
            return f"line {number} is {new!r}, not {old!r}"
    return f"{len(shown)} lines, of which the last is {shown[-1:]}"


def renewed(expected, shown):
    """`shown`, as a README that had `expected` would say it: with the "..." of that."""
    @functools.cache
    def best(old, new):
        """(lines that were kept, the lines) from there on."""
        if old == len(expected):
            return 0, tuple(shown[new:])
        dots = expected[old].strip() == "..."
        choices = []
        if new < len(shown):  # the line of the screen is new, or one of those that the dots stand for
            kept, lines = best(old, new + 1)
            choices.append((kept, lines if dots else (shown[new],) + lines))
            if not dots and fits(expected[old], shown[new]):
                kept, lines = best(old + 1, new + 1)
                choices.append((kept + 1, (expected[old] if "..." in expected[old] else shown[new],) + lines))
        kept, lines = best(old + 1, new)
        choices.append((kept, (expected[old],) + lines if dots else lines))
        return max(choices, key=lambda choice: choice[0])
    return list(best(0, 0)[1])


# --- the terminal


class Screen:
    """What is seen after all of these bytes, without colours, on a screen that is large enough."""

    TOKEN = re.compile(r"\x1b\[([?\d;]*)([@-~])"       # a control sequence
                       r"|\x1b\].*?(?:\x07|\x1b\\)"    # a title, or where a link leads
                       r"|([\r\n\b\x07])|([^\x1b\r\n\b\x07]+)", re.DOTALL)

    def __init__(self, text):
        self.rows, self.row, self.column = [""], 0, 0
        place = 0
        while place < len(text):
            token = self.TOKEN.match(text, place)
            if token is None:
                raise ValueError(f"a control sequence that this screen does not know: {text[place:place + 20]!r}")
            parameter, final, control, letters = token.groups()
            if final:
                self.obey(final, parameter)
            elif control:
                self.move(control)
            elif letters:
                self.write(letters)
            place = token.end()

    def obey(self, final, parameter):
        if final == "A":
            self.row = max(0, self.row - int(parameter or 1))
        elif final == "B":
            self.row = min(len(self.rows) - 1, self.row + int(parameter or 1))
        elif final == "K" and parameter in ("", "0"):
            self.rows[self.row] = self.rows[self.row][:self.column]
        elif final == "J" and parameter in ("", "0"):
            self.rows[self.row] = self.rows[self.row][:self.column]
            del self.rows[self.row + 1:]
        elif final not in "mhl":
            raise ValueError(f"a control sequence that this screen does not know: ESC [ {parameter} {final}")

    def move(self, control):
        if control == "\r":
            self.column = 0
        elif control == "\b":
            self.column = max(0, self.column - 1)
        elif control == "\n":
            self.row += 1
            if self.row == len(self.rows):
                self.rows.append("")

    def write(self, letters):
        row = self.rows[self.row].ljust(self.column)
        self.rows[self.row] = row[:self.column] + letters + row[self.column + len(letters):]
        self.column += len(letters)

    def lines(self):
        rows = [row.rstrip() for row in self.rows]
        while rows and not rows[-1]:
            rows.pop()
        return rows


def shell_environment(folder, program):
    """That of a person who has `program` installed as `stack`, by a link in `folder`."""
    folder.mkdir(parents=True, exist_ok=True)
    link = folder / "stack"
    link.unlink(missing_ok=True)
    link.symlink_to(Path(program).resolve())
    return {**world.impersonal(os.environ), "PATH": f"{folder}:{os.environ['PATH']}", "TERM": "xterm-256color"}


def run(command, directory, environment, patience=PATIENCE):
    """(exit code, lines of the screen) of a command at a terminal of its own."""
    master, terminal = pty.openpty()
    try:
        fcntl.ioctl(terminal, termios.TIOCSWINSZ, struct.pack("HHHH", ROWS, COLUMNS, 0, 0))
        with subprocess.Popen(["bash", "-c", command], cwd=directory, env=environment, start_new_session=True,
                              stdin=terminal, stdout=terminal, stderr=terminal,
                              preexec_fn=lambda: fcntl.ioctl(0, termios.TIOCSCTTY, 0)) as child:
            os.close(terminal)
            terminal = -1
            written = all_that_is_written(child, master, patience)
            return child.wait(), Screen(written.decode(errors="replace")).lines()
    finally:
        for descriptor in (master, terminal):
            if descriptor >= 0:
                os.close(descriptor)


def all_that_is_written(child, master, patience):
    """Until the command has ended; who it leaves behind at the terminal is not waited for."""
    written = b""
    end = time.monotonic() + patience
    while True:
        ended = child.poll() is not None
        if select.select([master], [], [], 0 if ended else 0.02)[0]:
            try:
                written += os.read(master, 1 << 16)
                continue
            except OSError:  # EIO: nobody has the terminal open any more
                child.wait()
                return written
        if ended:
            return written
        if time.monotonic() > end:
            child.kill()
            raise AssertionError(f"does not end; it said:\n{written.decode(errors='replace')}")


# --- all of it


def prepare_images(readmes, environment):
    """Runs each way of making an image that is in one of them; the message of one that fails, or nothing."""
    commands = {step.command: readme for readme in readmes for step in read(readme)
                if step.command.startswith(MAKES_IMAGE)}
    for command, readme in commands.items():
        code, lines = run(command, Path(readme).parent, environment, PATIENCE_FOR_IMAGES)
        if code != 0:
            return "\n".join([f"{readme}: {command}: exit code {code}", *lines])
    return None


def rewrite(readme, seen):
    """Says in the README that this is what one sees: (step, lines) in its order."""
    lines = Path(readme).read_text(encoding="utf-8").splitlines()
    for step, shows in reversed(seen):  # from below: places above stay what they are
        place = step.line + step.command.count("\n")
        lines[place:place + len(step.shows)] = shows
    Path(readme).write_text("\n".join(lines) + "\n", encoding="utf-8")


def check(readme, directory, environment):
    """Types what the README says, in `directory`. Throws AssertionError at the first thing that is not seen."""
    seen = []
    for step in read(readme):
        code, shown = run(step.command, directory, environment)
        compared = not step.command.startswith(MAKES_IMAGE)
        if code == 0 and compared and os.environ.get("STACK_UPDATE_GOLDEN"):
            seen.append((step, renewed(step.shows, shown)))
            continue
        if code == 0 and (not compared or fit(step.shows, shown)):
            continue
        raise AssertionError("\n".join([f"{readme}:{step.line}: $ {step.command}",
                                        f"exit code {code}; {first_difference(step.shows, shown)}",
                                        "--- the README shows", *step.shows, "--- it is", *shown]))
    if seen:
        rewrite(readme, seen)
