// SPDX-License-Identifier: Apache-2.0
#include "supervisor/earlier_logs.h"

#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <nlohmann/json.hpp>
#include <optional>

#include "base/document.h"
#include "base/error.h"
#include "base/fail_point.h"
#include "base/files.h"
#include "base/format.h"
#include "base/text.h"
#include "supervisor/log_files.h"

namespace stack::supervisor {
namespace {

constexpr DocumentKind about_kind{"earlier-log", 1};
constexpr const char* about_name = "about.json";
/// Where one is put together; a crash leaves it to the next.
constexpr const char* unfinished_name = ".unfinished";

std::filesystem::path directory_of(const ProjectFiles& files, const ContainerConfig& config) {
  return files.logs() / log_place(config.service, config.number, config.step);
}

/// The oldest first.
std::vector<std::uint64_t> numbers_in(const std::filesystem::path& place) {
  std::vector<std::uint64_t> numbers;
  for (const std::string& name : list_directory(place))
    if (const auto number = parse_integer<std::uint64_t>(name)) numbers.push_back(*number);
  std::ranges::sort(numbers);
  return numbers;
}

/// Another name for a file that stays where it is: a crash loses nothing, and nothing is copied.
void add_name(const std::filesystem::path& file, const std::filesystem::path& name) {
  if (::link(file.c_str(), name.c_str()) != 0 && errno != ENOENT)
    throw_errno("link {}", name.native());
}

void write_about(const std::filesystem::path& directory, const ContainerConfig& config) {
  write_document(directory / about_name, about_kind,
                 {{"container", config.id},
                  {"name", name_of_its_own(config)},
                  {"service", config.service},
                  {"number", config.number},
                  {"step", config.step}},
                 Durability::survives_crash);
}

std::optional<EarlierLog> read_about(const std::filesystem::path& directory) {
  const auto document =
      read_document(directory / about_name, about_kind, Damaged::counts_as_absent);
  if (!document) return std::nullopt;
  try {
    return decode_document(directory / about_name, about_kind, [&] {
      return EarlierLog{directory,
                        document->at("container").get<std::string>(),
                        document->at("name").get<std::string>(),
                        document->at("service").get<std::string>(),
                        document->at("number").get<int>(),
                        document->at("step").get<std::string>()};
    });
  } catch (const DamagedDocument&) {
    return std::nullopt;
  }
}

bool is_last_of(const std::filesystem::path& place, const std::vector<std::uint64_t>& numbers,
                const std::string& id) {
  if (numbers.empty()) return false;
  const auto last = read_about(place / fmt::format("{}", numbers.back()));
  return last && last->container_id == id;
}

void forget_oldest(const std::filesystem::path& place) {
  const auto numbers = numbers_in(place);
  for (std::size_t i = 0; i + most_earlier_logs < numbers.size(); ++i)
    remove_tree(place / fmt::format("{}", numbers[i]));
}

}  // namespace

std::string log_place(const std::string& service, int number, const std::string& step) {
  return step.empty() ? fmt::format("{}-{}", service, number) : fmt::format("{}-{}", service, step);
}

void keep_log(const ProjectFiles& files, const ContainerConfig& config) {
  const auto container = files.container(config.id);
  const LogGenerations generations = list_log_generations(container);
  if (generations.empty()) return;
  const auto place = directory_of(files, config);
  const auto numbers = numbers_in(place);
  if (is_last_of(place, numbers, config.id)) return;
  fail_point("log.keep");
  const auto unfinished = place / unfinished_name;
  if (stack::exists(unfinished)) remove_tree(unfinished);
  make_directories(unfinished);
  for (const Stream stream : {Stream::out, Stream::err}) {
    for (const std::uint64_t generation : generations.of(stream)) {
      for (const auto& name :
           {log_data_name(stream, generation), log_index_name(stream, generation)})
        add_name(container / name, unfinished / name);
    }
  }
  write_about(unfinished, config);
  const std::uint64_t next = numbers.empty() ? 1 : numbers.back() + 1;
  std::filesystem::rename(unfinished, place / fmt::format("{}", next));
  forget_oldest(place);
}

void forget_logs(const ProjectFiles& files, const ContainerConfig& config) {
  const auto place = directory_of(files, config);
  if (!stack::exists(place)) return;
  fail_point("log.forget");
  remove_tree(place);
  ::rmdir(files.logs().c_str());  // when it was the last of them
}

std::vector<EarlierLog> earlier_logs(const ProjectFiles& files) {
  std::vector<EarlierLog> found;
  for (const std::string& place : list_directory(files.logs())) {
    for (const std::uint64_t number : numbers_in(files.logs() / place)) {
      auto log = read_about(files.logs() / place / fmt::format("{}", number));
      if (log) found.push_back(std::move(*log));
    }
  }
  return found;
}

}  // namespace stack::supervisor
