// SPDX-License-Identifier: Apache-2.0
// DNS messages for tests, made and read by ldns.
#pragma once

// Before ldns.h, which would otherwise define `true` and `false` as numbers.
#include <stdbool.h>

#include <ldns/ldns.h>

#include <memory>
#include <string>

namespace stack::network {

using Packet = std::unique_ptr<ldns_pkt, decltype(&ldns_pkt_free)>;

enum class Edns { none, offers_4096 };

/// A query with the id 0x4711.
std::string ask(const char* name, ldns_rr_type type, Edns edns = Edns::none,
                ldns_rr_class rr_class = LDNS_RR_CLASS_IN);

/// "NOERROR qr aa rd ra: web A 172.18.0.2": code, flags, and type and value of each answer.
std::string describe(const std::string& wire);

}  // namespace stack::network
