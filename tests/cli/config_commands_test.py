#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""`config` with its listings, `lint`, `explain` and `schema`: what they print and how they exit.

They read files only, so they run as anybody. Usage: STACK=path config_commands_test.py
"""

import json
import os
import subprocess
import tempfile
import textwrap
import unittest
from pathlib import Path

STACK = str(Path(os.environ["STACK"]).resolve())

FILE = """
    name: shop
    services:
      web:
        image: nginx:${TAG:-1.27}
        ports: ["8080:80"]
        profiles: [front]
      db:
        image: postgres:${PG:?which}
        volumes: ["data:/data"]
      tool:
        build: .
    volumes: {data: }
"""


class ConfigTest(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = Path(folder.name)
        self.write("compose.yaml", FILE)
        self.write(".env", "PG=16\n")

    def write(self, name, text):
        (self.folder / name).write_text(textwrap.dedent(text))

    def run_stack(self, *arguments, expect=0):
        ran = subprocess.run([STACK, *arguments], cwd=self.folder, capture_output=True, text=True,
                             env={"PATH": "/usr/bin:/bin"})
        self.assertEqual(ran.returncode, expect, ran.stderr)
        return ran

    def out(self, *arguments, **options):
        return self.run_stack(*arguments, **options).stdout

    # --- config ----------------------------------------------------------------------------------

    def test_listings_of_active_services(self):
        self.assertEqual(self.out("config", "--services"), "db\ntool\n")
        self.assertEqual(self.out("--profile", "*", "config", "--services"), "db\ntool\nweb\n")
        self.assertEqual(self.out("config", "--images"), "postgres:16\nshop-tool\n")
        self.assertEqual(self.out("config", "--volumes"), "data\n")

    def test_profiles_are_those_of_all_services(self):
        self.assertEqual(self.out("config", "--profiles"), "front\n")

    def test_variables_with_their_defaults(self):
        self.assertEqual(self.out("config", "--variables").splitlines()[1:],
                         ["PG                  true                                    ",
                          "TAG                 false               1.27                "])
        self.assertEqual(json.loads(self.out("config", "--variables", "--format", "json"))["TAG"],
                         {"Name": "TAG", "DefaultValue": "1.27", "PresenceValue": "",
                          "Required": False})

    def test_environment_has_the_env_file(self):
        self.assertIn("PG=16\n", self.out("config", "--environment"))
        self.assertIn("COMPOSE_PROJECT_NAME=shop\n", self.out("config", "--environment"))

    def test_hashes_are_docker_composes(self):
        # docker compose 2.40.3 config --hash db
        self.write("compose.yaml", "name: x\nservices: {db: {image: 'postgres:16'}}\n")
        self.assertEqual(self.out("config", "--hash", "*"),
                         "db 3cd93f93ba0fa523c43085de0fed0b15ed3e7baa0cce135c330e74375b2c9a2a\n")
        self.assertIn("no such service: web",
                      self.run_stack("config", "--hash", "web", expect=1).stderr)

    def test_a_service_that_is_none_is_answered_with_the_nearest(self):
        self.write("compose.yaml", "name: x\nservices: {database: {image: 'postgres:16'}}\n")
        for arguments, code in ((("config", "databse"), 3), (("config", "--hash", "databse"), 1)):
            self.assertIn('did you mean "database"?', self.run_stack(*arguments, expect=code).stderr)

    def test_output_goes_to_a_file(self):
        self.run_stack("config", "--format", "json", "-o", "out.json")
        self.assertEqual(json.loads((self.folder / "out.json").read_text())["name"], "shop")

    def test_why_names_place_and_rule(self):
        self.write("compose.override.yaml", "services: {db: {image: 'postgres:17'}}\n")
        self.assertEqual(self.out("config", "--why", "services.db.image"),
                         'services.db.image: "postgres:17"\n'
                         '    compose.override.yaml:1:24  overrides "postgres:16" at '
                         'compose.yaml:9:12 (variables replaced in "postgres:${PG:?which}", '
                         'PG from .env:1)\n')
        told = json.loads(self.out("config", "--why", "services.db.volumes[0]", "--format", "json"))
        self.assertEqual(told, [{"path": "services.db.volumes[0]", "value": "data:/data",
                                 "file": "compose.yaml", "line": 10, "column": 15, "reasons": []}])

    def test_why_of_nothing_has_a_hint(self):
        said = self.run_stack("config", "--why", "services.dbb", expect=1).stderr
        self.assertIn('services has no "dbb"', said)
        self.assertIn('did you mean "db"?', said)

    def test_images_are_pinned_to_what_registries_call_them(self):
        pinned = "nginx@sha256:" + "a" * 64
        self.write("compose.yaml", f"services: {{web: {{image: '{pinned}'}}, tool: {{build: .}}}}")
        self.assertEqual(self.out("config", "--lock-image-digests"),
                         f'services:\n  web:\n    image: "{pinned}"\n')
        shown = json.loads(self.out("config", "--resolve-image-digests", "--format", "json"))
        self.assertEqual(shown["services"]["web"]["image"], pinned)
        self.write("compose.yaml", "services: {web: {image: 'localhost:1/nginx:1'}}")
        self.assertIn("looking up the digest of localhost:1/nginx:1",
                      self.run_stack("config", "--resolve-image-digests", expect=1).stderr)

    # --- lint ------------------------------------------------------------------------------------

    def test_lint_of_a_good_file(self):
        self.write("compose.yaml", "services: {web: {image: 'nginx:1'}}\n")
        self.assertEqual(self.out("lint", "--strict"), "Nothing to complain about.\n")

    def test_warnings_fail_only_when_asked_to(self):
        self.write("compose.yaml", "services: {web: {image: nginx}}\n")
        self.assertIn("[untagged-image]", self.out("lint"))
        self.run_stack("lint", "--strict", expect=1)

    def test_lint_as_json_has_all_mistakes_of_all_files(self):
        self.write("a.yaml", "services:\n\tweb: {}\n")
        self.write("b.yaml", "services: {web: {image: x, prots: []}}\n")
        items = json.loads(self.out("-f", "a.yaml", "-f", "b.yaml", "lint", "--format", "json",
                                    expect=3))
        errors = [i for i in items if i["severity"] == "error"]
        self.assertEqual([(i["id"], i["file"], i["line"]) for i in errors],
                         [("yaml-syntax", "a.yaml", 2), ("unknown-key", "b.yaml", 1)])
        self.assertEqual(errors[1]["hint"], 'did you mean "ports"?')
        self.assertEqual((errors[1]["column"], errors[1]["endColumn"]), (28, 33))

    # --- explain, schema -------------------------------------------------------------------------

    def test_explain(self):
        self.assertIn("unknown-key", self.out("explain"))
        page = self.out("explain", "unset-variable")
        self.assertIn("unset-variable (warning)", page)
        self.assertIn("# stack: ignore unset-variable", page)
        self.assertIn("did you mean unset-variable?",
                      self.run_stack("explain", "unset-varable", expect=1).stderr)

    def test_schema_goes_to_a_file(self):
        self.run_stack("schema", "-o", "s.json")
        schema = json.loads((self.folder / "s.json").read_text())
        self.assertIn("services", schema["properties"])


if __name__ == "__main__":
    unittest.main()
