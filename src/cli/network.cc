// SPDX-License-Identifier: Apache-2.0
// `stack network`: networks of all stacks and of none.
#include <algorithm>
#include <iostream>
#include <nlohmann/json.hpp>

#include "base/error.h"
#include "base/text.h"
#include "cli/change.h"
#include "cli/command.h"
#include "cli/moment.h"
#include "cli/network_view.h"
#include "cli/network_wish.h"
#include "cli/progress.h"

namespace stack::cli {
namespace {

using orchestrator::HostNetwork;
using Json = nlohmann::ordered_json;

HostPaths paths() {
  return HostPaths::from_environment();
}

/// These commands have one step each.
orchestrator::Report& silent() {
  static orchestrator::Report report;
  return report;
}

orchestrator::Host quiet_host(const Options& options) {
  orchestrator::Host host = interruptible_host(silent());
  host.waiting = on_busy(options);
  return host;
}

void check_two(const Options& options, const char* command) {
  if (options.arguments.size() != 2)
    throw Error(fmt::format("{} takes NETWORK and CONTAINER", command))
        .with_exit_code(ExitCode::usage);
}

/// label=, label!= and until= of `prune`.
class PruneFilter {
 public:
  explicit PruneFilter(const std::vector<std::string>& texts) {
    const auto now = std::chrono::system_clock::now();
    for (const auto& text : texts) {
      if (text.starts_with("label!=")) {
        without_.emplace_back(std::vector<std::string>{"label=" + text.substr(7)});
      } else if (text.starts_with("until=")) {
        until_ = parse_moment(text.substr(6), now);
        if (!until_) refuse(text);
      } else if (text.starts_with("label=")) {
        with_.emplace_back(std::vector<std::string>{text});
      } else {
        refuse(text);
      }
    }
  }

  bool passes(const HostNetwork& network) const {
    const auto holds = [&](const NetworkFilter& filter) { return filter.passes(network, {}); };
    if (until_ && network.created > *until_) return false;
    return std::ranges::all_of(with_, holds) && std::ranges::none_of(without_, holds);
  }

 private:
  [[noreturn]] static void refuse(const std::string& text) {
    throw Error(fmt::format("invalid filter {}", stack::quoted(text)))
        .with_hint("label=KEY[=VALUE], label!=KEY[=VALUE] or until=TIME (10m, 2026-01-02)")
        .with_exit_code(ExitCode::usage);
  }

  std::vector<NetworkFilter> with_;
  std::vector<NetworkFilter> without_;
  std::optional<std::chrono::system_clock::time_point> until_;
};

}  // namespace

int run_network_list(const Options& options) {
  const NetworkFilter filter(options.filters);
  const auto networks = orchestrator::list_networks(paths());
  const auto unused = orchestrator::unused_networks(networks, paths());
  const Ids ids = options.no_trunc ? Ids::whole : Ids::shortened;
  std::vector<Fields> rows;
  for (const auto& network : networks)
    if (filter.passes(network, unused)) rows.push_back(network_fields(network, ids));
  const std::string format = options.quiet && options.format.empty() ? "{{.ID}}" : options.format;
  std::cout << format_rows(format, network_headings(), network_columns(), rows);
  return 0;
}

int run_network_inspect(const Options& options) {
  const auto networks = orchestrator::list_networks(paths());
  std::vector<Json> all;
  const int code = each_of(options.arguments, [&](const std::string& name) {
    all.push_back(network_json(orchestrator::find_network(networks, name)));
  });
  std::cout << format_inspected(options.format, all);
  return code;
}

int run_network_create(const Options& options) {
  const auto host = quiet_host(options);
  const HostNetwork made =
      orchestrator::create_network(network_wish(options), options.attachable, host);
  std::cout << made.id << '\n';
  return 0;
}

int run_network_remove(const Options& options) {
  const auto host = quiet_host(options);
  return each_of(options.arguments, [&](const std::string& name) {
    if (is_predefined_network(name))
      throw Error(name + " is a pre-defined network and cannot be removed");
    const auto networks = orchestrator::list_networks(host.paths);
    try {
      orchestrator::remove_network(orchestrator::find_network(networks, name), host);
    } catch (const Error&) {
      const bool missing = std::ranges::none_of(networks, [&](const HostNetwork& each) {
        return each.name == name || each.id.starts_with(name);
      });
      if (options.force && missing) return;
      throw;
    }
    std::cout << name << '\n';
  });
}

int run_network_prune(const Options& options) {
  const PruneFilter filter(options.filters);
  constexpr const char* what =
      "This will remove all custom networks not used by at least one container.";
  if (!options.force && !is_agreed_to(what)) return 0;
  const auto host = quiet_host(options);
  const auto networks = orchestrator::list_networks(host.paths);
  std::vector<std::string> doomed = orchestrator::unused_networks(networks, host.paths);
  std::erase_if(doomed, [&](const std::string& name) {
    return !filter.passes(orchestrator::find_network(networks, name));
  });
  if (!doomed.empty()) std::cout << "Deleted Networks:\n";
  return each_of(doomed, [&](const std::string& name) {
    orchestrator::remove_network(orchestrator::find_network(networks, name), host);
    std::cout << name << '\n';
  });
}

int run_network_connect(const Options& options) {
  check_two(options, "network connect");
  const auto host = quiet_host(options);
  const auto networks = orchestrator::list_networks(host.paths);
  orchestrator::connect_network(orchestrator::find_network(networks, options.arguments[0]),
                                options.arguments[1], endpoint_wish(options), host);
  return 0;
}

int run_network_disconnect(const Options& options) {
  check_two(options, "network disconnect");
  const auto host = quiet_host(options);
  const auto networks = orchestrator::list_networks(host.paths);
  using orchestrator::Missing;
  orchestrator::disconnect_network(orchestrator::find_network(networks, options.arguments[0]),
                                   options.arguments[1],
                                   options.force ? Missing::fine : Missing::refused, host);
  return 0;
}

}  // namespace stack::cli
