// SPDX-License-Identifier: Apache-2.0
// Laws that hold for all values of one notation, tried on random ones. Those of whole files are in
// laws_test.cc.
#include <gtest/gtest.h>
#include <rapidcheck.h>
#include <rapidcheck/gtest.h>

#include "spec/scalars.h"
#include "spec/short_forms.h"
#include "spec/substitute.h"

namespace stack::spec {
namespace {

PortParts any_port() {
  PortParts port;
  port.host_ip = *rc::gen::element<std::string>("", "0.0.0.0", "127.0.0.1", "::1", "fe80::1:2");
  const int published = *rc::gen::inRange(0, 65536);
  if (*rc::gen::arbitrary<bool>()) port.published = std::to_string(published);
  port.target = static_cast<std::uint16_t>(*rc::gen::inRange(1, 65536));
  port.protocol = *rc::gen::element<std::string>("tcp", "udp", "sctp");
  return port;
}

RC_GTEST_PROP(PortNotation, ReadsBackWhatItPrints, ()) {
  const PortParts port = any_port();
  const auto parsed = parse_ports(to_text(port));
  RC_ASSERT(std::holds_alternative<std::vector<PortParts>>(parsed));
  RC_ASSERT(std::get<std::vector<PortParts>>(parsed) == std::vector<PortParts>{port});
}

RC_GTEST_PROP(Duration, ReadsBackWhatItPrints, ()) {
  const auto count = *rc::gen::inRange<std::int64_t>(0, 1'000'000'000'000'000);
  const std::chrono::nanoseconds duration(count);
  const auto parsed = parse_duration(duration_text(duration));
  RC_ASSERT(parsed.has_value());
  // Seconds are printed as a decimal fraction of up to nine digits: exact to the nanosecond.
  RC_ASSERT(*parsed == duration);
}

RC_GTEST_PROP(Substitution, OfTextWithDoubledDollarsIsTheText, (const std::string& text)) {
  std::string doubled;
  for (const char character : text) doubled += character == '$' ? "$$" : std::string(1, character);
  const Lookup none = [](std::string_view) { return std::nullopt; };
  RC_ASSERT(substitute(doubled, none, [](const SubstitutionEvent&) {}) == text);
}

}  // namespace
}  // namespace stack::spec
