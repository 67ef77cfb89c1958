// SPDX-License-Identifier: Apache-2.0
#include "spec/shape.h"

#include <algorithm>
#include <array>
#include <vector>

#include "base/number.h"
#include "base/text.h"
#include "spec/expand.h"
#include "spec/paths.h"
#include "spec/scalars.h"

namespace stack::spec {
namespace {

using Kind = Node::Kind;

void refuse(const Node& node, const Where& where, Shaping& shaping, std::string_view wanted,
            std::string_view hint = "") {
  const std::string shown =
      node.is_scalar() && !node.text.empty() && !node.is_string() ? " (" + node.text + ")" : "";
  shaping.reporter
      .error("wrong-type", node.place, "{} must be {}, not {}{}", where.value_text(), wanted,
             describe(node.kind), shown)
      .hint = hint;
}

void refuse_text(const Node& node, const Type& type, const Where& where, Shaping& shaping,
                 std::string_view wanted, std::string_view hint = "") {
  Diagnostic& error = shaping.reporter.error("bad-value", node.place, "{} is not {}: {}",
                                             stack::quoted(node.text), wanted, where.value_text());
  error.hint = hint;
  error.counts = type.counts;
}

void become_text(Node& node) {
  node.kind = Kind::string;
}

bool is_loose_text(const Node& node) {
  return node.is_string() || node.kind == Kind::integer || node.kind == Kind::number ||
         node.kind == Kind::boolean;
}

// --- scalars -------------------------------------------------------------------------------------

void shape_text(Node& node, const Where& where, Shaping& shaping) {
  if (!node.is_string())
    refuse(node, where, shaping, "text", node.is_scalar() ? "put it in quotes" : "");
}

void shape_loose_text(Node& node, const Where& where, Shaping& shaping) {
  if (is_loose_text(node)) return become_text(node);
  refuse(node, where, shaping, "text or a number");
}

void shape_boolean(Node& node, const Type& type, const Where& where, Shaping& shaping) {
  if (node.kind == Kind::boolean) return;
  if (!node.is_string()) return refuse(node, where, shaping, "true or false");
  const auto value = parse_boolean(node.text);
  if (!value) return refuse_text(node, type, where, shaping, "true or false");
  const std::string word = to_lower(node.text);
  if (word != "true" && word != "false") {
    shaping.reporter
        .warning("old-boolean", node.place, "{} is read as {}", stack::quoted(node.text),
                 *value ? "true" : "false")
        .hint = *value ? "write true" : "write false";
  }
  node = make_boolean(*value, node.place);
}

void shape_integer(Node& node, const Type& type, const Where& where, Shaping& shaping) {
  if (!node.is_string() && node.kind != Kind::integer)
    return refuse(node, where, shaping, "a whole number");
  const auto value = parse_integer<std::int64_t>(node.text);
  if (!value) return refuse_text(node, type, where, shaping, "a whole number");
  node = make_integer(*value, node.place);
}

void shape_number(Node& node, const Type& type, const Where& where, Shaping& shaping) {
  if (node.kind == Kind::integer) return;
  if (!node.is_string() && node.kind != Kind::number)
    return refuse(node, where, shaping, "a number");
  const auto value = parse_number(node.text);
  if (!value) return refuse_text(node, type, where, shaping, "a number");
  node.text = number_text(*value);
  node.kind = Kind::number;
}

void shape_size(Node& node, const Type& type, const Where& where, Shaping& shaping) {
  if (!node.is_string() && node.kind != Kind::integer && node.kind != Kind::number)
    return refuse(node, where, shaping, "a size", "like 512m");
  if (type.form == Form::signed_size && node.text == "-1") return become_text(node);
  const auto bytes = parse_size(node.text);
  if (!bytes) return refuse_text(node, type, where, shaping, "a size", "like 512m or 1.5g");
  node.text = std::to_string(*bytes);
  become_text(node);
}

void shape_duration(Node& node, const Type& type, const Where& where, Shaping& shaping) {
  if (node.kind == Kind::integer)
    return refuse(node, where, shaping, "a duration", "a unit is missing, like " + node.text + "s");
  if (!node.is_string()) return refuse(node, where, shaping, "a duration", "like 1m30s");
  const auto duration = parse_duration(node.text);
  if (!duration) return refuse_text(node, type, where, shaping, "a duration", "like 30s or 1m30s");
  node.text = duration_text(*duration);
}

void shape_mode(Node& node, const Type& type, const Where& where, Shaping& shaping) {
  std::optional<std::uint32_t> mode;
  if (node.kind == Kind::integer) mode = parse_integer<std::uint32_t>(node.text);
  if (node.is_string()) mode = parse_mode(node.text);
  if (!mode) return refuse_text(node, type, where, shaping, "a file mode", "like 0440");
  node.text = fmt::format("{:#o}", *mode);
  become_text(node);
}

void shape_path(Node& node, const Where& where, Shaping& shaping) {
  if (!node.is_string()) return refuse(node, where, shaping, "a path");
  node.text = shaped_path(node.text, shaping);
}

void split_command(Node& node, const Where& where, Shaping& shaping) {
  auto split = split_words(node.text);
  if (!split.mistake.empty()) {
    Diagnostic& error =
        shaping.reporter.error("bad-value", node.place, "{} is not a command: it has {}",
                               where.value_text(), split.mistake);
    error.hint = "write a list of words: [\"sh\", \"-c\", \"...\"]";
    error.counts = Counts::if_merged;
    return;
  }
  if (split.shell_operator != std::string_view::npos) {
    shaping.reporter
        .warning("no-shell", node.place, "no shell runs {}, so it ends before {}",
                 where.value_text(), stack::quoted(node.text.substr(split.shell_operator)))
        .hint = "write [\"sh\", \"-c\", \"...\"] for a shell";
  }
  Node list = make_sequence(node.place);
  for (auto& word : split.words) list.items.push_back(make_string(std::move(word), node.place));
  list.tag = node.tag;
  node = std::move(list);
}

void shape_command(Node& node, const Where& where, Shaping& shaping) {
  if (node.is_null()) return;
  if (node.is_string()) return split_command(node, where, shaping);
  if (!node.is_sequence()) return refuse(node, where, shaping, "text or a list of text");
  for (auto& item : node.items) shape_text(item, where, shaping);
}

// --- lists and mappings --------------------------------------------------------------------------

void shape_texts(Node& node, const Where& where, Shaping& shaping, bool may_be_numbers) {
  if (!node.is_sequence()) return refuse(node, where, shaping, "a list");
  for (auto& item : node.items) {
    if (item.tag == Node::Tag::reset) continue;
    may_be_numbers ? shape_loose_text(item, where, shaping) : shape_text(item, where, shaping);
  }
}

void shape_text_or_texts(Node& node, const Where& where, Shaping& shaping) {
  if (node.is_string()) {
    Node list = make_sequence(node.place);
    list.tag = node.tag;
    node.tag = Node::Tag::none;
    list.items.push_back(std::move(node));
    node = std::move(list);
  }
  shape_texts(node, where, shaping, false);
}

/// The entry "K=V" or "K" of a list, as a mapping has it. Later ones win.
void add_assignment(Node& map, const Node& item, const Where& where, Shaping& shaping) {
  if (!item.is_string())
    return refuse(item, where, shaping, "text like KEY=VALUE", "put it in quotes");
  const auto equals = item.text.find('=');
  const std::string key = item.text.substr(0, equals);
  Node value = equals == std::string::npos ? make_null(item.place)
                                           : make_string(item.text.substr(equals + 1), item.place);
  value.tag = item.tag;
  map.set(key, std::move(value));
}

void warn_of_changed_number(const Node& value, std::string_view key, Shaping& shaping) {
  shaping.reporter
      .warning("number-as-text", value.place, "{} is a YAML number and becomes {}", key,
               stack::quoted(value.text))
      .hint = "put it in quotes to keep its spelling";
}

/// Text for the YAML of today, true or false for the one before it.
bool is_old_boolean(const Node& value) {
  static constexpr std::array<std::string_view, 4> words = {"yes", "no", "on", "off"};
  return value.is_string() && value.style == Node::Style::plain && value.place.line > 0 &&
         value.text.size() == value.place.length &&
         std::ranges::find(words, to_lower(value.text)) != words.end();
}

void warn_of_old_boolean(const Node& value, std::string_view key, Shaping& shaping) {
  shaping.reporter
      .warning("yaml-boolean", value.place, "{} is the text {}, which older YAML takes for {}", key,
               stack::quoted(value.text), *parse_boolean(value.text) ? "true" : "false")
      .hint = "put it in quotes";
}

void shape_text_map(Node& node, const Where& where, Shaping& shaping, bool keep_null) {
  const bool is_list = node.is_sequence();
  if (is_list) {
    Node map = make_mapping(node.place);
    map.tag = node.tag;
    for (const auto& item : node.items) add_assignment(map, item, where, shaping);
    node = std::move(map);
  }
  if (!node.is_mapping()) return refuse(node, where, shaping, "a mapping or a list of KEY=VALUE");
  for (auto& [key, place, value] : node.entries) {
    if (value.tag == Node::Tag::reset) continue;
    const Where inner{&where, key, ""};
    if (keep_null && is_list && (key.ends_with(' ') || key.ends_with('\t')))
      shaping.reporter.error("bad-value", place, "the name {} ends with a space",
                             stack::quoted(key));
    if (value.is_null()) {
      if (!keep_null) value = make_string("", place);
      continue;
    }
    if (is_old_boolean(value)) warn_of_old_boolean(value, key, shaping);
    const bool changed = (value.kind == Kind::number || value.kind == Kind::integer) &&
                         value.text.size() != value.place.length;
    if (changed) warn_of_changed_number(value, key, shaping);
    shape_loose_text(value, inner, shaping);
  }
}

void shape_options(Node& node, const Where& where, Shaping& shaping) {
  if (!node.is_mapping()) return refuse(node, where, shaping, "a mapping");
  for (const auto& [key, place, value] : node.entries) {
    if (value.kind == Kind::boolean)
      refuse(value, {&where, key, ""}, shaping, "text or a number", "put it in quotes");
  }
  shape_text_map(node, where, shaping, false);
}

void report_unknown_key(const Entry& entry, const Schema& schema, const Where& where,
                        Shaping& shaping) {
  std::vector<std::string> known;
  for (const auto& field : schema.fields) known.emplace_back(field.key);
  auto& error = shaping.reporter.error("unknown-key", entry.place, "unknown key {} in {}",
                                       stack::quoted(entry.key), where.object_text());
  if (const auto near = nearest(entry.key, known)) {
    error.hint = fmt::format("did you mean {}?", stack::quoted(*near));
  } else if (entry.key == "network" || entry.key == "volume") {
    error.hint = fmt::format("did you mean \"{}s\"?", entry.key);
  }
}

void shape_object(Node& node, const Type& type, const Where& where, Shaping& shaping) {
  if (type.element != nullptr && node.is_scalar())
    return shape(node, *type.element, where, shaping);
  if (!node.is_mapping()) return refuse(node, where, shaping, "a mapping");
  for (auto& entry : node.entries) {
    const Field* field = type.schema->find(entry.key);
    if (field != nullptr) {
      shape(entry.value, *field->type, {&where, field->key, ""}, shaping);
    } else if (!entry.key.starts_with("x-") && entry.value.tag != Node::Tag::reset) {
      report_unknown_key(entry, *type.schema, where, shaping);
    }
  }
}

void check_name(const Entry& entry, const Type& map, Shaping& shaping) {
  const std::string_view noun = map.element->schema->noun;
  const auto is_allowed = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' ||
           c == '_' || c == '-';
  };
  if (!entry.key.empty() && std::ranges::all_of(entry.key, is_allowed)) return;
  Diagnostic& error = shaping.reporter.error("bad-name", entry.place, "{} is not a name for a {}",
                                             stack::quoted(entry.key), noun);
  error.hint = "letters, digits, \".\", \"_\" and \"-\"";
  error.counts = map.counts;
}

void shape_map_of(Node& node, const Type& type, const Where& where, Shaping& shaping) {
  if (!node.is_mapping()) return refuse(node, where, shaping, "a mapping");
  const std::string_view noun = type.element->schema == nullptr ? "" : type.element->schema->noun;
  for (auto& entry : node.entries) {
    const bool is_open_name =
        shaping.variables == Variables::kept && entry.key.find('$') != entry.key.npos;
    if (!noun.empty() && !is_open_name) check_name(entry, type, shaping);
    shape(entry.value, *type.element, {&where, entry.key, noun}, shaping);
  }
}

void shape_list_of(Node& node, const Type& type, const Where& where, Shaping& shaping) {
  if (!node.is_sequence()) return refuse(node, where, shaping, "a list");
  for (auto& item : node.items) {
    if (item.is_null()) refuse(item, where, shaping, "a list of values");
    shape(item, *type.element, where, shaping);
  }
}

void shape_form(Node& node, const Type& type, const Where& where, Shaping& shaping) {
  switch (type.form) {
    case Form::any:
      return;
    case Form::text:
      return shape_text(node, where, shaping);
    case Form::loose_text:
      return shape_loose_text(node, where, shaping);
    case Form::boolean:
      return shape_boolean(node, type, where, shaping);
    case Form::integer:
      return shape_integer(node, type, where, shaping);
    case Form::number:
      return shape_number(node, type, where, shaping);
    case Form::size:
    case Form::signed_size:
      return shape_size(node, type, where, shaping);
    case Form::duration:
      return shape_duration(node, type, where, shaping);
    case Form::mode:
      return shape_mode(node, type, where, shaping);
    case Form::path:
      return shape_path(node, where, shaping);
    case Form::command:
      return shape_command(node, where, shaping);
    case Form::texts:
      return shape_texts(node, where, shaping, false);
    case Form::text_or_texts:
      return shape_text_or_texts(node, where, shaping);
    case Form::loose_texts:
      return shape_texts(node, where, shaping, true);
    case Form::text_map:
      return shape_text_map(node, where, shaping, false);
    case Form::options:
      return shape_options(node, where, shaping);
    case Form::environment:
      return shape_text_map(node, where, shaping, true);
    case Form::object:
      return shape_object(node, type, where, shaping);
    case Form::map_of:
      return shape_map_of(node, type, where, shaping);
    case Form::list_of:
      return shape_list_of(node, type, where, shaping);
  }
}

/// Under --no-interpolate a scalar with a variable cannot be judged, nor what only a program that
/// uses it would read.
bool stays_unread(const Node& node, const Type& type) {
  if (is_open(node) && type.form < Form::path) return true;
  return type.form == Form::size || type.form == Form::signed_size || type.form == Form::duration ||
         type.form == Form::mode;
}

/// A port or volume that could not be split, because of a variable in it.
bool is_short_form_left(const Node& node, const Type& type) {
  return node.is_string() && (type.refine == refine_port || type.refine == refine_mount);
}

/// Under --no-interpolate these are checked, but stay in the notation of the file.
bool stays_as_written(const Type& type) {
  if (type.expand == expand_health_test || type.expand == expand_hosts ||
      type.expand == expand_count || type.expand == expand_options)
    return true;
  switch (type.form) {
    case Form::boolean:
    case Form::integer:
    case Form::number:
    case Form::loose_text:
    case Form::loose_texts:
    case Form::command:
    case Form::environment:
      return true;
    case Form::text_map:
      return type.refine != refine_contexts;
    case Form::options:
      return true;
    case Form::text_or_texts:
      return type.expand == nullptr;
    default:
      return false;
  }
}

Diagnostic& refuse_choice(const Node& node, const Type& type, const Where& where,
                          Shaping& shaping) {
  const std::string text = stack::quoted(node.text);
  return type.has_more_choices
             ? shaping.reporter.problem("bad-value", node.place, "{} is not a value of {}", text,
                                        where.value_text())
             : shaping.reporter.error("bad-value", node.place, "{} is not a value of {}", text,
                                      where.value_text());
}

void check_choices(const Node& node, const Type& type, const Where& where, Shaping& shaping) {
  if (!node.is_string() || std::ranges::find(type.choices, node.text) != type.choices.end()) return;
  if (type.has_more_choices && node.text.empty()) return;
  const std::vector<std::string> choices(type.choices.begin(), type.choices.end());
  auto& error = refuse_choice(node, type, where, shaping);
  error.counts = type.counts;
  const auto near = nearest(node.text, choices);
  error.hint = near ? fmt::format("did you mean {}?", stack::quoted(*near))
                    : "one of: " + join(choices, ", ");
}

}  // namespace

std::string Where::object_text() const {
  if (parent == nullptr) return "the file";
  if (!noun.empty()) return fmt::format("{} {}", noun, stack::quoted(key));
  if (key.empty()) return parent->object_text();
  if (parent->parent == nullptr) return stack::quoted(key);
  return fmt::format("{} of {}", stack::quoted(key), parent->object_text());
}

void refuse_double(const Node& item, const Where& where, Reporter& reporter) {
  reporter.error("listed-twice", item.place, "{} stands twice in {}", stack::quoted(item.text),
                 where.value_text());
}

bool is_open(const Node& node) {
  return node.is_string() && node.text.find('$') != std::string::npos;
}

bool is_kept(const Node& node, const Shaping& shaping) {
  return shaping.variables == Variables::kept && is_open(node);
}

Diagnostic& wrong_value(const Node& node, std::string_view text, Shaping& shaping,
                        const Where& where, std::string_view wanted) {
  return shaping.reporter.problem("bad-value", node.place, "{} is not {}: {}", stack::quoted(text),
                                  wanted, where.value_text());
}

std::string shaped_path(std::string_view path, const Shaping& shaping) {
  if (shaping.paths == PathResolution::keep || path.empty() || path[0] == '/' || is_remote(path) ||
      path.starts_with("service:"))
    return std::string(path);
  if (shaping.paths == PathResolution::make_absolute || path[0] == '~')
    return absolute_path(path, shaping.base_directory, shaping.home);
  return relative_path(absolute_path(path, shaping.base_directory, shaping.home),
                       shaping.project_directory);
}

void shape(Node& node, const Type& type, const Where& where, Shaping& shaping) {
  // Emptiness is judged after merging: in an override it only means "as before".
  if (node.is_null() || node.tag == Node::Tag::reset) return;
  if (shaping.variables == Variables::kept) {
    if (stays_unread(node, type)) return;
    if (stays_as_written(type)) {
      const bool may_be_text =
          type.form == Form::boolean || type.form == Form::integer || type.form == Form::number;
      if (may_be_text && node.is_string()) return;
      Node checked = node;
      if (type.expand != nullptr) type.expand(checked, where, shaping);
      return shape_form(checked, type, where, shaping);
    }
  }
  if (type.expand != nullptr) type.expand(node, where, shaping);
  if (shaping.variables == Variables::kept && is_short_form_left(node, type)) return;
  shape_form(node, type, where, shaping);
  if (!type.choices.empty()) check_choices(node, type, where, shaping);
  if (type.refine != nullptr) type.refine(node, where, shaping);
}

void shape_document(Node& root, Shaping& shaping) {
  static constexpr Type kProject{.form = Form::object, .schema = &kProjectSchema};
  shape(root, kProject, {}, shaping);
}

}  // namespace stack::spec
