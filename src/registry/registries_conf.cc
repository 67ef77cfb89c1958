// SPDX-License-Identifier: Apache-2.0
#include "registry/registries_conf.h"

#include <cstdlib>
#include <nlohmann/json.hpp>
#include <optional>

#include "base/error.h"
#include "base/files.h"
#include "base/text.h"

namespace stack::registry {
namespace {

namespace fs = std::filesystem;
using nlohmann::json;

constexpr std::uint64_t largest_conf = 4 << 20;

/// A value as far as these files use them.
struct TomlValue {
  std::string text;
  std::vector<std::string> list;
  bool is_true = false;
};

/// TOML as far as these files use it: tables, arrays of tables, and on one line each (but for
/// arrays) strings, booleans, arrays of strings.
class TomlReader {
 public:
  explicit TomlReader(std::string_view text) : lines_(split(text, '\n')) {}

  /// Calls back for each "[table]" or "[[table]]" and each "key = value" in it.
  template <typename OnTable, typename OnValue>
  void read(OnTable&& on_table, OnValue&& on_value) {
    for (number_ = 0; number_ < lines_.size(); ++number_) {
      rest_ = trim(lines_[number_]);
      if (rest_.empty() || rest_.front() == '#') continue;
      if (rest_.front() == '[') {
        on_table(take_table());
      } else {
        const std::string key = take_key();
        on_value(key, take_value());
      }
    }
  }

 private:
  [[noreturn]] void refuse(const char* what) const { fail("line {}: {}", number_ + 1, what); }
  std::string take_table() {
    const auto end = rest_.find_first_of('#');
    const std::string_view head = trim(rest_.substr(0, end));
    const auto first = head.find_first_not_of('[');
    const auto last = head.find_last_not_of(']');
    if (first == std::string_view::npos || last == std::string_view::npos || last < first)
      refuse("a table without a name");
    return std::string(trim(head.substr(first, last - first + 1)));
  }
  std::string take_key() {
    std::string key;
    if (rest_.front() == '"' || rest_.front() == '\'') {
      key = take_string();
    } else {
      const auto end = rest_.find_first_of(" \t=");
      key = rest_.substr(0, end);
      rest_.remove_prefix(key.size());
    }
    rest_ = trim(rest_);
    if (!rest_.starts_with('=')) refuse("KEY = VALUE is expected");
    rest_ = trim(rest_.substr(1));
    return key;
  }
  TomlValue take_value() {
    TomlValue value;
    if (rest_.starts_with('"') || rest_.starts_with('\'')) {
      value.text = take_string();
    } else if (rest_.starts_with('[')) {
      rest_.remove_prefix(1);
      value.list = take_list();
    } else {
      value.text = trim(rest_.substr(0, rest_.find('#')));
      value.is_true = value.text == "true";
    }
    return value;
  }
  std::vector<std::string> take_list() {
    std::vector<std::string> list;
    for (;;) {
      rest_ = trim(rest_);
      while (rest_.empty() || rest_.front() == '#') {
        if (++number_ >= lines_.size()) refuse("an array without an end");
        rest_ = trim(lines_[number_]);
      }
      if (rest_.front() == ']') return list;
      if (rest_.front() == ',') {
        rest_.remove_prefix(1);
      } else if (rest_.front() == '"' || rest_.front() == '\'') {
        list.push_back(take_string());
      } else {
        refuse("an array of strings is expected");
      }
    }
  }
  std::string take_string() {
    const char quote = rest_.front();
    std::string text;
    for (std::size_t i = 1; i < rest_.size(); ++i) {
      if (rest_[i] == quote) {
        rest_.remove_prefix(i + 1);
        return text;
      }
      if (quote == '"' && rest_[i] == '\\' && i + 1 < rest_.size()) ++i;
      text += rest_[i];
    }
    refuse("a string without an end");
  }

  std::vector<std::string> lines_;
  std::size_t number_ = 0;
  std::string_view rest_;
};

void set_rule(RegistryRule& rule, const std::string& key, const TomlValue& value) {
  if (key == "prefix") rule.prefix = value.text;
  if (key == "location") rule.location = value.text;
  if (key == "insecure") rule.insecure = value.is_true;
  if (key == "blocked") rule.blocked = value.is_true;
}

bool fits(const std::string& prefix, std::string_view name) {
  if (prefix.starts_with("*.")) {
    const auto host = name.substr(0, name.find('/'));
    return host.ends_with(std::string_view(prefix).substr(1));
  }
  if (!name.starts_with(prefix)) return false;
  return name.size() == prefix.size() ||
         std::string_view("/:@").find(name[prefix.size()]) != std::string_view::npos;
}

void read_conf_file(const fs::path& path, RegistriesConf& conf) {
  if (const auto text = read_file_if_exists(path, largest_conf))
    during(path.native(), [&] { read_registries_conf(*text, conf); });
}

void read_conf_directory(const fs::path& directory, RegistriesConf& conf) {
  for (const auto& name : list_directory(directory)) {
    if (name.ends_with(".conf")) read_conf_file(directory / name, conf);
  }
}

}  // namespace

const RegistryRule* RegistriesConf::rule_for(std::string_view name) const {
  const RegistryRule* best = nullptr;
  for (const RegistryRule& rule : rules) {
    if (fits(rule.prefix, name) && (best == nullptr || rule.prefix.size() >= best->prefix.size()))
      best = &rule;
  }
  return best;
}

void read_registries_conf(std::string_view text, RegistriesConf& conf) {
  std::string table;
  const std::size_t first_of_file = conf.rules.size();
  TomlReader(text).read(
      [&](const std::string& name) {
        table = name;
        if (table == "registry") conf.rules.emplace_back();
        if (table != "registry.mirror") return;
        if (conf.rules.size() == first_of_file) fail("[[registry.mirror]] before any [[registry]]");
        conf.rules.back().mirrors.emplace_back();
      },
      [&](const std::string& key, const TomlValue& value) {
        if (table == "registry") set_rule(conf.rules.back(), key, value);
        if (table == "aliases") conf.aliases[key] = value.text;
        if (table != "registry.mirror") return;
        if (key == "location") conf.rules.back().mirrors.back().location = value.text;
        if (key == "insecure") conf.rules.back().mirrors.back().insecure = value.is_true;
      });
  for (RegistryRule& rule : conf.rules) {
    if (rule.prefix.empty()) rule.prefix = rule.location;
  }
}

void read_daemon_json(const std::string& text, RegistriesConf& conf) {
  const json root = json::parse(text, nullptr, false);
  if (!root.is_object()) fail("it is no JSON object");
  const auto read = [&](const char* key, std::vector<std::string>& list) {
    const auto found = root.find(key);
    if (found == root.end() || !found->is_array()) return;
    for (const json& item : *found) {
      if (item.is_string()) list.push_back(item);
    }
  };
  read("registry-mirrors", conf.default_mirrors);
  read("insecure-registries", conf.insecure);
}

RegistriesConf registries_conf_from_environment() {
  RegistriesConf conf;
  const fs::path daemon = "/etc/docker/daemon.json";
  if (const auto text = read_file_if_exists(daemon, largest_conf))
    during(daemon.native(), [&] { read_daemon_json(*text, conf); });
  if (const char* file = std::getenv("CONTAINERS_REGISTRIES_CONF"); file != nullptr) {
    read_conf_file(file, conf);
    return conf;
  }
  const char* home = std::getenv("HOME");
  const fs::path own = fs::path(home == nullptr ? "/" : home) / ".config/containers";
  const fs::path chosen =
      stack::exists(own / "registries.conf") ? own : fs::path("/etc/containers");
  read_conf_file(chosen / "registries.conf", conf);
  read_conf_directory("/etc/containers/registries.conf.d", conf);
  return conf;
}

}  // namespace stack::registry
