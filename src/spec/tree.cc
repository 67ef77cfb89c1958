// SPDX-License-Identifier: Apache-2.0
#include "spec/tree.h"

#include <algorithm>

namespace stack::spec {
namespace {

Node make_node(Node::Kind kind, std::string text, Place place) {
  Node node;
  node.kind = kind;
  node.text = std::move(text);
  node.place = place;
  return node;
}

}  // namespace

const Entry* Node::find_entry(std::string_view key) const {
  const auto found = std::ranges::find(entries, key, &Entry::key);
  return found == entries.end() ? nullptr : &*found;
}

Entry* Node::find_entry(std::string_view key) {
  const auto found = std::ranges::find(entries, key, &Entry::key);
  return found == entries.end() ? nullptr : &*found;
}

const Node* Node::find(std::string_view key) const {
  const Entry* entry = find_entry(key);
  return entry == nullptr ? nullptr : &entry->value;
}

Node* Node::find(std::string_view key) {
  Entry* entry = find_entry(key);
  return entry == nullptr ? nullptr : &entry->value;
}

Node& Node::at_or_add(std::string_view key, Place key_place) {
  if (is_null()) kind = Kind::mapping;
  if (Node* found = find(key)) return *found;
  entries.push_back({std::string(key), key_place, make_null(key_place)});
  return entries.back().value;
}

void Node::set(std::string_view key, Node value) {
  const Place key_place = value.place;
  at_or_add(key, key_place) = std::move(value);
}

void Node::erase(std::string_view key) {
  std::erase_if(entries, [&](const Entry& entry) { return entry.key == key; });
}

std::string_view Node::text_of(std::string_view key) const {
  const Node* found = find(key);
  return found == nullptr ? std::string_view() : std::string_view(found->text);
}

const std::vector<Entry>& entries_of(const Node& node, std::string_view key) {
  static const std::vector<Entry> none;
  const Node* found = node.find(key);
  return found == nullptr ? none : found->entries;
}

const std::vector<Node>& items_of(const Node& node, std::string_view key) {
  static const std::vector<Node> none;
  const Node* found = node.find(key);
  return found == nullptr ? none : found->items;
}

Node make_null(Place place) {
  return make_node(Node::Kind::null, "", place);
}
Node make_string(std::string text, Place place) {
  return make_node(Node::Kind::string, std::move(text), place);
}
Node make_integer(std::int64_t value, Place place) {
  return make_node(Node::Kind::integer, std::to_string(value), place);
}
Node make_boolean(bool value, Place place) {
  return make_node(Node::Kind::boolean, value ? "true" : "false", place);
}
Node make_mapping(Place place) {
  return make_node(Node::Kind::mapping, "", place);
}
Node make_sequence(Place place) {
  return make_node(Node::Kind::sequence, "", place);
}

bool same_value(const Node& a, const Node& b) {
  const auto has_same = [&](const Entry& entry) {
    const Node* other = b.find(entry.key);
    return other != nullptr && same_value(entry.value, *other);
  };
  return a.kind == b.kind && a.text == b.text && a.entries.size() == b.entries.size() &&
         std::ranges::equal(a.items, b.items, same_value) &&
         std::ranges::all_of(a.entries, has_same);
}

std::string_view describe(Node::Kind kind) {
  switch (kind) {
    case Node::Kind::null:
      return "nothing";
    case Node::Kind::boolean:
      return "true or false";
    case Node::Kind::integer:
    case Node::Kind::number:
      return "a number";
    case Node::Kind::string:
      return "text";
    case Node::Kind::timestamp:
      return "a date without quotes";
    case Node::Kind::sequence:
      return "a list";
    case Node::Kind::mapping:
      return "a mapping";
  }
  return "?";
}

}  // namespace stack::spec
