// SPDX-License-Identifier: Apache-2.0
#include "image/apt_setup.h"

#include <algorithm>
#include <array>
#include <string_view>

#include "base/error.h"
#include "base/files.h"
#include "base/text.h"

namespace stack::image {
namespace {

namespace fs = std::filesystem;

constexpr std::array<std::string_view, 9> fetch_prefixes = {"Acquire::http::",
                                                            "Acquire::https::",
                                                            "Acquire::ftp::",
                                                            "Acquire::Retries ",
                                                            "Acquire::Check-Valid-Until ",
                                                            "Acquire::Check-Date ",
                                                            "Acquire::ForceIPv4 ",
                                                            "Acquire::ForceIPv6 ",
                                                            "Acquire::Queue-Mode "};

/// Whether one deb822 stanza offers binary packages.
bool offers_binaries(const std::string& stanza) {
  bool has_deb = false;
  for (const std::string& line : split(stanza, '\n')) {
    const std::string field = to_lower(line);
    if (field.starts_with("types:")) {
      for (const std::string& type : split(field.substr(6), ' ')) has_deb |= trim(type) == "deb";
    }
    if (field.starts_with("enabled:") && trim(field.substr(8)) == "no") return false;
  }
  return has_deb;
}

std::vector<std::string> stanzas(const std::string& content) {
  std::vector<std::string> result(1);
  for (const std::string& line : split(content, '\n')) {
    if (line.starts_with('#')) continue;
    if (trim(line).empty()) {
      result.emplace_back();
    } else {
      result.back() += line + "\n";
    }
  }
  return result;
}

std::vector<fs::path> sources_below(const fs::path& apt) {
  std::vector<fs::path> candidates = {apt / "sources.list"};
  for (const std::string& name : list_directory(apt / "sources.list.d"))
    candidates.push_back(apt / "sources.list.d" / name);
  std::erase_if(candidates, [](const fs::path& file) {
    const std::string extension = file.extension();
    if (extension != ".list" && extension != ".sources") return true;
    const auto content = read_file_if_exists(file);
    return !content || !has_binary_sources(*content, extension);
  });
  return candidates;
}

/// Where apt finds logins for sources that need one.
std::vector<std::string> login_options(const fs::path& apt) {
  std::vector<std::string> options;
  if (stack::exists(apt / "auth.conf"))
    options.push_back(
        fmt::format("Dir::Etc::netrc {};", stack::quoted((apt / "auth.conf").native())));
  if (!list_directory(apt / "auth.conf.d").empty())
    options.push_back(
        fmt::format("Dir::Etc::netrcparts {};", stack::quoted((apt / "auth.conf.d").native())));
  return options;
}

bool ends_word(char c) {
  return c == ' ' || c == '\t' || c == '\n' || c == '-' || c == '/';
}

}  // namespace

AptSetup read_apt_setup(const fs::path& root, const std::string& apt_config) {
  const fs::path apt = root / "etc/apt";
  AptSetup setup;
  setup.sources = sources_below(apt);
  if (setup.sources.empty())
    throw Error(fmt::format("apt has no package sources in {}", apt.native()))
        .with_hint("set up apt first: an image is made from this host's own sources");
  setup.options = fetch_options(apt_config);
  for (std::string& option : login_options(apt)) setup.options.push_back(std::move(option));
  setup.suite = version_codename(read_file_if_exists(root / "etc/os-release").value_or(""));
  return setup;
}

std::string version_codename(const std::string& os_release) {
  constexpr std::string_view key = "VERSION_CODENAME=";
  for (const std::string& line : split(os_release, '\n')) {
    if (!line.starts_with(key)) continue;
    std::string value(trim(std::string_view(line).substr(key.size())));
    std::erase(value, '"');
    return value;
  }
  return "";
}

bool has_binary_sources(const std::string& content, const std::string& extension) {
  if (extension == ".sources") {
    const auto all = stanzas(content);
    return std::any_of(all.begin(), all.end(), offers_binaries);
  }
  const auto lines = split(content, '\n');
  return std::any_of(lines.begin(), lines.end(), [](const std::string& line) {
    const std::string_view text = trim(line);
    return text.starts_with("deb ") || text.starts_with("deb\t");
  });
}

std::vector<std::string> fetch_options(const std::string& apt_config) {
  std::vector<std::string> options = split(apt_config, '\n');
  std::erase_if(options, [](const std::string& line) {
    return !starts_with_any(line, fetch_prefixes) || line.ends_with(" \"\";");
  });
  return options;
}

std::string retarget_sources(const std::string& content, const std::string& from,
                             const std::string& to) {
  std::string result;
  for (std::size_t at = 0; at < content.size();) {
    const bool begins_word = at == 0 || content[at - 1] == ' ' || content[at - 1] == '\t';
    const std::size_t end = at + from.size();
    if (begins_word && content.compare(at, from.size(), from) == 0 &&
        (end == content.size() || ends_word(content[end]))) {
      result += to;
      at = end;
    } else {
      result += content[at++];
    }
  }
  return result;
}

}  // namespace stack::image
