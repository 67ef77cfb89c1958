// SPDX-License-Identifier: Apache-2.0
#include "spec/printed.h"

#include <algorithm>

#include "spec/key_order.h"
#include "spec/schema.h"

namespace stack::spec {
namespace {

/// An object that is there by being said: `deploy: {}`. Others are parts of what holds them.
bool means_something_empty(std::string_view key, const Type& type) {
  constexpr std::string_view parts[] = {"ipam", "placement", "resources"};
  if (key == "services") return true;
  return type.form == Form::object && std::ranges::find(parts, key) == std::end(parts);
}

bool says_nothing(std::string_view key, const Node& value, const Type& type) {
  if (value.is_null()) return true;
  if (value.is_sequence()) return value.items.empty() && type.form != Form::command;
  if (value.is_mapping()) return value.entries.empty() && !means_something_empty(key, type);
  if (type.prints_zero) return false;
  if (value.kind == Node::Kind::boolean) return !value.is_true();
  const bool is_size = type.form == Form::size || type.form == Form::signed_size;
  return value.is_string() && (value.text.empty() || (is_size && value.text == "0"));
}

void prune(Node& node, const Type& type, Extensions extensions) {
  if (type.form == Form::list_of) {
    for (auto& item : node.items) prune(item, *type.element, extensions);
  } else if (type.form == Form::map_of) {
    for (auto& entry : node.entries) prune(entry.value, *type.element, extensions);
  } else if (type.form == Form::object && type.schema != nullptr) {
    const bool is_root = type.schema == &kProjectSchema;
    std::erase_if(node.entries, [&](Entry& entry) {
      const Field* field = type.schema->find(entry.key);
      if (field == nullptr) return !is_root && extensions == Extensions::at_top;
      prune(entry.value, *field->type, extensions);
      return says_nothing(entry.key, entry.value, *field->type);
    });
  }
}

void set_default(Node& node, std::string_view key, Node value) {
  if (node.is_mapping() && node.find(key) == nullptr) node.set(key, std::move(value));
}

template <typename Fill>
void for_each_entry(Node* mapping, Fill fill) {
  if (mapping == nullptr) return;
  for (auto& entry : mapping->entries) fill(entry.value);
}

template <typename Fill>
void for_each_item(Node* list, Fill fill) {
  if (list == nullptr) return;
  for (auto& item : list->items) fill(item);
}

void add_empty_parts_of_service(Node& service) {
  set_default(service, "command", make_null({}));
  set_default(service, "entrypoint", make_null({}));
  if (Node* deploy = service.find("deploy")) {
    set_default(*deploy, "resources", make_mapping({}));
    set_default(*deploy, "placement", make_mapping({}));
  }
  Node* develop = service.find("develop");
  for_each_item(develop == nullptr ? nullptr : develop->find("watch"), [](Node& watch) {
    Node exec = make_mapping({});
    exec.set("command", make_null({}));
    set_default(watch, "exec", std::move(exec));
  });
}

bool is_digit_of_name(char character) {
  return character >= '0' && character <= '9';
}

bool is_letter_of_name(char character) {
  return (character >= 'a' && character <= 'z') || (character >= 'A' && character <= 'Z') ||
         static_cast<unsigned char>(character) >= 0x80;
}

std::size_t digits_at(std::string_view text, std::size_t at) {
  std::size_t end = at;
  while (end < text.size() && is_digit_of_name(text[end])) ++end;
  return end - at;
}

/// Two numbers that differ from `at` on; what is in front of it is the same in both.
bool is_smaller_number(std::string_view left, std::string_view right, std::size_t at) {
  std::size_t start = at;
  while (start > 0 && is_digit_of_name(left[start - 1])) --start;
  const auto value = [&](std::string_view text) {
    auto digits = text.substr(start, at - start + digits_at(text, at));
    digits.remove_prefix(std::min(digits.find_first_not_of('0'), digits.size()));
    return digits;
  };
  const auto a = value(left);
  const auto b = value(right);
  if (a.size() != b.size()) return a.size() < b.size();
  return a != b ? a < b : digits_at(left, at) < digits_at(right, at);
}

/// As go-yaml sorts the keys of a mapping: web2 before web10, punctuation before letters.
bool is_before(std::string_view left, std::string_view right) {
  const auto both = std::min(left.size(), right.size());
  for (std::size_t at = 0; at < both; ++at) {
    const char a = left[at];
    const char b = right[at];
    if (a == b) continue;
    if (is_letter_of_name(a) && is_letter_of_name(b))
      return static_cast<unsigned char>(a) < static_cast<unsigned char>(b);
    const bool behind_digit = at > 0 && is_digit_of_name(left[at - 1]);
    if (is_letter_of_name(a) || is_letter_of_name(b))
      return is_letter_of_name(behind_digit ? a : b);
    if (is_digit_of_name(a) && is_digit_of_name(b)) return is_smaller_number(left, right, at);
    return is_digit_of_name(a) == is_digit_of_name(b) ? a < b : is_digit_of_name(b);
  }
  return left.size() < right.size();
}

void order_entries(Node& node, const std::vector<std::string>& first) {
  const auto rank = [&](const Entry& entry) { return std::ranges::find(first, entry.key); };
  std::ranges::stable_sort(node.entries, [&](const Entry& left, const Entry& right) {
    const auto a = rank(left);
    const auto b = rank(right);
    return a != b ? a < b : is_before(left.key, right.key);
  });
}

/// Of a value below `key`; `type` is null where nobody knows what the keys in it mean.
void order_keys_of(Node& node, const Type* type, std::string_view key) {
  const bool is_object = type != nullptr && type->form == Form::object && type->schema != nullptr;
  const bool has_elements =
      type != nullptr && (type->form == Form::list_of || type->form == Form::map_of);
  for (auto& item : node.items) order_keys_of(item, has_elements ? type->element : nullptr, key);
  for (auto& entry : node.entries) {
    const Field* const field = is_object ? type->schema->find(entry.key) : nullptr;
    if (has_elements)
      order_keys_of(entry.value, type->element, key);
    else
      order_keys_of(entry.value, field == nullptr ? nullptr : field->type, entry.key);
  }
  order_entries(node, is_object ? keys_in_order(key) : Strings());
}

constexpr Type kWholeFile{.form = Form::object, .schema = &kProjectSchema};

}  // namespace

void order_keys(Node& printed, KeyOrder order) {
  order_keys_of(printed, order == KeyOrder::by_meaning ? &kWholeFile : nullptr, "");
}

Node printed_tree(const Project& project, Extensions extensions) {
  // With its variables in it, a project is shown as it is written.
  if (!project.interpolated) return *project.resolved;
  Node printed = *project.resolved;
  prune(printed, kWholeFile, extensions);
  return printed;
}

void add_empty_parts(Node& printed) {
  for_each_entry(printed.find("services"), add_empty_parts_of_service);
  for_each_entry(printed.find("networks"),
                 [](Node& network) { set_default(network, "ipam", make_mapping({})); });
}

}  // namespace stack::spec
