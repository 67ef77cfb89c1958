// SPDX-License-Identifier: Apache-2.0
#include "orchestrator/lock_file.h"

#include <nlohmann/json.hpp>

#include "base/error.h"
#include "base/files.h"
#include "base/format.h"
#include "spec/render.h"

namespace stack::orchestrator {
namespace {

using Json = nlohmann::json;

constexpr const char* kind = "lock";
constexpr int format = 1;
constexpr std::size_t longest_lock_file = 64U << 20;

/// "shop_data" is what `data` is called in a project that is called shop here.
void drop_derived_names(Json& model, const std::string& project) {
  for (const char* section : {"networks", "volumes", "configs", "secrets"}) {
    if (!model.contains(section)) continue;
    for (auto& [key, entry] : model[section].items())
      if (entry.is_object() && entry.value("name", Json()) == Json(project + "_" + key))
        entry.erase("name");
  }
}

[[noreturn]] void refuse(const std::filesystem::path& path, const std::string& what) {
  throw Error(fmt::format("{}: {}", path.native(), what)).with_hint("`stack lock` writes it anew");
}

Json image_json(const LockedImage& image) {
  return {{"image", image.image}, {"id", image.id}, {"digests", image.digests}};
}

LockedImage image_from(const Json& in) {
  return {in.at("image").get<std::string>(), in.at("id").get<std::string>(),
          in.at("digests").get<std::vector<std::string>>()};
}

ImageCheck check_image(const LockFile& lock, const std::string& service, const std::string& image,
                       const std::map<std::string, image::Image>& here) {
  using enum ImageCheck::Verdict;
  const auto locked = lock.images.find(service);
  if (locked == lock.images.end()) return {unlocked, service, image};
  const auto found = here.find(image);
  if (found != here.end() && found->second.id != locked->second.id)
    return {other, service, image, {}, found->second.id};
  if (found != here.end()) return {same, service, image};
  if (locked->second.digests.empty()) return {built, service, image};
  return {absent, service, image, locked->second.digests.front()};
}

}  // namespace

std::string locked_model(const spec::Project& written) {
  Json model = Json::parse(spec::to_json(written));
  model.erase("name");
  drop_derived_names(model, written.name);
  return model.dump();
}

std::string to_text(const LockFile& lock) {
  Json images = Json::object();
  for (const auto& [service, image] : lock.images) images[service] = image_json(image);
  const Json json{{"kind", kind},
                  {"format", format},
                  {"images", std::move(images)},
                  {"model", Json::parse(lock.model)}};
  return json.dump(2) + "\n";
}

LockFile parse_lock_file(const std::string& text, const std::filesystem::path& path) {
  try {
    const Json json = Json::parse(text);
    if (json.value("kind", "") != kind) refuse(path, "is no lock file");
    if (json.value("format", 0) > format)
      refuse(path, "was written by a newer stack than this one");
    LockFile lock{json.at("model").dump(), {}};
    for (const auto& [service, image] : json.at("images").items())
      lock.images[service] = image_from(image);
    return lock;
  } catch (const Json::exception& error) {
    refuse(path, fmt::format("is no lock file: {}", error.what()));
  }
}

LockFile read_lock_file(const std::filesystem::path& path) {
  const auto text = read_file_if_exists(path, longest_lock_file);
  if (!text)
    throw Error(fmt::format("there is no {}", path.native()))
        .with_hint("`stack lock` writes it, from the stack file and the images that are here");
  return parse_lock_file(*text, path);
}

std::vector<FieldChange> changes_since(const LockFile& lock, const spec::Project& written) {
  return compare_descriptions(lock.model, locked_model(written), written.sources, "");
}

std::vector<ImageCheck> check_images(const LockFile& lock, const spec::Project& project,
                                     const std::map<std::string, image::Image>& here) {
  std::vector<ImageCheck> checks;
  for (const auto& [name, service] : project.services)
    checks.push_back(check_image(lock, name, service.image, here));
  return checks;
}

}  // namespace stack::orchestrator
