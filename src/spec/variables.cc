// SPDX-License-Identifier: Apache-2.0
#include "spec/variables.h"

#include "spec/substitute.h"
#include "spec/tree.h"

namespace stack::spec {
namespace {

using Uses = std::map<std::string, VariableUse>;

void add_text(std::string_view text, Uses& uses) {
  for_each_variable(text, [&](const VariableExpression& found) {
    VariableUse& use = uses[std::string(found.name)];
    if (found.symbol == '?') use.required = true;
    if (found.symbol == '-') use.default_value = found.argument;
    if (found.symbol == '+' && use.alternate.empty()) use.alternate = found.argument;
    if (found.symbol == '-' || found.symbol == '+') add_text(found.argument, uses);
  });
}

void add_node(const Node& node, Uses& uses) {
  if (node.is_string()) add_text(node.text, uses);
  for (const auto& item : node.items) add_node(item, uses);
  for (const auto& entry : node.entries) add_node(entry.value, uses);
}

}  // namespace

std::map<std::string, VariableUse> variables_of(const Project& project) {
  Uses uses;
  if (project.resolved) add_node(*project.resolved, uses);
  return uses;
}

}  // namespace stack::spec
