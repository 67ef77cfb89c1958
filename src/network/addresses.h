// SPDX-License-Identifier: Apache-2.0
// Which address of a network a container gets; pure: given what is in use, choose.
#pragma once

#include <cstdint>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "network/network_spec.h"

namespace stack::network {

/// What is known of who asks for an address.
template <typename Address>
struct AddressWish {
  /// The how manieth of those that may be given out it would like to have, counted from 0: so that
  /// the same containers have the same addresses each time. Negative: any.
  int place = -1;
  std::vector<Address> kept_free{};  ///< not to be given out: others will ask for them
  /// Places are counted from the last address downwards, where containers do not get in the way.
  bool from_the_end = false;
};

/// The address at the wished place, or else the first free one in the same order: from the lowest
/// on, those above the gateway first; or from the last one down. Never one of `taken`, and none
/// that the network keeps back. Throws Error when none is free.
Ipv4 choose_address(const NetworkSpec& network, const std::set<Ipv4>& taken,
                    const AddressWish<Ipv4>& wish = {});
Ipv6 choose_address(const NetworkSpec& network, const std::set<Ipv6>& taken,
                    const AddressWish<Ipv6>& wish = {});
/// The same; nothing when none is free.
std::optional<Ipv4> find_address(const NetworkSpec& network, const std::set<Ipv4>& taken,
                                 const AddressWish<Ipv4>& wish = {});
std::optional<Ipv6> find_address(const NetworkSpec& network, const std::set<Ipv6>& taken,
                                 const AddressWish<Ipv6>& wish = {});

/// Whether the network gives out this address at all: not its gateway, nor one that it keeps back.
bool is_given_out(const NetworkSpec& network, Ipv4 address);
bool is_given_out(const NetworkSpec& network, Ipv6 address);

/// How many containers can have an address at a time; of two families the smaller number.
std::uint64_t count_given_out(const NetworkSpec& network);

/// Why a container cannot have this address in the network, whoever asks for it, as a sentence;
/// empty when it can.
std::string why_no_containers_address(const NetworkSpec& network, Ipv4 address);
std::string why_no_containers_address(const NetworkSpec& network, Ipv6 address);

/// "02:42:" and the four bytes of the address, as docker makes them.
std::string mac_for(Ipv4 address);
/// The same with the last four bytes, for what has no IPv4.
std::string mac_for(Ipv6 address);
std::string mac_for(const DualAddress& address);

}  // namespace stack::network
