# SPDX-License-Identifier: Apache-2.0
"""A sample of the kill matrix (tests/killmatrix), another one each day, and that no fail point is left
out of it. STACK_TEST_SECONDS is how long it may take, STACK_TEST_SEED repeats a sample."""

import datetime
import os
import random
import sys
import time
import unittest
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1] / "killmatrix"))

import inventory
import lab as laboratory
import matrix
import randomkills
import scenarios
import stacktest

SECONDS = float(os.environ.get("STACK_TEST_SECONDS", "45"))
SEED = int(os.environ.get("STACK_TEST_SEED", datetime.date.today().toordinal()))


# (scenario, point, action[, passage]) of cases that failed once.
FAILED_ONCE = [("first-up", "supervisor.take-exit", "ENOMEM"),
               ("first-up", "container.reserve", "ENOSPC"),
               ("recreate", "container.reserve", "ENOMEM"),
               ("first-up", "uplink.inside", "kill command"),
               ("stop", "cgroup.remove", "kill all"),
               ("start", "child.mount-root", "kill all", 4),
               ("restart", "child.mask", "kill all", 11),
               ("restart", "end.running-files", "kill all"),
               ("recreate", "container.discard", "EPERM"),
               ("scale-down", "container.discard", "ENOSPC", 2),
               ("first-up", "file.sync-directory", "ENOMEM"),
               ("first-up", "file.sync-directory", "ENOSPC", 2)]


class KillMatrix(unittest.TestCase):
    maxDiff = None

    @classmethod
    def setUpClass(cls):
        print(f"STACK_TEST_SEED={SEED}", file=sys.stderr)
        cls.dice = random.Random(SEED)
        cls.lab = laboratory.Lab()
        cls.reached = {scenario: laboratory.passages(cls.lab, scenario) for scenario in scenarios.ALL}

    @classmethod
    def tearDownClass(cls):
        cls.lab.points.close()

    def test_each_fail_point_is_reached_by_some_scenario(self):
        self.assertEqual(matrix.never_reached(self.lab.points.names, self.reached.values()), [])

    def test_a_sample(self):
        cases = matrix.make_matrix(self.reached, laboratory.ACTIONS, 3)
        self.dice.shuffle(cases)
        end = time.monotonic() + SECONDS
        tried = 0
        for case in cases:
            if time.monotonic() > end:
                break
            tried += 1
            with self.subTest(case=str(case)):
                self.try_case(case)
        print(f"{tried} of {len(cases)} cases", file=sys.stderr)

    def test_those_that_failed_once(self):
        for scenario, *how in FAILED_ONCE:
            case = laboratory.Case(scenarios.BY_NAME[scenario], *how)
            with self.subTest(case=str(case)):
                self.try_case(case)

    def try_case(self, case):
        try:
            laboratory.run_case(self.lab, case)
        except (laboratory.Broken, AssertionError, OSError) as broken:
            words = f"{broken}\n{laboratory.supervisor_log()}"
            self.lab.raze()
            self.fail(words)

    def test_some_random_kills(self):
        self.assertEqual(randomkills.run(self.lab, 10, self.dice), 0)

    def test_a_container_never_hears_of_them(self):
        scenario = scenarios.BY_NAME["up"]
        scenarios.bring_about("up", self.lab, scenario)
        for pid, name in inventory.processes():
            if name in ("sleep", "sh"):
                self.assertNotIn(b"STACK_FAIL", Path(f"/proc/{pid}/environ").read_bytes())
                self.assertNotIn("fail-points", Path(f"/proc/{pid}/maps").read_text())
        self.assertNotIn("STACK_FAIL", self.lab.stack("exec", "-T", "db", "env").out)
        self.lab.clean()


if __name__ == "__main__":
    stacktest.main()
