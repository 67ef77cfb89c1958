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

void prune(Node& node, const Type& type) {
  if (type.form == Form::list_of) {
    for (auto& item : node.items) prune(item, *type.element);
  } else if (type.form == Form::map_of) {
    for (auto& entry : node.entries) prune(entry.value, *type.element);
  } else if (type.form == Form::object && type.schema != nullptr) {
    const bool is_root = type.schema == &kProjectSchema;
    std::erase_if(node.entries, [&](Entry& entry) {
      const Field* field = type.schema->find(entry.key);
      if (field == nullptr) return !is_root;
      prune(entry.value, *field->type);
      return says_nothing(entry.value, *field->type);
    });
  }
}

}  // namespace

Node printed_tree(const Project& project) {
  // With its variables in it, a project is shown as it is written.
  if (!project.interpolated) return *project.resolved;
  static constexpr Type kProject{.form = Form::object, .schema = &kProjectSchema};
  Node printed = *project.resolved;
  prune(printed, kProject);
  printed.erase("models");
  return printed;
}

}  // namespace stack::spec
