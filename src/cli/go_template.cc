// SPDX-License-Identifier: Apache-2.0
#include "cli/go_template.h"

#include <algorithm>
#include <array>
#include <span>
#include <string_view>

#include "base/error.h"
#include "base/text.h"
#include "cli/go_template_nodes.h"

namespace stack::cli {
namespace {

using Value = TemplateValue;

[[noreturn]] void refuse(const std::string& why, const std::string& hint = "") {
  throw Error("--format: " + why).with_hint(hint).with_exit_code(ExitCode::usage);
}

std::vector<std::string> keys_of(const Value& object) {
  std::vector<std::string> keys;
  for (const auto& [key, value] : object.items()) keys.push_back(key);
  std::sort(keys.begin(), keys.end());  // as Go goes through a map
  return keys;
}

bool has_word(std::span<const std::string_view> words, std::string_view word) {
  return std::ranges::find(words, word) != words.end();
}

/// docker's maps, by the fields that hold them: a key that is not there is nothing, and no mistake.
constexpr std::array<std::string_view, 15> map_fields{
    "Annotations",  "Attributes", "AuxiliaryAddresses",
    "Containers",   "DriverOpts", "ExposedPorts",
    "Labels",       "Networks",   "Options",
    "PortBindings", "Ports",      "StorageOpt",
    "Sysctls",      "Tmpfs",      "Volumes"};

/// docker's lists of which there may be none.
constexpr std::array<std::string_view, 29> list_fields{"Aliases",
                                                       "Args",
                                                       "Binds",
                                                       "BlkioDeviceReadBps",
                                                       "BlkioDeviceReadIOps",
                                                       "BlkioDeviceWriteBps",
                                                       "BlkioDeviceWriteIOps",
                                                       "BlkioWeightDevice",
                                                       "CapAdd",
                                                       "CapDrop",
                                                       "Cmd",
                                                       "DNSNames",
                                                       "DeviceCgroupRules",
                                                       "DeviceRequests",
                                                       "Devices",
                                                       "Dns",
                                                       "DnsOptions",
                                                       "DnsSearch",
                                                       "Entrypoint",
                                                       "Env",
                                                       "ExecIDs",
                                                       "ExtraHosts",
                                                       "GroupAdd",
                                                       "Links",
                                                       "Mounts",
                                                       "OnBuild",
                                                       "SecurityOpt",
                                                       "Ulimits",
                                                       "VolumesFrom"};

/// What else docker's structs have, and JSON leaves out where there is nothing to tell.
constexpr std::array<std::string_view, 15> optional_fields{
    "ArgsEscaped", "Author",      "Comment", "Health",     "Healthcheck",
    "Init",        "MacAddress",  "Shell",   "SizeRootFs", "SizeRw",
    "StopSignal",  "StopTimeout", "User",    "Variant",    "WorkingDir"};

/// Those of them that are pointers in docker's structs: what they do not point to is written so.
constexpr std::array<std::string_view, 6> pointer_fields{
    "Health", "Healthcheck", "Init", "SizeRootFs", "SizeRw", "StopTimeout"};

bool may_be_left_out(std::string_view field) {
  return has_word(map_fields, field) || has_word(list_fields, field) ||
         has_word(optional_fields, field);
}

/// What an action writes of nothing: Go knows of what kind it is a nothing.
std::string_view text_of_nothing(const TemplatePipeline& line) {
  const TemplateCommand& last = line.commands.back();
  if (last.words.size() != 1 || last.words.front().fields.empty()) return "<no value>";
  const std::string& field = last.words.front().fields.back();
  if (has_word(list_fields, field)) return "[]";
  if (has_word(pointer_fields, field)) return "<nil>";
  return has_word(map_fields, field) ? "map[]" : "<no value>";
}

/// Of a mount that is no volume, docker's JSON leaves them out, and its templates have them empty.
bool is_name_of_mount(const Value& value, std::string_view field) {
  return (field == "Name" || field == "Driver") && value.contains("Destination") &&
         value.contains("Propagation");
}

Value field_of(const Value& value, const std::string& name) {
  if (!value.is_object())
    refuse(fmt::format("there is no field .{} in {}", printable(name),
                       value.is_null() ? "nothing" : printable(go_text(value))));
  const auto found = value.find(name);
  if (found != value.end()) return *found;
  if (is_name_of_mount(value, name)) return "";
  if (may_be_left_out(name)) return nullptr;
  std::string known;
  for (const auto& key : keys_of(value)) known += fmt::format(" .{}", key);
  refuse(fmt::format("there is no field .{}", printable(name)), "known:" + printable(known));
}

/// Nothing, when the key is not there.
Value value_in_map(const Value& map, const std::string& key) {
  if (!map.is_object()) return nullptr;
  const auto found = map.find(key);
  return found == map.end() ? Value(nullptr) : *found;
}

/// `.Label "key"` of docker's lists: one of `.Labels`, which are one text there.
Value label_of(const Value& labels, const std::string& key) {
  if (labels.is_object()) {
    const auto found = labels.find(key);
    return found == labels.end() ? Value("") : *found;
  }
  if (!labels.is_string()) return "";
  for (const std::string& pair : split(labels.get<std::string>(), ','))
    if (pair.starts_with(key + "=")) return pair.substr(key.size() + 1);
  return "";
}

class Renderer {
 public:
  explicit Renderer(const Value& root) { variables_.emplace_back("", root); }

  std::string list(const std::vector<TemplateNode>& nodes, const Value& dot) {
    const std::size_t known = variables_.size();
    std::string text;
    for (const TemplateNode& node : nodes) text += one(node, dot);
    variables_.resize(known);
    return text;
  }

 private:
  std::string one(const TemplateNode& node, const Value& dot) {
    const std::size_t known = variables_.size();
    std::string text;
    switch (node.kind) {
      case TemplateNode::Kind::text:
        return node.text;
      case TemplateNode::Kind::list:
        return list(node.body, dot);
      case TemplateNode::Kind::action: {
        const Value value = evaluate(node.pipeline, dot);
        set_variables(node.pipeline, {value});
        if (!node.pipeline.variables.empty()) return "";
        return value.is_null() ? std::string(text_of_nothing(node.pipeline)) : go_text(value);
      }
      case TemplateNode::Kind::if_block:
      case TemplateNode::Kind::with_block: {
        const Value value = evaluate(node.pipeline, dot);
        set_variables(node.pipeline, {value});
        const bool with = node.kind == TemplateNode::Kind::with_block;
        text = is_true(value) ? list(node.body, with ? value : dot) : list(node.otherwise, dot);
        break;
      }
      case TemplateNode::Kind::range_block:
        text = range(node, dot);
        break;
    }
    variables_.resize(known);
    return text;
  }

  std::string range(const TemplateNode& node, const Value& dot) {
    const Value all = evaluate(node.pipeline, dot);
    if (!all.is_structured() && !all.is_null())
      refuse(fmt::format("range goes through lists and maps, not {}", printable(go_text(all))));
    if (!all.is_structured() || all.empty()) return list(node.otherwise, dot);
    std::string text;
    const std::size_t known = variables_.size();
    const auto turn = [&](const Value& key, const Value& value) {
      if (node.pipeline.variables.size() > 1)
        set_variables(node.pipeline, {key, value});
      else
        set_variables(node.pipeline, {value});
      text += list(node.body, value);
      variables_.resize(known);
    };
    if (all.is_array()) {
      for (std::size_t at = 0; at < all.size(); ++at) turn(at, all[at]);
    } else {
      for (const auto& key : keys_of(all)) turn(key, all[key]);
    }
    return text;
  }

  void set_variables(const TemplatePipeline& line, const std::vector<Value>& values) {
    for (std::size_t at = 0; at < line.variables.size() && at < values.size(); ++at) {
      if (line.declares)
        variables_.emplace_back(line.variables[at], values[at]);
      else
        variable(line.variables[at]) = values[at];
    }
  }

  Value& variable(const std::string& name) {
    const auto found = std::find_if(variables_.rbegin(), variables_.rend(),
                                    [&](const auto& each) { return each.first == name; });
    if (found == variables_.rend())
      refuse(fmt::format("there is no variable ${}", printable(name)));
    return found->second;
  }

  Value evaluate(const TemplatePipeline& line, const Value& dot) {
    std::optional<Value> last;
    for (const TemplateCommand& command : line.commands) last = run(command, dot, last);
    return *last;
  }

  Value run(const TemplateCommand& command, const Value& dot, const std::optional<Value>& piped) {
    const TemplateOperand& first = command.words.front();
    if (first.kind != TemplateOperand::Kind::function && !first.fields.empty() &&
        first.fields.back() == "Label" && command.words.size() == 2)
      return label(first, command.words[1], dot);
    std::vector<Value> arguments;
    for (std::size_t at = 1; at < command.words.size(); ++at)
      arguments.push_back(value_of(command.words[at], dot));
    if (piped) arguments.push_back(*piped);
    if (first.kind == TemplateOperand::Kind::function)
      return *call_template_function(first.name, arguments);
    if (!arguments.empty()) refuse("only a function can be given something");
    return value_of(first, dot);
  }

  Value label(TemplateOperand holder, const TemplateOperand& key, const Value& dot) {
    holder.fields.back() = "Labels";
    return label_of(value_of(holder, dot), go_text(value_of(key, dot)));
  }

  Value value_of(const TemplateOperand& word, const Value& dot) {
    Value value = start_of(word, dot);
    bool in_map = false;  // what is there, and what that has, may be missing
    std::string_view holder;
    for (const std::string& field : word.fields) {
      in_map = has_word(map_fields, holder) || (in_map && value.is_null());
      value = in_map ? value_in_map(value, field) : field_of(value, field);
      holder = field;
    }
    return value;
  }

  Value start_of(const TemplateOperand& word, const Value& dot) {
    switch (word.kind) {
      case TemplateOperand::Kind::dot:
        return dot;
      case TemplateOperand::Kind::variable:
        return variable(word.name);
      case TemplateOperand::Kind::literal:
        return word.literal;
      case TemplateOperand::Kind::function:
        return *call_template_function(word.name, {});
      case TemplateOperand::Kind::pipeline:
        return evaluate(*word.pipeline, dot);
    }
    return nullptr;
  }

  std::vector<std::pair<std::string, Value>> variables_;  ///< the innermost last; "": $
};

}  // namespace

namespace {

/// Go prints a struct without its names; of what is printed whole, the publishers of `ps` are some.
bool is_publisher(const Value& value) {
  return value.is_object() && value.contains("PublishedPort") && value.contains("TargetPort") &&
         value.contains("URL") && value.contains("Protocol");
}

}  // namespace

std::string go_text(const nlohmann::ordered_json& value) {
  if (value.is_string()) return value.get<std::string>();
  if (value.is_null()) return "<no value>";
  if (value.is_array()) {
    std::vector<std::string> parts;
    for (const Value& each : value) parts.push_back(go_text(each));
    return fmt::format("[{}]", fmt::join(parts, " "));
  }
  if (is_publisher(value))
    return fmt::format("{{{} {} {} {}}}", go_text(value["URL"]), go_text(value["TargetPort"]),
                       go_text(value["PublishedPort"]), go_text(value["Protocol"]));
  if (value.is_object()) {
    std::vector<std::string> parts;
    for (const auto& key : keys_of(value))
      parts.push_back(fmt::format("{}:{}", key, go_text(value[key])));
    return fmt::format("map[{}]", fmt::join(parts, " "));
  }
  return value.dump();
}

GoTemplate::GoTemplate(std::string_view text)
    : root_(std::make_unique<TemplateNode>(parse_template(text))) {}
GoTemplate::~GoTemplate() = default;
GoTemplate::GoTemplate(GoTemplate&&) noexcept = default;
GoTemplate& GoTemplate::operator=(GoTemplate&&) noexcept = default;

std::string GoTemplate::render(const nlohmann::ordered_json& value) const {
  return Renderer(value).list(root_->body, value);
}

}  // namespace stack::cli
