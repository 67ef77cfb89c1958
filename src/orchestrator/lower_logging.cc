// SPDX-License-Identifier: Apache-2.0
#include "orchestrator/lower_logging.h"

#include <algorithm>
#include <cctype>

#include "base/format.h"
#include "base/ids.h"
#include "spec/log_destination.h"

namespace stack::orchestrator {
namespace {

using supervisor::LogShipping;

constexpr const char* usual_syslog_socket = "/dev/log";
constexpr const char* journald_socket = "/run/systemd/journal/socket";

/// Names of journald's fields are capitals, digits and underscores, and begin with no underscore.
std::string field_name(const std::string& key) {
  std::string name;
  for (const char byte : key) {
    const auto character = static_cast<unsigned char>(byte);
    const char mark =
        std::isalnum(character) != 0 ? static_cast<char>(std::toupper(character)) : '_';
    if (mark != '_' || !name.empty()) name += mark;
  }
  return name;
}

std::vector<std::string> journald_fields(const DesiredContainer& wish,
                                         const supervisor::ContainerConfig& config,
                                         const std::string& tag) {
  std::vector<std::string> fields{"CONTAINER_ID=" + short_id(config.id),
                                  "CONTAINER_ID_FULL=" + config.id, "CONTAINER_NAME=" + config.name,
                                  "CONTAINER_TAG=" + tag, "IMAGE_NAME=" + wish.model.image};
  const auto chosen = spec::attributes_of(wish.model.logging);
  const auto add = [&](const std::string& key, const std::string& value) {
    if (const auto name = field_name(key); !name.empty())
      fields.push_back(fmt::format("{}={}", name, value));
  };
  for (const auto& [key, value] : wish.model.labels)
    if (chosen.has_label(key)) add(key, value);
  for (const std::string& variable : config.spec.process.environment) {
    const std::string key = variable.substr(0, variable.find('='));
    if (chosen.has_variable(key))
      add(key, variable.substr(std::min(key.size() + 1, variable.size())));
  }
  return fields;
}

LogShipping::Format format_of(const std::string& name) {
  if (name == "rfc3164") return LogShipping::Format::rfc3164;
  if (name == "rfc5424") return LogShipping::Format::rfc5424;
  if (name == "rfc5424micro") return LogShipping::Format::rfc5424_micro;
  return LogShipping::Format::bsd_local;
}

}  // namespace

std::optional<std::string> LogTagWords::operator()(std::string_view word) const {
  if (word == "ID") return short_id(id);
  if (word == "FullID") return id;
  if (word == "Name") return name;
  if (word == "ImageName") return image;
  if (word == "ImageID") return short_id(image_id);
  if (word == "ImageFullID") return image_id;
  if (word == "DaemonName") return "stack";
  return std::nullopt;
}

std::optional<LogShipping> log_shipping_of(const DesiredContainer& wish,
                                           const supervisor::ContainerConfig& config) {
  using Kind = spec::LogDestination::Kind;
  const auto destination = spec::destination_of(wish.model.logging);
  if (!destination) return std::nullopt;
  LogShipping shipping;
  const LogTagWords words{config.id, config.name, wish.model.image, wish.image_id};
  shipping.tag = spec::log_tag(destination->tag, words).value_or(config.name);
  shipping.place = destination->place.empty() ? usual_syslog_socket : destination->place;
  shipping.port = destination->port;
  shipping.facility = destination->facility;
  shipping.format = format_of(destination->format);
  if (destination->kind == Kind::journald) {
    shipping.to = LogShipping::To::journald;
    shipping.place = journald_socket;
    shipping.fields = journald_fields(wish, config, shipping.tag);
  } else if (destination->kind == Kind::syslog_udp) {
    shipping.way = LogShipping::Way::udp;
  } else if (destination->kind == Kind::syslog_tcp) {
    shipping.way = LogShipping::Way::tcp;
  }
  return shipping;
}

}  // namespace stack::orchestrator
