// SPDX-License-Identifier: Apache-2.0
#include "spec/printed.h"

#include "spec/schema.h"

namespace stack::spec {
namespace {

bool says_nothing(const Node& value, const Type& type) {
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
      return says_nothing(entry.value, *field->type);
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

}  // namespace

Node printed_tree(const Project& project, Extensions extensions) {
  // With its variables in it, a project is shown as it is written.
  if (!project.interpolated) return *project.resolved;
  static constexpr Type kProject{.form = Form::object, .schema = &kProjectSchema};
  Node printed = *project.resolved;
  prune(printed, kProject, extensions);
  printed.erase("models");
  return printed;
}

void add_empty_parts(Node& printed) {
  for_each_entry(printed.find("services"), add_empty_parts_of_service);
  for_each_entry(printed.find("networks"),
                 [](Node& network) { set_default(network, "ipam", make_mapping({})); });
}

}  // namespace stack::spec
