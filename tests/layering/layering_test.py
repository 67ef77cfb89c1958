# SPDX-License-Identifier: Apache-2.0
"""The folders of src/ use each other only as docs/architecture.md allows, and this test notices."""

import re
import sys
import tempfile
import unittest
from pathlib import Path

sys.dont_write_bytecode = True
sys.path.insert(0, str(Path(__file__).parent))
from headers import headers_that_lack  # noqa: E402
from layering import MAY_USE, violations  # noqa: E402

SOURCES = Path(__file__).parents[2] / "src"


class TheProject(unittest.TestCase):
    def test_includes_and_links_point_down_only(self):
        self.assertEqual("\n".join(violations(SOURCES)), "")

    def test_no_loop_awaits_behind_a_condition(self):
        """GCC 12 awaits the second half of `while (a && co_await b)` whatever the first one is."""
        loops = re.compile(r"while \([^;{]*(&&|\|\|)\s*!?co_await")
        found = [path for path in SOURCES.rglob("*.cc") if loops.search(path.read_text(encoding="utf-8"))]
        self.assertEqual(found, [])

    def test_headers_say_what_they_use(self):
        self.assertEqual("\n".join(headers_that_lack(SOURCES)), "")

    def test_every_folder_is_in_the_table(self):
        folders = {entry.name for entry in SOURCES.iterdir() if entry.is_dir()}
        self.assertEqual(folders - set(MAY_USE), set())


class TheReader(unittest.TestCase):
    """Plants one breach of each kind in a small tree."""

    def tree(self, files):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        for name, text in files.items():
            path = Path(folder.name) / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text)
        return folder.name

    def test_a_clean_tree_has_no_violations(self):
        tree = self.tree({
            "base/fd.h": "#pragma once\n",
            "spec/load.cc": '#include "spec/load.h"\n#include "base/fd.h"\n#include <yaml-cpp/yaml.h>\n',
            "spec/CMakeLists.txt": "stack_library(spec SOURCES load.cc DEPENDS base lib::yaml_cpp)\n",
        })
        self.assertEqual(violations(tree), [])

    def test_a_sibling_is_reported_with_file_and_line(self):
        tree = self.tree({
            "network/links.h": "",
            "volumes/store.cc": '// first\n#include "network/links.h"\n',
        })
        self.assertEqual(violations(tree),
                         ["volumes/store.cc:2: volumes/ must not include network/links.h"])

    def test_a_look_upwards_is_reported(self):
        tree = self.tree({"cli/table.h": "", "base/text.h": '#  include "cli/table.h"\n'})
        self.assertEqual(violations(tree), ["base/text.h:1: base/ must not include cli/table.h"])

    def test_an_include_without_its_folder_is_reported(self):
        tree = self.tree({"base/fd.h": "", "base/files.cc": '#include "fd.h"\n'})
        self.assertEqual(violations(tree),
                         ['base/files.cc:1: "fd.h": own headers are included as "folder/file.h"'])

    def test_a_library_outside_its_home_is_reported(self):
        tree = self.tree({"spec/load.cc": "#include <boost/asio.hpp>\n"})
        self.assertEqual(violations(tree),
                         ["spec/load.cc:1: <boost/asio.hpp> belongs to registry/, supervisor/ alone"])

    def test_a_link_against_the_arrows_is_reported(self):
        tree = self.tree({
            "image/CMakeLists.txt": "stack_library(image\n  SOURCES a.cc\n  DEPENDS base runtime)\n",
        })
        self.assertEqual(violations(tree), ["image/CMakeLists.txt: image must not link runtime"])

    def test_a_library_of_another_name_is_its_folders(self):
        tree = self.tree({
            "supervisor/CMakeLists.txt": "stack_library(client SOURCES a.cc DEPENDS base supervisor spec)\n",
            "build/CMakeLists.txt": "stack_library(build SOURCES b.cc DEPENDS base client)\n",
        })
        self.assertEqual(violations(tree), ["build/CMakeLists.txt: build must not link client",
                                            "supervisor/CMakeLists.txt: client must not link spec"])

    def test_a_header_that_lacks_one_is_reported(self):
        tree = self.tree({
            "base/fd.h": "#include <string>\nclass Fd {\n  std::string_view name;\n};\n",
            "base/pipe.h": '#include "base/fd.h"\nstruct Pipe {\n  Fd reading;  // std::vector\n};\n',
            "spec/held.h": "struct Held {\n  Fd fd;\n  std::vector<int> all;\n};\n",
            "spec/told.h": "class Fd;\nvoid tell(const Fd& fd);\n",
        })
        self.assertEqual(headers_that_lack(tree),
                         ["spec/held.h: std::vector wants <vector>", 'spec/held.h: Fd wants "base/fd.h"'])


if __name__ == "__main__":
    unittest.main()
