# SPDX-License-Identifier: Apache-2.0
"""depends_on with its three conditions, health checks, restart policies."""

import os
import signal
import unittest

import stacktest


class DependsOn(stacktest.StackTest):
    def test_a_job_is_complete_before_its_dependent_starts(self):
        (self.directory / "out").mkdir()
        self.up("""
            services:
              web:
                image: box:1
                command: sh -c 'cat /out/made; exec sleep 1001'
                volumes: ["./out:/out"]
                depends_on: {job: {condition: service_completed_successfully}}
              job:
                image: box:1
                command: sh -c 'sleep 0.3; echo by the job > /out/made'
                volumes: ["./out:/out"]
        """)
        stacktest.eventually(lambda: self.log("web") == "by the job\n", "web saw what the job made")

    def test_a_job_that_fails_keeps_its_dependent_from_starting(self):
        result = self.up("""
            services:
              web:
                image: box:1
                command: sleep 1001
                depends_on: {job: {condition: service_completed_successfully}}
              job: {image: "box:1", command: sh -c 'echo no luck; exit 9'}
        """, expect=4)
        self.assertRegex(result.err, r"(?s)job.*9")
        self.assertEqual(self.pids_running("sleep 1001"), [])

    def test_a_completed_job_is_not_run_again(self):
        (self.directory / "out").mkdir()
        self.up("""
            services:
              web:
                image: box:1
                command: sleep 1001
                depends_on: {job: {condition: service_completed_successfully}}
              job:
                image: box:1
                command: sh -c 'echo run >> /out/runs'
                volumes: ["./out:/out"]
        """)
        self.up()
        self.assertEqual((self.directory / "out/runs").read_text(), "run\n")

    JOBS = """
        services:
          db: {{image: "box:1", command: sleep 1001, environment: {{TUNE: "{tune}"}}}}
          migrate:
            image: box:1
            command: sh -c 'echo migrate >> /out/runs'
            volumes: ["./out:/out"]
            depends_on: [db]
          seed:
            image: box:1
            command: sh -c 'echo seed >> /out/runs'
            volumes: ["./out:/out"]
            depends_on: {{migrate: {{condition: service_completed_successfully}}}}
          report: {{image: "box:1", command: sh -c 'echo report >> /out/runs', volumes: ["./out:/out"]}}
          web:
            image: box:1
            command: sleep 1002
            depends_on:
              seed: {{condition: service_completed_successfully}}
              report: {{condition: service_completed_successfully}}
    """

    def runs(self):
        """Jobs that have run since the last look, in their order."""
        file = self.directory / "out/runs"
        names = file.read_text().split() if file.exists() else []
        file.unlink(missing_ok=True)
        return names

    def up_jobs(self, *arguments, tune=1):
        """The jobs that an `up` has run: it has waited for them, since `web` asks for that."""
        self.up(self.JOBS.format(tune=tune), *arguments)
        return self.runs()

    def test_a_server_that_was_shut_down_is_started_again(self):
        self.up("""
            services:
              web: {image: "box:1", command: sleep 1001, depends_on: {db: {condition: service_healthy}}}
              db:
                image: box:1
                command: sh -c 'trap "exit 0" TERM; while :; do sleep 0.1; done'
                healthcheck: {test: ["CMD", "true"], interval: 100ms}
        """)
        self.stack("exec", "-T", "db", "kill", "-TERM", "1")
        stacktest.eventually(lambda: self.state_of("db") == "exited", "it has ended")
        self.assertEqual(self.ps()["db"]["ExitCode"], 0)
        self.assertRegex(self.stack("plan").out, r"start container \S+-db-1")
        self.up()
        self.assertEqual(self.state_of("db"), "running")
        self.assertIn("nothing to change", self.up().err)

    def test_jobs_run_again_when_what_they_depend_on_is_new(self):
        (self.directory / "out").mkdir()
        self.assertEqual(sorted(self.up_jobs()), ["migrate", "report", "seed"])
        self.assertEqual(self.up_jobs(), [])
        self.assertIn("db is new", self.changed_plan(tune=2))
        self.assertEqual(self.up_jobs(tune=2), ["migrate", "seed"])
        self.assertEqual(self.up_jobs(tune=2), [])
        self.assertEqual(self.up_jobs("--scale", "db=2", tune=2), [])

    def changed_plan(self, tune):
        self.write_stack(self.JOBS.format(tune=tune))
        return self.stack("plan").out

    def test_one_whose_rerun_was_broken_off_runs_with_the_next_up(self):
        (self.directory / "out").mkdir()
        self.up_jobs()
        self.up(self.JOBS.format(tune=2), "db")
        self.assertEqual(self.runs(), [])
        self.assertEqual(self.up_jobs(tune=2), ["migrate", "seed"])

    def test_all_jobs_run_again_when_that_is_asked_for(self):
        (self.directory / "out").mkdir()
        self.up_jobs()
        self.assertEqual(sorted(self.up_jobs("--rerun")), ["migrate", "report", "seed"])
        self.assertEqual(self.up_jobs(), [])

    def test_a_job_that_fails_when_it_runs_again_fails_the_up(self):
        (self.directory / "out").mkdir()
        text = """
            services:
              web:
                image: box:1
                command: sleep 1002
                depends_on: {job: {condition: service_completed_successfully}}
              job: {image: "box:1", command: sh -c 'test ! -e /out/full || exit 9', volumes: ["./out:/out"]}
        """
        self.up(text)
        (self.directory / "out/full").touch()
        result = self.up(text, "--rerun", expect=4)
        self.assertRegex(result.err, r"(?s)job.*9")
        self.assertEqual(self.state_of("web"), "running")

    def test_a_dependency_is_healthy_before_its_dependent_starts(self):
        self.up("""
            services:
              web:
                image: box:1
                command: sleep 1001
                depends_on: {db: {condition: service_healthy}}
              db:
                image: box:1
                command: sh -c 'sleep 0.5; touch /ready; exec sleep 1002'
                healthcheck: {test: ["CMD", "test", "-e", "/ready"], interval: 100ms, retries: 100}
        """)
        self.assertEqual(self.ps()["db"]["Health"], "healthy")
        self.assertRegex(self.ps()["db"]["Status"], r"\(healthy\)$")

    def test_a_dependency_that_turns_unhealthy_ends_up_with_what_the_probe_said(self):
        result = self.up("""
            services:
              web:
                image: box:1
                command: sleep 1001
                depends_on: {db: {condition: service_healthy}}
              db:
                image: box:1
                command: sleep 1002
                healthcheck: {test: "echo disk is on fire; exit 1", interval: 50ms, retries: 2}
        """, expect=4)
        self.assertIn("disk is on fire", result.err)
        self.assertEqual(self.pids_running("sleep 1001"), [])

    def test_a_dependency_that_ends_before_it_is_healthy_ends_up(self):
        self.up("""
            services:
              web:
                image: box:1
                command: sleep 1001
                depends_on: {db: {condition: service_healthy}}
              db:
                image: box:1
                command: sh -c 'exit 7'
                # The first check comes at once: one that could pass would at times be the faster.
                healthcheck: {test: ["CMD", "false"], interval: 1h}
        """, expect=4)

    def test_dependents_are_stopped_first(self):
        (self.directory / "out").mkdir()
        self.up("""
            x-polite: &polite
              image: box:1
              volumes: ["./out:/out"]
              command: >
                sh -c 'trap "echo $$NAME >> /out/order; exit" TERM; touch /out/$$NAME;
                       while :; do sleep 0.05; done'
            services:
              db: {<<: *polite, environment: {NAME: db}}
              web: {<<: *polite, environment: {NAME: web}, depends_on: [db]}
        """)
        for name in ("db", "web"):
            stacktest.eventually((self.directory / "out" / name).exists, f"{name} is ready")
        self.stack("down")
        self.assertEqual((self.directory / "out/order").read_text(), "web\ndb\n")

    def test_a_circle_is_refused_with_its_path(self):
        result = self.up("""
            services:
              a: {image: "box:1", depends_on: [b]}
              b: {image: "box:1", depends_on: [c]}
              c: {image: "box:1", depends_on: [a]}
        """, expect=3)
        self.assertIn("a -> b -> c -> a", result.err)


class Health(stacktest.StackTest):
    def test_health_follows_what_the_probe_finds(self):
        self.up("""
            services:
              web:
                image: box:1
                command: sleep 1001
                healthcheck: {test: ["CMD-SHELL", "test -e /ok"], interval: 50ms, retries: 3}
        """)
        def health():
            return self.ps()["web"]["Health"]
        stacktest.eventually(lambda: health() == "unhealthy", "unhealthy")
        self.inside("web", "touch", "/ok")
        stacktest.eventually(lambda: health() == "healthy", "healthy")
        self.inside("web", "rm", "/ok")
        stacktest.eventually(lambda: health() == "unhealthy", "unhealthy again")

    def test_a_probe_that_hangs_counts_as_failed_and_is_ended(self):
        self.up("""
            services:
              web:
                image: box:1
                command: sleep 1001
                healthcheck: {test: sleep 1002, interval: 50ms, timeout: 100ms, retries: 1}
        """)
        stacktest.eventually(lambda: self.ps()["web"]["Health"] == "unhealthy", "unhealthy")
        stacktest.eventually(lambda: len(self.pids_running("sleep 1002")) <= 2, "probes are ended")


class Restart(stacktest.StackTest):
    def restarts(self, policy, command):
        (self.directory / "out").mkdir(exist_ok=True)
        self.up(f"""
            services:
              web:
                image: box:1
                restart: {policy}
                command: sh -c 'echo run >> /out/runs; {command}'
                volumes: ["./out:/out"]
        """)
        path = self.directory / "out/runs"
        return lambda: path.read_text().count("run") if path.exists() else 0

    def test_always_restarts_what_ended_well(self):
        runs = self.restarts("always", "exit 0")
        stacktest.eventually(lambda: runs() >= 3, "three runs")

    def test_on_failure_restarts_only_what_failed(self):
        runs = self.restarts("on-failure", "exit 0")
        stacktest.eventually(lambda: self.state_of("web") == "exited", "web ended")
        self.assertEqual(runs(), 1)

    def test_on_failure_gives_up_after_the_number_of_times(self):
        runs = self.restarts("on-failure:2", "exit 1")
        stacktest.eventually(lambda: runs() == 3 and self.state_of("web") == "exited", "it gives up")
        self.assertEqual(self.ps()["web"]["ExitCode"], 1)

    def test_no_is_the_default(self):
        runs = self.restarts('"no"', "exit 1")
        stacktest.eventually(lambda: self.state_of("web") == "exited", "web ended")
        self.assertEqual(runs(), 1)

    def test_a_killed_process_is_restarted(self):
        runs = self.restarts("unless-stopped", "exec sleep 1001")
        stacktest.eventually(lambda: runs() == 1, "it runs")  # else the shell is killed before it wrote
        pid, = stacktest.eventually(lambda: self.pids_running("sleep 1001"), "the sleep")
        os.kill(pid, signal.SIGKILL)
        stacktest.eventually(lambda: runs() == 2, "a second run")

    def test_stop_is_not_undone_by_a_policy(self):
        runs = self.restarts("always", "exec sleep 1001")
        stacktest.eventually(lambda: runs() == 1, "it runs")
        self.stack("stop", "-t", "0")
        self.assertEqual(self.state_of("web"), "exited")
        self.stack("start")
        stacktest.eventually(lambda: runs() == 2, "it runs again")


if __name__ == "__main__":
    stacktest.main()
