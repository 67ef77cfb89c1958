// SPDX-License-Identifier: Apache-2.0
// Any bytes as a YAML file: a tree with places inside the file, or a mistake with one.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>

#include "spec/source_bytes.h"
#include "spec/yaml_tree.h"

namespace {

using namespace stack::spec;

void check_places(const Node& node, std::uint32_t lines) {
  if (node.place.line == 0 || node.place.line > lines) std::abort();
  for (const auto& item : node.items) check_places(item, lines);
  for (const auto& entry : node.entries) check_places(entry.value, lines);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto text = as_source_text({reinterpret_cast<const char*>(data), size});
  Diagnostics diagnostics;
  Reporter reporter(diagnostics, Purpose::show);
  const auto file = reporter.add_file("file.yaml", text);
  if (check_bytes(file, reporter)) {
    const auto lines = static_cast<std::uint32_t>(std::ranges::count(text, '\n') + 2);
    for (const auto& document : parse_yaml(file, reporter)) check_places(document, lines);
  }
  diagnostics.to_text();
  return 0;
}
