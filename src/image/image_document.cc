// SPDX-License-Identifier: Apache-2.0
#include "image/image_document.h"

#include <sys/utsname.h>

#include <ctime>
#include <nlohmann/json.hpp>

#include "base/calendar.h"
#include "base/error.h"
#include "base/text.h"
#include "image/digest.h"

namespace stack::image {
namespace {

using nlohmann::json;
using std::chrono::system_clock;

/// From 1970: nanoseconds in 64 bits tell no more than 292 years, either way.
constexpr std::chrono::seconds furthest{9'000'000'000};

/// OCI writes sets as objects with empty values: {"/data": {}}.
json as_set(const std::vector<std::string>& names) {
  json set = json::object();
  for (const std::string& name : names) set[name] = json::object();
  return set;
}

std::vector<std::string> keys_of(const json& object, const char* key) {
  std::vector<std::string> keys;
  if (const auto found = object.find(key); found != object.end() && found->is_object()) {
    for (const auto& item : found->items()) keys.push_back(item.key());
  }
  return keys;
}

/// Absent and null are the same in documents written by Go programs.
template <typename Value>
Value value_or_default(const json& object, const char* key) {
  const auto found = object.find(key);
  return found == object.end() || found->is_null() ? Value{} : found->get<Value>();
}

json healthcheck_json(const ImageHealthcheck& check) {
  json part = {{"Test", check.test}};
  const auto set = [&](const char* key, std::chrono::nanoseconds value) {
    if (value.count() != 0) part[key] = value.count();
  };
  set("Interval", check.interval);
  set("Timeout", check.timeout);
  set("StartPeriod", check.start_period);
  set("StartInterval", check.start_interval);
  if (check.retries != 0) part["Retries"] = check.retries;
  return part;
}

std::optional<ImageHealthcheck> parse_healthcheck(const json& part) {
  const auto found = part.find("Healthcheck");
  if (found == part.end() || !found->is_object()) return std::nullopt;
  ImageHealthcheck check;
  const auto duration = [&](const char* key) {
    return std::chrono::nanoseconds(value_or_default<std::int64_t>(*found, key));
  };
  check.test = value_or_default<std::vector<std::string>>(*found, "Test");
  check.interval = duration("Interval");
  check.timeout = duration("Timeout");
  check.start_period = duration("StartPeriod");
  check.start_interval = duration("StartInterval");
  check.retries = value_or_default<std::uint64_t>(*found, "Retries");
  return check;
}

json runtime_part(const ImageConfig& config) {
  json part = json::object();
  if (!config.command.empty()) part["Cmd"] = config.command;
  if (!config.entrypoint.empty()) part["Entrypoint"] = config.entrypoint;
  if (!config.environment.empty()) part["Env"] = config.environment;
  if (!config.user.empty()) part["User"] = config.user;
  if (!config.working_dir.empty()) part["WorkingDir"] = config.working_dir;
  if (!config.stop_signal.empty()) part["StopSignal"] = config.stop_signal;
  if (!config.volumes.empty()) part["Volumes"] = as_set(config.volumes);
  if (!config.exposed_ports.empty()) part["ExposedPorts"] = as_set(config.exposed_ports);
  if (!config.labels.empty()) part["Labels"] = config.labels;
  if (config.healthcheck) part["Healthcheck"] = healthcheck_json(*config.healthcheck);
  if (!config.on_build.empty()) part["OnBuild"] = config.on_build;
  if (!config.shell.empty()) part["Shell"] = config.shell;
  return part;
}

ImageConfig parse_runtime_part(const json& part) {
  ImageConfig config;
  config.command = value_or_default<std::vector<std::string>>(part, "Cmd");
  config.entrypoint = value_or_default<std::vector<std::string>>(part, "Entrypoint");
  config.environment = value_or_default<std::vector<std::string>>(part, "Env");
  config.user = value_or_default<std::string>(part, "User");
  config.working_dir = value_or_default<std::string>(part, "WorkingDir");
  config.stop_signal = value_or_default<std::string>(part, "StopSignal");
  config.volumes = keys_of(part, "Volumes");
  config.exposed_ports = keys_of(part, "ExposedPorts");
  config.labels = value_or_default<std::map<std::string, std::string>>(part, "Labels");
  config.healthcheck = parse_healthcheck(part);
  config.on_build = value_or_default<std::vector<std::string>>(part, "OnBuild");
  config.shell = value_or_default<std::vector<std::string>>(part, "Shell");
  return config;
}

json history_json(const std::vector<HistoryEntry>& history) {
  json list = json::array();
  for (const HistoryEntry& entry : history) {
    json step = {{"created", entry.created}};
    if (!entry.created_by.empty()) step["created_by"] = entry.created_by;
    if (!entry.author.empty()) step["author"] = entry.author;
    if (!entry.comment.empty()) step["comment"] = entry.comment;
    if (entry.empty_layer) step["empty_layer"] = true;
    list.push_back(std::move(step));
  }
  return list;
}

std::vector<HistoryEntry> parse_history(const json& root) {
  std::vector<HistoryEntry> history;
  for (const json& step : value_or_default<std::vector<json>>(root, "history")) {
    history.push_back({value_or_default<std::string>(step, "created"),
                       value_or_default<std::string>(step, "created_by"),
                       value_or_default<std::string>(step, "author"),
                       value_or_default<std::string>(step, "comment"),
                       value_or_default<bool>(step, "empty_layer")});
  }
  return history;
}

json descriptor_json(const Descriptor& descriptor, const char* media_type) {
  return {{"mediaType", media_type}, {"digest", descriptor.digest}, {"size", descriptor.size}};
}

ConfigDocument decode(const json& root) {
  ConfigDocument document;
  document.created = parse_rfc3339(value_or_default<std::string>(root, "created"));
  document.config = parse_runtime_part(value_or_default<json>(root, "config"));
  document.author = value_or_default<std::string>(root, "author");
  document.history = parse_history(root);
  document.diff_ids = root.at("rootfs").at("diff_ids").get<std::vector<std::string>>();
  for (const std::string& diff_id : document.diff_ids) {
    if (!is_digest(diff_id)) fail("invalid digest \"{}\"", printable(diff_id));
  }
  return document;
}

}  // namespace

std::string to_json(const ConfigDocument& document) {
  const std::string created = to_rfc3339(document.created);
  json root = {{"created", created},
               {"architecture", oci_architecture()},
               {"os", "linux"},
               {"config", runtime_part(document.config)},
               {"rootfs", {{"type", "layers"}, {"diff_ids", document.diff_ids}}},
               {"history", history_json(document.history)}};
  if (!document.author.empty()) root["author"] = document.author;
  return root.dump(-1, ' ', false, json::error_handler_t::replace);
}

ConfigDocument parse_config_document(const std::string& text) {
  try {
    return decode(json::parse(text));
  } catch (const json::exception& error) {
    fail("damaged image config: {}", error.what());
  }
}

std::string to_manifest_json(const Descriptor& config, const std::vector<Descriptor>& layers) {
  json root = {{"schemaVersion", 2},
               {"mediaType", "application/vnd.oci.image.manifest.v1+json"},
               {"config", descriptor_json(config, "application/vnd.oci.image.config.v1+json")},
               {"layers", json::array()}};
  for (const Descriptor& layer : layers)
    root["layers"].push_back(descriptor_json(layer, "application/vnd.oci.image.layer.v1.tar"));
  return root.dump();
}

std::string oci_architecture() {
  struct utsname machine {};
  ::uname(&machine);
  const std::string name = machine.machine;
  if (name == "x86_64") return "amd64";
  if (name == "aarch64") return "arm64";
  if (name == "i686") return "386";
  if (name == "armv7l") return "arm";
  return name;
}

std::string to_rfc3339(system_clock::time_point time) {
  const auto whole = std::chrono::floor<std::chrono::seconds>(time);
  const auto rest = std::chrono::duration_cast<std::chrono::nanoseconds>(time - whole);
  const std::tm utc = utc_calendar(system_clock::to_time_t(whole));
  char text[32];
  const std::size_t size = std::strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%S", &utc);
  return fmt::format("{}.{:09}Z", std::string_view(text, size), rest.count());
}

system_clock::time_point parse_rfc3339(const std::string& text) {
  struct tm utc {};
  const char* rest = ::strptime(text.c_str(), "%Y-%m-%dT%H:%M:%S", &utc);
  if (rest == nullptr) return {};
  std::int64_t nanoseconds = 0;
  if (*rest == '.') {
    std::int64_t unit = 100'000'000;
    for (++rest; *rest >= '0' && *rest <= '9'; ++rest, unit /= 10)
      nanoseconds += (*rest - '0') * unit;
  }
  // Other tools may write a zone: "+02:00".
  if (::strptime(rest, "%z", &utc) == nullptr) return {};
  const auto offset = std::chrono::seconds(utc.tm_gmtoff);
  const auto seconds = std::chrono::seconds(seconds_of_utc(utc)) - offset;
  if (std::chrono::abs(seconds) > furthest) return {};
  return system_clock::time_point(std::chrono::duration_cast<system_clock::duration>(
      seconds + std::chrono::nanoseconds(nanoseconds)));
}

}  // namespace stack::image
