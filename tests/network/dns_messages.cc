// SPDX-License-Identifier: Apache-2.0
#include "dns_messages.h"

#include <cstdlib>

namespace stack::network {

std::string ask(const char* name, ldns_rr_type type, Edns edns, ldns_rr_class rr_class) {
  const Packet packet(ldns_pkt_query_new(ldns_dname_new_frm_str(name), type, rr_class, LDNS_RD),
                      ldns_pkt_free);
  ldns_pkt_set_id(packet.get(), 0x4711);
  if (edns == Edns::offers_4096) ldns_pkt_set_edns_udp_size(packet.get(), 4096);
  std::uint8_t* data = nullptr;
  std::size_t size = 0;
  ldns_pkt2wire(&data, packet.get(), &size);
  std::string wire(reinterpret_cast<const char*>(data), size);
  std::free(data);
  return wire;
}

std::string describe(const std::string& wire) {
  ldns_pkt* parsed = nullptr;
  const auto* data = reinterpret_cast<const std::uint8_t*>(wire.data());
  if (ldns_wire2pkt(&parsed, data, wire.size()) != LDNS_STATUS_OK) return "unreadable";
  const Packet packet(parsed, ldns_pkt_free);
  if (ldns_pkt_id(parsed) != 0x4711) return "another id";
  const ldns_lookup_table* code =
      ldns_lookup_by_id(ldns_rcodes, static_cast<int>(ldns_pkt_get_rcode(parsed)));
  std::string text = code->name;
  if (ldns_pkt_qr(parsed)) text += " qr";
  if (ldns_pkt_aa(parsed)) text += " aa";
  if (ldns_pkt_tc(parsed)) text += " tc";
  if (ldns_pkt_rd(parsed)) text += " rd";
  if (ldns_pkt_ra(parsed)) text += " ra";
  const ldns_rr_list* answers = ldns_pkt_answer(parsed);
  for (std::size_t i = 0; i < ldns_rr_list_rr_count(answers); ++i) {
    char* line = ldns_rr2str(ldns_rr_list_rr(answers, i));
    for (char* c = line; *c != '\0'; ++c) *c = *c == '\t' ? ' ' : *c;
    text += std::string("\n") + line;
    text.pop_back();
    std::free(line);
  }
  return text;
}

}  // namespace stack::network
