// SPDX-License-Identifier: Apache-2.0
#include "spec/diagnostics.h"

#include <algorithm>
#include <string_view>
#include <tuple>

#include "base/format.h"
#include "base/text.h"

namespace stack::spec {
namespace {

std::string_view line_of(std::string_view text, int number) {
  if (number < 1) return {};
  for (int line = 1; line < number; ++line) {
    const auto end = text.find('\n');
    if (end == std::string_view::npos) return {};
    text.remove_prefix(end + 1);
  }
  return text.substr(0, text.find('\n'));
}

/// Tabs keep their width one, so that the caret stands below its character.
std::string shown_line(std::string_view line) {
  if (line.ends_with('\r')) line.remove_suffix(1);
  std::string shown(line);
  std::ranges::replace(shown, '\t', ' ');
  return printable(shown);
}

std::string header(const Diagnostic& diagnostic) {
  const bool is_error = diagnostic.severity == Severity::error;
  std::string text = diagnostic.origin.line > 0 ? to_text(diagnostic.origin) + ": " : "";
  text += is_error ? "error: " : "warning: ";
  text += printable(diagnostic.message);
  if (!is_error) text += fmt::format(" [{}]", diagnostic.id);
  return text;
}

/// Columns are bytes; the caret stands below characters, so continuation bytes of UTF-8 count not.
int characters(std::string_view bytes) {
  return static_cast<int>(std::ranges::count_if(
      bytes, [](char byte) { return (static_cast<unsigned char>(byte) & 0xc0) != 0x80; }));
}

std::string picture(const Diagnostic& diagnostic, std::string_view source) {
  const auto line = line_of(source, diagnostic.origin.line);
  const auto number = std::to_string(diagnostic.origin.line);
  const auto before = line.substr(0, static_cast<std::size_t>(diagnostic.origin.column - 1));
  const int room = std::max(1, characters(line) - characters(before));
  const int length = std::clamp(diagnostic.length, 1, room);
  std::string text = fmt::format("  {} | {}\n", number, shown_line(line));
  text +=
      fmt::format("  {:{}} | {:{}}{:^>{}}", "", number.size(), "", characters(before), "", length);
  if (!diagnostic.hint.empty()) text += " " + printable(diagnostic.hint);
  return text + '\n';
}

std::string counted(std::size_t count, std::string_view noun) {
  return fmt::format("{} {}{}", count, noun, count == 1 ? "" : "s");
}

std::string summary(std::size_t errors, std::size_t warnings) {
  std::string text = counted(errors, "error");
  if (warnings > 0) text += ", " + counted(warnings, "warning");
  return text + ". Nothing was changed.\n";
}

/// Whether the comment of `line`, "# stack: ignore ID, ID", names `id`.
bool silences(std::string_view line, std::string_view id) {
  static constexpr std::string_view mark = "# stack: ignore ";
  const auto at = line.find(mark);
  if (at == std::string_view::npos) return false;
  const auto ids = split(line.substr(at + mark.size()), ',');
  return std::ranges::any_of(ids, [&](const std::string& word) { return trim(word) == id; });
}

/// "More about each: stack explain ID", for the errors.
std::string pointer_to_explanations(const std::vector<Diagnostic>& items) {
  std::vector<std::string> ids;
  for (const auto& item : items) {
    const bool is_new = std::ranges::find(ids, item.id) == ids.end();
    if (item.severity == Severity::error && is_new) ids.push_back(item.id);
  }
  return "More about it: stack explain " + join(ids, " ") + "\n";
}

std::size_t count_of(const std::vector<Diagnostic>& items, Severity severity) {
  return static_cast<std::size_t>(std::ranges::count(items, severity, &Diagnostic::severity));
}

}  // namespace

void Diagnostics::add_source(const std::string& file, std::string text) {
  if (!sources_.contains(file)) order_.push_back(file);
  sources_[file] = std::move(text);
}

Diagnostic& Diagnostics::error(std::string id, Origin origin, std::string message) {
  return items_.emplace_back(Diagnostic{Severity::error, std::move(id), std::move(message),
                                        std::move(origin), 1, "", false, Counts::by_file});
}

Diagnostic& Diagnostics::warning(std::string id, Origin origin, std::string message) {
  return items_.emplace_back(Diagnostic{Severity::warning, std::move(id), std::move(message),
                                        std::move(origin), 1, "", false, Counts::by_file});
}

bool Diagnostics::has_errors() const {
  return count_of(items_, Severity::error) > 0;
}

void Diagnostics::forgive(const std::function<bool(const Origin& place)>& is_forgiven) {
  std::erase_if(items_, [&](const Diagnostic& item) {
    return item.severity == Severity::error && item.of_container && is_forgiven(item.origin);
  });
}

void Diagnostics::revise(std::size_t from, const std::function<void(Diagnostic& item)>& change) {
  for (std::size_t at = from; at < items_.size(); ++at) change(items_[at]);
}

bool Diagnostics::has(Counts counts) const {
  return std::ranges::find(items_, counts, &Diagnostic::counts) != items_.end();
}

void Diagnostics::settle(Counts counts,
                         const std::function<bool(const Origin& place)>& is_standing) {
  std::erase_if(items_, [&](const Diagnostic& item) {
    return item.counts == counts && !is_standing(item.origin);
  });
}

bool Diagnostics::is_ignored(const Diagnostic& item) const {
  if (item.severity == Severity::error || item.origin.line == 0) return false;
  const auto source = sources_.find(item.origin.file);
  if (source == sources_.end() || source->second.find("# stack: ignore ") == std::string::npos)
    return false;
  const auto above = line_of(source->second, item.origin.line - 1);
  return silences(line_of(source->second, item.origin.line), item.id) ||
         (trim(above).starts_with('#') && silences(above, item.id));
}

std::vector<Diagnostic> Diagnostics::sorted() const {
  const auto rank = [this](const Diagnostic& item) {
    const auto position = std::ranges::find(order_, item.origin.file) - order_.begin();
    return std::tuple(position, item.origin.line, item.origin.column);
  };
  std::vector<Diagnostic> items = items_;
  std::ranges::stable_sort(items, {}, rank);
  const auto same = [](const Diagnostic& a, const Diagnostic& b) {
    return a.origin == b.origin && a.message == b.message;
  };
  std::erase_if(items, [this](const Diagnostic& item) { return is_ignored(item); });
  items.erase(std::unique(items.begin(), items.end(), same), items.end());
  return items;
}

std::string Diagnostics::to_text() const {
  const auto items = sorted();
  std::string text;
  for (const auto& item : items) {
    text += header(item) + '\n';
    const auto source = sources_.find(item.origin.file);
    if (item.origin.line > 0 && source != sources_.end()) {
      text += picture(item, source->second);
    } else if (!item.hint.empty()) {
      text += "  " + printable(item.hint) + '\n';
    }
  }
  const auto errors = count_of(items, Severity::error);
  if (errors == 0) return text;
  return text + summary(errors, count_of(items, Severity::warning)) +
         pointer_to_explanations(items);
}

std::string Diagnostics::first_error() const {
  const auto items = sorted();
  const auto first = std::ranges::find(items, Severity::error, &Diagnostic::severity);
  if (first == items.end()) return {};
  const auto others = count_of(items, Severity::error) - 1;
  return header(*first) + (others == 0 ? "" : fmt::format(" (and {} more)", others));
}

}  // namespace stack::spec
