// SPDX-License-Identifier: Apache-2.0
#include "cli/container_wording.h"

#include "cli/container_wish.h"
#include "cli/run_options.h"
#include "spec/paths.h"
#include "spec/short_forms.h"

namespace stack::cli {
namespace {

/// "/data" and "ro" of "./here:/data:ro".
void add_bind(const std::string& text, supervisor::Wording& words) {
  const auto parsed = spec::parse_volume(text);
  const auto* const parts = std::get_if<spec::VolumeParts>(&parsed);
  if (parts == nullptr) return;
  const std::string last = text.substr(text.rfind(':') + 1);
  words.binds[spec::clean_path(parts->target)] = last == parts->target || last == text ? "" : last;
}

/// "/data" of "type=volume,dst=/data".
void add_mount(const std::string& text, supervisor::Wording& words) {
  for (const auto& part : mount_fields(text)) {
    const std::size_t equals = part.find('=');
    const std::string key = part.substr(0, equals);
    if (equals != std::string::npos && (key == "target" || key == "dst" || key == "destination"))
      words.mounts.insert(spec::clean_path(part.substr(equals + 1)));
  }
}

}  // namespace

supervisor::Wording wording_of(const Options& options) {
  supervisor::Wording words;
  for (const auto& text : options.mounts) add_bind(text, words);
  for (const auto& text : options.long_mounts) add_mount(text, words);
  words.security = options.security_opt;
  words.mac_address = options.mac_address;
  words.detached = options.detach;
  if (options.publish_all) words.ports_before_exposed = ports_of(options.publish).size();
  return words;
}

}  // namespace stack::cli
