// SPDX-License-Identifier: Apache-2.0
#include "spec/lint.h"

#include <algorithm>

#include "base/text.h"
#include "spec/normalize.h"

namespace stack::spec {
namespace {

// --- keys without effect -------------------------------------------------------------------------

class Ineffective {
 public:
  Ineffective(const Entry& service, Reporter& reporter) : service_(service), reporter_(reporter) {}

  void check() {
    check_ports();
    check_health_test();
    check_restart();
  }

 private:
  void check_ports() {
    const auto mode = service_.value.text_of("network_mode");
    const Entry* ports = service_.value.find_entry("ports");
    if (ports == nullptr || ports->value.items.empty() || (mode != "host" && mode != "none"))
      return;
    warn(*ports, fmt::format("with network_mode {}", stack::quoted(mode)));
  }

  void check_health_test() {
    const Node* health = service_.value.find("healthcheck");
    const Node* disable = health == nullptr ? nullptr : health->find("disable");
    const Entry* test = health == nullptr ? nullptr : health->find_entry("test");
    if (disable == nullptr || !disable->is_true() || test == nullptr || test->value.items.empty())
      return;
    if (test->value.items[0].text != "NONE") warn(*test, "in a health check that is disabled");
  }

  void check_restart() {
    const Node* deploy = service_.value.find("deploy");
    const Entry* restart = service_.value.find_entry("restart");
    if (deploy == nullptr || restart == nullptr || deploy->find("restart_policy") == nullptr)
      return;
    warn(*restart, "beside \"deploy.restart_policy\", which wins");
  }

  void warn(const Entry& key, std::string_view reason) {
    reporter_
        .warning("ineffective-key", key.place, "\"{}\" of service {} has no effect {}", key.key,
                 stack::quoted(service_.key), reason)
        .hint = "remove it";
  }

  const Entry& service_;
  Reporter& reporter_;
};

// --- habits --------------------------------------------------------------------------------------

void warn_of_missing_tag(const Entry& service, Reporter& reporter) {
  const Node* image = service.value.find("image");
  if (image == nullptr || image->text.empty() || service.value.find("build") != nullptr) return;
  const auto name = std::string_view(image->text).substr(image->text.rfind('/') + 1);
  if (name.find_first_of(":@$") != std::string_view::npos) return;
  reporter
      .warning("untagged-image", image->place, "image {} has no tag, so it changes without notice",
               stack::quoted(image->text))
      .hint = "name the version that was tested";
}

void warn_of_unnamed_volumes(const Entry& service, Reporter& reporter) {
  for (const auto& mount : items_of(service.value, "volumes")) {
    if (mount.text_of("type") != "volume" || !mount.text_of("source").empty()) continue;
    reporter
        .warning("unnamed-volume", mount.place,
                 "what service {} writes to {} is gone after `down` and `up`",
                 stack::quoted(service.key), stack::quoted(mount.text_of("target")))
        .hint = "give the volume a name";
  }
}

/// Jobs that somebody waits for, and that their restart policy never lets end.
void warn_of_restarting_jobs(const Node& services, const Entry& waiting, Reporter& reporter) {
  for (const auto& dependency : entries_of(waiting.value, "depends_on")) {
    if (dependency.value.text_of("condition") != "service_completed_successfully") continue;
    const Node* job = services.find(dependency.key);
    const Node* restart = job == nullptr ? nullptr : job->find("restart");
    if (restart == nullptr || (restart->text != "always" && restart->text != "unless-stopped"))
      continue;
    reporter
        .warning("job-restarts", restart->place,
                 "service {} waits for {} to complete, but {} restarts it",
                 stack::quoted(waiting.key), stack::quoted(dependency.key),
                 stack::quoted(restart->text))
        .hint = "use on-failure, or no restart policy";
  }
}

struct Store {
  std::string_view port;
  std::string_view name;
};
/// Where programs listen that keep data, and that many images leave without a password.
constexpr Store stores[] = {
    {"1433", "SQL Server"},    {"2379", "etcd"},       {"3306", "MySQL"},    {"5432", "PostgreSQL"},
    {"5984", "CouchDB"},       {"6379", "Redis"},      {"8529", "ArangoDB"}, {"9042", "Cassandra"},
    {"9200", "Elasticsearch"}, {"11211", "memcached"}, {"27017", "MongoDB"},
};

/// Firewalls of the machine often let what is published pass, so "everybody" is meant.
void warn_of_open_stores(const Entry& service, std::string_view default_bind, Reporter& reporter) {
  for (const auto& port : items_of(service.value, "ports")) {
    const auto target = port.text_of("target");
    auto host_ip = port.text_of("host_ip");
    if (host_ip.empty()) host_ip = default_bind;
    const auto* const store = std::ranges::find(stores, target, &Store::port);
    const bool is_for_all = host_ip.empty() || host_ip == "0.0.0.0" || host_ip == "::";
    if (store == std::end(stores) || !is_for_all || port.text_of("protocol") == "udp") continue;
    const auto published = port.text_of("published");
    reporter
        .warning("open-store", port.place,
                 "{} of service {} is open to everybody who reaches this machine", store->name,
                 stack::quoted(service.key))
        .hint = fmt::format("127.0.0.1:{}:{} is for this machine alone", published, target);
  }
}

void warn_of_unused(const Node& root, std::string_view section, const Names& used,
                    Reporter& reporter) {
  for (const auto& object : entries_of(root, section)) {
    if (object.key.starts_with("x-") || object.key == "default" || used.contains(object.key))
      continue;
    reporter.warning("unused-resource", object.place, "no service uses {} of \"{}\"",
                     stack::quoted(object.key), section);
  }
}

}  // namespace

void warn_of_ineffective_keys(const Node& root, Reporter& reporter) {
  for (const auto& service : entries_of(root, "services")) Ineffective(service, reporter).check();
}

void warn_of_unknown_profiles(const std::vector<std::string>& asked,
                              const std::set<std::string>& known, Reporter& reporter) {
  std::vector<std::string> names(known.begin(), known.end());
  std::erase(names, std::string());
  for (const auto& profile : asked) {
    if (profile.empty() || profile == "*" || known.contains(profile)) continue;
    auto& warning = reporter.warning("unknown-profile", {}, "no service has profile {}",
                                     stack::quoted(profile));
    if (const auto near = nearest(profile, names))
      warning.hint = fmt::format("did you mean {}?", stack::quoted(*near));
  }
}

void lint(const Node& root, std::string_view default_bind, Reporter& reporter) {
  const Node* services = root.find("services");
  if (services == nullptr) return;
  for (const auto& service : services->entries) {
    warn_of_missing_tag(service, reporter);
    warn_of_unnamed_volumes(service, reporter);
    warn_of_restarting_jobs(*services, service, reporter);
    warn_of_open_stores(service, default_bind, reporter);
  }
  const auto used = used_resources(root);
  for (const auto section : {"networks", "volumes", "configs", "secrets"})
    warn_of_unused(root, section, used.at(section), reporter);
}

}  // namespace stack::spec
