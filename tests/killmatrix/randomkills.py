# SPDX-License-Identifier: Apache-2.0
"""Kills at moments that nobody chose: of the command, of the supervisor, of everything."""

import os
import signal
import time

import lab as laboratory
import scenarios


def run(lab, count, dice):
    """How many of `count` kills left something that does not hold."""
    failed = 0
    lengths = {}
    for _ in range(count):
        scenario = dice.choice(scenarios.ALL)
        victims = laboratory.KILLS[dice.choice(["kill command", "kill supervisor", "kill all"])]
        moment = dice.uniform(0, 1.1)
        try:
            strike(lab, scenario, victims, moment, lengths)
        except (laboratory.Broken, AssertionError, OSError) as broken:
            failed += 1
            print(f"FAILED {scenario.name} / {' '.join(victims)} after {moment:.3f} of its time\n{broken}\n"
                  f"{laboratory.supervisor_log()}", flush=True)
            lab.raze()
    return failed


def strike(lab, scenario, victims, moment, lengths):
    """`moment`: in parts of the time that the command takes, which is found out by the first."""
    scenarios.bring_about(scenario.state, lab, scenario)
    lab.environment = scenario.environment
    begin = time.monotonic()

    def kill(process):
        if scenario not in lengths:
            process.wait(laboratory.SLOWEST_COMMAND)
            lengths[scenario] = time.monotonic() - begin
            return
        time.sleep(moment * lengths[scenario])  # the moment is what is being tried
        if "command" in victims:
            process.kill()
        for name in victims:
            for pid in lab.pids_named(name):
                try:
                    os.kill(pid, signal.SIGKILL)
                except ProcessLookupError:
                    pass

    code, said = laboratory.run_command(lab, scenario, kill)
    laboratory.check_words(code, said)
    laboratory.recover(lab, scenario)
