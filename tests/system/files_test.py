# SPDX-License-Identifier: Apache-2.0
"""Stack files with mistakes: all of them are told at once, with place and hint, and nothing is
touched."""

import unittest

import inventory
import stacktest


class BadFile(stacktest.StackTest):
    def told(self, text, *expected, **options):
        """`up` must refuse `text` with code 3, tell each of `expected`, and touch nothing."""
        self.write_stack(text)
        before = inventory.take([*self.state_folders(), self.directory])
        result = self.stack("up", "-d", expect=3, **options)
        for pattern in expected:
            self.assertRegex(result.err, pattern)
        self.assertIn("Nothing was changed", result.err)
        self.assertEqual(inventory.difference(
            before, inventory.take([*self.state_folders(), self.directory])), [])
        return result.err

    def test_an_unknown_key(self):
        text = self.told("""
            services:
              web:
                image: box:1
                port:
                  - "80"
        """, r'stack.yaml:4:5: error: unknown key "port" in service "web"')
        self.assertRegex(text, r'(?m)^ +4 \|     port:\n +\|     \^\^\^\^ .*did you mean "ports"\?')

    def test_a_tab(self):
        self.told("services:\n  web:\n    image: box:1\n\tports: []\n", r"stack.yaml:4:1: error: .*tab")

    def test_a_line_that_is_indented_too_far(self):
        self.told("services:\n  web:\n    image: box:1\n      ports: []\n", r"stack.yaml:[34]:\d+: error: ")

    def test_a_dependency_that_does_not_exist(self):
        self.told("""
            services:
              db:
                image: box:1
              web:
                image: box:1
                depends_on: [dbb]
        """, r'stack.yaml:6:18: error: .*"web" depends on "dbb", which does not exist',
                  r'did you mean "db"')

    def test_a_circle_of_dependencies(self):
        self.told("""
            services:
              a: {image: "box:1", depends_on: [b]}
              b: {image: "box:1", depends_on: [c]}
              c: {image: "box:1", depends_on: [a]}
        """, r"stack.yaml:\d+:\d+: error: .*a -> b -> c -> a")

    def test_two_bad_ports_at_once(self):
        self.told("""
            services:
              web:
                image: box:1
                ports:
                  - "80800:80"
                  - "8080:http"
        """, r"stack.yaml:5:9: error: .*80800.*(1-65535|out of range)", r"stack.yaml:6:9: error: .*http",
                  "2 errors")

    def test_a_key_that_is_there_twice(self):
        self.told("""
            services:
              web:
                image: box:1
                environment: {A: b}
                environment: {C: d}
        """, r'stack.yaml:5:5: error: .*"environment"', r"line 4")

    def test_a_volume_that_is_not_declared(self):
        self.told("""
            services:
              web:
                image: box:1
                volumes: ["data:/var/lib/data"]
        """, r'stack.yaml:4:\d+: error: .*"data"', r"volumes:")

    def test_a_variable_that_does_not_end(self):
        self.told("""
            services:
              web:
                image: box:${TAG
        """, r"stack.yaml:3:\d+: error: .*\$\{TAG")

    def test_a_variable_that_is_required(self):
        self.told("""
            services:
              web:
                image: box:${TAG:?set TAG to the version}
        """, r"stack.yaml:3:\d+: error: .*TAG.*set TAG to the version")

    def test_values_that_are_none_of_the_known_ones(self):
        self.told("""
            services:
              web:
                image: box:1
                restart: allways
                cpus: lots
                healthcheck: {test: "true", interval: 5 seconds}
        """, r'stack.yaml:4:14: error: .*allways', r'did you mean "always"',
                  r"stack.yaml:5:11: error: .*lots", r"stack.yaml:6:\d+: error: .*5 seconds", "3 errors")

    def test_everything_at_once_sorted_by_line(self):
        text = self.told("""
            services:
              web:
                image: box:1
                port: ["80"]
                depends_on: [dbb]
                restart: allways
        """, "3 errors")
        places = [line.split(":")[1] for line in text.splitlines() if ": error: " in line]
        self.assertEqual(places, ["4", "5", "6"])

    def test_colours_only_for_a_terminal(self):
        self.assertNotIn("\x1b", self.told("services: {web: {image: 'box:1', port: 80}}"))


class Warned(stacktest.StackTest):
    def test_a_dollar_that_was_meant_literally(self):
        result = self.stack("config", "-q", directory=self.write_stack("""
            services:
              web:
                image: box:1
                environment:
                  - PASS=abc$def
        """).parent)
        self.assertRegex(result.err, r"stack.yaml:5:\d+: warning: .*def.*not set")
        self.assertRegex(result.err, r"\$\$")

    def test_a_key_that_is_known_and_not_implemented(self):
        result = self.stack("config", "-q", directory=self.write_stack("""
            services:
              web:
                image: box:1
                credential_spec: {file: x.json}
        """).parent)
        self.assertRegex(result.err, r"stack.yaml:4:5: warning: .*credential_spec")


class Config(stacktest.StackTest):
    def test_config_prints_the_file_as_it_is_understood(self):
        import json
        self.write_stack("""
            name: shop
            services:
              web:
                image: box:${TAG:-1}
                ports: ["8080:80"]
        """)
        found = json.loads(self.stack("config", "--format", "json").out)
        self.assertEqual(found["name"], "shop")
        self.assertEqual(found["services"]["web"]["image"], "box:1")
        self.assertEqual(found["services"]["web"]["ports"],
                         [{"mode": "ingress", "target": 80, "published": "8080", "protocol": "tcp"}])
        self.assertRegex(self.stack("config").out, r"(?m)^name: shop$")


if __name__ == "__main__":
    stacktest.main()
