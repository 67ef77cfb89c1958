// SPDX-License-Identifier: Apache-2.0
#include "spec/check_service.h"

#include <algorithm>

#include "base/format.h"
#include "base/text.h"

namespace stack::spec {
namespace {

class ServiceCheck {
 public:
  ServiceCheck(const Service& service, const SourceMap& sources, Reporter& reporter)
      : service_(service), sources_(sources), reporter_(reporter) {}

  void run() {
    // A plain name has become a network of the service by now.
    check_namespace("network_mode", service_.network_mode,
                    {"none", "host", "bridge", "the name of a network"});
    check_namespace("pid", service_.pid, {"host"});
    check_namespace("ipc", service_.ipc, {"none", "host", "private", "shareable"});
    check_word("uts", service_.uts, {"host"});
    check_working_dir();
    check_shared_network();
    check_host_names();
    check_processor();
    check_shares();
    check_memory();
    check_update();
  }

 private:
  Diagnostic& complain(const char* id, std::string_view key, std::string message) {
    const auto origin = sources_.find(fmt::format("services.{}.{}", service_.name, key));
    return reporter_.problem_at(id, origin.value_or(Origin{}), std::move(message));
  }

  void check_word(std::string_view key, const std::string& value,
                  const std::vector<std::string>& words) {
    if (value.empty() || std::find(words.begin(), words.end(), value) != words.end()) return;
    complain("bad-value", key,
             fmt::format("\"{}\" of service {} cannot be {}", key, stack::quoted(service_.name),
                         stack::quoted(value)))
        .hint = join(words, ", ");
  }

  void check_namespace(std::string_view key, const std::string& value,
                       std::vector<std::string> words) {
    const auto colon = value.find(':');
    const auto kind = value.substr(0, colon);
    const bool shared = kind == "service" || kind == "container";
    if (colon != std::string::npos && shared && colon + 1 < value.size()) return;
    words.insert(words.end(), {"service:NAME", "container:NAME"});
    check_word(key, value, words);
  }

  void check_working_dir() {
    const auto& directory = service_.working_dir;
    if (directory.empty() || directory.starts_with('/')) return;
    complain("bad-value", "working_dir",
             fmt::format("the working directory must be absolute: {}", stack::quoted(directory)))
        .hint = fmt::format("like {}", stack::quoted("/" + directory));
  }

  static bool is_shared(const std::string& mode) { return mode.find(':') != std::string::npos; }

  void exclude(std::string_view key, std::string_view other) {
    complain("exclusive-keys", key,
             fmt::format("\"{}\" and \"{}\" of service {} exclude each other", key, other,
                         stack::quoted(service_.name)));
  }

  void check_shared_network() {
    if (!is_shared(service_.network_mode)) return;
    if (!service_.ports.empty()) {
      exclude("ports", "network_mode");
      return;
    }
    if (!service_.hostname.empty()) exclude("hostname", "network_mode");
    if (!service_.extra_hosts.empty()) exclude("extra_hosts", "network_mode");
    if (!service_.dns.empty()) exclude("dns", "network_mode");
  }

  void check_host_names() {
    if (service_.uts != "host") return;
    if (!service_.hostname.empty()) exclude("hostname", "uts");
    if (!service_.domainname.empty()) exclude("domainname", "uts");
  }

  void check_processor() {
    if (!service_.cpus || *service_.cpus == 0) return;
    if (service_.cpu_quota.value_or(0) != 0) exclude("cpu_quota", "cpus");
    if (service_.cpu_period.value_or(0) != 0) exclude("cpu_period", "cpus");
  }

  void check_shares() {
    const auto shares = service_.cpu_shares.value_or(0);
    if (shares == 0 || (shares >= 2 && shares <= 262'144)) return;
    complain("bad-value", "cpu_shares", "cpu_shares is between 2 and 262144").hint =
        "1024 is the usual share";
  }

  void check_memory() {
    const auto limit = service_.mem_limit.value_or(0);
    const auto both = service_.memswap_limit.value_or(0);
    if (both > 0 && limit == 0) {
      complain("bad-value", "memswap_limit", "memswap_limit needs mem_limit").hint =
          "it is memory and swap together";
    } else if (both > 0 && static_cast<std::uint64_t>(both) < limit) {
      complain("bad-value", "memswap_limit", "memswap_limit is below mem_limit").hint =
          "it is memory and swap together";
    }
    if (service_.mem_swappiness.value_or(0) > 100)
      complain("bad-value", "mem_swappiness", "mem_swappiness is between 0 and 100");
    if (limit > 0 && service_.mem_reservation.value_or(0) > limit)
      complain("bad-value", "mem_reservation", "mem_reservation is above mem_limit");
  }

  void check_update() {
    if (!service_.update_config) return;
    if (service_.update_config->parallelism < 0)
      complain("bad-value", "deploy.update_config.parallelism", "parallelism is 0 or more").hint =
          "0 is all at once";
    // More than 1 is never reached, which docker does not mind.
    if (!(service_.update_config->max_failure_ratio >= 0))
      complain("bad-value", "deploy.update_config.max_failure_ratio",
               "max_failure_ratio is between 0 and 1");
  }

  const Service& service_;
  const SourceMap& sources_;
  Reporter& reporter_;
};

}  // namespace

void check_service(const Service& service, const SourceMap& sources, Reporter& reporter) {
  ServiceCheck(service, sources, reporter).run();
}

}  // namespace stack::spec
