#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""The command line as a whole: help, the generated documents, completion, exit codes.

Nothing of it touches a container, so it runs as anybody. Usage: STACK=path command_line_test.py
"""

import os
import re
import shutil
import subprocess
import tempfile
import textwrap
import unittest
from pathlib import Path

STACK = str(Path(os.environ["STACK"]).resolve())
ROOT = Path(__file__).parents[2]


class CommandLineTest(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = Path(folder.name)

    def write(self, name, text):
        (self.folder / name).write_text(textwrap.dedent(text).lstrip())

    def run_stack(self, *arguments, expect=0, program=STACK, **environment):
        ran = subprocess.run([program, *arguments], cwd=self.folder, capture_output=True, text=True,
                             stdin=subprocess.DEVNULL, check=False,
                             env={"PATH": "/usr/bin:/bin", "STACK_ROOT": str(self.folder / "root"),
                                  "STACK_RUN": str(self.folder / "run"), **environment})
        self.assertEqual(ran.returncode, expect, ran)
        return ran

    def out(self, *arguments, **options):
        return self.run_stack(*arguments, **options).stdout


class Help(CommandLineTest):
    def commands(self):
        """Every command that the reference knows, as lists of words."""
        titles = re.findall(r"^### stack (.*)$", self.out("reference", "markdown"), re.MULTILINE)
        return [title.split() for title in titles]

    def test_every_command_has_its_usage_and_an_example(self):
        commands = self.commands()
        self.assertGreater(len(commands), 60)
        for words in commands:
            text = self.out(*words, "--help")
            self.assertTrue(text.startswith(f"Usage: stack {' '.join(words)} [OPTIONS]"), text)
            self.assertIn("\nExample:\n  ", text)
            self.assertEqual(self.out("help", *words), text)
            self.assertLessEqual(max(map(len, text.splitlines())), 100, text)

    def test_a_group_explains_its_commands(self):
        text = self.out("image", "--help")
        self.assertTrue(text.startswith("Usage: stack image COMMAND\n"), text)
        self.assertRegex(text, r"(?m)^  inspect +Show all")
        self.assertEqual(self.out("help", "image"), text)
        self.assertEqual(self.out("image", expect=2), text)

    def test_the_program_lists_commands_and_options(self):
        text = self.out("--help")
        self.assertRegex(text, r"(?m)^  up +Make what runs")
        self.assertRegex(text, r"(?m)^  -f, --file FILE ")
        self.assertNotIn("fail-points", text)
        self.assertEqual(self.out("help"), text)

    def test_exit_codes_are_explained(self):
        text = self.out("help", "exit-codes")
        for code in ("0", "1", "2", "3", "4", "125", "126", "127", "130"):
            self.assertRegex(text, rf"(?m)^  {code} +\S")

    def test_an_unknown_topic_is_answered_with_the_nearest(self):
        self.assertIn('did you mean image inspect?',
                      self.run_stack("help", "image", "inspekt", expect=2).stderr)


class Documents(CommandLineTest):
    def test_the_documentation_is_that_of_the_program(self):
        """To make it anew: stack reference markdown > docs/commands.md"""
        self.assertEqual((ROOT / "docs/commands.md").read_text(), self.out("reference", "markdown"))

    def test_there_is_a_manual_page_for_every_command(self):
        self.run_stack("reference", "package", "share")
        pages = {page.name for page in (self.folder / "share/man/man1").iterdir()}
        self.assertLessEqual({"stack.1", "stack-up.1", "stack-image-ls.1"}, pages)
        self.assertNotIn("stack-fail-points.1", pages)
        page = (self.folder / "share/man/man1/stack-up.1").read_text()
        self.assertIn('.TH STACK-UP 1', page)
        self.assertIn(r".B \-d, \-\-detach", page)
        for script in ("bash-completion/completions/stack", "zsh/vendor-completions/_stack",
                       "fish/vendor_completions.d/stack.fish"):
            self.assertTrue((self.folder / "share" / script).read_text())

    @unittest.skipUnless(shutil.which("groff"), "groff is not installed")
    def test_manual_pages_are_without_mistakes(self):
        self.run_stack("reference", "package", "share")
        pages = sorted((self.folder / "share/man/man1").iterdir())
        ran = subprocess.run(["groff", "-man", "-Tutf8", "-ww", *map(str, pages)],
                             capture_output=True, text=True, check=True)
        self.assertEqual(ran.stderr, "")


class Completion(CommandLineTest):
    def setUp(self):
        super().setUp()
        self.write("stack.yaml", """
            services:
              web: {image: a}
              worker: {image: a, profiles: [extra]}
        """)

    def complete(self, *words):
        return [line.split("\t")[0] for line in self.out("__complete", *words).splitlines()]

    def test_services_are_those_of_the_file(self):
        self.assertEqual(self.complete("up", "w"), ["web", "worker"])
        self.assertEqual(self.complete("--profile", ""), ["extra"])
        self.write("other.yaml", "services: {wide: {image: a}}")
        self.assertEqual(self.complete("-f", "other.yaml", "up", "w"), ["wide"])

    def test_a_broken_file_is_no_reason_to_say_anything(self):
        self.write("stack.yaml", "services: [")
        ran = self.run_stack("__complete", "up", "")
        self.assertEqual((ran.stdout, ran.stderr), ("", ""))

    def bash(self, line):
        """What bash offers for `line`."""
        script = f"""
            source <({STACK} completion bash)
            COMP_LINE={line!r} COMP_POINT=${{#COMP_LINE}}
            _stack
            printf '%s\\n' "${{COMPREPLY[@]}}"
        """
        ran = subprocess.run(["bash", "-c", script], cwd=self.folder, capture_output=True, text=True,
                             env={"PATH": "/usr/bin:/bin", "STACK_ROOT": str(self.folder / "root")},
                             check=True)
        return ran.stdout.split()

    def test_bash_gets_words(self):
        self.assertEqual(self.bash(f"{STACK} ver"), ["version"])
        self.assertEqual(self.bash(f"{STACK} up w"), ["web", "worker"])
        self.assertEqual(self.bash(f"{STACK} --progress=j"), ["json"])
        self.assertEqual(self.bash(f"{STACK} up --trace sta"), ["stack.yaml"])
        self.assertEqual(self.bash(f"{STACK} --file=sta"), ["stack.yaml"])

    def test_names_beside_files_are_not_quoted(self):
        """readline does it where "filenames" is set, and makes web\\: of web:."""
        (self.folder / "we are").mkdir()
        script = f"""
            source <({STACK} completion bash)
            compopt() {{ echo "compopt $*"; }}
            COMP_LINE='{STACK} cp we' COMP_POINT=${{#COMP_LINE}}
            _stack
            printf '%s\\n' "${{COMPREPLY[@]}}"
            COMP_LINE='{STACK} --file=s' COMP_POINT=${{#COMP_LINE}}
            _stack
            complete -p docker-compose
        """
        ran = subprocess.run(["bash", "-c", script], cwd=self.folder, capture_output=True, text=True,
                             env={"PATH": "/usr/bin:/bin", "STACK_ROOT": str(self.folder / "root")},
                             check=True)
        self.assertEqual(ran.stdout.splitlines(), ["compopt -o nospace", "web:", r"we\ are/",
                                                   "compopt -o filenames",
                                                   "complete -F _stack docker-compose"])

    def test_the_scripts_are_scripts(self):
        for shell in ("bash", "zsh", "fish"):
            script = self.out("completion", shell)
            if shutil.which(shell):
                subprocess.run([shell, "-n"], input=script, text=True, check=True)
        self.assertIn("bash, zsh or fish", self.run_stack("completion", "tcsh", expect=2).stderr)


class Conventions(CommandLineTest):
    def test_called_as_docker_compose_mistakes_end_with_1(self):
        alias = self.folder / "docker-compose"
        alias.symlink_to(STACK)
        self.run_stack("up", "--bogus", expect=1, program=str(alias))
        self.run_stack("up", "--bogus", expect=2)
        self.write("compose.yaml", "services: {a: {image: x, prots: []}}")
        self.run_stack("config", expect=1, program=str(alias))
        self.run_stack("config", expect=3)
        self.assertRegex(self.out("version", "--short", program=str(alias)), r"^\d+\.\d+")

    def test_values_that_are_none_are_refused_wherever_they_come_from(self):
        self.write("stack.yaml", "services: {a: {image: x}}")
        self.assertIn("--progress fancy is not known: auto, tty, plain, json, quiet",
                      self.run_stack("config", "--progress", "fancy", expect=2).stderr)
        self.assertIn("--ansi sometimes is not known",
                      self.run_stack("config", expect=2, COMPOSE_ANSI="sometimes").stderr)
        self.run_stack("config", COMPOSE_ANSI="sometimes", STACK_ANSI="never")

    def test_numbers_that_are_none_are_refused_before_anything_is_done(self):
        self.write("stack.yaml", "services: {a: {image: x}}")
        self.assertIn("--parallel takes a number",
                      self.run_stack("--parallel", "x", "config", expect=2).stderr)
        self.assertIn("COMPOSE_PARALLEL_LIMIT",
                      self.run_stack("config", expect=2, COMPOSE_PARALLEL_LIMIT="x").stderr)

    def test_version_speaks_in_every_format(self):
        number = self.out("version", "--short").strip()
        self.assertEqual(self.out("version"), f"stack version {number}\n")
        self.assertEqual(self.out("version", "-f", "json"), f'{{"version":"{number}"}}\n')
        self.assertEqual(self.out("version", "--format", "{{.Os}}-{{.Version}}"),
                         f"linux-{number}\n")
        for half in ("Client", "Server"):
            self.assertEqual(self.out("version", "-f", f"{{{{.{half}.Version}}}} {{{{.{half}.Os}}}}"),
                             f"{number} linux\n")
        self.assertIn("there is no field .Nope",
                      self.run_stack("version", "-f", "{{.Nope}}", expect=2).stderr)


class Graph(CommandLineTest):
    FILE = """
        name: shop
        services:
          web: {image: nginx, depends_on: {db: {condition: service_healthy}}, ports: ["8080:80"]}
          db:
            image: postgres
            volumes: ["data:/data"]
            healthcheck: {test: [CMD, "true"]}
        volumes: {data: }
    """

    def test_a_tree_is_shown_unless_told_otherwise(self):
        self.write("stack.yaml", self.FILE)
        self.assertEqual(self.out("graph"), "web\n└─ db (healthy)\n")
        self.assertEqual(self.out("graph", "--images", "--ports", "--volumes"),
                         "web  nginx, 8080:80\n└─ db  postgres (healthy)\n   └─ volume data\n")
        self.assertEqual(self.out("graph", "db"), "db\n")

    def test_other_formats_can_be_read_by_others(self):
        self.write("stack.yaml", self.FILE)
        self.assertTrue(self.out("graph", "--format", "dot").startswith('digraph "shop" {'))
        self.assertIn("-->|healthy|", self.out("graph", "--format", "mermaid"))
        self.out("graph", "--format", "svg", "-o", "shop.svg")
        self.assertTrue((self.folder / "shop.svg").read_text().startswith("<svg "))
        self.assertIn("tree, dot, mermaid, json or svg",
                      self.run_stack("graph", "--format", "png", expect=2).stderr)


class Init(CommandLineTest):
    def test_the_file_that_is_written_can_be_read(self):
        for name in ("Dockerfile", "package.json", "requirements.txt", "go.mod", "Cargo.toml", None):
            with self.subTest(name):
                if name:
                    self.write(name, "EXPOSE 80\n")
                ran = self.run_stack("init", "--force")
                self.assertIn(f"by what {name} says" if name else "an example", ran.stderr)
                self.run_stack("config", "-q")
                if name:
                    (self.folder / name).unlink()

    def test_what_is_there_is_not_replaced(self):
        self.write("compose.yml", "services: {}")
        self.assertIn("compose.yml is there already; nothing was written",
                      self.run_stack("init", expect=1).stderr)
        self.assertFalse((self.folder / "stack.yaml").exists())


if __name__ == "__main__":
    unittest.main()
