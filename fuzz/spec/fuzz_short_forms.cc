// SPDX-License-Identifier: Apache-2.0
// Any text as a port, volume, device, duration, size, signal, mode, command and path. Ports that
// are accepted must read back from what they print.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "spec/paths.h"
#include "spec/scalars.h"
#include "spec/short_forms.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace stack::spec;
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const auto ports = parse_ports(text);
  if (const auto* parsed = std::get_if<std::vector<PortParts>>(&ports)) {
    const auto again = parse_ports(to_text(parsed->front()));
    if (std::get<std::vector<PortParts>>(again).front() != parsed->front()) std::abort();
  }
  parse_volume(text);
  parse_device(text);
  is_subnet(text);
  if (const auto duration = parse_duration(text)) duration_text(*duration);
  parse_size(text);
  parse_mode(text);
  canonical_signal(text);
  split_words(text);
  resolve_plain(text);
  if (clean_path(clean_path(text)) != clean_path(text)) std::abort();
  return 0;
}
