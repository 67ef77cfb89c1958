// SPDX-License-Identifier: Apache-2.0
#include "spec/yaml_tree.h"

#include <yaml-cpp/binary.h>
#include <yaml-cpp/eventhandler.h>
#include <yaml-cpp/exceptions.h>
#include <yaml-cpp/parser.h>

#include <algorithm>
#include <istream>
#include <optional>
#include <streambuf>
#include <string_view>
#include <unordered_map>

#include "base/text.h"
#include "base/utf8.h"
#include "spec/scalars.h"
#include "spec/yaml_errors.h"
#include "spec/yaml_outline.h"

namespace stack::spec {
namespace {

/// Thrown to leave yaml-cpp's parser after a mistake that makes the rest meaningless; the mistake
/// is reported already.
struct GiveUp {};

/// Reads from memory without copying.
class ViewBuffer : public std::streambuf {
 public:
  explicit ViewBuffer(std::string_view text) {
    char* begin = const_cast<char*>(text.data());  // NOLINT: streambuf never writes to its get area
    setg(begin, begin, begin + text.size());
  }
};

Node::Tag tag_of(const std::string& tag) {
  if (tag == "!reset") return Node::Tag::reset;
  if (tag == "!override") return Node::Tag::override_earlier;
  return Node::Tag::none;
}

std::size_t size_of(const Node& node) {
  std::size_t size = 1;
  for (const auto& item : node.items) size += size_of(item);
  for (const auto& entry : node.entries) size += size_of(entry.value);
  return size;
}

std::uint32_t word_length(std::string_view line, int column) {
  const auto rest = line.substr(std::min(static_cast<std::size_t>(column - 1), line.size()));
  const auto length = std::min(rest.find_first_of(" :,]}"), rest.size());
  return static_cast<std::uint32_t>(std::max<std::size_t>(1, length));
}

void report(const PlainWords& words, const SourceLines& source, std::uint16_t file,
            Reporter& reporter) {
  const Place place{static_cast<std::uint32_t>(words.line),
                    static_cast<std::uint32_t>(words.column),
                    words.length > 0 ? static_cast<std::uint32_t>(words.length)
                                     : word_length(source[words.line], words.column),
                    file};
  reporter.error("yaml-syntax", place, "{}", words.message).hint = words.hint;
}

void report(const YAML::Exception& error, std::uint16_t file, Reporter& reporter) {
  const auto& text = reporter.text_of(file);
  report(explain_yaml_error(error.msg, error.mark.line + 1, error.mark.column + 1, text),
         SourceLines(text), file, reporter);
}

bool is_text(std::string_view bytes) {
  for (std::size_t at = 0; at < bytes.size();) {
    const auto length = utf8_length(bytes, at);
    if (length == 0) return false;
    at += length;
  }
  return true;
}

/// Builds documents from the scanner's events, one after the other.
class TreeBuilder : public YAML::EventHandler {
 public:
  TreeBuilder(std::uint16_t file, Reporter& reporter)
      : file_(file), source_(reporter.text_of(file)), reporter_(reporter) {}

  /// The finished document; nothing when it was empty.
  std::optional<Node> take() { return std::exchange(root_, std::nullopt); }

  void OnDocumentStart(const YAML::Mark& mark) override {
    refuse_standstill(mark);
    refuse_second_root(mark);
    anchors_.clear();
    open_.clear();
  }
  void OnDocumentEnd() override {}

  void OnNull(const YAML::Mark& mark, YAML::anchor_t anchor) override {
    refuse_empty_item(mark);
    add(make_null(place_of(mark, 1)), anchor);
  }
  void OnAlias(const YAML::Mark& mark, YAML::anchor_t anchor) override;
  void OnScalar(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                const std::string& value) override;
  void OnSequenceStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                       YAML::EmitterStyle::value style) override {
    open(make_sequence(place_of(mark, 1)), tag, anchor, style);
  }
  void OnSequenceEnd() override { close(); }
  void OnMapStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                  YAML::EmitterStyle::value style) override {
    open(make_mapping(place_of(mark, 1)), tag, anchor, style);
  }
  void OnMapEnd() override { close(); }

  /// The scanner takes the end of the file for the end of a value in quotes.
  std::string with_kept_lines(std::string value, const YAML::Mark& mark) const;
  void refuse_open_quote();

 private:
  /// A token that cannot begin anything (a lone "," or "]") is left where it is by the parser,
  /// which would make empty documents of it for ever.
  void refuse_standstill(const YAML::Mark& mark) {
    if (mark.pos == last_start_) {
      reporter_.error("yaml-syntax", place_of(mark, 1), "nothing can begin with this character");
      throw GiveUp{};
    }
    last_start_ = mark.pos;
  }

  void refuse_second_root(const YAML::Mark& mark);
  void refuse_empty_item(const YAML::Mark& mark);
  void refuse_key_without_colon(const Entry& key);
  void apply_tag(const std::string& tag, Node& node);
  [[noreturn]] void give_up(const PlainWords& words);

  struct Open {
    Node node;
    YAML::anchor_t anchor = 0;
    bool is_block = true;      ///< by lines and columns, not in brackets
    std::optional<Entry> key;  ///< read, its value not yet
    std::vector<Node> merges;  ///< values of `<<`, resolved at the end of the mapping
    std::unordered_map<std::string, Place> seen;
  };

  Place place_of(const YAML::Mark& mark, std::size_t length) const {
    return {static_cast<std::uint32_t>(mark.line + 1), static_cast<std::uint32_t>(mark.column + 1),
            static_cast<std::uint32_t>(std::max<std::size_t>(1, length)), file_};
  }
  void open(Node node, const std::string& tag, YAML::anchor_t anchor,
            YAML::EmitterStyle::value style);
  void close();
  void add(Node node, YAML::anchor_t anchor);
  void add_key(const Node& node);
  void add_value(Open& mapping, Node node);
  void resolve_merges(Open& mapping);
  void merge_one(Node& mapping, const Node& source);
  bool is_duplicate(Open& mapping, const Entry& key);

  std::uint16_t file_;
  SourceLines source_;
  int last_start_ = -1;  ///< of a document
  Place root_place_;     ///< of the last document's
  Place last_scalar_;    ///< any before it that were never closed would have taken it in
  Reporter& reporter_;
  std::optional<Node> root_;
  std::vector<Open> open_;
  std::unordered_map<YAML::anchor_t, Node> anchors_;
  std::size_t alias_nodes_ = 0;
};

void TreeBuilder::OnAlias(const YAML::Mark& mark, YAML::anchor_t anchor) {
  const Place place = place_of(mark, 1);
  const auto found = anchors_.find(anchor);
  if (found == anchors_.end()) {
    reporter_.error("alias-cycle", place, "this alias stands inside the value that it names");
    throw GiveUp{};
  }
  alias_nodes_ += size_of(found->second);
  if (alias_nodes_ > kMaxAliasNodes) {
    reporter_.error("too-many-aliases", place,
                    "the aliases of this file expand to more than {} values", kMaxAliasNodes);
    throw GiveUp{};
  }
  add(found->second, 0);
}

/// yaml-cpp loses one of several line ends behind a block that begins with ">+".
std::string TreeBuilder::with_kept_lines(std::string value, const YAML::Mark& mark) const {
  if (!value.ends_with('\n')) return value;
  const int header = mark.line + 1;
  const auto first_line = source_[header];
  const auto column = skip_properties(first_line, static_cast<std::size_t>(mark.column));
  if (!first_line.substr(std::min(column, first_line.size())).starts_with(">+")) return value;
  std::size_t indent = 0;
  int last = header;  // with text
  int end = header + 1;
  for (; end <= source_.count(); ++end) {
    const auto start = source_[end].find_first_not_of(' ');
    if (start == std::string_view::npos) continue;
    if (last == header) indent = start;
    if (start < indent) break;
    last = end;
  }
  if (last == header) return value;
  value.erase(value.find_last_not_of('\n') + 1);
  return value.append(static_cast<std::size_t>(end - last), '\n');
}

void TreeBuilder::OnScalar(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                           const std::string& value) {
  Node node;
  const bool plain = tag == "?" || tag_of(tag) != Node::Tag::none;
  if (plain) {
    auto [kind, text] = resolve_plain(value);
    node.kind = kind;
    node.text = std::move(text);
  } else {
    node.kind = Node::Kind::string;
    node.style = tag == "!" ? Node::Style::quoted : Node::Style::plain;
    node.text = with_kept_lines(value, mark);
  }
  node.tag = tag_of(tag);
  node.place = place_of(mark, value.size() + (tag == "!" ? 2 : 0));
  apply_tag(tag, node);
  last_scalar_ = node.place;
  add(std::move(node), anchor);
}

/// "!!int" and the like, as yaml-cpp writes them out.
void TreeBuilder::apply_tag(const std::string& tag, Node& node) {
  constexpr std::string_view prefix = "tag:yaml.org,2002:";
  if (!tag.starts_with(prefix)) return;
  const auto type = std::string_view(tag).substr(prefix.size());
  const auto kind = resolve_plain(node.text).kind;
  if (type == "int" || type == "float" || type == "bool") {
    node.kind = kind;
  } else if (type == "null" && kind == Node::Kind::null) {
    node.kind = kind;
  } else if (type == "null") {
    give_up({fmt::format("{} is not null, as its tag says", stack::quoted(node.text)),
             "leave the tag out", static_cast<int>(node.place.line),
             static_cast<int>(node.place.column)});
  } else if (type == "binary") {
    const auto bytes = YAML::DecodeBase64(node.text);
    node.text.assign(bytes.begin(), bytes.end());
    if (node.text.empty() || !is_text(node.text))
      give_up({"this binary value is no text in base64", "write the text itself, without the tag",
               static_cast<int>(node.place.line), static_cast<int>(node.place.column)});
  }
}

void TreeBuilder::give_up(const PlainWords& words) {
  report(words, source_, file_, reporter_);
  throw GiveUp{};
}

/// The scanner ends a document at a line that fits none of its blocks, and begins another one.
void TreeBuilder::refuse_second_root(const YAML::Mark& mark) {
  const int line = mark.line + 1;
  if (root_place_.line == 0 || source_[line].starts_with("---")) return;
  const int column = mark.column + 1;
  const bool is_dedented = column < static_cast<int>(root_place_.column);
  give_up({"a further document must begin with \"---\"",
           is_dedented ? fmt::format("keys of one mapping begin in the same column: line {} is "
                                     "indented",
                                     root_place_.line)
                       : "",
           line, column});
}

/// "[a,,b]"
void TreeBuilder::refuse_empty_item(const YAML::Mark& mark) {
  const bool is_in_list = !open_.empty() && open_.back().node.is_sequence();
  const auto rest = source_[mark.line + 1].substr(
      std::min(static_cast<std::size_t>(mark.column), source_[mark.line + 1].size()));
  if (!is_in_list || open_.back().is_block || !rest.starts_with(',')) return;
  give_up({"a value is missing in front of this comma", "remove one of the commas", mark.line + 1,
           mark.column + 1});
}

/// The scanner takes a last line without a colon for a key.
void TreeBuilder::refuse_key_without_colon(const Entry& key) {
  const int line = static_cast<int>(key.place.line);
  const auto column = key.place.column;
  if (has_colon(source_[line], column - 1)) return;
  give_up(explain_missing_colon(source_[line], line, static_cast<int>(column)));
}

void TreeBuilder::refuse_open_quote() {
  int line = static_cast<int>(last_scalar_.line);
  if (line == 0) return;
  std::size_t column = skip_properties(source_[line], last_scalar_.column - 1);
  while (column >= source_[line].size() && line < source_.count()) {
    ++line;
    column = skip_properties(source_[line], source_[line].find_first_not_of(' '));
  }
  if (column >= source_[line].size()) return;
  const char first = source_[line][column];
  if (first != '"' && first != '\'') return;
  int last = line;
  if (end_of_quote(source_, last, column) == std::string_view::npos)
    give_up(explain_endless_value(line, static_cast<int>(column) + 1));
}

void TreeBuilder::open(Node node, const std::string& tag, YAML::anchor_t anchor,
                       YAML::EmitterStyle::value style) {
  if (open_.size() >= kMaxDepth) {
    reporter_.error("too-deep", node.place, "values are nested deeper than {} levels", kMaxDepth);
    throw GiveUp{};
  }
  node.tag = tag_of(tag);
  open_.push_back({std::move(node), anchor, style != YAML::EmitterStyle::Flow, {}, {}, {}});
}

void TreeBuilder::close() {
  Open finished = std::move(open_.back());
  open_.pop_back();
  resolve_merges(finished);
  add(std::move(finished.node), finished.anchor);
}

void TreeBuilder::add(Node node, YAML::anchor_t anchor) {
  // What replaces everything has nothing to reset in it.
  const auto replaces = [](const Open& outer) {
    return outer.node.tag == Node::Tag::override_earlier;
  };
  if (std::ranges::any_of(open_, replaces)) node.tag = Node::Tag::none;
  if (anchor != 0) anchors_[anchor] = node;
  if (open_.empty()) {
    root_place_ = node.place;
    root_ = std::move(node);
    return;
  }
  Open& parent = open_.back();
  if (parent.node.is_sequence()) {
    // Places in a list say nothing about another file's list: the item is just not there.
    if (node.tag != Node::Tag::reset) parent.node.items.push_back(std::move(node));
  } else if (!parent.key) {
    add_key(node);
  } else {
    add_value(parent, std::move(node));
  }
}

void TreeBuilder::add_key(const Node& node) {
  if (!node.is_string()) {
    reporter_
        .error("key-not-text", node.place, "a key must be text, not {}{}", describe(node.kind),
               node.is_scalar() && !node.text.empty() ? " (" + node.text + ")" : "")
        .hint = node.is_scalar() ? "put it in quotes" : "";
  }
  open_.back().key = Entry{node.text, node.place, {}};
  open_.back().key->value.style = node.style;
}

bool TreeBuilder::is_duplicate(Open& mapping, const Entry& key) {
  const auto [first, is_new] = mapping.seen.try_emplace(key.key, key.place);
  if (is_new) return false;
  reporter_
      .error("duplicate-key", key.place, "key {} is already defined at line {}",
             stack::quoted(key.key), first->second.line)
      .hint = fmt::format("first defined at line {}; keep one of them", first->second.line);
  return true;
}

void TreeBuilder::add_value(Open& mapping, Node node) {
  Entry key = std::move(*mapping.key);
  mapping.key.reset();
  if (node.is_null() && mapping.is_block) refuse_key_without_colon(key);
  if (key.key == "<<" && key.value.style == Node::Style::plain) {
    if (is_duplicate(mapping, key)) return;
    mapping.merges.push_back(std::move(node));
    return;
  }
  if (is_duplicate(mapping, key)) return;
  key.value = std::move(node);
  mapping.node.entries.push_back(std::move(key));
}

void TreeBuilder::resolve_merges(Open& mapping) {
  for (const Node& source : mapping.merges) {
    if (source.is_sequence()) {
      for (const Node& item : source.items) merge_one(mapping.node, item);
    } else {
      merge_one(mapping.node, source);
    }
  }
}

void TreeBuilder::merge_one(Node& mapping, const Node& source) {
  if (!source.is_mapping()) {
    reporter_.error("bad-merge-key", source.place,
                    "\"<<\" takes a mapping or a list of mappings, not {}", describe(source.kind));
    return;
  }
  for (const Entry& entry : source.entries) {
    if (mapping.find(entry.key) == nullptr) mapping.entries.push_back(entry);
  }
}

bool is_forbidden_control(char character) {
  const auto byte = static_cast<unsigned char>(character);
  return (byte < 0x20 && byte != '\n' && byte != '\r' && byte != '\t') || byte == 0x7f;
}

}  // namespace

bool check_bytes(std::uint16_t file, Reporter& reporter) {
  const std::string_view text = reporter.text_of(file);
  Place place{1, 1, 1, file};
  if (text.size() > kMaxSourceBytes) {
    reporter.error("file-too-large", place, "the file is larger than {} MiB",
                   kMaxSourceBytes >> 20);
    return false;
  }
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t length = utf8_length(text, at);
    if (length == 0) {
      reporter.error("not-utf8", place, "this byte is not UTF-8 text (0x{:02x})",
                     static_cast<unsigned>(static_cast<unsigned char>(text[at])));
      return false;
    }
    if (is_forbidden_control(text[at])) {
      reporter
          .error("control-character", place, "control character 0x{:02x}",
                 static_cast<unsigned>(text[at]))
          .hint = text[at] == '\0' ? "if this is UTF-16, save the file as UTF-8" : "";
      return false;
    }
    const bool ends_line = text[at] == '\n';
    place.line += ends_line ? 1 : 0;
    place.column = ends_line ? 1 : place.column + static_cast<std::uint32_t>(length);
    at += length;
  }
  return true;
}

std::vector<Node> parse_yaml(std::uint16_t file, Reporter& reporter) {
  std::vector<Node> documents;
  ViewBuffer buffer(reporter.text_of(file));
  std::istream stream(&buffer);
  try {
    YAML::Parser parser(stream);
    TreeBuilder builder(file, reporter);
    while (parser.HandleNextDocument(builder)) {
      builder.refuse_open_quote();
      if (auto document = builder.take()) documents.push_back(std::move(*document));
    }
  } catch (const YAML::Exception& error) {
    report(error, file, reporter);
  } catch (const GiveUp&) {
    // Reported where it was found.
  }
  return documents;
}

}  // namespace stack::spec
