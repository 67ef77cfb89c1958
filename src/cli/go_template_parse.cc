// SPDX-License-Identifier: Apache-2.0
#include <cctype>

#include "base/error.h"
#include "base/text.h"
#include "cli/go_template_nodes.h"

namespace stack::cli {
namespace {

using Nodes = std::vector<TemplateNode>;

[[noreturn]] void refuse_form(const std::string& why) {
  throw Error("--format: " + why)
      .with_hint(
          "{{.Name}}, {{json .}}, {{range .List}}...{{end}}, {{if eq .State \"running\"}}...")
      .with_exit_code(ExitCode::usage);
}

bool is_name_letter(char letter) {
  return std::isalnum(static_cast<unsigned char>(letter)) != 0 || letter == '_';
}

/// A shell passes \t and \n on as two characters each.
std::string with_escapes(std::string_view text) {
  std::string plain;
  for (std::size_t at = 0; at < text.size(); ++at) {
    const char next = text[at] == '\\' && at + 1 < text.size() ? text[at + 1] : '\0';
    if (next == 't' || next == 'n') {
      plain += next == 't' ? '\t' : '\n';
      ++at;
    } else {
      plain += text[at];
    }
  }
  return plain;
}

/// The words of one action.
class ActionReader {
 public:
  explicit ActionReader(std::string_view text) : text_(text) {}

  TemplatePipeline pipeline() {
    TemplatePipeline line;
    read_variables(line);
    do {
      line.commands.push_back(command());
    } while (take('|'));
    return line;
  }

  /// The first word, when it is one of letters.
  std::string keyword() const {
    std::size_t at = text_.find_first_not_of(" \t\n");
    if (at == std::string_view::npos) return "";
    std::size_t end = at;
    while (end < text_.size() && is_name_letter(text_[end])) ++end;
    return std::string(text_.substr(at, end - at));
  }

  void skip_word(const std::string& word) { at_ = text_.find(word) + word.size(); }

  void expect_end() {
    if (!at_end())
      refuse_form(fmt::format("{{{{{}}}}}: {} was not expected", printable(text_),
                              stack::quoted(text_.substr(at_))));
  }

 private:
  bool at_end() {
    while (at_ < text_.size() && std::isspace(static_cast<unsigned char>(text_[at_])) != 0) ++at_;
    return at_ == text_.size();
  }
  bool sees(char letter) { return !at_end() && text_[at_] == letter; }
  bool take(char letter) {
    if (!sees(letter)) return false;
    ++at_;
    return true;
  }

  std::string name() {
    const std::size_t begin = at_;
    while (at_ < text_.size() && is_name_letter(text_[at_])) ++at_;
    return std::string(text_.substr(begin, at_ - begin));
  }

  void read_variables(TemplatePipeline& line) {
    const std::size_t begin = at_;
    std::vector<std::string> variables;
    while (take('$')) {
      variables.push_back(name());
      if (!take(',')) break;
      at_end();
    }
    at_end();
    const bool declares = text_.substr(at_, 2) == ":=";
    const bool assigns = !declares && text_.substr(at_, 1) == "=";
    if (variables.empty() || (!declares && !assigns)) {
      at_ = begin;
      return;
    }
    at_ += declares ? 2 : 1;
    line.variables = std::move(variables);
    line.declares = declares;
  }

  TemplateCommand command() {
    TemplateCommand command;
    while (!at_end() && text_[at_] != '|' && text_[at_] != ')') command.words.push_back(operand());
    if (command.words.empty())
      refuse_form(fmt::format("{{{{{}}}}}: something is missing", printable(text_)));
    return command;
  }

  TemplateOperand operand() {
    TemplateOperand word = operand_without_fields();
    while (at_ < text_.size() && text_[at_] == '.') {
      ++at_;
      word.fields.push_back(name());
      if (word.fields.back().empty()) refuse_rest();
    }
    return word;
  }

  TemplateOperand operand_without_fields() {
    const char first = text_[at_];
    if (first == '.') return dot();
    if (take('$')) return {TemplateOperand::Kind::variable, name()};
    if (take('(')) return group();
    if (first == '"' || first == '`') return string_literal(first);
    if (std::isdigit(static_cast<unsigned char>(first)) != 0 || first == '-') return number();
    return word();
  }

  /// "." alone, or the beginning of ".Name".
  TemplateOperand dot() {
    const bool is_field = at_ + 1 < text_.size() && is_name_letter(text_[at_ + 1]);
    if (!is_field) ++at_;
    return {TemplateOperand::Kind::dot, ""};
  }

  TemplateOperand group() {
    auto inner = std::make_shared<TemplatePipeline>(pipeline());
    if (!take(')')) refuse_form(fmt::format("{{{{{}}}}}: a ) is missing", printable(text_)));
    return {TemplateOperand::Kind::pipeline, "", nullptr, std::move(inner)};
  }

  TemplateOperand string_literal(char quote) {
    std::size_t end = at_ + 1;
    while (end < text_.size() && text_[end] != quote)
      end += quote == '"' && text_[end] == '\\' ? 2 : 1;
    if (end >= text_.size())
      refuse_form(fmt::format("{{{{{}}}}}: a text without its end", printable(text_)));
    const std::string literal(text_.substr(at_, end + 1 - at_));
    at_ = end + 1;
    if (quote == '`') return text_operand(literal.substr(1, literal.size() - 2));
    const auto value = TemplateValue::parse(literal, nullptr, false);
    if (!value.is_string()) refuse_form(fmt::format("{} is no text", printable(literal)));
    return text_operand(value.get<std::string>());
  }
  static TemplateOperand text_operand(std::string text) {
    return {TemplateOperand::Kind::literal, "", std::move(text)};
  }

  TemplateOperand number() {
    const std::size_t begin = at_;
    ++at_;
    while (at_ < text_.size() && (is_name_letter(text_[at_]) || text_[at_] == '.')) ++at_;
    const auto value =
        TemplateValue::parse(std::string(text_.substr(begin, at_ - begin)), nullptr, false);
    if (!value.is_number()) {
      at_ = begin;
      refuse_rest();
    }
    return {TemplateOperand::Kind::literal, "", value};
  }

  TemplateOperand word() {
    const std::string word = name();
    if (word == "true" || word == "false")
      return {TemplateOperand::Kind::literal, "", word == "true"};
    if (word == "nil") return {TemplateOperand::Kind::literal, "", nullptr};
    if (word.empty()) refuse_rest();
    if (!is_template_function(word))
      refuse_form(fmt::format("{{{{{}}}}}: there is no function {}", printable(text_),
                              stack::quoted(word)));
    return {TemplateOperand::Kind::function, word};
  }

  [[noreturn]] void refuse_rest() {
    refuse_form(fmt::format("{{{{{}}}}}: {} is not understood", printable(text_),
                            stack::quoted(text_.substr(at_))));
  }

  std::string_view text_;
  std::size_t at_ = 0;
};

/// Text and actions, in turn.
class TemplateReader {
 public:
  explicit TemplateReader(std::string_view text) : rest_(text) {}

  Nodes nodes(bool in_block) {
    Nodes list;
    while (read_text(list)) {
      const std::string_view action = next_action();
      const std::string word = ActionReader(action).keyword();
      if (word == "end" || word == "else") {
        if (!in_block) refuse_form(fmt::format("{{{{{}}}}} without its beginning", word));
        ending_ = action;
        return list;
      }
      if (action.starts_with("/*")) continue;
      list.push_back(node(word, action));
    }
    if (in_block) refuse_form("an {{end}} is missing");
    return list;
  }

 private:
  /// False at the end of the template.
  bool read_text(Nodes& list) {
    const std::size_t open = rest_.find("{{");
    std::string_view text = rest_.substr(0, open);
    if (trims_next_) text.remove_prefix(std::min(text.size(), text.find_first_not_of(" \t\r\n")));
    if (open != std::string_view::npos && rest_.substr(open).starts_with("{{- "))
      text = text.substr(0, text.find_last_not_of(" \t\r\n") + 1);
    if (!text.empty()) list.push_back({TemplateNode::Kind::text, with_escapes(text), {}, {}, {}});
    if (open == std::string_view::npos) return false;
    rest_.remove_prefix(open + 2);
    return true;
  }

  std::string_view next_action() {
    const std::size_t close = rest_.find("}}");
    if (close == std::string_view::npos)
      refuse_form(fmt::format("an action without its }}}}: {{{{{}", printable(rest_)));
    std::string_view action = rest_.substr(0, close);
    rest_.remove_prefix(close + 2);
    if (action.starts_with("- ")) action.remove_prefix(2);
    trims_next_ = action.ends_with(" -");
    if (trims_next_) action.remove_suffix(2);
    return trim(action);
  }

  TemplateNode node(const std::string& word, std::string_view action) {
    ActionReader reader(action);
    if (word == "if") return block(TemplateNode::Kind::if_block, word, action);
    if (word == "with") return block(TemplateNode::Kind::with_block, word, action);
    if (word == "range") return block(TemplateNode::Kind::range_block, word, action);
    if (word == "define" || word == "template" || word == "block" || word == "break" ||
        word == "continue")
      refuse_form(fmt::format("{{{{{}}}}} is not supported", word));
    TemplateNode node{TemplateNode::Kind::action, "", reader.pipeline(), {}, {}};
    reader.expect_end();
    return node;
  }

  TemplateNode block(TemplateNode::Kind kind, const std::string& word, std::string_view action) {
    ActionReader reader(action);
    reader.skip_word(word);
    TemplateNode node{kind, "", reader.pipeline(), {}, {}};
    reader.expect_end();
    node.body = nodes(true);
    const std::string_view ending = ending_;
    if (!ending.starts_with("else")) return node;
    const std::string_view condition = trim(ending.substr(4));
    if (condition.empty()) {
      node.otherwise = nodes(true);
    } else {
      const std::string inner = ActionReader(condition).keyword();
      if (inner != "if" && inner != "with")
        refuse_form("{{else}} goes with if or with, or stands alone");
      node.otherwise.push_back(
          block(inner == "if" ? TemplateNode::Kind::if_block : TemplateNode::Kind::with_block,
                inner, condition));
    }
    return node;
  }

  std::string_view rest_;
  std::string_view ending_;  ///< of the block that was read last: "end", "else if .X"
  bool trims_next_ = false;
};

}  // namespace

TemplateNode parse_template(std::string_view text) {
  TemplateNode root;
  root.body = TemplateReader(text).nodes(false);
  return root;
}

}  // namespace stack::cli
