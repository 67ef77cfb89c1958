// SPDX-License-Identifier: Apache-2.0
// Where `logging` has a container's output sent, by docker's rules for its drivers journald and
// syslog.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "spec/model.h"

namespace stack::spec {

/// Where the output goes beside that.
struct LogDestination {
  enum class Kind { journald, syslog_unix, syslog_udp, syslog_tcp } kind = Kind::syslog_unix;
  std::string place;        ///< path of the socket, or host; empty: the usual socket
  std::uint16_t port = 0;   ///< of udp and tcp
  int facility = 3;         ///< of syslog(3)
  std::string format = "";  ///< "", rfc3164, rfc5424, rfc5424micro
  std::string tag = "";     ///< a template: see log_tag()
  bool operator==(const LogDestination&) const = default;
};
/// Of one without mistakes; nothing for drivers that only keep it.
std::optional<LogDestination> destination_of(const Logging& logging);

/// What `tag` may name, as {{.ID}}; gives the text of a word, and nothing for one that is not
/// known.
inline constexpr std::string_view log_tag_words[] = {
    "DaemonName", "FullID", "ID", "ImageFullID", "ImageID", "ImageName", "Name"};
using TagWord = std::function<std::optional<std::string>(std::string_view name)>;
/// The tag with its words in place; nothing when one is not known. Empty: "{{.ID}}".
std::optional<std::string> log_tag(std::string_view text, const TagWord& word);

/// Which labels and variables of a container go with its lines: `labels`, `labels-regex`, `env` and
/// `env-regex`, as POSIX extended patterns.
struct LogAttributes {
  std::vector<std::string> labels, variables;  ///< names
  std::string labels_pattern, variables_pattern;

  bool has_label(const std::string& key) const;
  bool has_variable(const std::string& key) const;
};
LogAttributes attributes_of(const Logging& logging);

/// Values of options.
bool is_syslog_address(const std::string& text);
bool is_syslog_format(const std::string& text);
bool is_pattern(const std::string& text);
/// "daemon", "local0", "3"
std::optional<int> syslog_facility(const std::string& text);

}  // namespace stack::spec
