// SPDX-License-Identifier: Apache-2.0
#include "supervisor/log_files.h"

#include <sys/stat.h>

#include <algorithm>

#include "base/error.h"
#include "base/files.h"
#include "base/format.h"
#include "base/text.h"

namespace stack::supervisor {
namespace {

constexpr std::string_view out_name = "stdout";
constexpr std::string_view err_name = "stderr";

std::string_view base_name(Stream stream) {
  return stream == Stream::out ? out_name : err_name;
}

/// Puts the generation of a data file's name into `generations`; other names are none of ours.
void add(std::string_view name, std::string_view base, std::set<std::uint64_t>& generations) {
  if (!name.starts_with(base)) return;
  name.remove_prefix(base.size());
  if (name.empty()) generations.insert(0);
  if (!name.starts_with('.')) return;
  if (const auto number = parse_integer<std::uint64_t>(name.substr(1))) generations.insert(*number);
}

}  // namespace

std::string log_data_name(Stream stream, std::uint64_t generation) {
  if (generation == 0) return std::string(base_name(stream));
  return fmt::format("{}.{}", base_name(stream), generation);
}

std::string log_index_name(Stream stream, std::uint64_t generation) {
  return log_data_name(stream, generation) + ".index";
}

std::uint64_t log_file_size(int file) {
  struct stat info {};
  if (::fstat(file, &info) != 0) throw_errno("fstat of a log");
  return static_cast<std::uint64_t>(info.st_size);
}

std::uint64_t LogGenerations::oldest() const {
  if (of_out.empty() || of_err.empty()) return of_out.empty() ? *of_err.begin() : *of_out.begin();
  return std::min(*of_out.begin(), *of_err.begin());
}

std::uint64_t LogGenerations::newest() const {
  if (of_out.empty() || of_err.empty()) return of_out.empty() ? *of_err.rbegin() : *of_out.rbegin();
  return std::max(*of_out.rbegin(), *of_err.rbegin());
}

LogGenerations list_log_generations(const std::filesystem::path& directory) {
  LogGenerations generations;
  for (const auto& name : list_directory(directory)) {
    add(name, out_name, generations.of_out);
    add(name, err_name, generations.of_err);
  }
  return generations;
}

std::uint64_t log_bytes(const std::filesystem::path& directory) {
  constexpr std::uint64_t block = 512;  // stat(2)'s
  std::uint64_t bytes = 0;
  const LogGenerations generations = list_log_generations(directory);
  for (const Stream stream : {Stream::out, Stream::err}) {
    for (const std::uint64_t generation : generations.of(stream)) {
      for (const auto& name :
           {log_data_name(stream, generation), log_index_name(stream, generation)}) {
        struct stat info {};
        if (::stat((directory / name).c_str(), &info) == 0)
          bytes += static_cast<std::uint64_t>(info.st_blocks) * block;
      }
    }
  }
  return bytes;
}

}  // namespace stack::supervisor
