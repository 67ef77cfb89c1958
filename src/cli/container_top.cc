// SPDX-License-Identifier: Apache-2.0
// `stack container top`: the processes of one container, as docker prints them.
#include <fcntl.h>

#include <algorithm>
#include <iostream>
#include <optional>
#include <set>

#include "base/child.h"
#include "base/error.h"
#include "base/files.h"
#include "base/pipe.h"
#include "base/search_path.h"
#include "base/text.h"
#include "cli/command.h"
#include "cli/found_container.h"
#include "cli/process_view.h"
#include "orchestrator/spawned_program.h"
#include "supervisor/status.h"

namespace stack::cli {
namespace {

using Processes = std::vector<runtime::ListedProcess>;

std::string table_of(const Processes& processes) {
  const ProcessSurroundings around = process_surroundings();
  std::vector<Row> rows;
  for (const auto& process : processes) rows.push_back(process_row(process, around));
  return wide_process_table({"UID", "PID", "PPID", "C", "STIME", "TTY", "TIME", "CMD"}, rows);
}

std::optional<std::filesystem::path> find_ps() {
  for (const auto& directory : split(default_search_path, ':'))
    if (const auto file = std::filesystem::path(directory) / "ps"; stack::exists(file)) return file;
  return std::nullopt;
}

/// What the machine's ps(1) says of all processes.
std::string ask_ps(const std::vector<std::string>& arguments) {
  const auto program = find_ps();
  if (!program)
    throw Error("options of ps need the machine's `ps`, which is not installed")
        .with_hint("Debian's package is procps; without options none is needed");
  Pipe pipe = make_pipe();
  const Fd nothing = open_file("/dev/null", O_RDWR);
  const pid_t child = orchestrator::spawn_program({*program, arguments, {{"LC_ALL", "C.UTF-8"}}},
                                                  {nothing.get(), pipe.writing.get(), 2});
  pipe.writing.reset();
  std::string said = read_all(pipe.reading.get());
  if (const auto status = await_end(child); !status || *status != 0)
    throw Error("ps ended with an error");
  return said;
}

/// The columns of a line; the last one is the rest of it.
Row columns_of(std::string_view line, std::size_t count) {
  Row row;
  while (row.size() + 1 < count) {
    line.remove_prefix(std::min(line.find_first_not_of(' '), line.size()));
    const std::size_t end = std::min(line.find(' '), line.size());
    row.emplace_back(line.substr(0, end));
    line.remove_prefix(end);
  }
  row.emplace_back(trim(line));
  return row;
}

std::string table_of(const Processes& processes, const std::vector<std::string>& arguments) {
  const auto lines = split(ask_ps(arguments), '\n');
  Row header;
  for (const auto& word : split(lines.front(), ' '))
    if (!word.empty()) header.emplace_back(word);
  const auto column = std::ranges::find(header, "PID");
  if (column == header.end())
    throw Error("with these options ps does not say which process is which: there is no PID")
        .with_hint("-o pid,args");
  const auto place = static_cast<std::size_t>(column - header.begin());
  std::set<std::string> wanted;
  for (const auto& process : processes) wanted.insert(fmt::format("{}", process.pid));
  std::vector<Row> rows;
  for (std::size_t at = 1; at < lines.size(); ++at) {
    Row row = columns_of(lines[at], header.size());
    if (wanted.contains(row[place])) rows.push_back(std::move(row));
  }
  return wide_process_table(header, rows);
}

}  // namespace

int run_container_top(const Options& options) {
  const FoundContainer found = find_container(options.arguments.front());
  if (!is_up(found.container.status.phase))
    throw Error(fmt::format("container {} is not running", found.container.config.name));
  const auto processes = runtime::processes_of(found.container.config.spec.cgroup);
  const std::vector<std::string> words(options.arguments.begin() + 1, options.arguments.end());
  std::cout << (words.empty() ? table_of(processes) : table_of(processes, words));
  return 0;
}

}  // namespace stack::cli
