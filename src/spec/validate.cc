// SPDX-License-Identifier: Apache-2.0
#include "spec/validate.h"

#include <algorithm>
#include <map>
#include <span>
#include <tuple>
#include <utility>

#include "base/format.h"
#include "base/number.h"
#include "base/object_name.h"
#include "base/text.h"
#include "base/tmpfs_words.h"
#include "spec/check_ready.h"
#include "spec/check_service.h"
#include "spec/logging.h"
#include "spec/normalize.h"
#include "spec/paths.h"
#include "spec/scalars.h"
#include "spec/user_namespace.h"

namespace stack::spec {
namespace {

class Validator {
 public:
  Validator(const Project& project, const Names& needed, Reporter& reporter)
      : project_(project), needed_(needed), reporter_(reporter) {}

  void run() {
    for (const auto& [name, service] : project_.services) {
      if (!needed_.contains(name)) continue;
      check_ports(service);
      check_healthcheck(service);
      check_service(service, project_.sources, reporter_);
      check_logging(service);
      check_name("container", service.container_name,
                 fmt::format("services.{}.container_name", name));
    }
    for (const auto& [name, service] : project_.services) check_ranges(service);
    for (const auto& [key, network] : project_.networks)
      check_name("network", network.name, fmt::format("networks.{}.name", key));
    for (const auto& [key, volume] : project_.volumes)
      check_name("volume", volume.name, fmt::format("volumes.{}.name", key));
    check_user_namespaces(project_, reporter_);
  }

 private:
  Diagnostic& problem(const std::string& id, const std::string& path, std::string message) {
    return reporter_.problem_at(id, origin(path), std::move(message));
  }

  Origin origin(const std::string& path) const {
    return project_.sources.find(path).value_or(Origin{});
  }

  void check_ports(const Service& service) {
    for (std::size_t index = 0; index < service.ports.size(); ++index) {
      const auto& port = service.ports[index];
      const auto path = fmt::format("services.{}.ports.{}", service.name, index);
      if (!port.published || port.published != port.published_last) continue;
      if (service.scale > 1) {
        problem("port-with-scale", path,
                fmt::format("host port {} cannot be published by {} containers of service {}",
                            *port.published, service.scale, stack::quoted(service.name)))
            .hint = "leave the host port out, or give a range";
        continue;
      }
      check_port(service, port, path);
    }
  }

  void check_port(const Service& service, const Port& port, const std::string& path) {
    const std::pair key(*port.published, port.protocol);
    for (auto [it, end] = taken_.equal_range(key); it != end; ++it) {
      const auto& [host_ip, other_service, other_path] = it->second;
      if (!overlap(host_ip, port.host_ip)) continue;
      problem("port-taken", path,
              fmt::format("host port {} is already taken by service {}", *port.published,
                          stack::quoted(other_service)))
          .hint = fmt::format("line {}", origin(other_path).line);
      return;
    }
    taken_.emplace(key, std::tuple(port.host_ip, service.name, path));
  }

  /// After all ports that are given by number: none of them is given out of a range.
  void check_ranges(const Service& service) {
    for (std::size_t index = 0; index < service.ports.size(); ++index) {
      const auto& port = service.ports[index];
      if (!port.published || port.published_last.value_or(*port.published) <= *port.published)
        continue;
      const int left = ports_left(port);
      if (service.scale <= left) continue;
      const int all = *port.published_last - *port.published + 1;
      const std::string others =
          left == all ? "" : fmt::format(", {} of them given by number elsewhere", all - left);
      problem("port-with-scale", fmt::format("services.{}.ports.{}", service.name, index),
              fmt::format("host ports {}-{} are {}{}: too few for the {} containers of service {}",
                          *port.published, *port.published_last, all, others, service.scale,
                          stack::quoted(service.name)))
          .hint = "give a longer range, or leave the host ports out";
    }
  }

  int ports_left(const Port& range) const {
    int left = 0;
    for (int number = *range.published; number <= *range.published_last; ++number) {
      const auto [first, end] =
          taken_.equal_range({static_cast<std::uint16_t>(number), range.protocol});
      if (std::none_of(first, end, [&](const auto& each) {
            return overlap(std::get<0>(each.second), range.host_ip);
          }))
        ++left;
    }
    return left;
  }

  static bool is_any(const std::string& host_ip) {
    return host_ip.empty() || host_ip == "0.0.0.0" || host_ip == "::";
  }
  static bool is_v6(const std::string& host_ip) { return host_ip.find(':') != std::string::npos; }
  static bool overlap(const std::string& a, const std::string& b) {
    if (a == b || a.empty() || b.empty()) return true;
    return (is_any(a) || is_any(b)) && is_v6(a) == is_v6(b);
  }

  void check_healthcheck(const Service& service) {
    if (!service.healthcheck) return;
    const auto& check = *service.healthcheck;
    if (check.start_interval && !check.start_period) {
      problem("bad-healthcheck",
              fmt::format("services.{}.healthcheck.start_interval", service.name),
              "start_interval needs start_period");
    }
    check_time(service, "interval", check.interval);
    check_time(service, "timeout", check.timeout);
    check_time(service, "start_period", check.start_period);
    check_time(service, "start_interval", check.start_interval);
  }

  void check_time(const Service& service, std::string_view key,
                  const std::optional<std::chrono::nanoseconds>& time) {
    using std::chrono::milliseconds;
    if (!time || time->count() == 0 || *time >= milliseconds(1)) return;
    problem("bad-healthcheck", fmt::format("services.{}.healthcheck.{}", service.name, key),
            fmt::format("{} of a health check is at least 1ms", key));
  }

  /// Of what is made, or sought: a file of the name holds what is known about it.
  void check_name(const char* kind, const std::string& name, const std::string& path) {
    if (name.empty() || is_object_name(name)) return;
    problem("bad-name", path, fmt::format("{} is no name for a {}", stack::quoted(name), kind))
        .hint = "a letter or digit first, then letters, digits, _ . -";
  }

  void check_logging(const Service& service) {
    for (auto& mistake : mistakes_in(service.logging)) {
      problem("bad-logging", fmt::format("services.{}.logging.{}", service.name, mistake.path),
              std::move(mistake.message))
          .hint = std::move(mistake.hint);
    }
  }

  const Project& project_;
  const Names& needed_;
  Reporter& reporter_;
  std::multimap<std::pair<std::uint16_t, std::string>,
                std::tuple<std::string, std::string, std::string>>
      taken_;
};

const Node* find_path(const Node& node, std::initializer_list<std::string_view> keys) {
  const Node* at = &node;
  for (const auto key : keys) {
    if (at != nullptr) at = at->find(key);
  }
  return at;
}

bool same_number(const Node& a, const Node& b) {
  const auto left = parse_number(a.text);
  return a.text == b.text || (left && left == parse_number(b.text));
}

bool is_zero(const Node& value) {
  return parse_number(value.text).value_or(0) == 0;
}

/// Whoever limits anything under deploy must say there too what the service itself says.
void check_said_twice(const Entry& service, Reporter& reporter) {
  const auto check = [&](std::string_view key, const Node* deploy, std::string_view deploy_key,
                         bool must_be_there) {
    const Node* own = service.value.find(key);
    if (own == nullptr || deploy == nullptr) return;
    const Node* other = deploy->find(deploy_key);
    if (other == nullptr && (!must_be_there || is_zero(*own))) return;
    if (other != nullptr && same_number(*own, *other)) return;
    reporter
        .error("said-twice", own->place, "\"{}\" of service {} differs from what deploy says", key,
               stack::quoted(service.key))
        .hint = other == nullptr
                    ? fmt::format("say \"{}\" at line {} too", deploy_key, deploy->place.line)
                    : fmt::format("deploy says {} at line {}", other->text, other->place.line);
  };
  const Node* limits = find_path(service.value, {"deploy", "resources", "limits"});
  const Node* reservations = find_path(service.value, {"deploy", "resources", "reservations"});
  check("scale", service.value.find("deploy"), "replicas", false);
  check("cpus", limits, "cpus", true);
  check("mem_limit", limits, "memory", true);
  check("pids_limit", limits, "pids", true);
  check("mem_reservation", reservations, "memory", true);
}

void check_build(const Entry& service, const Node* services, Reporter& reporter) {
  const Node* build = service.value.find("build");
  if (build == nullptr) return;
  const Entry* text = build->find_entry("dockerfile_inline");
  if (text != nullptr && !build->text_of("dockerfile").empty()) {
    reporter.error("exclusive-keys", text->place,
                   "the build of service {} has both \"dockerfile\" and \"dockerfile_inline\"",
                   stack::quoted(service.key));
  }
  const Node* contexts = build->find("additional_contexts");
  if (contexts == nullptr || services == nullptr) return;
  for (const auto& context : contexts->entries) {
    if (!context.value.text.starts_with("service:")) continue;
    const auto name = context.value.text.substr(8);
    const Node* other = services->find(name);
    if (other != nullptr && other->find("build") != nullptr) continue;
    reporter.error("undefined-service", context.value.place,
                   "the build of service {} takes sources from {}, which {}",
                   stack::quoted(service.key), stack::quoted(name),
                   other == nullptr ? "does not exist" : "has no build");
  }
}

void check_watches(const Entry& service, Reporter& reporter) {
  const Node* watches = find_path(service.value, {"develop", "watch"});
  if (watches == nullptr) return;
  for (const auto& watch : watches->items) {
    const auto action = watch.text_of("action");
    if (action == "rebuild" || action == "restart" || !watch.text_of("target").empty()) continue;
    reporter.error("missing-key", watch.place, "a watch with the action \"{}\" needs \"target\"",
                   action);
  }
}

/// "10%": of the machine's memory.
bool is_share(std::string_view text) {
  return text.ends_with('%') &&
         parse_integer<unsigned>(text.substr(0, text.size() - 1)).has_value();
}

/// docker learns of these when it mounts.
void check_tmpfs_options(const Node& item, Reporter& reporter) {
  const auto colon = item.text.find(':');
  if (colon == std::string::npos) return;
  for (const auto& option : split(std::string_view(item.text).substr(colon + 1), ',')) {
    const std::string_view value =
        std::string_view(option).substr(std::min<std::size_t>(5, option.size()));
    if (option.starts_with("size=") && !parse_size(value) && !is_share(value))
      reporter.problem("bad-value", item.place, "tmpfs size {} is no size", stack::quoted(value))
          .hint = "a number of bytes like 64m, or a share of the memory like 10%";
    if (option.starts_with("mode=") && !parse_mode(value))
      reporter.problem("bad-value", item.place, "tmpfs mode {} is no mode", stack::quoted(value))
          .hint = "an octal number like 1777";
    if (!is_tmpfs_option(option))
      reporter.problem("bad-value", item.place, "{} is no option of a tmpfs", stack::quoted(option))
          .hint = "like size=64m, mode=1777, uid=1000, exec or noatime";
  }
}

constexpr std::string_view kTwice = "{} is mounted twice in service {}";

/// Doubles inside `volumes` are found where lists are merged; here, those between keys.
void check_mounts(const Entry& service, Reporter& reporter) {
  const Node* tmpfs = service.value.find("tmpfs");
  if (tmpfs == nullptr) return;
  std::map<std::string, std::uint32_t> lines;  // of volumes, then of tmpfs too
  if (const Node* volumes = service.value.find("volumes")) {
    for (const auto& mount : volumes->items)
      lines.emplace(mount.text_of("target"), mount.place.line);
  }
  for (const auto& item : tmpfs->items) {
    check_tmpfs_options(item, reporter);
    const auto said = item.text.substr(0, item.text.find(':'));
    const auto target = clean_path(said);
    if (!target.starts_with('/'))
      reporter.problem("bad-volume", item.place, "mount path must be absolute: {}",
                       stack::quoted(target));
    const auto [first, is_new] = lines.try_emplace(target, item.place.line);
    if (is_new) continue;
    // docker compose compares what is written.
    auto& report = said == target
                       ? reporter.error("duplicate-mount", item.place, kTwice,
                                        stack::quoted(target), stack::quoted(service.key))
                       : reporter.problem("duplicate-mount", item.place, kTwice,
                                          stack::quoted(target), stack::quoted(service.key));
    report.hint = fmt::format("first at line {}", first->second);
  }
}

void check_platform(const Entry& service, Reporter& reporter) {
  const Node* platform = service.value.find("platform");
  const Node* platforms = find_path(service.value, {"build", "platforms"});
  if (platform == nullptr || platform->text.empty() || platforms == nullptr) return;
  for (const auto& known : platforms->items) {
    if (known.text == platform->text) return;
  }
  reporter.error("bad-value", platform->place, "platform {} is not among build.platforms",
                 stack::quoted(platform->text));
}

int count_of(const Entry& service) {
  const Node* scale = service.value.find("scale");
  if (scale == nullptr) scale = find_path(service.value, {"deploy", "replicas"});
  return scale == nullptr ? 1 : parse_integer<int>(scale->text).value_or(1);
}

/// Fixed names of containers, which only one can have.
class ContainerNames {
 public:
  explicit ContainerNames(Reporter& reporter) : reporter_(reporter) {}

  void check(const Entry& service) {
    const Node* name = service.value.find("container_name");
    if (name == nullptr || name->text.empty()) return;
    if (const int count = count_of(service); count > 1) {
      reporter_
          .error("name-with-scale", name->place,
                 "container name {} cannot be given to {} containers", stack::quoted(name->text),
                 count)
          .hint = "leave container_name out";
    }
    const auto [first, is_new] = lines_.try_emplace(name->text, name->place.line);
    if (is_new) return;
    reporter_
        .error("name-taken", name->place, "container name {} is taken twice",
               stack::quoted(name->text))
        .hint = fmt::format("first at line {}", first->second);
  }

 private:
  Reporter& reporter_;
  std::map<std::string, std::uint32_t> lines_;
};

void check_health_test(const Entry& service, Reporter& reporter) {
  const Node* test = find_path(service.value, {"healthcheck", "test"});
  if (test == nullptr || test->items.empty()) return;
  const Node& first = test->items[0];
  if (first.text == "NONE" || first.text == "CMD" || first.text == "CMD-SHELL") return;
  reporter
      .error("bad-value", first.place,
             "{} is not the start of a health check: \"test\" of \"healthcheck\" of "
             "service {}",
             stack::quoted(first.text), stack::quoted(service.key))
      .hint = "NONE, CMD or CMD-SHELL; or write the test as one text";
}

bool is_external(const Entry& object) {
  const Node* external = object.value.find("external");
  return external != nullptr && external->is_true();
}

void check_external(const Entry& object, std::string_view section, Reporter& reporter) {
  if (!is_external(object)) return;
  for (const auto& entry : object.value.entries) {
    if (entry.key == "external" || entry.key == "name" || entry.key.starts_with("x-")) continue;
    constexpr std::string_view text = "{}.{} is external, so \"{}\" cannot be set";
    if (section == "networks") {
      reporter
          .warning("ineffective-key", entry.place,
                   "networks.{} is external, so \"{}\" has no effect", object.key, entry.key)
          .hint = "remove it";
    } else if (section == "volumes") {
      reporter.error("exclusive-keys", entry.place, text, section, object.key, entry.key);
    } else {
      reporter.problem("exclusive-keys", entry.place, text, section, object.key, entry.key);
    }
  }
}

/// Who shares a network makes it where it is missing, which an external one is not.
void check_shared(const Entry& network, Reporter& reporter) {
  const Entry* shared = find_shared(network.value);
  if (shared == nullptr || !is_external(network)) return;
  reporter
      .error("exclusive-keys", shared->place,
             "networks.{} is external, so \"x-stack.shared\" cannot be set", network.key)
      .hint = "leave out \"external\": the first stack that needs a shared network makes it";
}

/// A config or a secret comes from one place.
void check_origin(const Entry& object, std::span<const std::string_view> origins,
                  Reporter& reporter) {
  const auto is_said = [&](std::string_view key) { return object.value.find(key) != nullptr; };
  const auto count = std::ranges::count_if(origins, is_said);
  if (count > 1) {
    reporter.error("exclusive-keys", object.place, "{} may have only one of: {}",
                   stack::quoted(object.key), fmt::join(origins, ", "));
  } else if (count == 0 && !is_said("driver") && !is_said("external")) {
    reporter.error("missing-key", object.place, "{} needs one of: {}", stack::quoted(object.key),
                   fmt::join(origins, ", "));
  }
}

}  // namespace

void validate(const Project& project, const Names& needed, Reporter& reporter) {
  Validator(project, needed, reporter).run();
}

void check_contradictions(const Node& root, const Names& needed, Reporter& reporter) {
  ContainerNames names(reporter);
  for (const auto& service : entries_of(root, "services")) {
    check_said_twice(service, reporter);
    check_platform(service, reporter);
    check_health_test(service, reporter);
    check_ready(service, reporter);
    check_build(service, root.find("services"), reporter);
    check_watches(service, reporter);
    check_mounts(service, reporter);
    if (needed.contains(service.key)) names.check(service);
  }
}

void check_exclusive_keys(const Node& root, Reporter& reporter) {
  static constexpr std::string_view config_origins[] = {"file", "environment", "content"};
  static constexpr std::string_view secret_origins[] = {"file", "environment"};
  for (const auto section : {"networks", "volumes", "configs", "secrets"}) {
    for (const auto& object : entries_of(root, section)) check_external(object, section, reporter);
  }
  for (const auto& network : entries_of(root, "networks")) check_shared(network, reporter);
  for (const auto& config : entries_of(root, "configs"))
    check_origin(config, config_origins, reporter);
  for (const auto& secret : entries_of(root, "secrets"))
    check_origin(secret, secret_origins, reporter);
}

}  // namespace stack::spec
