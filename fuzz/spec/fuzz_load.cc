// SPDX-License-Identifier: Apache-2.0
// Any bytes as a stack file: never a crash, an endless loop or an exception.
#include <cstddef>
#include <cstdint>
#include <string>

#include "spec/load_sources.h"
#include "spec/render.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace stack::spec;
  SourceRequest request;
  const std::string text(reinterpret_cast<const char*>(data), size);
  request.sources.push_back({"/p/stack.yaml", "stack.yaml", text});
  request.surroundings.current_directory = "/p";
  request.surroundings.project_directory = "/p";
  request.surroundings.home = "/home/u";
  request.surroundings.variables = {{"A", "a"}, {"EMPTY", ""}};
  // Every file that is asked for is the same file: include, extends and env_file are tried as well.
  request.surroundings.read = [&](const std::string&) { return std::optional(text); };
  const auto result = load_from_sources(std::move(request));
  if (result.project) to_yaml(*result.project);
  result.diagnostics.to_text();
  return 0;
}
