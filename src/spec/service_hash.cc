// SPDX-License-Identifier: Apache-2.0
#include "spec/service_hash.h"

#include <algorithm>
#include <array>
#include <utility>
#include <vector>

#include "base/text.h"
#include "spec/printed.h"
#include "spec/schema.h"
#include "spec/tree.h"

namespace stack::spec {
namespace {

using Order = std::pair<std::string_view, std::string_view>;

/// Order of keys in the objects below a key, where it is not the alphabet's.
constexpr std::array<Order, 25> kOrders = {{
    {"services",
     "profiles annotations attach build develop blkio_config cap_add cap_drop cgroup_parent cgroup "
     "cpu_count cpu_percent cpu_period cpu_quota cpu_rt_period cpu_rt_runtime cpus cpuset "
     "cpu_shares command configs container_name credential_spec depends_on deploy "
     "device_cgroup_rules devices dns dns_opt dns_search dockerfile domainname entrypoint provider "
     "environment env_file expose extends external_links extra_hosts group_add gpus hostname "
     "healthcheck image init ipc isolation labels label_file links logging log_driver log_opt "
     "mem_limit mem_reservation memswap_limit mem_swappiness mac_address models net network_mode "
     "networks oom_kill_disable oom_score_adj pid pids_limit platform ports privileged pull_policy "
     "read_only restart runtime scale secrets security_opt shm_size stdin_open stop_grace_period "
     "stop_signal storage_opt sysctls tmpfs tty ulimits use_api_socket user userns_mode uts "
     "volume_driver volumes volumes_from working_dir pre_start post_start pre_stop"},
    {"env_file", "path required format"},
    {"ports", "name mode host_ip target published protocol app_protocol"},
    {"volumes", "type source target read_only consistency bind volume tmpfs image"},
    {"bind", "selinux propagation create_host_path recursive"},
    {"tmpfs", "size mode"},
    {"healthcheck", "test timeout interval retries start_period start_interval disable"},
    {"deploy",
     "mode replicas labels update_config rollback_config resources restart_policy placement "
     "endpoint_mode"},
    {"limits", "cpus memory pids devices generic_resources"},
    {"reservations", "cpus memory pids devices generic_resources"},
    {"restart_policy", "condition delay max_attempts window"},
    {"update_config", "parallelism delay failure_action monitor max_failure_ratio order"},
    {"rollback_config", "parallelism delay failure_action monitor max_failure_ratio order"},
    {"placement", "constraints preferences max_replicas_per_node"},
    {"secrets", "source target uid gid mode"},
    {"configs", "source target uid gid mode"},
    {"ulimits", "single soft hard"},
    {"devices", "capabilities driver count device_ids options source target permissions"},
    {"gpus", "capabilities driver count device_ids options"},
    {"blkio_config",
     "weight weight_device device_read_bps device_read_iops device_write_bps device_write_iops"},
    {"provider", "type options"},
    {"watch", "path action target exec include ignore initial_sync"},
    {"pre_start", "command image user privileged working_dir environment per_replica"},
    {"post_start", "command image user privileged working_dir environment per_replica"},
    {"pre_stop", "command image user privileged working_dir environment per_replica"},
}};

std::vector<std::string> order_below(std::string_view key) {
  const auto found = std::ranges::find(kOrders, key, &Order::first);
  return found == kOrders.end() ? std::vector<std::string>() : split(found->second, ' ');
}

/// Text as Go's encoder writes it: what HTML could take for a tag is escaped too.
std::string go_quoted(const std::string& text) {
  std::string result;
  for (const char character : stack::quoted(text)) {
    switch (character) {
      case '<':
        result += "\\u003c";
        break;
      case '>':
        result += "\\u003e";
        break;
      case '&':
        result += "\\u0026";
        break;
      default:
        result += character;
    }
  }
  return result;
}

class Writer {
 public:
  std::string write(const Node& service, const Type& type) {
    value(service, type, "services");
    return std::move(out_);
  }

 private:
  void value(const Node& node, const Type& type, std::string_view key) {
    if (node.is_mapping()) return mapping(node, type, key);
    if (node.is_sequence()) return list(node, type, key);
    if (node.is_null()) {
      out_ += "null";
    } else {
      out_ += node.is_string() ? go_quoted(node.text) : node.text;
    }
  }

  void list(const Node& node, const Type& type, std::string_view key) {
    const Type& element = type.form == Form::list_of ? *type.element : kAny;
    out_ += '[';
    for (const auto& item : node.items) {
      if (&item != &node.items.front()) out_ += ',';
      value(item, element, key);
    }
    out_ += ']';
  }

  void mapping(const Node& node, const Type& type, std::string_view key) {
    // An env file of which only the path is said is written as that.
    if (key == "env_file" && node.text_of("format").empty() && is_required(node))
      return value(*node.find("path"), kAny, key);
    out_ += '{';
    bool is_first = true;
    for (const Entry* entry : in_order(node, type, key)) {
      if (!std::exchange(is_first, false)) out_ += ',';
      out_ += go_quoted(entry->key) + ':';
      if (type.form == Form::map_of) {
        value(entry->value, *type.element, key);
      } else {
        const Field* field = type.form == Form::object ? type.schema->find(entry->key) : nullptr;
        value(entry->value, field == nullptr ? kAny : *field->type, entry->key);
      }
    }
    out_ += '}';
  }

  static bool is_required(const Node& file) {
    const Node* required = file.find("required");
    return file.find("path") != nullptr && (required == nullptr || required->is_true());
  }

  static std::vector<const Entry*> in_order(const Node& node, const Type& type,
                                            std::string_view key) {
    const auto order = type.form == Form::object ? order_below(key) : std::vector<std::string>();
    const auto rank = [&](const Entry* entry) {
      return std::pair(std::ranges::find(order, entry->key) - order.begin(),
                       std::string_view(entry->key));
    };
    std::vector<const Entry*> entries;
    for (const auto& entry : node.entries) entries.push_back(&entry);
    std::ranges::sort(entries, {}, rank);
    return entries;
  }

  std::string out_;
};

}  // namespace

std::string hashed_text(const Project& project, std::string_view name) {
  static constexpr Type type{.form = Form::object, .schema = &kServiceSchema};
  if (!project.resolved) return {};
  Node printed = printed_tree(project);
  add_empty_parts(printed);
  const Node* services = printed.find("services");
  const Node* found = services == nullptr ? nullptr : services->find(name);
  if (found == nullptr) return {};
  Node service = *found;
  for (const auto key : {"build", "depends_on", "profiles", "pull_policy", "scale"})
    service.erase(key);
  if (Node* deploy = service.find("deploy")) deploy->erase("replicas");
  return Writer().write(service, type);
}

}  // namespace stack::spec
