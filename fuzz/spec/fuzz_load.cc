// SPDX-License-Identifier: Apache-2.0
// Any bytes as the files of a project (files.h): never a crash, an endless loop or an exception,
// and what `config` prints can be read again. Files called over... are merged with the first, the
// others are there to be included, extended or read as env files.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <string>

#include "files.h"
#include "spec/load_sources.h"
#include "spec/render.h"
#include "spec/service_hash.h"
#include "spec/variables.h"
#include "spec/why.h"
#include "spec/yaml_tree.h"

namespace {

using namespace stack::spec;

SourceRequest request_of(const std::string& input) {
  SourceRequest request;
  request.purpose = Purpose::show;
  request.profiles = {"p"};
  request.lint = true;
  request.keep_history = true;
  request.surroundings.current_directory = "/p";
  request.surroundings.project_directory = "/p";
  request.surroundings.home = "/home/u";
  request.surroundings.variables = {{"A", "a"}, {"EMPTY", ""}};
  std::map<std::string, std::string> disk;
  for (auto& file : split_files(input)) {
    if (request.sources.empty() || file.name.starts_with("over"))
      request.sources.push_back({"/p/" + file.name, file.name, file.text});
    disk["/p/" + file.name] = std::move(file.text);
  }
  request.surroundings.read = [disk = std::move(disk)](const std::string& path) {
    const auto found = disk.find(path);
    return found == disk.end() ? std::nullopt : std::optional(found->second);
  };
  return request;
}

void check_that_it_reads(const std::string& printed) {
  Diagnostics diagnostics;
  Reporter reporter(diagnostics, Purpose::show);
  const auto file = reporter.add_file("printed.yaml", printed);
  if (printed.size() <= kMaxSourceBytes && check_bytes(file, reporter)) parse_yaml(file, reporter);
  if (!diagnostics.has_errors()) return;
  std::fprintf(stderr, "%s\n%s", diagnostics.to_text().c_str(), printed.c_str());
  std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto result = load_from_sources(request_of({reinterpret_cast<const char*>(data), size}));
  result.diagnostics.to_text();
  if (!result.project) return 0;
  check_that_it_reads(to_yaml(*result.project));
  // Whoever is told of everything can ask for everything.
  auto told = why(*result.project, "").values;
  told.resize(std::min<std::size_t>(told.size(), 8));  // each asks for the whole again
  for (const auto& value : told) {
    if (why(*result.project, value.path).values.empty() && value.value != "(not there)")
      std::abort();
  }
  for (const auto& [name, service] : result.project->services) hashed_text(*result.project, name);
  variables_of(*result.project);
  return 0;
}
