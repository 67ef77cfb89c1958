// SPDX-License-Identifier: Apache-2.0
#include "cli/container_view.h"

#include <algorithm>
#include <compare>
#include <functional>
#include <nlohmann/json.hpp>
#include <set>

#include "base/calendar.h"
#include "base/error.h"
#include "base/format.h"
#include "base/ids.h"
#include "base/text.h"
#include "cli/container_labels.h"
#include "orchestrator/diff.h"

namespace stack::cli {
namespace {

using supervisor::Health;
using supervisor::ObservedContainer;
using supervisor::Phase;
using Json = nlohmann::json;

std::chrono::seconds since(TimePoint then, TimePoint now) {
  return std::chrono::duration_cast<std::chrono::seconds>(now - then);
}

std::string up_text(const ObservedContainer& container, TimePoint now) {
  std::string text = "Up " + human_duration(since(container.status.started, now));
  if (container.status.phase == Phase::paused) return text + " (Paused)";
  switch (container.status.health) {
    case Health::none:
      return text;
    case Health::starting:
      return text + " (health: starting)";
    case Health::healthy:
      return text + " (healthy)";
    case Health::unhealthy:
      return text + " (unhealthy)";
  }
  return text;
}

std::string exit_text(const ObservedContainer& container, TimePoint now) {
  const auto code = container.status.exit_code;
  const std::string shown = code ? fmt::format("{}", *code) : "?";
  if (container.status.finished == TimePoint{}) return fmt::format("Exited ({})", shown);
  return fmt::format("Exited ({}) {} ago", shown,
                     human_duration(since(container.status.finished, now)));
}

std::string life_text(const ObservedContainer& container, TimePoint now) {
  switch (container.status.phase) {
    case Phase::created:
      return "Created";
    case Phase::running:
    case Phase::paused:
      return up_text(container, now);
    case Phase::restarting:
      return fmt::format("Restarting ({}) {} ago", container.status.exit_code.value_or(0),
                         human_duration(since(container.status.finished, now)));
    case Phase::exited:
      return exit_text(container, now);
  }
  return "";
}

/// What fits into so many letters, with docker's sign that there is more.
std::string cut(const std::string& text, std::size_t most) {
  const auto begins_letter = [](char byte) { return (static_cast<unsigned char>(byte) >> 6) != 2; };
  std::size_t letters = 0;
  std::size_t last = 0;  // where the last letter that fits begins
  for (std::size_t at = 0; at < text.size(); ++at) {
    if (!begins_letter(text[at])) continue;
    if (++letters == most) last = at;
    if (letters > most) return text.substr(0, last) + "…";
  }
  return text;
}

// --- ports

struct PortRange {
  std::string protocol;
  unsigned first = 0;
  unsigned last = 0;
};

std::string range_text(unsigned first, unsigned last) {
  return first == last ? fmt::format("{}", first) : fmt::format("{}-{}", first, last);
}

/// Each exposed port that is not published, by number; neighbours as one.
std::vector<PortRange> unpublished(const ObservedContainer& container,
                                   const std::vector<std::string>& exposed) {
  PortNumbers ports = port_numbers(exposed);
  for (const auto& port : container.status.published)
    ports.erase({port.container_port, port.protocol});
  std::vector<PortRange> all;
  for (const auto& port : ports) {
    const auto goes_on = std::ranges::find_if(all, [&](const PortRange& range) {
      return range.protocol == port.second && range.last + 1 == port.first;
    });
    if (goes_on == all.end()) {
      all.push_back({port.second, port.first, port.first});
    } else {
      goes_on->last = port.first;
    }
  }
  return all;
}

/// A port, in docker's order; one that is not published has no address.
struct PortRow {
  unsigned container_port = 0;
  std::string host_ip;
  unsigned host_port = 0;
  std::string protocol;
  auto operator<=>(const PortRow&) const = default;
};

std::vector<PortRow> port_rows(const ObservedContainer& container,
                               const std::vector<std::string>& exposed) {
  std::vector<PortRow> rows;
  for (const auto& port : container.status.published)
    rows.push_back({port.container_port, port.host_ip, port.host_port, port.protocol});
  if (container.status.process.pid != 0)
    for (const PortRange& range : unpublished(container, exposed))
      for (unsigned port = range.first; port <= range.last; ++port)
        rows.push_back({port, "", 0, range.protocol});
  std::ranges::sort(rows);
  return rows;
}

/// Ports that follow one another, of the same numbers inside and outside.
struct PortGroup {
  std::string host_ip;
  std::string protocol;
  unsigned first = 0;
  unsigned last = 0;
};

std::string to_text(const PortGroup& group) {
  const std::string range = range_text(group.first, group.last);
  const std::string outside =
      group.host_ip.empty() ? "" : fmt::format("{}:{}->", address_text(group.host_ip), range);
  return fmt::format("{}{}/{}", outside, range, group.protocol);
}

/// As docker: a group that a gap ends is told at once, the others behind all of these.
std::vector<std::string> group_texts(const std::vector<PortRow>& rows) {
  std::vector<std::string> texts;
  std::vector<PortGroup> open;
  for (const PortRow& row : rows) {
    const unsigned port = row.container_port;
    const auto group = std::ranges::find_if(open, [&](const PortGroup& it) {
      return it.host_ip == row.host_ip && it.protocol == row.protocol;
    });
    if (group == open.end()) {
      open.push_back({row.host_ip, row.protocol, port, port});
      continue;
    }
    if (port != group->last + 1) {
      texts.push_back(to_text(*group));
      group->first = port;
    }
    group->last = port;
  }
  for (const PortGroup& group : open) texts.push_back(to_text(group));
  return texts;
}

}  // namespace

Json wish_of(const ObservedContainer& container) {
  Json json = Json::parse(container.config.applied, nullptr, false);
  return json.is_object() ? json : Json::object();
}

std::string volume_of(const runtime::MountSpec& mount) {
  if (!mount.volume.empty()) return mount.volume;
  constexpr std::string_view data = "/_data";
  const std::size_t end = mount.source.rfind(data);
  if (!mount.container_ids || end == std::string::npos ||
      mount.source.find("/volumes/") == std::string::npos)
    return "";
  const std::string home = mount.source.substr(0, end);
  return home.substr(home.rfind('/') + 1);
}

std::vector<std::string> mount_texts(const ObservedContainer& container) {
  std::vector<std::string> texts;
  for (const auto& mount : container.config.spec.mounts) {
    if (!is_of_host(mount)) continue;
    const std::string volume = volume_of(mount);
    texts.push_back(volume.empty() ? mount.source : volume);
  }
  return texts;
}

std::vector<std::string> short_mount_texts(const ObservedContainer& container) {
  constexpr std::size_t most = 15;
  std::vector<std::string> texts = mount_texts(container);
  for (auto& text : texts) text = cut(text, most);
  return texts;
}

std::vector<std::string> volume_names(const ObservedContainer& container) {
  std::vector<std::string> names;
  for (const auto& mount : container.config.spec.mounts)
    if (std::string name = volume_of(mount); !name.empty()) names.push_back(std::move(name));
  return names;
}

std::vector<std::string> mount_places(const ObservedContainer& container) {
  std::vector<std::string> places = volume_names(container);
  for (const auto& mount : container.config.spec.mounts) {
    places.push_back(mount.source);
    places.push_back(mount.target);
  }
  return places;
}

std::vector<std::string> network_names(const ObservedContainer& container) {
  std::vector<std::string> names;
  for (const auto& endpoint : container.config.endpoints) names.push_back(endpoint.network);
  return names;
}

std::string address_text(const std::string& ip) {
  return ip.find(':') == std::string::npos ? ip : "[" + ip + "]";
}

std::string calendar_text(TimePoint time, const char* format) {
  const std::tm calendar = utc_calendar(std::chrono::system_clock::to_time_t(time));
  char text[64];
  std::strftime(text, sizeof text, format, &calendar);
  return text;
}

std::string state_text(const ObservedContainer& container) {
  return std::string(to_text(container.status.phase));
}

bool is_in_state(const ObservedContainer& container, const std::string& state) {
  return state_text(container) == state ||
         (state == "data" && orchestrator::is_data_container(container));
}

std::string status_text(const ObservedContainer& container, TimePoint now) {
  const char* const kind = orchestrator::is_data_container(container) ? " (data)" : "";
  return life_text(container, now) + kind;
}

PortNumbers port_numbers(const std::vector<std::string>& texts) {
  PortNumbers ports;
  for (const std::string& text : texts) {
    const std::size_t slash = text.find('/');
    const std::string protocol = slash == std::string::npos ? "tcp" : text.substr(slash + 1);
    const auto ranges = parse_ranges(std::string_view(text).substr(0, slash));
    if (!ranges) continue;
    for (const NumberRange& range : *ranges)
      for (unsigned port = range.first; port <= range.last; ++port) ports.emplace(port, protocol);
  }
  return ports;
}

PortNumbers port_numbers(const ObservedContainer& container,
                         const std::vector<std::string>& exposed) {
  PortNumbers ports = port_numbers(exposed);
  for (const auto& rule : container.config.ports) ports.emplace(rule.container_port, rule.protocol);
  return ports;
}

std::string ports_text(const ObservedContainer& container,
                       const std::vector<std::string>& exposed) {
  const auto is_mapped = [](const PortRow& row) {
    return !row.host_ip.empty() && row.host_port != row.container_port;
  };
  std::vector<PortRow> rows = port_rows(container, exposed);
  const auto mapped = std::ranges::stable_partition(rows, std::not_fn(is_mapped));
  std::vector<std::string> texts = group_texts({rows.begin(), mapped.begin()});
  for (const PortRow& row : mapped)
    texts.push_back(fmt::format("{}:{}->{}/{}", address_text(row.host_ip), row.host_port,
                                row.container_port, row.protocol));
  return join(texts, ", ");
}

/// Published ports, and behind them the exposed ones that are not.
Json publishers(const ObservedContainer& container, const std::vector<std::string>& exposed) {
  Json list = Json::array();
  const auto add = [&](const std::string& address, unsigned target, unsigned published,
                       const std::string& protocol) {
    list.push_back({{"URL", address},
                    {"TargetPort", target},
                    {"PublishedPort", published},
                    {"Protocol", protocol}});
  };
  for (const auto& port : container.status.published)
    add(port.host_ip, port.container_port, port.host_port, port.protocol);
  if (container.status.process.pid == 0) return list;
  for (const PortRange& range : unpublished(container, exposed))
    for (unsigned port = range.first; port <= range.last; ++port) add("", port, 0, range.protocol);
  return list;
}

std::string image_text(const ObservedContainer& container) {
  return wish_of(container).value("image", "");
}

namespace {

/// As Go quotes.
std::string go_quoted(const std::string& text) {
  std::string quoted = "\"";
  for (const char byte : text) {
    switch (byte) {
      case '"':
        quoted += "\\\"";
        break;
      case '\\':
        quoted += "\\\\";
        break;
      case '\n':
        quoted += "\\n";
        break;
      case '\t':
        quoted += "\\t";
        break;
      case '\r':
        quoted += "\\r";
        break;
      default:
        if (static_cast<unsigned char>(byte) < ' ' || byte == 0x7f)
          quoted += fmt::format("\\x{:02x}", static_cast<unsigned char>(byte));
        else
          quoted += byte;
    }
  }
  return quoted + "\"";
}

}  // namespace

/// As docker: an argument with a blank in it is in quotes, whatever else is.
std::string command_text(const ObservedContainer& container, bool whole) {
  std::vector<std::string> words;
  for (const auto& argument : container.config.spec.process.arguments) {
    const bool is_plain = words.empty() || argument.find(' ') == std::string::npos;
    words.push_back(is_plain ? argument : "'" + argument + "'");
  }
  constexpr std::size_t most = 20;
  const std::string text = join(words, " ");
  return go_quoted(whole ? text : cut(text, most));
}

std::string ago_text(TimePoint then, TimePoint now) {
  return human_duration(since(then, now)) + " ago";
}

Json ps_columns(const ObservedContainer& container, TimePoint now, const Json& wish,
                const std::vector<std::string>& exposed) {
  Json json;
  json["Command"] = command_text(container, false);
  json["Image"] = wish.value("image", "");
  json["Name"] = container.config.name;
  json["Ports"] = ports_text(container, exposed);
  json["RunningFor"] = ago_text(container.status.created, now);
  json["Service"] = container.config.service;
  json["Status"] = status_text(container, now);
  return json;
}

Json ps_json(const ObservedContainer& container, const Labels& of_project, TimePoint now,
             const Json& wish, const std::vector<std::string>& exposed) {
  const auto& status = container.status;
  Json json = ps_columns(container, now, wish, exposed);
  json["CreatedAt"] = calendar_text(status.created, calendar_format);
  json["ExitCode"] = status.exit_code.value_or(0);
  json["Health"] = status.health == Health::none ? "" : std::string(to_text(status.health));
  json["ID"] = short_id(container.config.id);
  json["Labels"] = labels_text(container_labels(container, of_project));
  json["LocalVolumes"] = fmt::format("{}", volume_names(container).size());
  json["Mounts"] = join(short_mount_texts(container), ",");
  json["Names"] = container.config.name;
  json["Networks"] = join(network_names(container), ",");
  const auto project = of_project.find("com.docker.compose.project");
  json["Project"] = project == of_project.end() ? "" : project->second;
  json["Publishers"] = publishers(container, exposed);
  json["Size"] = "0B";
  json["State"] = state_text(container);
  return json;
}

}  // namespace stack::cli
