// SPDX-License-Identifier: Apache-2.0
#include "network/ruleset_text.h"

#include "base/format.h"
#include "base/text.h"

namespace stack::network {

std::string quote(const std::string& name) {
  return '"' + name + '"';
}

std::string collection(const std::string& heading, const std::string& type, const Lines& elements) {
  return declared(heading, "type " + type, elements);
}

std::string declared(const std::string& heading, const std::string& declaration,
                     const Lines& elements) {
  std::string text = fmt::format("\t{} {{\n\t\t{}\n", heading, declaration);
  if (!elements.empty()) {
    text += fmt::format("\t\telements = {{\n\t\t\t{}\n\t\t}}\n", join(elements, ",\n\t\t\t"));
  }
  return text + "\t}\n";
}

std::string chain(const std::string& name, const Lines& lines) {
  return fmt::format("\tchain {} {{\n\t\t{}\n\t}}\n", name, join(lines, "\n\t\t"));
}

std::string new_table(const std::string& name, const std::string& content) {
  return fmt::format("table {} {{\n{}}}\n", name, content);
}

/// Declaring it first lets the deletion succeed when there was none.
std::string without(const std::string& table) {
  return fmt::format("table {0}\ndelete table {0}\n", table);
}

std::string table(const std::string& name, const std::string& content) {
  return without(name) + new_table(name, content);
}

}  // namespace stack::network
