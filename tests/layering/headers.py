# SPDX-License-Identifier: Apache-2.0
"""Headers that say what they use. Compiling each alone shows it exactly (the target
all_verify_interface_header_sets) and takes minutes; this takes the names of the standard library and of the
libraries whose headers are precompiled, which hide what is missing, and finds who includes what."""

import re
from pathlib import Path

from layering import MAY_USE

# What gives a name: one of these, by the header itself or by one of ours that it includes.
PROVIDERS = {
    r"std::(?:w|u8)?string\b": {"string"},
    r"std::(?:to_string|getline|stoi)\b": {"string"},
    r"std::string_view\b": {"string_view", "string"},
    r"std::vector\b": {"vector"},
    r"std::array\b": {"array"},
    r"std::deque\b": {"deque"},
    r"std::list\b": {"list"},
    r"std::(?:multi)?map\b": {"map"},
    r"std::(?:multi)?set\b": {"set"},
    r"std::unordered_(?:multi)?map\b": {"unordered_map"},
    r"std::unordered_(?:multi)?set\b": {"unordered_set"},
    r"std::(?:optional|nullopt|nullopt_t)\b": {"optional"},
    r"std::(?:variant|monostate|visit|get_if|holds_alternative)\b": {"variant"},
    r"std::span\b": {"span"},
    r"std::(?:unique_ptr|shared_ptr|weak_ptr|make_unique|make_shared|enable_shared_from_this)\b": {"memory"},
    r"std::(?:function|reference_wrapper|hash|less|greater)\b": {"functional"},
    r"std::chrono\b": {"chrono"},
    r"std::filesystem\b": {"filesystem"},
    r"std::u?int(?:8|16|32|64|ptr|max)_t\b": {"cstdint"},
    r"std::(?:move|forward|pair|exchange|swap|in_place)\b(?!\s*_)": {
        "utility", "string", "vector", "map", "memory", "functional", "optional", "variant", "set", "array",
        "deque", "span", "tuple", "chrono", "filesystem", "string_view", "algorithm", "atomic", "mutex", "thread"},
    r"std::(?:tuple|tie)\b": {"tuple"},
    r"std::(?:sort|find_if|any_of|all_of|none_of|min|max|clamp|ranges::(?:sort|find|any_of|all_of))\b": {
        "algorithm"},
    r"std::initializer_list\b": {"initializer_list", "string", "vector", "map", "set"},
    r"std::(?:exception_ptr|exception|current_exception)\b": {"exception", "stdexcept", "string", "memory"},
    r"std::(?:runtime_error|logic_error|system_error)\b": {"stdexcept", "system_error", "string"},
    r"std::atomic\b": {"atomic", "memory"},
    r"std::(?:mutex|lock_guard|unique_lock|scoped_lock)\b": {"mutex"},
    r"std::(?:thread|jthread)\b": {"thread"},
    r"std::(?:ostream|istream)\b": {"iosfwd", "ostream", "istream", "iostream", "fstream", "sstream"},
    r"std::FILE\b": {"cstdio"},
    r"fmt::": {"fmt/format.h", "fmt/core.h"},
    r"nlohmann::": {"nlohmann/json.hpp", "nlohmann/json_fwd.hpp"},
    r"\bboost::asio::|\basio::": {"boost/asio/"},
    r"\bDIR\b": {"dirent.h"},
    r"\bstruct stat\b": {"sys/stat.h"},
    r"\b(?:pid|uid|gid|mode|off|dev|ino|ssize)_t\b": {
        "sys/types.h", "unistd.h", "sys/stat.h", "sys/socket.h", "fcntl.h", "signal.h", "dirent.h", "sched.h",
        "sys/wait.h", "sys/mman.h"},
}

# What stands at the margin of a header, whole or announced.
_DECLARED = re.compile(r"^(?:struct|class|enum(?: class)?|using) (\w+)\b[^;{=\n]*[{=]", re.MULTILINE)
_ANNOUNCED = re.compile(r"\b(?:struct|class|enum class|using|typename) (\w+)\b")
_INCLUDE = re.compile(r'^\s*#\s*include\s*(?:<([^>]+)>|"([^"]+)")', re.MULTILINE)
_WORDLESS = re.compile(r'//[^\n]*|/\*.*?\*/|"(?:\\.|[^"\\\n])*"', re.DOTALL)


def _emptied(comment):
    return "" if comment.group().startswith("//") else " "


def _included(root, name, known):
    """What `name` includes of others, directly or by our own headers."""
    if name not in known:
        known[name] = set()  # of a circle: what is there so far
        found = set()
        for library, own in _INCLUDE.findall((root / name).read_text(encoding="utf-8")):
            found |= {library} if library else {own} | _included(root, own, known)
        known[name] = found
    return known[name]


def _provides(includes, providers):
    return any(each in includes or (each.endswith("/") and any(name.startswith(each) for name in includes))
               for each in providers)


def _homes(texts):
    """Types of ours that one header alone declares."""
    homes = {}
    for name, text in texts.items():
        for declared in set(_DECLARED.findall(text)):
            homes.setdefault(declared, []).append(name)
    return {declared: names[0] for declared, names in homes.items() if len(names) == 1}


def _may_mean(name, home):
    folder, other = name.split("/")[0], home.split("/")[0]
    return other == folder or other in MAY_USE.get(folder, ())


def _lacks_of_ours(name, texts, homes, includes):
    words = set(re.findall(r"(?<![.>\w])\w+\b", texts[name]))
    for own in {name} | (includes & set(texts)):
        words -= set(_ANNOUNCED.findall(texts[own]))
    return [f'{name}: {word} wants "{homes[word]}"' for word in sorted(words & set(homes))
            if homes[word] not in includes | {name} and _may_mean(name, homes[word])]


def headers_that_lack(root):
    """One line for each header and name that nobody provides: "base/fd.h: std::vector wants <vector>"."""
    root = Path(root)
    texts = {path.relative_to(root).as_posix(): _WORDLESS.sub(_emptied, path.read_text(encoding="utf-8"))
             for path in sorted(root.rglob("*.h"))}
    known, lacks, homes = {}, [], _homes(texts)
    for name, text in texts.items():
        includes = _included(root, name, known)
        for pattern, providers in PROVIDERS.items():
            use = re.search(pattern, text)
            if use and not _provides(includes, providers):
                lacks.append(f"{name}: {use.group()} wants <{sorted(providers)[0]}>")
        lacks += _lacks_of_ours(name, texts, homes, includes)
    return lacks
