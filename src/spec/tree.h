// SPDX-License-Identifier: Apache-2.0
// What a YAML document says, as our own tree: every node knows its place in the source, mappings
// keep their order, aliases are expanded and merge keys resolved. All stages of the front end read
// and write this one shape.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace stack::spec {

/// Where something stands in a source file. Lines and columns count from 1; line 0 is nowhere.
struct Place {
  std::uint32_t line = 0;
  std::uint32_t column = 0;
  std::uint32_t length = 1;  ///< characters to underline
  std::uint16_t file = 0;    ///< index into the list of sources
};

struct Entry;

struct Node {
  enum class Kind : std::uint8_t {
    null,
    boolean,
    integer,
    number,
    string,
    timestamp,  ///< an unquoted date, which YAML does not take for text
    sequence,
    mapping,
  };
  enum class Style : std::uint8_t { plain, quoted };
  /// `!reset` removes what an earlier file said, `!override` replaces it.
  enum class Tag : std::uint8_t { none, reset, override_earlier };

  Kind kind = Kind::null;
  Style style = Style::plain;
  Tag tag = Tag::none;
  std::uint32_t story = 0;  ///< last event in its History; 0: as written
  Place place;
  std::string text;  ///< scalars: "true", "80", "1.5", the text of a string
  std::vector<Node> items;
  std::vector<Entry> entries;

  bool is_null() const { return kind == Kind::null; }
  bool is_string() const { return kind == Kind::string; }
  bool is_mapping() const { return kind == Kind::mapping; }
  bool is_sequence() const { return kind == Kind::sequence; }
  bool is_scalar() const { return kind < Kind::sequence; }
  bool is_true() const { return kind == Kind::boolean && text == "true"; }

  /// The value of `key` in a mapping, or nullptr.
  const Node* find(std::string_view key) const;
  Node* find(std::string_view key);
  /// The same with the place of the key.
  const Entry* find_entry(std::string_view key) const;
  Entry* find_entry(std::string_view key);
  /// Value of `key`, made null when absent. A null node becomes a mapping first.
  Node& at_or_add(std::string_view key, Place key_place);
  void set(std::string_view key, Node value);
  void erase(std::string_view key);
  /// Text of the scalar at `key`, or empty.
  std::string_view text_of(std::string_view key) const;
};

struct Entry {
  std::string key;
  Place place;  ///< of the key
  Node value;
};

/// What is below `key`; nothing when it is not there.
const std::vector<Entry>& entries_of(const Node& node, std::string_view key);
const std::vector<Node>& items_of(const Node& node, std::string_view key);

Node make_null(Place place);
Node make_string(std::string text, Place place);
Node make_integer(std::int64_t value, Place place);
Node make_boolean(bool value, Place place);
Node make_mapping(Place place);
Node make_sequence(Place place);

/// The same content, wherever it stands and in whatever order its keys are.
bool same_value(const Node& a, const Node& b);

/// "a mapping", "a list", "text", "a number", ...
std::string_view describe(Node::Kind kind);

/// Whether both say the same, wherever they stand and in whatever order their keys are.
bool same_value(const Node& a, const Node& b);

}  // namespace stack::spec
