// SPDX-License-Identifier: Apache-2.0
// `stack doctor`: each thing that containers or networks need of this machine, and how to get what
// is missing.
#include <algorithm>
#include <iostream>
#include <nlohmann/json.hpp>

#include "base/format.h"
#include "cli/command.h"
#include "cli/style.h"
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

void show(const std::vector<Finding>& findings, const Options& options) {
  static constexpr Colour colours[] = {Colour::green, Colour::yellow, Colour::red};
  const bool colour = shows_colour(1, options);
  for (const auto& each : findings) {
    const std::string state = fmt::format("{:<9}", text(each.state));
    std::cout << (colour ? coloured(state, colours[static_cast<int>(each.state)]) : state)
              << fmt::format("{:<8} {:<22} {}\n", each.area, each.name, each.detail);
    if (!each.cure.empty()) std::cout << fmt::format("{:>9}cure: {}\n", "", each.cure);
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
  add(findings, "runtime", runtime::facilities());
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
