// SPDX-License-Identifier: Apache-2.0
// `stack doctor`: each thing that containers or networks need of this machine, and how to get what
// is missing.
#include <unistd.h>

#include <algorithm>
#include <iostream>
#include <nlohmann/json.hpp>

#include "base/format.h"
#include "base/host_paths.h"
#include "cli/command.h"
#include "cli/style.h"
#include "cli/table.h"
#include "network/facilities.h"
#include "runtime/facilities.h"

namespace stack::cli {
namespace {

enum class State { ok, degraded, missing };

struct Finding {
  std::string area;
  std::string name;
  State state;
  std::string detail;
  std::string cure;
};

/// Runtime and network look at the machine by themselves and do not know one another.
template <typename Facility>
void add(std::vector<Finding>& findings, const char* area,
         const std::vector<Facility>& facilities) {
  for (const auto& each : facilities) {
    findings.push_back({area, each.name, static_cast<State>(each.state), each.detail, each.cure});
  }
}

const char* text(State state) {
  switch (state) {
    case State::ok:
      return "ok";
    case State::degraded:
      return "degraded";
    case State::missing:
      return "missing";
  }
  return "";
}

constexpr std::size_t state_width = 9;
constexpr std::size_t detail_column = 41;
constexpr std::size_t widest_narrow = 72;

/// Columns of the screen; without one lines are as long as they are.
std::size_t width_of_output() {
  if (!is_terminal(STDOUT_FILENO)) return std::string::npos;
  return static_cast<std::size_t>(screen_size(STDOUT_FILENO).columns);
}

/// Where there is little room beside the names, what was found stands below them.
std::string line_of(const Finding& finding, std::size_t width) {
  const std::string name = fmt::format("{:<8} {:<22} ", finding.area, finding.name);
  if (width >= widest_narrow)
    return name + wrapped(finding.detail, width, detail_column, detail_column);
  const std::size_t end = state_width + name.size();
  if (end + finding.detail.size() <= width) return name + finding.detail;
  return fmt::format("{} {}\n{:>{}}", finding.area, finding.name, "", state_width) +
         wrapped(finding.detail, width, state_width, state_width);
}

void show(const std::vector<Finding>& findings, const Options& options) {
  static constexpr Colour colours[] = {Colour::green, Colour::yellow, Colour::red};
  const bool colour = shows_colour(STDOUT_FILENO, options);
  const std::size_t width = width_of_output();
  for (const auto& each : findings) {
    const std::string state = fmt::format("{:<{}}", text(each.state), state_width);
    std::cout << (colour ? coloured(state, colours[static_cast<int>(each.state)]) : state)
              << line_of(each, width) << '\n';
    if (each.cure.empty()) continue;
    std::cout << fmt::format("{:>{}}", "", state_width)
              << wrapped("cure: " + each.cure, width, state_width, state_width + 6) << '\n';
  }
}

void show_json(const std::vector<Finding>& findings) {
  nlohmann::json list = nlohmann::json::array();
  for (const auto& each : findings) {
    list.push_back({{"area", each.area},
                    {"name", each.name},
                    {"state", text(each.state)},
                    {"detail", each.detail},
                    {"cure", each.cure}});
  }
  std::cout << list.dump(2) << '\n';
}

}  // namespace

int run_doctor(const Options& options) {
  std::vector<Finding> findings;
  add(findings, "runtime", runtime::facilities(HostPaths::from_environment().data));
  add(findings, "network", network::facilities());
  if (options.format == "json") {
    show_json(findings);
  } else {
    show(findings, options);
  }
  const bool lacking =
      std::ranges::any_of(findings, [](const auto& each) { return each.state == State::missing; });
  return lacking ? 1 : 0;
}

}  // namespace stack::cli
