# SPDX-License-Identifier: Apache-2.0
"""What `up` and `stats` look like on a terminal: a line for each object, in place, on screens of all
sizes, and plain lines where there is none."""

import os
import re
import termios
import unittest

import inventory
import stacktest
from stacktest import eventually
from display import columns_of
from terminals import Screen, Terminal, require_tmux

# Nothing is healthy before somebody makes go/ok.
SHOP = """
    name: shop
    services:
      db:
        image: box:1
        command: sleep 1001
        volumes: ["./go:/go"]
        healthcheck: {test: ["CMD", "test", "-e", "/go/ok"], interval: 200ms, start_interval: 200ms, start_period: 1h}
      web:
        image: box:1
        command: sleep 1002
        ports: ["18080:80"]
        depends_on: {db: {condition: service_healthy}}
"""
ESCAPE = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]")
COLOUR = re.compile(r"\x1b\[[0-9;]*m")
FRAME = re.compile(r"\x1b\[\d+A\r")


def many(number):
    """Services that all wait for `first`, which nobody lets become healthy but go/ok."""
    services = SHOP.replace("name: shop", "name: many").split("      web:")[0]
    return services.replace("      db:", "      first:") + "".join(f"""
      s{n}: {{image: "box:1", command: sleep 1003, depends_on: {{first: {{condition: service_healthy}}}}}}"""
                                                                    for n in range(1, number))


class ScreenTest(stacktest.StackTest):
    def setUp(self):
        super().setUp()
        (self.directory / "go").mkdir()

    def let_go(self):
        (self.directory / "go/ok").write_text("")

    def screen(self, text, **size):
        self.write_stack(text)
        screen = Screen(self.directory, **size)
        self.addCleanup(screen.close)
        return screen


class Up(ScreenTest):
    @staticmethod
    def await_waiting(screen):
        """Nothing happens any more before somebody lets go."""
        return screen.await_screen(lambda lines: re.search(r"(?s)Started, n.*Waits for", "\n".join(lines)),
                                   "one is up and the other waits")

    def test_each_object_has_a_line_that_says_what_it_waits_for(self):
        screen = self.screen(SHOP)
        screen.run("up", "-d")
        lines = self.await_waiting(screen)
        head = lines.index("[+] Running 1/3")
        self.assertRegex(lines[head + 1], r"^ ✔ Network shop_default +Created +\d+\.\ds$")
        self.assertRegex(lines[head + 2], r"^ \S Container shop-db-1 +Started, not healthy yet +\d+\.\ds$")
        self.assertRegex(lines[head + 3], r"^   Container shop-web-1 +Waits for shop-db-1 \(healthy\) +\d+\.\ds$")
        self.assertEqual("".join(lines[head + 4:]), "")
        row, column, visible = screen.cursor()
        self.assertEqual((row, column, visible), (head + 4, 0, True), "the cursor stands below")
        self.let_go()
        lines = screen.await_code(0)
        head = lines.index("[+] Running 3/3")
        self.assertRegex(lines[head + 2], "^ ✔ Container shop-db-1 +Healthy ")
        self.assertRegex(lines[head + 3], "^ ✔ Container shop-web-1 +Started ")
        self.assertRegex(lines[head + 4], r"^shop up: 2 services, \d+\.\d s$")
        self.assertEqual(lines[head + 5:head + 8],
                         ["  web  http://localhost:18080", "code 0", Screen.PROMPT.rstrip()])
        self.assertEqual("".join(lines[head + 8:]), "", "nothing is left below")
        self.assertEqual("\n".join(screen.all_lines()).count("[+]"), 1, "nothing is left above")

    def test_a_narrow_screen(self):
        self.check_a_screen_of(40)

    def test_a_wide_screen(self):
        self.check_a_screen_of(200)

    def check_a_screen_of(self, columns):
        screen = self.screen(SHOP, columns=columns)
        screen.run("up", "-d")
        lines = self.await_waiting(screen)
        head = lines.index("[+] Running 1/3")
        self.assertEqual(len([line for line in lines[head:] if line]), 4, lines)
        for line, name in zip(lines[head + 1:], ("shop_default", "shop-db-1", "shop-web-1")):
            self.assertIn(name, line)
            self.assertRegex(line, r"\d+\.\ds$", "the time is where it was")
            self.assertLessEqual(columns_of(line), min(columns - 1, 80))
        self.let_go()
        screen.await_code(0)
        self.assertEqual("\n".join(screen.all_lines()).count("[+]"), 1, screen.all_lines())

    def test_a_screen_that_changes_its_size_in_the_midst(self):
        screen = self.screen(SHOP, columns=100)
        screen.type("echo above")
        screen.press("Enter")
        screen.await_line(r"^above$")
        screen.run("up", "-d")
        screen.await_line("Waits for")
        for rows, columns in ((24, 90), (8, 120), (30, 79), (24, 200), (24, 100)):
            screen.resize(rows, columns)
            self.await_fresh_lines(screen)
        self.let_go()
        screen.await_code(0)
        all_lines = screen.all_lines()
        self.assertEqual("\n".join(all_lines).count("[+]"), 1, "\n".join(all_lines))
        self.assertEqual(all_lines.count("above"), 1, "\n".join(all_lines))

    def test_a_screen_that_becomes_narrower_than_the_lines(self):
        """It breaks them itself; tmux even moves some out of sight. What can be seen is in order."""
        screen = self.screen(SHOP, columns=100)
        screen.run("up", "-d")
        for columns in (100, 45, 42):
            screen.resize(24, columns)
            screen.await_screen(lambda lines, columns=columns: re.search("Started, n", "\n".join(lines))
                                and max(columns_of(line) for line in lines) < columns, "narrower lines")
            shown = [line for line in screen.lines() if line]
            self.assertEqual(len([line for line in shown if "[+]" in line]), 1, shown)
            self.assertEqual(shown[-4], "[+] Running 1/3", shown)
        self.let_go()
        screen.await_code(0)

    def await_fresh_lines(self, screen):
        """Drawn after now."""
        def times(lines):
            return [line.split()[-1] for line in lines if "shop-web-1" in line]
        before = times(screen.lines())
        screen.await_screen(lambda lines: len(times(lines)) == 1 and times(lines) != before, "a fresh line")

    def test_fifty_services_on_twenty_four_lines(self):
        screen = self.screen(many(50))
        screen.run("up", "-d")
        lines = screen.await_screen(
            lambda lines: any("first" in line and "not healthy yet" in line for line in lines), "it is waited for")
        self.assertRegex("\n".join(lines), r"(?m)^ \.\.\. \d+ more: .*waiting")
        self.assertRegex(lines[0], r"^\[\+\] Running \d+/51$")
        self.assertEqual(len([line for line in lines if line]), 23, "a line is left for the cursor")
        self.let_go()
        screen.await_code(0)
        everything = "\n".join(screen.all_lines())
        self.assertEqual(everything.count("[+]"), 1, everything)
        self.assertRegex(everything, r"(?m)^ \.\.\. 30 more: 30 done$")
        self.assertRegex(everything, r"(?m)^many up: 50 services, ")

    def test_a_failure_is_among_the_lines_that_are_shown(self):
        screen = self.screen(many(50) + """
      broken: {image: "box:1", command: /nope, depends_on: [s49]}""")
        screen.run("up", "-d")
        screen.await_line("Waits for")
        self.let_go()
        screen.await_code(127)
        everything = "\n".join(screen.all_lines())
        self.assertRegex(everything, r"(?m)^ ✘ Container many-broken-1 +Error ")
        self.assertEqual(everything.count("[+]"), 1, everything)

    def test_the_final_lines_of_a_stack_that_is_up_already(self):
        self.let_go()
        screen = self.screen(SHOP)
        self.stack("up", "-d")
        screen.run("up", "-d")
        lines = screen.await_code(0)
        at = lines.index("Stack shop: nothing to change")
        self.assertEqual(lines[at + 1:at + 3], ["  web  http://localhost:18080", "code 0"])

    def test_down_leaves_its_lines_and_nothing_else(self):
        self.let_go()
        screen = self.screen(SHOP)
        self.stack("up", "-d")
        screen.run("down", "-t", "0")
        lines = screen.await_code(0)
        head = lines.index("[+] Running 3/3")
        self.assertEqual([line.split()[-2] for line in lines[head + 1:head + 4]], ["Removed"] * 3)
        self.assertEqual(lines[head + 4], "code 0")


class Bytes(ScreenTest):
    """What is sent to the terminal, on the way there."""

    def up_in_a_terminal(self, frames=15, **options):
        self.write_stack(SHOP)
        terminal = Terminal(["up", "-d"], self.directory, **options)
        terminal.await_text(r"(?s)" + r"\x1b\[\d+A\r.*?" * frames)
        self.let_go()
        self.assertEqual(terminal.finish(), 0)
        return terminal.seen

    def test_nothing_flickers(self):
        seen = self.up_in_a_terminal()
        frames = FRAME.split(seen)
        self.assertGreater(len(frames), 15)
        self.assertNotRegex(seen, r"\x1b\[2?J\x1b\[H|\x1b\[H|\x1b\[2J|\x1bc", "no screen is cleared")
        self.assertNotIn("\x1b[?25l", seen, "the cursor is never taken away")
        self.assertNotIn("\x1b[?1049h", seen)
        for frame in frames:
            self.assertLess(len(frame), 4 * 130 + 200, "no more than its lines")
        # What has come to rest is not written again and again.
        self.assertLessEqual(seen.count("shop_default"), 4, seen)

    def test_a_screen_that_nothing_is_known_of(self):
        """A serial line says 0 rows and 0 columns."""
        seen = self.up_in_a_terminal(rows=0, columns=0)
        for line in ESCAPE.sub("", seen).splitlines():
            self.assertLess(columns_of(line), 80)

    def test_no_color(self):
        self.assertRegex(self.up_in_a_terminal(), COLOUR)
        self.stack("down", "-t", "0")
        (self.directory / "go/ok").unlink()
        seen = self.up_in_a_terminal(environment={"NO_COLOR": "1"})
        self.assertNotRegex(seen, COLOUR)
        self.assertIn("✔", seen)

    def test_plain_lines_where_nothing_can_be_drawn(self):
        self.let_go()
        self.write_stack(SHOP)
        for environment in ({"TERM": "dumb"}, {"CI": "true"}, {"COMPOSE_ANSI": "never"},
                            {"COMPOSE_PROGRESS": "plain"}):
            with self.subTest(environment):
                terminal = Terminal(["up", "-d"], self.directory, environment=environment)
                self.assertEqual(terminal.finish(), 0)
                self.assertNotIn("\x1b", terminal.seen)
                self.assertIn(" Container shop-web-1  Started\r\n", terminal.seen)
                self.stack("down", "-t", "0")
        err = self.stack("up", "-d").err
        self.assertNotIn("\x1b", err)
        self.assertIn(" Container shop-web-1  Started\n", err)
        self.assertEqual([line for line in err.splitlines() if not line.startswith(" ")], [])


class Leaving(stacktest.StackTest):
    STACK = """
        services:
          web: {image: "box:1", command: sh -c 'echo begun; exec sleep 1001', init: true, stop_grace_period: 0s}
    """

    def attached(self):
        self.write_stack(self.STACK)
        terminal = Terminal(["up"], self.directory)
        self.addCleanup(stacktest.run_stack, "down", directory=self.directory)
        mode = termios.tcgetattr(terminal.fd)
        terminal.await_text("begun")
        terminal.await_raw()
        return terminal, mode

    def test_two_keys_leave_the_stack_to_itself(self):
        terminal, mode = self.attached()
        ours = os.open(f"/proc/{terminal.pid}/fd/0", os.O_RDWR | os.O_NOCTTY)
        # Neither of them alone does, nor is anything asked of what else is typed.
        terminal.type("q\x11\x10x\r")
        terminal.type("\x10\x11")
        eventually(lambda: inventory.stat_of(terminal.pid)[0] == "Z", "it ends")
        left = termios.tcgetattr(ours)
        os.close(ours)
        self.assertEqual(left, mode)
        self.assertEqual(terminal.finish(), 0)
        self.assertEqual(self.state_of("web"), "running")
        self.assertNotIn("Stopping", terminal.seen)

    def test_a_pause_and_ctrl_c_are_what_they_were(self):
        terminal, _ = self.attached()
        terminal.type("\x13")
        terminal.type("a")
        terminal.type("\x03")
        terminal.await_text("Gracefully Stopping")
        self.assertEqual(terminal.finish(), 130)
        self.assertEqual(self.state_of("web"), "exited")


class Stats(ScreenTest):
    def test_what_does_not_fit_is_left_out(self):
        self.let_go()
        screen = self.screen(many(20), rows=10, columns=40)
        self.stack("up", "-d")
        screen.type("echo above")
        screen.press("Enter")
        screen.await_line(r"^above$")
        screen.run("stats")
        lines = screen.await_line(r"^ \.\.\. \d+ more")
        self.assertEqual(len([line for line in lines if line]), 9, lines)
        self.assertTrue(lines[0].startswith("CONTAINER ID"), lines)
        self.stack("stop", "-t", "0", "s3")
        screen.await_line(r"^ \.\.\. 12 more$")  # another picture takes the place of the first
        screen.press("C-c")
        screen.await_code(130)
        everything = screen.all_lines()
        self.assertEqual(len([line for line in everything if line.startswith("CONTAINER ID")]), 1, everything)
        self.assertEqual(everything.count("above"), 1, everything)

    def test_plain_tables_where_nothing_can_be_drawn(self):
        self.let_go()
        self.write_stack(SHOP)
        self.stack("up", "-d")
        terminal = Terminal(["stats"], self.directory, environment={"TERM": "dumb"})
        terminal.await_text(r"(?s)CONTAINER ID.*CONTAINER ID")
        terminal.type("\x03")
        self.assertEqual(terminal.finish(), 130)
        self.assertNotIn("\x1b", terminal.seen)


if __name__ == "__main__":
    require_tmux()
    stacktest.main()
