// SPDX-License-Identifier: Apache-2.0
#include "spec/merge.h"

#include <algorithm>
#include <string>
#include <unordered_map>

#include "base/text.h"
#include "spec/expand.h"
#include "spec/schema.h"

namespace stack::spec {
namespace {

constexpr Field kFree{"", &kAny, ""};

class Merger {
 public:
  explicit Merger(const Merging& merging)
      : reporter_(merging.reporter), is_written_(merging.variables == Variables::kept) {}

  void merge(Node& base, Node over, const Field& field, std::string_view key) {
    const bool replaces = std::exchange(over.tag, Node::Tag::none) == Node::Tag::override_earlier;
    if (replaces) return replace(base, std::move(over), field, Rule::replaces, "!override");
    if (field.merge == Merge::replace)
      return replace(base, std::move(over), field, Rule::replaces, "it is never merged");
    if (over.is_null()) {
      if (!base.is_null()) reporter_.note(base, Rule::kept, over.place);
      return;
    }
    if (is_written_ && stays_written(field) && !base.is_null()) {
      become_list(base);
      become_list(over);
    }
    if (base.is_scalar() || (over.is_scalar() && field.type->element != nullptr))
      return replace(base, std::move(over), field, Rule::overrides, "");
    if (base.kind != over.kind) {
      reporter_.error("cannot-override", over.place, "{} cannot override {}: {}",
                      describe(over.kind), describe(base.kind), stack::quoted(key));
      return;
    }
    merge_same_kind(base, std::move(over), field);
  }

 private:
  /// Kept in the notation of its file; where two files say it, both become lists of KEY=VALUE.
  static bool stays_written(const Field& field) {
    const auto form = field.type->form;
    return (form == Form::text_map && field.type->refine != refine_contexts) ||
           form == Form::environment || form == Form::text_or_texts ||
           field.merge == Merge::distinct;
  }

  static void become_list(Node& node) {
    if (node.is_sequence()) return;
    Node list = make_sequence(node.place);
    list.tag = node.tag;
    for (const auto& [key, place, value] : node.entries) {
      const std::string start = value.is_null() ? key : key + "=";
      if (value.items.empty()) list.items.push_back(make_string(start + value.text, place));
      for (const auto& item : value.items)
        list.items.push_back(make_string(start + item.text, place));
    }
    if (node.is_scalar()) list.items.push_back(std::move(node));
    node = std::move(list);
  }

  /// `over` where nothing was before. Lists lose their doubles, tags take effect.
  void adopt(Node& base, Node over, const Field& field) {
    if (over.is_scalar()) {
      base = std::move(over);
      return;
    }
    base.kind = over.kind;
    base.place = over.place;
    base.story = over.story;
    merge_same_kind(base, std::move(over), field);
  }

  void replace(Node& base, Node over, const Field& field, Rule rule, std::string_view why) {
    const Node loser = std::exchange(base, Node());
    adopt(base, std::move(over), field);
    note_winner(base, loser, rule, why);
  }

  void note_winner(Node& winner, const Node& loser, Rule rule, std::string_view why) {
    if (loser.is_null() || !reporter_.keeps_history()) return;
    const std::string detail(rule == Rule::overrides ? loser.text : why);
    reporter_.note(winner, rule, loser.place, detail, loser.story);
  }

  void merge_same_kind(Node& base, Node over, const Field& field) {
    if (base.is_sequence()) return merge_lists(base, std::move(over), field);
    if (field.merge == Merge::driver && has_other_driver(base, over))
      return replace(base, std::move(over), field, Rule::replaces, "the driver is another");
    if (field.key == "depends_on") warn_of_lost_conditions(base, over);
    merge_mappings(base, std::move(over), *field.type);
  }

  /// A name alone says service_started: what an earlier file waited for is lost.
  void warn_of_lost_conditions(const Node& base, const Node& over) {
    for (const auto& [name, place, dependency] : over.entries) {
      const Node* before = base.find(name);
      const Node* after = dependency.find("condition");
      if (before == nullptr || after == nullptr || !same_place(after->place, place)) continue;
      const auto lost = before->text_of("condition");
      if (lost.empty() || lost == after->text) continue;
      reporter_
          .warning("lost-condition", place, "{} alone means {}, in place of the {} said before",
                   stack::quoted(name), after->text, lost)
          .hint = fmt::format("write {}: {{condition: {}}} to keep it", name, lost);
    }
  }

  static bool same_place(const Place& a, const Place& b) {
    return a.file == b.file && a.line == b.line && a.column == b.column;
  }

  static bool has_other_driver(const Node& base, const Node& over) {
    const Node* before = base.find("driver");
    const Node* after = over.find("driver");
    const bool is_said = after != nullptr && after->tag != Node::Tag::reset;
    return before != nullptr && is_said && before->text != after->text;
  }

  void merge_mappings(Node& base, Node over, const Type& type) {
    const bool null_replaces = type.form == Form::environment || type.form == Form::text_map;
    const bool was_empty = base.entries.empty();
    for (auto& [key, place, value] : over.entries) {
      if (value.tag == Node::Tag::reset) {
        if (base.find(key) != nullptr) reporter_.note(base, Rule::removed, value.place, key);
        base.erase(key);
        continue;
      }
      // What is not there stands where its key does.
      if (value.is_null()) value.place = place;
      Entry* known = was_empty ? nullptr : base.find_entry(key);
      if (known == nullptr) {
        base.entries.push_back({key, place, make_null(value.place)});
        known = &base.entries.back();
      } else if (!value.is_null()) {
        known->place = place;
      }
      if (null_replaces && value.is_null()) {
        known->value = std::move(value);
        continue;
      }
      merge(known->value, std::move(value), field_of(type, key), known->key);
    }
  }

  /// The rule for `key` inside a mapping of `type`.
  Field field_of(const Type& type, std::string_view key) {
    if (type.form == Form::object) {
      const Field* field = type.schema->find(key);
      return field == nullptr ? kFree : *field;
    }
    if (type.form == Form::map_of) return {"", type.element, ""};
    return kFree;
  }

  void refine_list(Node& base, Node over, const Field& field) {
    const std::vector<Node> earlier = std::exchange(base.items, {});
    for (auto& item : over.items) {
      const auto same = [&, identity = field.identity(item)](const Node& other) {
        return field.identity(other) == identity;
      };
      if (item.tag == Node::Tag::reset) continue;
      const auto known = std::ranges::find_if(earlier, same);
      Node refined = known == earlier.end() ? Node() : *known;
      merge(refined, std::move(item), element_field(field), "");
      base.items.push_back(std::move(refined));
    }
  }

  void merge_lists(Node& base, Node over, const Field& field) {
    if (field.merge == Merge::refined) return refine_list(base, std::move(over), field);
    const std::size_t earlier = base.items.size();
    std::unordered_map<std::string, std::size_t> positions;
    for (std::size_t at = 0; at < earlier; ++at)
      positions.emplace(identity_of(base.items[at], field, at), at);
    for (auto& item : over.items) {
      if (item.tag == Node::Tag::reset) continue;
      Node adopted;
      adopt(adopted, std::move(item), element_field(field));
      const auto identity = identity_of(adopted, field, base.items.size());
      const auto [known, is_new] = positions.try_emplace(identity, base.items.size());
      // Twice in one list of which each item is to be there once: told when all is merged.
      const bool stays = field.type->is_set && !is_new && known->second >= earlier;
      if (is_new || stays) {
        if (earlier > 0) reporter_.note(adopted, Rule::appended, base.place);
        base.items.push_back(std::move(adopted));
        continue;
      }
      Node& replaced = base.items[known->second];
      if (known->second >= earlier) check_double(adopted, replaced, field);
      note_winner(adopted, replaced, Rule::replaces_item, shared_by_items(field));
      replaced = std::move(adopted);
    }
  }

  /// Two mounts at one place in one list; an override of an earlier file's mount is none.
  void check_double(const Node& later, const Node& first, const Field& field) {
    if (field.key != "volumes" || same_value(later, first)) return;
    reporter_
        .problem("duplicate-mount", later.place, "{} is mounted twice in this service",
                 stack::quoted(later.text_of("target")))
        .hint = fmt::format("first at line {}", first.place.line);
  }

  static Field element_field(const Field& field) {
    return field.type->form == Form::list_of ? Field{"", field.type->element, ""} : kFree;
  }

  /// Lists without a rule keep every item: the position makes each unique.
  static std::string identity_of(const Node& item, const Field& field, std::size_t position) {
    const auto form = field.type->form;
    if (form == Form::text_map || form == Form::environment)
      return item.text.substr(0, item.text.find('='));
    switch (field.merge) {
      case Merge::keyed:
        return item.is_scalar() ? item.text : field.identity(item);
      case Merge::unique:
        return item.text.substr(0, item.text.find('='));
      case Merge::distinct:
        return item.text;
      default:
        return std::to_string(position);
    }
  }

  /// What two items have in common that makes the later one replace the earlier, in words.
  static std::string_view shared_by_items(const Field& field) {
    if (field.merge == Merge::distinct) return "text";
    if (field.merge == Merge::unique) return "text before \"=\"";
    if (field.key == "ports") return "address, host port, container port and protocol";
    return field.key == "env_file" ? "path" : field.key == "config" ? "subnet" : "target";
  }

  Reporter& reporter_;
  bool is_written_;  ///< values have the notation of their files
};

}  // namespace

void merge_documents(Node& base, Node over, const Merging& merging) {
  static constexpr Type type{.form = Form::object, .schema = &kProjectSchema};
  Merger(merging).merge(base, std::move(over), {"", &type, ""}, "");
}

void merge_services(Node& base, Node over, const Merging& merging) {
  static constexpr Type type{.form = Form::object, .schema = &kServiceSchema};
  Merger(merging).merge(base, std::move(over), {"", &type, ""}, "");
}

}  // namespace stack::spec
