// SPDX-License-Identifier: Apache-2.0
#include "spec/service_hash.h"

#include <algorithm>
#include <array>
#include <utility>
#include <vector>

#include "base/text.h"
#include "spec/key_order.h"
#include "spec/printed.h"
#include "spec/schema.h"
#include "spec/tree.h"

namespace stack::spec {
namespace {

/// Text as Go's encoder writes it: what HTML could take for a tag is escaped too.
std::string go_quoted(const std::string& text) {
  std::string result;
  for (const char character : stack::quoted(text)) {
    switch (character) {
      case '<':
        result += "\\u003c";
        break;
      case '>':
        result += "\\u003e";
        break;
      case '&':
        result += "\\u0026";
        break;
      default:
        result += character;
    }
  }
  return result;
}

class Writer {
 public:
  std::string write(const Node& service, const Type& type) {
    value(service, type, "services");
    return std::move(out_);
  }

 private:
  void value(const Node& node, const Type& type, std::string_view key) {
    if (node.is_mapping()) return mapping(node, type, key);
    if (node.is_sequence()) return list(node, type, key);
    if (node.is_null()) {
      out_ += "null";
    } else {
      out_ += node.is_string() ? go_quoted(node.text) : node.text;
    }
  }

  void list(const Node& node, const Type& type, std::string_view key) {
    const Type& element = type.form == Form::list_of ? *type.element : kAny;
    out_ += '[';
    for (const auto& item : node.items) {
      if (&item != &node.items.front()) out_ += ',';
      value(item, element, key);
    }
    out_ += ']';
  }

  void mapping(const Node& node, const Type& type, std::string_view key) {
    // An env file of which only the path is said is written as that.
    if (key == "env_file" && node.text_of("format").empty() && is_required(node))
      return value(*node.find("path"), kAny, key);
    out_ += '{';
    bool is_first = true;
    for (const Entry* entry : in_order(node, type, key)) {
      if (!std::exchange(is_first, false)) out_ += ',';
      out_ += go_quoted(entry->key) + ':';
      if (type.form == Form::map_of) {
        value(entry->value, *type.element, key);
      } else {
        const Field* field = type.form == Form::object ? type.schema->find(entry->key) : nullptr;
        value(entry->value, field == nullptr ? kAny : *field->type, entry->key);
      }
    }
    out_ += '}';
  }

  static bool is_required(const Node& file) {
    const Node* required = file.find("required");
    return file.find("path") != nullptr && (required == nullptr || required->is_true());
  }

  static std::vector<const Entry*> in_order(const Node& node, const Type& type,
                                            std::string_view key) {
    const auto order = type.form == Form::object ? keys_in_order(key) : std::vector<std::string>();
    const auto rank = [&](const Entry* entry) {
      return std::pair(std::ranges::find(order, entry->key) - order.begin(),
                       std::string_view(entry->key));
    };
    std::vector<const Entry*> entries;
    for (const auto& entry : node.entries) entries.push_back(&entry);
    std::ranges::sort(entries, {}, rank);
    return entries;
  }

  std::string out_;
};

}  // namespace

std::string hashed_text(const Project& project, std::string_view name) {
  static constexpr Type type{.form = Form::object, .schema = &kServiceSchema};
  if (!project.resolved) return {};
  Node printed = printed_tree(project);
  add_empty_parts(printed);
  const Node* services = printed.find("services");
  const Node* found = services == nullptr ? nullptr : services->find(name);
  if (found == nullptr) return {};
  Node service = *found;
  for (const auto key : {"build", "depends_on", "profiles", "pull_policy", "scale"})
    service.erase(key);
  if (Node* deploy = service.find("deploy")) deploy->erase("replicas");
  return Writer().write(service, type);
}

}  // namespace stack::spec
