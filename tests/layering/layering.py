# SPDX-License-Identifier: Apache-2.0
"""Who may include whom, and a reader of the sources that tells who does.

The table is the picture of docs/architecture.md: arrows point down only, siblings are strangers.
"""

import re
from pathlib import Path

WORKSHOPS = {"spec", "image", "volumes", "network", "runtime"}
MAY_USE = {
    "base": set(),
    **{folder: {"base"} for folder in WORKSHOPS},
    "build": {"base", "image", "runtime"},
    "registry": {"base", "image"},
    "supervisor": {"base", "runtime", "network"},
    "orchestrator": {"base", "build", "supervisor"} | WORKSHOPS,
    "cli": {"base", "build", "registry", "supervisor", "orchestrator"} | WORKSHOPS,
}

# Libraries that are not called as their folder.
FOLDER_OF = {"client": "supervisor"}

# Libraries with one home: everybody else goes through that folder's own types.
HOME_OF = {
    "yaml-cpp/": {"spec"},
    "seccomp.h": set(),
    "archive.h": {"image"},
    "archive_entry.h": {"image"},
    "openssl/": {"image", "registry"},
    "ldns/": set(),
    "libmnl/": {"network"},
    "nftables/": {"network"},
    "boost/": {"supervisor", "registry"},
    "CLI/": {"cli"},
    "fmt/": {"base"},
}

INCLUDE = re.compile(r'^\s*#\s*include\s*(?:"([^"]+)"|<([^>]+)>)')
LIBRARY = re.compile(r"stack_library\s*\(\s*(\w+)(.*?)\)", re.DOTALL)
KEYWORDS = {"SOURCES", "HEADERS", "DEPENDS", "ALONE"}


def violations(source_root):
    """Every breach below `source_root` (the src/ folder) as "FILE:LINE: what is wrong"."""
    root = Path(source_root)
    found = []
    for file in sorted(root.rglob("*")):
        if file.suffix in {".h", ".cc"}:
            found += include_violations(root, file)
        elif file.name == "CMakeLists.txt" and file.parent != root:
            found += link_violations(root, file)
    return found


def include_violations(root, file):
    folder = file.relative_to(root).parts[0]
    found = []
    for number, line in enumerate(file.read_text().splitlines(), 1):
        match = INCLUDE.match(line)
        if not match:
            continue
        ours, theirs = match.groups()
        problem = own_include_problem(root, folder, ours) if ours else home_problem(folder, theirs)
        if problem:
            found.append(f"{file.relative_to(root)}:{number}: {problem}")
    return found


def own_include_problem(root, folder, path):
    target = path.split("/")[0]
    if folder not in MAY_USE:
        return f"folder {folder}/ is not in the table of tests/layering/layering.py"
    if "/" not in path or not (root / target).is_dir():
        return f'"{path}": own headers are included as "folder/file.h"'
    if target != folder and target not in MAY_USE[folder]:
        return f"{folder}/ must not include {path}"
    return None


def home_problem(folder, path):
    for prefix, homes in HOME_OF.items():
        if (path == prefix or path.startswith(prefix) and prefix.endswith("/")) and folder not in homes:
            return f"<{path}> belongs to {'/, '.join(sorted(homes))}/ alone" if homes else f"<{path}> is for tests alone"
    return None


def link_violations(root, file):
    found = []
    text = re.sub(r"#.*", "", file.read_text())
    for name, body in LIBRARY.findall(text):
        folder = FOLDER_OF.get(name, name)
        depends = body.split("DEPENDS", 1)[1].split() if "DEPENDS" in body else []
        for word in depends:
            if word in KEYWORDS:
                break
            other = FOLDER_OF.get(word, word)
            if other in MAY_USE and other != folder and other not in MAY_USE.get(folder, set()):
                found.append(f"{file.relative_to(root)}: {name} must not link {word}")
    return found
