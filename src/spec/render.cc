// SPDX-License-Identifier: Apache-2.0
#include "spec/render.h"

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>
#include <vector>

#include "base/number.h"
#include "base/text.h"
#include "spec/printed.h"
#include "spec/scalars.h"
#include "spec/tree.h"
#include "spec/utf8.h"
#include "spec/yaml_style.h"

namespace stack::spec {
namespace {

using Kind = Node::Kind;

std::vector<const Entry*> sorted_entries(const Node& node) {
  std::vector<const Entry*> entries;
  for (const auto& entry : node.entries) entries.push_back(&entry);
  std::ranges::sort(entries, {},
                    [](const Entry* entry) -> const std::string& { return entry->key; });
  return entries;
}

/// A dollar is doubled, so that the printed file reads as the same project.
std::string escaped(const std::string& text, bool double_dollars) {
  if (!double_dollars || text.find('$') == std::string::npos) return text;
  std::string result;
  for (const char character : text) {
    result += character;
    if (character == '$') result += character;
  }
  return result;
}

/// In quotes, with nothing in it that a stack file must not hold.
std::string literal(const std::string& text) {
  std::string result;
  for (const char character : stack::quoted(as_utf8(text))) {
    if (character == '\x7f') {
      result += "\\u007f";
    } else {
      result += character;
    }
  }
  return result;
}

/// A number as JSON has it: without an exponent as long as it is short, and none that is none.
std::string json_number(const std::string& text) {
  const auto value = parse_number(text);
  if (!value || !std::isfinite(*value)) return stack::quoted(text);
  const bool is_short = *value == 0 || (std::abs(*value) >= 1e-6 && std::abs(*value) < 1e21);
  if (!is_short) return text;
  return shortest_text(*value, Notation::fixed);
}

class JsonWriter {
 public:
  explicit JsonWriter(bool double_dollars) : double_dollars_(double_dollars) {}

  std::string write(const Node& node) {
    value(node, 0);
    return std::move(out_) + "\n";
  }

 private:
  void value(const Node& node, std::size_t depth) {
    switch (node.kind) {
      case Kind::null:
        out_ += "null";
        return;
      case Kind::boolean:
      case Kind::integer:
        out_ += node.text;
        return;
      case Kind::number:
        out_ += json_number(node.text);
        return;
      case Kind::string:
      case Kind::timestamp:
        out_ += literal(escaped(node.text, double_dollars_));
        return;
      case Kind::sequence:
        return list(node, depth);
      case Kind::mapping:
        return mapping(node, depth);
    }
  }

  void list(const Node& node, std::size_t depth) {
    if (node.items.empty()) {
      out_ += "[]";
      return;
    }
    char separator = '[';
    for (const auto& item : node.items) {
      begin(separator, depth + 1);
      value(item, depth + 1);
      separator = ',';
    }
    end(']', depth);
  }

  void mapping(const Node& node, std::size_t depth) {
    if (node.entries.empty()) {
      out_ += "{}";
      return;
    }
    char separator = '{';
    for (const Entry* entry : sorted_entries(node)) {
      begin(separator, depth + 1);
      out_ += literal(escaped(entry->key, double_dollars_)) + ": ";
      value(entry->value, depth + 1);
      separator = ',';
    }
    end('}', depth);
  }

  void begin(char separator, std::size_t depth) {
    out_ += separator;
    out_ += '\n';
    out_.append(2 * depth, ' ');
  }
  void end(char bracket, std::size_t depth) {
    out_ += '\n';
    out_.append(2 * depth, ' ');
    out_ += bracket;
  }

  bool double_dollars_;
  std::string out_;
};

/// Text that YAML would read back as the same text without quotes, in braces too.
bool is_plain(const std::string& text) {
  if (resolve_plain(text).kind != Kind::string || parse_boolean(text)) return false;
  const auto is_safe = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
           std::string_view("_./$-").find(c) != std::string_view::npos;
  };
  return text[0] != '-' && text[0] != '.' && std::ranges::all_of(text, is_safe);
}

/// A number as YAML has it.
std::string yaml_number(const std::string& text) {
  if (text == "+Inf") return ".inf";
  if (text == "-Inf") return "-.inf";
  return text == "NaN" ? ".nan" : text;
}

/// Writes keys in the order in which they are.
class YamlWriter {
 public:
  explicit YamlWriter(bool double_dollars) : double_dollars_(double_dollars) {}

  std::string write(const Node& node) {
    mapping(node, 0);
    return std::move(out_);
  }

 private:
  std::string scalar(const Node& node, std::size_t depth) const {
    if (node.kind == Kind::null) return "null";
    if (node.kind == Kind::number) return yaml_number(node.text);
    if (node.kind != Kind::string && node.kind != Kind::timestamp) return node.text;
    return yaml_value(as_utf8(escaped(node.text, double_dollars_)), 2 * depth);
  }

  /// What stands behind "key:" or "-", and whatever lies below it.
  void behind(const Node& node, std::size_t depth) {
    if (node.is_mapping() && !node.entries.empty()) {
      out_ += '\n';
      mapping(node, depth);
    } else if (node.is_sequence() && !node.items.empty()) {
      out_ += '\n';
      list(node, depth);
    } else {
      out_ += node.is_mapping() ? " {}" : node.is_sequence() ? " []" : " " + scalar(node, depth);
      out_ += '\n';
    }
  }

  void list(const Node& node, std::size_t depth) {
    for (const auto& item : node.items) {
      out_.append(2 * depth, ' ');
      out_ += '-';
      if (item.is_mapping() && !item.entries.empty()) {
        const auto start = out_.size();
        mapping(item, depth + 1);
        // The first key of the item stands on the line of its dash.
        out_.erase(start, 2 * depth + 1);
      } else {
        behind(item, depth + 1);
      }
    }
  }

  void mapping(const Node& node, std::size_t depth) {
    for (const Entry& entry : node.entries) {
      out_.append(2 * depth, ' ');
      out_ += yaml_key(as_utf8(escaped(entry.key, double_dollars_))) + ':';
      behind(entry.value, depth + 1);
    }
  }

  bool double_dollars_;
  std::string out_;
};

}  // namespace

std::string flow_text(const Node& node) {
  if (node.is_null()) return "null";
  std::vector<std::string> parts;
  if (node.is_sequence()) {
    for (const auto& item : node.items) parts.push_back(flow_text(item));
    return "[" + join(parts, ", ") + "]";
  }
  if (node.is_mapping()) {
    for (const Entry* entry : sorted_entries(node))
      parts.push_back(entry->key + ": " + flow_text(entry->value));
    return "{" + join(parts, ", ") + "}";
  }
  return !node.is_string() || is_plain(node.text) ? node.text : stack::quoted(node.text);
}

std::string to_json(const Project& project) {
  if (!project.resolved) return "{}\n";
  Node printed = printed_tree(project);
  if (project.interpolated) add_empty_parts(printed);
  return JsonWriter(project.interpolated).write(printed);
}

std::string service_json(const Project& project, const std::string& service) {
  Node printed = printed_tree(project);
  if (project.interpolated) add_empty_parts(printed);
  const std::string text = JsonWriter(false).write(*printed.find("services")->find(service));
  return nlohmann::ordered_json::parse(text).dump();
}

std::string to_yaml(const Project& project) {
  if (!project.resolved) return "{}\n";
  Node printed = printed_tree(project, Extensions::everywhere);
  order_keys(printed, project.interpolated ? KeyOrder::by_meaning : KeyOrder::by_name);
  return YamlWriter(project.interpolated).write(printed);
}

}  // namespace stack::spec
