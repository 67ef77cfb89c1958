# SPDX-License-Identifier: Apache-2.0
"""x-stack.on_change: what another text of a config or secret does to a container that runs."""

import stacktest

PROGRAM = "sh -c 'trap \"echo heard; cat /etc/tune\" HUP; echo started; while :; do sleep 1001 & wait; done'"


class OnChange(stacktest.StackTest):
    def write_web(self, text, on_change, more=""):
        (self.directory / "tune.conf").write_text(text)
        said = f"x-stack: {{on_change: '{on_change}'}}" if on_change else ""
        self.write_stack(f"""
            services:
              web:
                image: box:1
                command: {PROGRAM}
                stop_signal: SIGKILL
                configs: [{{source: tune, target: /etc/tune, mode: 0440, uid: "1000", gid: "2000"}}]
                secrets: [word]
                {said}
                {more}
              user: {{image: "box:1", command: sleep 1002, depends_on: {{web: {{condition: service_started, restart: true}}}}}}
            configs: {{tune: {{file: ./tune.conf}}}}
            secrets: {{word: {{environment: WORD}}}}
            """)

    def up_web(self, text="one\n", word="first", on_change=None, more="", **options):
        self.write_web(text, on_change, more)
        return self.stack("up", "-d", environment={"WORD": word}, **options)

    def ids(self):
        return {name: row["ID"] for name, row in self.ps().items()}

    def pids(self):
        return self.pids_running("heard"), self.pids_running("sleep 1002")

    def texts(self):
        return self.inside("web", "cat", "/etc/tune", "/run/secrets/word")

    def started(self):
        return self.log("web").count("started")

    def change(self, on_change, **wanted):
        """Up, then up with another text; the ids and pids before."""
        self.up_web(on_change=on_change)
        stacktest.eventually(self.started, "it has begun")
        before = self.ids(), self.pids()
        self.up_web(on_change=on_change, **wanted)
        return before

    def test_a_signal_comes_when_the_text_is_there(self):
        before = self.change("signal:SIGHUP", text="two\n")
        stacktest.eventually(lambda: "heard\ntwo\n" in self.log("web"), "it has read the new text")
        self.assertEqual((self.ids(), self.pids()), before)
        self.assertEqual(self.inside("web", "stat", "-c", "%u:%g %a", "/etc/tune"), "1000:2000 440\n")
        self.assertIn("nothing to change", self.up_web("two\n", on_change="signal:SIGHUP").err)

    def test_secrets_too_and_again_and_after_a_restart(self):
        self.change("signal:SIGHUP", word="second")
        for word in ("third", "fourth"):
            self.up_web(word=word, on_change="signal:SIGHUP")
            self.assertEqual(self.texts(), "one\n" + word)
        self.stack("restart", "-t", "0", "web")
        self.assertEqual(self.texts(), "one\nfourth")

    def test_in_a_user_namespace_the_owner_is_the_containers(self):
        self.up_web(on_change="signal:SIGHUP", more="userns_mode: auto")
        self.up_web("two\n", on_change="signal:SIGHUP", more="userns_mode: auto")
        self.assertEqual(self.inside("web", "stat", "-c", "%u:%g %a", "/etc/tune"), "1000:2000 440\n")
        self.assertEqual(self.texts(), "two\nfirst")

    def test_a_read_only_container_too(self):
        self.up_web(on_change="signal:SIGHUP", more="read_only: true")
        self.up_web("two\n", on_change="signal:SIGHUP", more="read_only: true")
        self.assertEqual(self.texts(), "two\nfirst")

    def test_what_the_user_mounts_at_its_place_stays(self):
        (self.directory / "own").write_text("own\n")
        mounted = "volumes: ['./own:/etc/tune']"
        self.up_web(on_change="signal:SIGHUP", more=mounted)
        self.up_web("two\n", word="second", on_change="signal:SIGHUP", more=mounted)
        self.assertEqual(self.texts(), "own\nsecond")

    def test_a_restart_begins_with_the_new_text_and_takes_dependents_along(self):
        ids, (web, user) = self.change("restart", text="two\n", word="second")
        self.assertEqual(self.ids(), ids)
        self.assertEqual(self.texts(), "two\nsecond")
        self.assertNotEqual(self.pids()[0], web)
        self.assertNotEqual(self.pids()[1], user)

    def test_a_restart_is_called_one_and_why(self):
        self.up_web(on_change="restart")
        self.write_web("two\n", "restart")
        plan = self.stack("plan", environment={"WORD": "first"}).out
        self.assertIn("~ restart container " + self.project + "-web-1  (x-stack.on_change: restart)\n", plan)
        self.assertRegex(plan, r"  configs: .*old-text.* -> .*new-text.* \(stack\.yaml:")
        self.assertIn("~ restart container " + self.project + "-user-1  (web is restarted)\n", plan)
        self.up_web("two\n", on_change="restart")
        self.assertIn("restart container " + self.project + "-web-1 (configs, x-stack.on_change: restart)",
                      self.stack("history").out)

    def test_what_a_start_has_read_is_there(self):
        self.up_web(on_change="signal:SIGHUP")
        self.write_web("two\n", "signal:SIGHUP")
        self.stack("restart", "-t", "0", "web", environment={"WORD": "first"})
        self.assertEqual(self.texts(), "two\nfirst")
        self.assertIn("nothing to change", self.stack("plan", environment={"WORD": "first"}).out)
        stacktest.eventually(lambda: self.started() == 2, "the trap is set")
        self.assertIn("nothing to change", self.up_web("two\n", on_change="signal:SIGHUP").err)
        self.assertNotIn("heard", self.log("web"))
        self.up_web("one\n", on_change="signal:SIGHUP")
        stacktest.eventually(lambda: "heard\none\n" in self.log("web"), "it has read the first text again")
        self.assertIn("nothing to change", self.up_web("one\n", on_change="signal:SIGHUP").err)

    def test_nothing_happens_before_the_next_start(self):
        before = self.change("none", text="two\n", word="second")
        self.assertEqual((self.ids(), self.pids()), before)
        self.assertEqual(self.texts(), "one\nfirst")
        self.assertIn("nothing to change", self.up_web("two\n", word="second", on_change="none").err)
        self.stack("restart", "-t", "0", "web")
        self.assertEqual(self.texts(), "two\nsecond")

    def test_without_it_another_text_is_another_container(self):
        ids, _ = self.change(None, text="two\n")
        self.assertNotEqual(self.ids()["web"], ids["web"])
        self.assertEqual(self.texts(), "two\nfirst")

    def test_another_mode_is_another_container(self):
        self.up_web(on_change="none")
        before = self.ids()["web"]
        self.write_web("one\n", "none")
        file = self.directory / "stack.yaml"
        file.write_text(file.read_text().replace("mode: 0440", "mode: 0444"))
        self.stack("up", "-d", environment={"WORD": "first"})
        self.assertNotEqual(self.ids()["web"], before)

    def test_the_plan_says_so(self):
        self.up_web(on_change="signal:SIGHUP")
        self.write_web("two\n", "signal:SIGHUP")
        graph = self.stack("plan", "--format", "graph", environment={"WORD": "first"}).out
        self.assertIn("update container", graph)
        self.assertIn("send SIGHUP to container", graph)
        self.assertNotIn("create container", graph)

    def test_a_word_that_is_none(self):
        self.write_web("one\n", "reload")
        failed = self.stack("up", "-d", environment={"WORD": "first"}, expect=3)
        self.assertRegex(failed.err, r"stack.yaml:\d+:\d+.*on_change")
        self.assertIn("signal:SIGHUP", failed.err)


if __name__ == "__main__":
    stacktest.main()
