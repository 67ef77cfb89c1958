#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""The schema that `stack schema` prints accepts what the loader accepts, and marks mistakes.

Usage: json_schema_test.py STACK [FOLDER...]   each FOLDER is searched for files that are right.
"""

import json
import re
import subprocess
import sys
from pathlib import Path

try:
    import jsonschema
    import yaml
except ImportError as missing:
    print(f"skipped: {missing}")
    sys.exit(77)

TYPES = {"null": r"^(?:~|null|Null|NULL|)$", "bool": r"^(?:true|True|TRUE|false|False|FALSE)$",
         "int": r"^[-+]?(?:0|[1-9][0-9]*)$", "float": r"^[-+]?[0-9]+\.[0-9]+$"}


class Loader(yaml.SafeLoader):
    """YAML as the loader has it: yes is text, 22:22 too, and keys are text."""

    def construct_mapping(self, node, deep=False):
        self.flatten_mapping(node)
        return {key.value: self.construct_object(value, deep=True) for key, value in node.value
                if value.tag not in ("!reset", "!override")}


def prepare_loader():

    Loader.yaml_implicit_resolvers = {}
    for name, pattern in TYPES.items():
        Loader.add_implicit_resolver(f"tag:yaml.org,2002:{name}", re.compile(pattern), None)
    merge = re.compile(r"^<<$")
    Loader.add_implicit_resolver("tag:yaml.org,2002:merge", merge, ["<"])
    for tag in ("!reset", "!override"):
        Loader.add_constructor(tag, lambda loader, node: None)


RIGHT = """
services:
  web:
    image: nginx
    build: .
    ports: [80, "8080:80", {target: 90, published: "${PORT}"}]
    environment: [A=1, B]
    command: run it
    cpus: ${CPUS}
    privileged: ${PRIVILEGED:-false}
    restart: always
    depends_on: [db]
    x-mine: {any: thing}
    x-stack: {ready: {tcp: 5432}}
  db:
    image: postgres
    networks: {back: }
    healthcheck: {test: pg_isready, interval: 5s}
networks: {back: }
x-note: 1
"""

WRONG = {
    "an unknown key": "services: {web: {image: x, prots: []}}",
    "an unknown key of ours": "services: {web: {image: x, x-stack: {redy: auto}}}",
    "a number for text": "services: {web: {image: 5}}",
    "a text for a list": "services: {web: {image: x, ports: '80:80'}}",
    "a word that is no choice":
        "services: {web: {image: x, depends_on: {db: {condition: healthy}}}}",
    "a list for services": "services: [web]",
}


def is_right(stack, file):
    return subprocess.run([stack, "-f", file.name, "config", "-q"], cwd=file.parent,
                          capture_output=True, env={"PATH": "/usr/bin:/bin"}).returncode == 0


def complaints(validator, text):
    found = []
    for document in yaml.load_all(text, Loader):
        if document is not None:
            found += [f"{'.'.join(map(str, e.absolute_path))}: {e.message[:200]}"
                      for e in validator.iter_errors(document)]
    return found


def main():
    stack, folders = str(Path(sys.argv[1]).resolve()), sys.argv[2:]
    prepare_loader()
    schema = json.loads(subprocess.run([stack, "schema"], capture_output=True, check=True).stdout)
    jsonschema.Draft7Validator.check_schema(schema)
    validator = jsonschema.Draft7Validator(schema)
    failed = [f"the right file: {c}" for c in complaints(validator, RIGHT)]
    failed += [f"{name} is accepted" for name, text in WRONG.items()
               if not complaints(validator, text)]
    checked = 0
    for folder in folders:
        for file in sorted(Path(folder).glob("*/*compose.y*ml"))[::5]:
            text = file.read_text(errors="replace")
            if "services:" not in text or not is_right(stack, file):
                continue
            checked += 1
            failed += [f"{file}: {c}" for c in complaints(validator, text)]
    print("\n".join(failed) if failed else f"{checked} files besides, all accepted")
    sys.exit(1 if failed else 0)


if __name__ == "__main__":
    main()
