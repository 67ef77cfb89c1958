// SPDX-License-Identifier: Apache-2.0
// Why the merged tree says what it says: what happened to a value on its way from the files into
// the project, kept only when somebody will ask (`stack config --why`). A node carries the number
// of its last event (Node::story); events of one value are a chain.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "spec/source_map.h"

namespace stack::spec {

/// What happened. `origin` of the event is where the other side of it stands.
enum class Rule : std::uint8_t {
  overrides,         ///< a scalar over the one at `origin`
  replaces,          ///< a whole list or mapping over the one at `origin`; detail: by which rule
  replaces_item,     ///< a list item over the one at `origin`; detail: what they have in common
  appended,          ///< a list item behind those of the list at `origin`
  kept,              ///< the later file at `origin` has the key, but no value for it
  removed,           ///< !reset at `origin` took the key `detail` away; noted at its parent
  inherited,         ///< by the `extends` at `origin`; detail: the service
  included,          ///< by the `include` at `origin`
  substituted,       ///< variables; detail: the text in the file, and where each value is from
  from_env_file,     ///< read from an env file or label file that is named at `origin`
  from_environment,  ///< a key without a value took the variable `detail`
  implied,           ///< by the key `detail` at `origin`
  filled_in,         ///< nobody said it; detail: why it is so
};

struct Event {
  Rule rule = Rule::overrides;
  Origin origin;
  std::string detail;
  std::uint32_t before = 0;  ///< the event before it in the life of the same value; 0: none
  std::uint32_t loser = 0;   ///< last event of the value that this one went over
};

class History {
 public:
  /// Returns the number of the event, to be put into Node::story.
  std::uint32_t add(Event event) {
    events_.push_back(std::move(event));
    return static_cast<std::uint32_t>(events_.size());
  }
  /// nullptr for 0.
  const Event* find(std::uint32_t story) const {
    return story == 0 || story > events_.size() ? nullptr : &events_[story - 1];
  }

 private:
  std::vector<Event> events_;
};

}  // namespace stack::spec
