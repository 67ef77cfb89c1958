# SPDX-License-Identifier: Apache-2.0
"""Every folder of examples/ runs, does what its README says, and leaves nothing but its data."""

import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
import unittest
from pathlib import Path

import inventory
import stacktest
import transcript
import world

EXAMPLES = stacktest.PROJECT_ROOT / "examples"
CACHE = Path(os.environ.get("STACK_TEST_CACHE", "/var/tmp/stack-system-tests"))
FOLDERS = sorted(readme.parent for readme in EXAMPLES.glob("*/README.md"))
TOOL = stacktest.PROJECT_ROOT.parent / "shared/tools/inventory.sh"
# What no namespace divides: locks of open files, modules, loop devices and swap are the whole
# machine's, and other tests run beside this one.
OF_THE_MACHINE = "^(flock|module|loop|swap) "


def prepare_outside():
    """The images of Debian's packages, as the READMEs say: made where the packages are reached, kept for
    the next run. Its world finds them because STACK_ROOT is this folder."""
    os.environ["STACK_TEST_ROOT"] = str(CACHE / "root")
    for leftover in ("stacks", "volumes"):  # of a run that was killed
        shutil.rmtree(CACHE / "root" / leftover, ignore_errors=True)
    CACHE.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as links:
        environment = {**transcript.shell_environment(Path(links), stacktest.STACK),
                       "STACK_ROOT": os.environ["STACK_TEST_ROOT"], "STACK_RUN": str(CACHE / "run")}
        problem = transcript.prepare_images([folder / "README.md" for folder in FOLDERS], environment)
    if problem:
        print(problem)
        sys.exit(1)


class Example(stacktest.StackTest):
    def setUp(self):
        super().setUp()
        # A copy: an example may write into its folder, and its folder is not ours.
        shutil.rmtree(self.directory)
        shutil.copytree(EXAMPLES / self.name, self.directory)

    def snapshot(self):
        """The shared inventory tool's view, where it is there; else our own."""
        folders = [str(folder) for folder in self.state_folders()]
        if not TOOL.exists():
            return None
        environment = {**os.environ, "INV_SKIP": "key", "INV_IGNORE": OF_THE_MACHINE}
        return subprocess.run([TOOL, "snap", *folders], capture_output=True, text=True, check=True,
                              env=environment).stdout.splitlines()

    def up_and_down_leaves_only(self, allowed):
        """Residue by both inventories: `allowed` picks the lines that are data."""
        before = self.snapshot()
        self.stack("up", "-d")
        self.stack("down")
        stacktest.eventually(lambda: not [l for l in self.residue() if not allowed(l)],
                             "nothing but data is left", deadline=5)
        if before is None:
            print(f"{TOOL} is not there: our own inventory only", file=sys.stderr)
            return
        left = []
        def clean():
            left[:] = [line for line in inventory.difference(before, self.snapshot())
                       if not allowed(line) and not is_lasting(line)]
            return not left
        try:
            stacktest.eventually(clean, "the shared inventory is clean", deadline=5)
        except AssertionError:
            self.fail("left:\n" + "\n".join(left))


def is_lasting(line):
    data, run = os.environ["STACK_ROOT"], os.environ["STACK_RUN"]
    return any(line.rstrip().endswith(path) for path in
               (f"{data}/stacks", f"{data}/volumes", f"{run}/stacks", f" {run}")) or (
        line.startswith("- file absent")) or (f" {run}/" in line and line.endswith("lock"))


class Hello(Example):
    name = "hello"

    def test_hello_answers(self):
        self.stack("up", "-d")
        self.await_page("http://127.0.0.1:8000/", "Hello from a container.\n")

    def test_hello_leaves_nothing(self):
        self.up_and_down_leaves_only(lambda line: False)


class PostgresData(Example):
    name = "postgres-data"

    def rows(self, **options):
        code, page = self.fetch(f"http://127.0.0.1:8080/", **options)
        return [line for line in page.splitlines() if "seed job" in line] if code == 0 else []

    def test_postgres_rows_live_as_long_as_they_should(self):
        self.stack("up", "-d")
        stacktest.eventually(lambda: len(self.rows()) == 1, "the row that the seed job wrote")
        code, page = self.fetch(f"http://{world.HOST_ADDRESS}:8080/")
        self.assertIn("1 | ", page)
        self.assertIn("1 | ", self.fetch(f"http://{world.HOST_ADDRESS}:8080/", from_lan=True)[1])

        again = self.stack("up", "-d")
        self.assertRegex(again.err, "(?i)nothing (had )?to (change|do)|up to date")
        self.assertEqual(len(self.rows()), 1)

        self.stack("down")
        self.stack("up", "-d")
        stacktest.eventually(lambda: len(self.rows()) == 2, "the old row and a new one")

        before = self.ps()
        plan = self.stack("plan", environment={"LOG_STATEMENT": "ddl"}).out
        self.assertRegex(plan, r"command.*none.*ddl.*stack.yaml:\d+")
        self.stack("up", "-d", environment={"LOG_STATEMENT": "ddl"})
        self.assertNotEqual(self.ps()["db"]["ID"], before["db"]["ID"])
        self.assertEqual(self.ps()["dbdata"]["ID"], before["dbdata"]["ID"])
        stacktest.eventually(lambda: len(self.rows()) >= 2, "the rows after a recreate of db")

        self.stack("down", "-v")
        self.stack("up", "-d")
        stacktest.eventually(lambda: len(self.rows()) == 1, "a fresh database after down -v")

    def test_postgres_leaves_only_its_volume(self):
        volumes = str(Path(os.environ["STACK_ROOT"]) / "volumes")
        self.up_and_down_leaves_only(lambda line: volumes in line)
        self.stack("down", "-v")


class Built(Example):
    """Examples whose image is built on the way; it is removed at the end, and what it was built from stays."""

    def tearDown(self):
        self.stack("down", "-v", "-t", "1")
        for row in stacktest.run_stack("image", "ls", "--format", "json").lines:
            image = json.loads(row)
            if image["Repository"].startswith(self.name + "-") or image["Repository"] == "<none>":
                stacktest.run_stack("image", "rm", "-f", image["ID"])
        super().tearDown()

    def up_built(self, *arguments, **options):
        return self.stack("up", "-d", "--build", *arguments, timeout=550, **options)


class Readmes(Built):
    """What each README shows is what one sees: a test for each folder, which is called as it is at home."""

    @property
    def name(self):
        return self.project

    def follow(self):
        transcript.check(EXAMPLES / self.name / "README.md", self.directory,
                         transcript.shell_environment(world.HOME / "bin", stacktest.STACK))


for folder in FOLDERS:
    setattr(Readmes, f"test_{folder.name.replace('-', '_')}", Readmes.follow)


class Folders(unittest.TestCase):
    def test_each_has_a_readme_and_is_named_in_the_list(self):
        self.assertEqual([folder.name for folder in FOLDERS], sorted(os.listdir(EXAMPLES)))
        listed = (stacktest.PROJECT_ROOT / "README.md").read_text(encoding="utf-8")
        self.assertEqual([folder.name for folder in FOLDERS if f"`{folder.name}`" not in listed], [])


class FlaskRedis(Built):
    name = "flask-redis"

    def visit(self):
        return self.fetch("http://127.0.0.1:8001/")[1]

    def test_flask_counts_and_a_change_rebuilds_one_layer(self):
        self.up_built("--wait")
        self.assertEqual(self.visit(), "Hello, visitor number 1.\n")
        redis = self.ps()["redis"]["ID"]
        again = self.up_built("--wait")
        self.assertIn("nothing to change", again.err)
        app = self.directory / "app.py"
        app.write_text(app.read_text().replace("visitor number", "guest"))
        changed = self.up_built("--wait")
        self.assertIn("CACHED", changed.err)
        self.assertEqual(self.visit(), "Hello, guest 2.\n")
        self.assertEqual(self.ps()["redis"]["ID"], redis)
        self.stack("down", "-t", "5")
        self.up_built("--wait")
        self.assertEqual(self.visit(), "Hello, guest 3.\n")


    def test_what_is_built_on_a_debian_image_is_not_taken_for_it(self):
        make, = [step.command.split()[1:] for step in transcript.read(self.directory / "README.md")
                 if " flask:12 " in step.command]
        before = self.stack(*make).out
        app = self.directory / "app.py"
        app.write_text(f"{app.read_text()}# {time.time()}: not from the cache, so that it is the newest image\n")
        self.up_built()
        self.assertEqual(self.stack(*make).out, before)


class NginxStatic(Built):
    name = "nginx-static"

    def test_nginx_serves_and_takes_another_configuration(self):
        self.up_built("--wait")
        self.assertIn("<h1>Static: index</h1>", self.fetch("http://127.0.0.1:8002/")[1])
        self.assertIn("two stages", self.fetch("http://127.0.0.1:8002/about.html")[1])
        before = self.ps()["web"]["ID"]
        config = self.directory / "nginx.conf"
        config.write_text(config.read_text().replace("index index.html", "index about.html"))
        self.up_built()
        stacktest.eventually(lambda: "two stages" in self.fetch("http://127.0.0.1:8002/")[1], "another index")
        self.assertEqual(self.ps()["web"]["ID"], before)
        self.up_built("--wait", environment={"TITLE": "Other"})
        self.assertIn("<h1>Other: index</h1>", self.fetch("http://127.0.0.1:8002/index.html")[1])


class CppMultistage(Built):
    name = "cpp-multistage"

    def test_a_compiled_program_alone_in_its_image(self):
        self.up_built("--wait")
        self.assertEqual(self.fetch("http://127.0.0.1:8003/"), (0, "Hello from C++.\n"))
        row, = [json.loads(row) for row in self.stack("image", "ls", "--format", "json").lines
                if "cpp-multistage" in row]
        archive = self.directory / "image.tar"
        self.stack("export", "web", "-o", str(archive))
        files = subprocess.run(["tar", "tf", str(archive)], capture_output=True, text=True, check=True).stdout.split()
        self.assertIn("server", [name.removeprefix("./").strip("/") for name in files])
        self.assertNotIn("usr", [name.removeprefix("./").strip("/") for name in files], row)


class MqttIot(Example):
    name = "mqtt-iot"
    PERIOD = [12, 13, 12, 11]  # what the sensor in the cellar says, over and over

    def recorded(self):
        text = self.stack("run", "--rm", "--no-deps", "-T", "recorder", "cat", "/var/lib/mosquitto/readings").out
        return [int(line.split()[1]) for line in text.splitlines() if line.startswith("sensors/cellar ")]

    def await_readings(self, count):
        return stacktest.eventually(lambda: (read := self.recorded())[count:] and read, f"{count} readings")

    def test_the_recorder_misses_nothing_while_it_is_away(self):
        self.stack("up", "-d")
        self.await_readings(2)
        self.stack("stop", "recorder")
        before = len(self.recorded())
        for _ in range(3):  # as many more, by the broker's word
            self.inside("broker", "mosquitto_sub", "-t", "sensors/cellar", "-C", "1")
        self.assertEqual(len(self.recorded()), before)
        self.stack("start", "recorder")
        read = self.await_readings(before + 3)
        self.assertEqual(read, [self.PERIOD[n % 4] for n in range(len(read))])


class Etcd3(Example):
    name = "etcd-3"
    NODES = ("etcd1", "etcd2", "etcd3")

    def etcdctl(self, node, *words, **options):
        return self.stack("exec", "-T", node, "etcdctl", *words, **options)

    def test_each_node_may_die_and_no_write_is_lost(self):
        self.stack("up", "-d", "--wait")
        for number, dies in enumerate(self.NODES):
            self.stack("kill", dies)
            lives = self.NODES[(number + 1) % 3]
            # Its last word may have gone to the one that led and is dead: then it is said again.
            stacktest.eventually(lambda: self.etcdctl(lives, "--command-timeout=2s", "put", f"without-{dies}",
                                                      str(number), expect=None).code == 0, f"a write without {dies}")
            self.stack("start", "--wait", dies)
            self.assertEqual(self.etcdctl(dies, "get", f"without-{dies}").out, f"without-{dies}\n{number}\n")
        self.stack("down")
        self.stack("up", "-d", "--wait")
        self.assertEqual(len(self.etcdctl("etcd1", "get", "--prefix", "without-", "--keys-only").out.split()), 3)


class Prometheus(Example):
    name = "prometheus"

    def ask(self, query):
        return self.inside("prometheus", "promtool", "query", "instant", "http://localhost:9090", query)

    def test_prometheus_takes_another_configuration(self):
        self.stack("up", "-d", "--wait")
        before = self.ps()["prometheus"]["ID"]
        rules = self.directory / "rules.yml"
        rules.write_text(rules.read_text().replace("job:visits:sum", "job:answers:sum"))
        self.assertRegex(self.stack("plan").out, "update container prometheus-prometheus-1")
        self.stack("up", "-d")
        self.fetch("http://127.0.0.1:8006/")
        stacktest.eventually(lambda: "=> 1 " in self.ask("job:answers:sum"), "the rule under its new name")
        self.assertEqual(self.ps()["prometheus"]["ID"], before)
        # A measurement that took longer than its interval counts as none until the next one.
        stacktest.eventually(lambda: re.search(r"=> [\d.e+]+ @", self.ask("node_memory_MemTotal_bytes")),
                             "a measurement of the machine's memory")


class FlaskPostgresNginx(Built):
    name = "flask-postgres-nginx"
    URL = "http://127.0.0.1:8005/"

    def setUp(self):
        super().setUp()
        self.write("db_password", "not-told-to-anybody\n")

    def post(self, text):
        return subprocess.run(["curl", "-s", "--max-time", "5", "-d", f"text={text}", self.URL],
                              capture_output=True, text=True, check=True).stdout

    def test_notes_outlive_their_containers_and_the_secret_is_where_it_must_be(self):
        self.up_built("--wait")
        self.assertEqual(self.post("one"), "kept as 1\n")
        self.stack("down")
        self.up_built("--wait")
        self.assertEqual(self.post("two"), "kept as 2\n")
        self.assertEqual(self.fetch(self.URL), (0, "1. one\n2. two\n"))
        self.assertEqual(self.post(""), "a note needs a text\n")
        self.assertNotIn("applied", self.log("app"))  # there was nothing to do
        self.stack("exec", "-T", "proxy", "cat", "/run/secrets/db_password", expect=1)
        self.stack("exec", "-T", "proxy", "getent", "hosts", "db", expect=2)
        self.assertEqual(self.inside("app", "cat", "/run/secrets/db_password"), "not-told-to-anybody\n")


if __name__ == "__main__":
    stacktest.main(prepare_outside, image=False)
