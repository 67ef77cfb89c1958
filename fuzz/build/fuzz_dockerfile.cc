// SPDX-License-Identifier: Apache-2.0
// Any text as a Dockerfile, its words expanded and its stages planned: Error is the only way out,
// and every place lies inside the text.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>

#include "base/error.h"
#include "build/dockerfile.h"
#include "build/git_reference.h"
#include "build/ignore.h"
#include "build/run_mounts.h"
#include "build/stages.h"

namespace {

using namespace stack::build;

template <typename Work>
void tolerating_errors(Work&& work) {
  try {
    work();
  } catch (const stack::Error&) {
  }
}

void look_at(const Instruction& instruction, char escape) {
  const Lookup lookup = [](const std::string& name) -> std::optional<std::string> {
    if (name == "A") return "some value";
    return std::nullopt;
  };
  tolerating_errors([&] { expand_word(instruction.text, lookup, escape); });
  tolerating_errors([&] { expand_words(instruction.text, lookup, escape); });
  for (const std::string& word : instruction.words)
    tolerating_errors([&] { parse_git_reference(word, ShortNames::are_paths); });
  for (const Heredoc& document : instruction.heredocs)
    tolerating_errors([&] { expand_document(document.content, lookup); });
  for (const std::string& mount : instruction.flag_values("mount"))
    tolerating_errors([&] { parse_run_mount(mount, "/work"); });
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string text(reinterpret_cast<const char*>(data), size);
  const auto lines = 1 + std::count(text.begin(), text.end(), '\n');
  tolerating_errors([&] {
    const Dockerfile file = parse_dockerfile("Dockerfile", text);
    for (const Instruction& instruction : file.instructions) {
      if (instruction.at.line < 1 || instruction.at.line > lines || instruction.at.column < 1)
        std::abort();
      look_at(instruction, file.escape);
    }
    plan_stages(file, {});
  });
  tolerating_errors([&] { IgnoreRules(text).ignores("some/path/of.txt"); });
  return 0;
}
