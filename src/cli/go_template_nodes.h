// SPDX-License-Identifier: Apache-2.0
// A template as a tree, between its parser and what carries it out.
#pragma once

#include <memory>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace stack::cli {

using TemplateValue = nlohmann::ordered_json;

struct TemplatePipeline;

/// One word of a command: `.Name.First`, `$v.x`, `"text"`, `3`, `len`, `(pipeline)`.
struct TemplateOperand {
  enum class Kind { dot, variable, literal, function, pipeline } kind = Kind::dot;
  std::string name;                 ///< of a variable or function
  TemplateValue literal = nullptr;  ///< its value
  std::shared_ptr<TemplatePipeline> pipeline = nullptr;
  std::vector<std::string> fields = {};  ///< what is taken of it: "Name", "First"
};

/// `printf "%s" .Name`
struct TemplateCommand {
  std::vector<TemplateOperand> words;
};

/// `$i, $v := .List | sort`
struct TemplatePipeline {
  std::vector<std::string> variables;  ///< that it sets
  bool declares = false;               ///< := rather than =
  std::vector<TemplateCommand> commands;
};

struct TemplateNode {
  enum class Kind { text, action, if_block, with_block, range_block, list } kind = Kind::list;
  std::string text;
  TemplatePipeline pipeline;
  std::vector<TemplateNode> body;
  std::vector<TemplateNode> otherwise;  ///< {{else}}
};

/// Throws Error (usage).
TemplateNode parse_template(std::string_view text);

/// What a function makes of its arguments: `upper`, `printf`, `eq`, ...; nothing when there is none
/// of that name. Throws Error (usage) for arguments that it does not take.
std::optional<TemplateValue> call_template_function(const std::string& name,
                                                    const std::vector<TemplateValue>& arguments);
bool is_template_function(std::string_view name);
/// Go's notion: neither false, 0, empty, nor nothing.
bool is_true(const TemplateValue& value);

}  // namespace stack::cli
