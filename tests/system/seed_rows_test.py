# SPDX-License-Identifier: Apache-2.0
"""Whether each row of the tutorial has tests, and whether those exist. Runs nothing of them, as anybody."""

import ast
import unittest
from pathlib import Path

import seed_rows

FOLDER = Path(__file__).parent


def tests_in(path):
    """Each as CLASS.TEST, with those of the classes that it has from others in the file."""
    classes = {node.name: node for node in ast.parse(path.read_text(encoding="utf-8")).body
               if isinstance(node, ast.ClassDef)}
    return {f"{name}.{member.name}" for name, node in classes.items() for member in node.body
            if isinstance(member, ast.FunctionDef) and member.name.startswith("test_")}


class Rows(unittest.TestCase):
    def test_each_row_is_there(self):
        wanted = [str(number) for number in range(1, seed_rows.LAST + 1)] + list(seed_rows.SUBROWS)
        self.assertEqual(sorted(seed_rows.ROWS), sorted(wanted))

    def test_each_row_has_tests_that_exist(self):
        for number, (what, names) in seed_rows.ROWS.items():
            with self.subTest(row=number, what=what):
                self.assertTrue(names.split())
                for name in names.split():
                    file, _, test = name.partition(".")
                    self.assertIn(test, tests_in(FOLDER / f"{file}_test.py"))

    def test_what_is_named_is_run(self):
        """Each file is in the list that is given to ctest."""
        registered = (FOLDER / "CMakeLists.txt").read_text(encoding="utf-8").split()
        files = {name.partition(".")[0] for _, names in seed_rows.ROWS.values() for name in names.split()}
        self.assertEqual([file for file in sorted(files) if file not in registered], [])


if __name__ == "__main__":
    unittest.main()
