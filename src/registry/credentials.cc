// SPDX-License-Identifier: Apache-2.0
#include "registry/credentials.h"

#include <pwd.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdlib>
#include <nlohmann/json.hpp>

#include "base/error.h"
#include "base/files.h"
#include "base/text.h"
#include "image/base64.h"
#include "image/reference.h"
#include "registry/credential_helper.h"

namespace stack::registry {
namespace {

namespace fs = std::filesystem;
using nlohmann::json;

constexpr std::uint64_t largest_credentials = 4 << 20;
/// docker's name for its own registry in config.json, older than registries' names.
constexpr const char* default_key = "https://index.docker.io/v1/";

fs::path home() {
  if (const char* path = std::getenv("HOME"); path != nullptr && *path != '\0') return path;
  const passwd* user = ::getpwuid(::getuid());
  return user == nullptr ? "/" : user->pw_dir;
}

fs::path from_variable(const char* name) {
  const char* value = std::getenv(name);
  return value == nullptr ? "" : value;
}

/// Under which keys a file may have it.
std::vector<std::string> keys_of(const std::string& registry) {
  std::vector<std::string> keys{registry,
                                "https://" + registry,
                                "http://" + registry,
                                "https://" + registry + "/",
                                "https://" + registry + "/v1/",
                                "https://" + registry + "/v2/"};
  if (registry == image::default_registry)
    keys.insert(keys.begin(), {default_key, "index.docker.io"});
  return keys;
}

std::string key_to_write(const std::string& registry) {
  return registry == image::default_registry ? default_key : registry;
}

json read_json(const fs::path& path) {
  const auto text = path.empty() ? std::nullopt : read_file_if_exists(path, largest_credentials);
  if (!text || trim(*text).empty()) return json::object();
  json root = json::parse(*text, nullptr, false);
  if (!root.is_object()) fail("{} is no JSON object", path.native());
  return root;
}

std::string text_at(const json& object, const char* key) {
  const auto found = object.find(key);
  return found != object.end() && found->is_string() ? found->get<std::string>() : "";
}

/// An entry of "auths"; nothing when it says nothing.
std::optional<Credentials> of_entry(const json& entry) {
  Credentials credentials{text_at(entry, "username"), text_at(entry, "password"),
                          text_at(entry, "identitytoken")};
  if (const auto both = image::from_base64(text_at(entry, "auth")); both && !both->empty()) {
    const auto colon = both->find(':');
    credentials.user = both->substr(0, colon);
    if (colon != std::string::npos) credentials.password = both->substr(colon + 1);
    while (credentials.password.ends_with('\0')) credentials.password.pop_back();
  }
  if (credentials.user.empty() && credentials.identity_token.empty()) return std::nullopt;
  return credentials;
}

std::string helper_for(const json& root, const std::string& registry) {
  if (const auto helpers = root.find("credHelpers");
      helpers != root.end() && helpers->is_object()) {
    for (const auto& key : keys_of(registry)) {
      if (const auto name = text_at(*helpers, key.c_str()); !name.empty()) return name;
    }
  }
  return text_at(root, "credsStore");
}

std::optional<Credentials> find_in(const json& root, const std::string& registry) {
  if (const auto helper = helper_for(root, registry); !helper.empty()) {
    if (auto found = ask_helper(helper, key_to_write(registry))) return found;
  }
  const auto auths = root.find("auths");
  if (auths == root.end() || !auths->is_object()) return std::nullopt;
  for (const auto& key : keys_of(registry)) {
    const auto entry = auths->find(key);
    if (entry == auths->end() || !entry->is_object()) continue;
    if (auto found = of_entry(*entry)) return found;
  }
  return std::nullopt;
}

void write_json(const fs::path& path, const json& root) {
  make_directories(path.parent_path());
  write_file_atomically(path, root.dump(1, '\t') + "\n", Durability::survives_power_loss);
}

}  // namespace

CredentialStore CredentialStore::from_environment() {
  fs::path docker = from_variable("DOCKER_CONFIG");
  if (docker.empty()) docker = home() / ".docker";
  std::vector<fs::path> others;
  if (const auto file = from_variable("REGISTRY_AUTH_FILE"); !file.empty()) others.push_back(file);
  if (const auto run = from_variable("XDG_RUNTIME_DIR"); !run.empty())
    others.push_back(run / "containers/auth.json");
  others.push_back(fmt::format("/run/containers/{}/auth.json", ::getuid()));
  others.push_back(home() / ".config/containers/auth.json");
  return {docker / "config.json", std::move(others)};
}

std::optional<Credentials> CredentialStore::find(const std::string& registry) const {
  if (auto found = find_in(read_json(docker_), registry)) return found;
  for (const fs::path& file : others_) {
    if (auto found = find_in(read_json(file), registry)) return found;
  }
  // Before config.json there was ~/.dockercfg: what is now in "auths" was the whole of it.
  const json old = read_json(docker_.parent_path().parent_path() / ".dockercfg");
  return find_in({{"auths", old}}, registry);
}

void CredentialStore::keep(const std::string& registry, const Credentials& credentials) const {
  json root = read_json(docker_);
  const std::string key = key_to_write(registry);
  if (const auto helper = helper_for(root, registry); !helper.empty())
    return store_with_helper(helper, key, credentials);
  json entry = {{"auth", image::to_base64(credentials.user + ":" + credentials.password)}};
  if (!credentials.identity_token.empty()) entry["identitytoken"] = credentials.identity_token;
  root["auths"][key] = std::move(entry);
  write_json(docker_, root);
}

bool CredentialStore::forget(const std::string& registry) const {
  json root = read_json(docker_);
  bool was_there = false;
  if (const auto helper = helper_for(root, registry); !helper.empty())
    was_there = erase_with_helper(helper, key_to_write(registry));
  const auto auths = root.find("auths");
  if (auths == root.end() || !auths->is_object()) return was_there;
  std::size_t erased = 0;
  for (const auto& key : keys_of(registry)) erased += auths->erase(key);
  if (erased > 0) write_json(docker_, root);
  return was_there || erased > 0;
}

std::string CredentialStore::warning() const {
  struct stat info {};
  if (::stat(docker_.c_str(), &info) != 0 || (info.st_mode & 077) == 0) return "";
  return fmt::format("{} can be read by others: chmod 600 it", docker_.native());
}

}  // namespace stack::registry
