// SPDX-License-Identifier: Apache-2.0
#include "orchestrator/history.h"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <set>

#include "base/document.h"
#include "base/error.h"
#include "base/text.h"
#include "image/digest.h"

namespace stack::orchestrator {
namespace {

using nlohmann::json;

constexpr DocumentKind entry_document{"history", 1};
constexpr std::size_t most_entries = 50;
constexpr std::string_view suffix = ".json";

json to_object(const HistoryEntry& entry) {
  return {{"number", entry.number},     {"began", to_nanoseconds(entry.began)},
          {"what", entry.what},         {"ended", to_nanoseconds(entry.ended)},
          {"result", entry.result},     {"model", entry.model},
          {"services", entry.services}, {"working_dir", entry.working_dir},
          {"changes", entry.changes}};
}

HistoryEntry entry_from(const json& in) {
  HistoryEntry entry;
  in.at("number").get_to(entry.number);
  entry.began = from_nanoseconds(in.at("began").get<std::int64_t>());
  entry.ended = from_nanoseconds(in.at("ended").get<std::int64_t>());
  in.at("what").get_to(entry.what);
  in.at("result").get_to(entry.result);
  in.at("model").get_to(entry.model);
  in.at("services").get_to(entry.services);
  in.at("working_dir").get_to(entry.working_dir);
  in.at("changes").get_to(entry.changes);
  // It becomes part of a path.
  if (!image::is_digest(entry.model)) fail("malformed model of a history entry");
  return entry;
}

std::optional<HistoryEntry> read_entry(const std::filesystem::path& path) {
  const auto document = read_document(path, entry_document, Damaged::counts_as_absent);
  if (!document) return std::nullopt;
  try {
    return entry_from(*document);
  } catch (const json::exception&) {
    return std::nullopt;
  } catch (const Error&) {
    return std::nullopt;
  }
}

}  // namespace

void to_json(json& out, const HistoryChange& change) {
  out = {{"object", change.object}, {"verb", change.verb}, {"because", change.because}};
}

void from_json(const json& in, HistoryChange& change) {
  in.at("object").get_to(change.object);
  in.at("verb").get_to(change.verb);
  in.at("because").get_to(change.because);
}

History::History(const HostPaths& paths, const std::string& project)
    : root_(paths.project_data(project) / "history") {}

std::filesystem::path History::entry_file(int number) const {
  return root_ / fmt::format("{}{}", number, suffix);
}

std::filesystem::path History::model(const HistoryEntry& entry) const {
  return root_ / "models" / (image::hex_of(entry.model) + std::string(suffix));
}

std::vector<HistoryEntry> History::list() const {
  std::vector<HistoryEntry> entries;
  for (const int number : numbers())
    if (auto entry = read_entry(entry_file(number))) entries.push_back(std::move(*entry));
  return entries;
}

/// In order, those that cannot be read as well.
std::vector<int> History::numbers() const {
  std::vector<int> found;
  for (const std::string& name : list_directory(root_)) {
    if (!name.ends_with(suffix)) continue;
    const auto number = parse_integer<int>(name.substr(0, name.size() - suffix.size()));
    if (number) found.push_back(*number);
  }
  std::ranges::sort(found);
  return found;
}

HistoryEntry History::get(int number) const {
  if (auto entry = read_entry(entry_file(number))) return std::move(*entry);
  throw Error(fmt::format("there is no change #{} in the history", number))
      .with_hint("`stack history` lists them");
}

void History::begin(HistoryEntry& entry, const std::string& model_text) {
  const auto known = numbers();
  entry.number = known.empty() ? 1 : known.back() + 1;
  entry.began = std::chrono::system_clock::now();
  entry.model = image::digest_of(model_text);
  make_directories(root_ / "models");
  if (!stack::exists(model(entry)))
    write_file_atomically(model(entry), model_text, Durability::survives_crash);
  write(entry);
  forget_old();
}

void History::end(HistoryEntry& entry, const std::string& result) {
  entry.result = result;
  entry.ended = std::chrono::system_clock::now();
  write(entry);
}

void History::write(const HistoryEntry& entry) const {
  write_document(entry_file(entry.number), entry_document, to_object(entry),
                 Durability::survives_crash);
}

void History::forget_old() const {
  if (numbers().size() <= most_entries) return;
  auto entries = list();
  if (entries.size() <= most_entries) return;
  const auto kept = entries.end() - most_entries;
  std::set<std::filesystem::path> needed;
  std::for_each(kept, entries.end(), [&](const auto& entry) { needed.insert(model(entry)); });
  for (auto entry = entries.begin(); entry != kept; ++entry) {
    std::filesystem::remove(entry_file(entry->number));
    if (!needed.contains(model(*entry))) std::filesystem::remove(model(*entry));
  }
}

std::vector<HistoryChange> history_changes(const Changes& changes) {
  std::vector<HistoryChange> notes;
  const auto note = [&](const std::string& object, Verdict verdict, const std::string& because) {
    if (const auto verb = verb_of(verdict); !verb.empty())
      notes.push_back({object, std::string(verb), because});
  };
  for (const auto& [name, change] : changes.networks) note("network " + name, change.verdict, "");
  for (const auto& name : changes.new_volumes) note("volume " + name, Verdict::create, "");
  for (const auto& [name, change] : changes.containers)
    note("container " + name, told_verdict(change), told_reason(change));
  return notes;
}

}  // namespace stack::orchestrator
