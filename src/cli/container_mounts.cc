// SPDX-License-Identifier: Apache-2.0
#include "cli/container_mounts.h"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <optional>

#include "base/format.h"
#include "base/host_paths.h"
#include "base/text.h"
#include "cli/container_view.h"
#include "cli/docker_json.h"

namespace stack::cli {
namespace {

using Json = nlohmann::json;
using runtime::MountKind;
using runtime::MountSpec;
using supervisor::ObservedContainer;

/// By which of docker's ways it was asked for.
enum class Way { bind, entry, tmpfs, none };

struct Told {
  Way way = Way::none;
  std::string mode;  ///< of Way::bind
};

bool has_made_up_name(const std::string& volume) {
  constexpr std::size_t digits = 64;
  return volume.size() == digits;
}

const char* mode_of(const MountSpec& mount) {
  return mount.writable == runtime::Writable::no ? "ro" : "rw";
}

/// What is told of it behind its place, of "volume shop_data:/data nocopy": " nocopy". Nothing when
/// the container has it by other ways than a file's `volumes`.
std::optional<std::string> told_in_file(const Json& wish, const MountSpec& mount) {
  for (const auto& entry : wish.value("volumes", Json::array())) {
    const auto text = entry.get<std::string>();
    const std::size_t type_end = text.find(' ');
    for (const std::string& before :
         {text.substr(type_end, 1) + mount.target, ":" + mount.target}) {
      const std::size_t at = text.find(before, type_end);
      if (at == std::string::npos) continue;
      const std::string rest = text.substr(at + before.size());
      if (rest.empty() || rest.front() == ' ') return rest;
    }
  }
  return std::nullopt;
}

/// docker compose takes the older way wherever that can say it.
bool can_be_bind(const MountSpec& mount, const std::string& told) {
  if (!is_of_host(mount) || has_made_up_name(volume_of(mount))) return false;
  return told.empty() || told == " read_only";
}

Told told_of(const MountView& view, const MountSpec& mount) {
  const auto& words = view.container.config.wording;
  if (const auto bind = words.binds.find(mount.target); bind != words.binds.end())
    return {Way::bind, bind->second};
  if (words.tmpfs.contains(mount.target)) return {Way::tmpfs, ""};
  if (words.mounts.contains(mount.target)) return {Way::entry, ""};
  const bool is_images = has_made_up_name(volume_of(mount)) &&
                         std::ranges::find(view.of_image, mount.target) != view.of_image.end();
  const auto told = told_in_file(view.wish, mount);
  if (is_images || !told) return {};
  if (can_be_bind(mount, *told)) return {Way::bind, mode_of(mount)};
  return {Way::entry, ""};
}

std::string shown_source(const MountSpec& mount) {
  const std::string volume = volume_of(mount);
  return volume.empty() ? mount.source : volume;
}

const char* type_of(const MountSpec& mount) {
  if (mount.kind == MountKind::tmpfs) return "tmpfs";
  if (mount.kind == MountKind::image) return "image";
  return volume_of(mount).empty() ? "bind" : "volume";
}

/// As asked for: that the file says so, and that the machine then does.
Json tmpfs_options(const MountSpec& mount) {
  Json options = Json::object();
  for (const auto& option : mount.options) {
    if (option.starts_with("size="))
      options["SizeBytes"] = parse_integer<std::int64_t>(option.substr(5)).value_or(0);
    if (option.starts_with("mode="))
      options["Mode"] = parse_integer<unsigned>(option.substr(5), 8).value_or(0);
  }
  return options;
}

void add_bind_options(const MountSpec& mount, const std::string& told, Json& entry) {
  if (told.find(" " + mount.propagation) != std::string::npos)
    entry["BindOptions"]["Propagation"] = mount.propagation;
  if (!mount.recursive) entry["BindOptions"]["NonRecursive"] = true;
}

Json entry_of(const MountSpec& mount, const std::string& told) {
  Json entry{{"Type", type_of(mount)}, {"Target", mount.target}};
  const bool is_nameless = has_made_up_name(volume_of(mount)) || mount.kind == MountKind::tmpfs;
  if (!is_nameless) entry["Source"] = shown_source(mount);
  if (mount.writable == runtime::Writable::no && mount.kind != MountKind::image)
    entry["ReadOnly"] = true;
  if (entry["Type"] == "bind") add_bind_options(mount, told, entry);
  if (told.find(" nocopy") != std::string::npos) entry["VolumeOptions"]["NoCopy"] = true;
  if (!mount.subpath.empty())
    entry[mount.kind == MountKind::image ? "ImageOptions" : "VolumeOptions"]["Subpath"] =
        mount.subpath;
  if (Json options = tmpfs_options(mount); mount.kind == MountKind::tmpfs && !options.empty())
    entry["TmpfsOptions"] = std::move(options);
  return entry;
}

/// A config or secret that is a file of the host. It is read at each start: docker compose binds
/// it.
Json entry_of_file(const runtime::FileSpec& file) {
  return {{"Type", "bind"}, {"Source", file.source}, {"Target", file.target}, {"ReadOnly", true}};
}

/// docker relabels volumes unless it is told otherwise.
std::string shown_mode(const MountSpec& mount, const Told& told) {
  const std::string volume = volume_of(mount);
  if (told.way == Way::bind)
    return told.mode.empty() && !volume.empty() && !has_made_up_name(volume) ? "z" : told.mode;
  return told.way == Way::entry && !volume.empty() ? "z" : "";
}

Json mount_json(const MountSpec& mount, const Told& told) {
  Json json{{"Type", type_of(mount)},
            {"Source", mount.source},
            {"Destination", mount.target},
            {"Mode", shown_mode(mount, told)},
            {"RW", mount.writable == runtime::Writable::yes},
            {"Propagation", mount.propagation}};
  if (json["Type"] == "tmpfs") json["Source"] = "";
  if (json["Type"] == "tmpfs" || json["Type"] == "volume") json["Propagation"] = "";
  if (json["Type"] == "volume") {
    const std::string volume = volume_of(mount);
    json["Name"] = volume;
    json["Driver"] = "local";
    // Where docker has what is behind the device of a volume with options.
    json["Source"] = (HostPaths::from_environment().volumes() / volume / "_data").native();
  }
  return json;
}

Json mount_json(const runtime::FileSpec& file) {
  return {{"Type", "bind"}, {"Source", file.source}, {"Destination", file.target},
          {"Mode", ""},     {"RW", false},           {"Propagation", "rprivate"}};
}

}  // namespace

Json MountView::binds() const {
  Json list = Json::array();
  for (const MountSpec& mount : container.config.spec.mounts) {
    const Told told = told_of(*this, mount);
    if (told.way != Way::bind || has_made_up_name(volume_of(mount))) continue;
    list.push_back(fmt::format("{}:{}{}{}", shown_source(mount), mount.target,
                               told.mode.empty() ? "" : ":", told.mode));
  }
  return list_or_null(list);
}

Json MountView::entries() const {
  Json list = Json::array();
  for (const MountSpec& mount : container.config.spec.mounts)
    if (told_of(*this, mount).way == Way::entry)
      list.push_back(entry_of(mount, told_in_file(wish, mount).value_or("")));
  for (const auto& file : container.config.spec.files)
    if (!file.source.empty()) list.push_back(entry_of_file(file));
  return list_or_null(list);
}

Json MountView::tmpfs() const {
  return container.config.wording.tmpfs;
}

Json MountView::all() const {
  Json list = Json::array();
  for (const MountSpec& mount : container.config.spec.mounts) {
    const Told told = told_of(*this, mount);
    // docker has these in HostConfig alone.
    if (told.way != Way::tmpfs) list.push_back(mount_json(mount, told));
  }
  for (const auto& file : container.config.spec.files)
    if (!file.source.empty()) list.push_back(mount_json(file));
  return list;
}

std::vector<std::string> MountView::volume_places() const {
  std::vector<std::string> places = of_image;
  for (const auto& [target, mode] : container.config.wording.binds) {
    const auto& mounts = container.config.spec.mounts;
    const auto mount = std::ranges::find(mounts, target, &MountSpec::target);
    const bool is_listed = std::ranges::find(places, target) != places.end();
    if (mount != mounts.end() && has_made_up_name(volume_of(*mount)) && !is_listed)
      places.push_back(target);
  }
  return places;
}

}  // namespace stack::cli
