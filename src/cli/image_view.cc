// SPDX-License-Identifier: Apache-2.0
#include "cli/image_view.h"

#include <fnmatch.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "base/error.h"
#include "base/ids.h"
#include "base/text.h"
#include "cli/container_view.h"
#include "cli/labels.h"
#include "cli/moment.h"
#include "image/image_document.h"
#include "image/reference.h"

namespace stack::cli {
namespace {

using Json = nlohmann::ordered_json;
using Time = std::chrono::system_clock::time_point;

constexpr const char* none = "<none>";
constexpr std::size_t short_command = 45;

std::string repository_of(const std::string& name) {
  return name.substr(0, name.find('@'));
}

/// What the registry of that repository calls the image.
std::string digest_for(const image::Image& image, const image::Reference& name) {
  const std::string repository = name.registry + "/" + name.repository;
  for (const auto& digest : image.digests) {
    if (repository_of(digest) == repository) return digest.substr(repository.size() + 1);
  }
  return none;
}

std::string familiar_repository(const image::Reference& name) {
  const std::string text = image::familiar({name.registry, name.repository, "t", ""});
  return text.substr(0, text.size() - 2);
}

/// A pulled image whose name another has taken keeps what its registry calls it.
std::vector<NamedImage> unnamed(const image::Image& image) {
  std::vector<NamedImage> list;
  for (const auto& digest : image.digests) {
    const auto reference = image::parse_reference(digest);
    list.push_back({familiar_repository(reference), none, reference.digest, &image});
  }
  if (list.empty()) list.push_back({none, none, none, &image});
  return list;
}

bool fits_reference(const NamedImage& named, const std::string& pattern) {
  const std::string whole = named.repository + ":" + named.tag;
  return ::fnmatch(pattern.c_str(), whole.c_str(), FNM_PATHNAME) == 0 ||
         ::fnmatch(pattern.c_str(), named.repository.c_str(), FNM_PATHNAME) == 0;
}

std::string shortened(const std::string& text, std::size_t length) {
  return text.size() <= length ? text : text.substr(0, length - 3) + "...";
}

Time created_of(const std::string& reference, const std::vector<image::Image>& images,
                const std::string& key) {
  for (const auto& named : by_name(images)) {
    const std::string id = named.image->id;
    if (id == reference || id.substr(7).starts_with(reference) ||
        named.repository + ":" + named.tag == reference ||
        (named.tag == "latest" && named.repository == reference))
      return named.image->created;
  }
  throw Error(fmt::format("--filter {}: no such image: {}", key, printable(reference)));
}

Json parse_or_empty(const std::string& text) {
  Json json = Json::parse(text, nullptr, false);
  return json.is_object() ? json : Json::object();
}

std::string text_at(const Json& json, const char* key) {
  const auto found = json.find(key);
  return found != json.end() && found->is_string() ? found->get<std::string>() : "";
}

/// As docker: of the image, or else of its last step.
std::string comment_of(const Json& config) {
  const std::string own = text_at(config, "comment");
  const auto history = config.find("history");
  if (!own.empty() || history == config.end() || !history->is_array() || history->empty())
    return own;
  return text_at(history->back(), "comment");
}

}  // namespace

std::vector<NamedImage> by_name(const std::vector<image::Image>& images) {
  std::vector<NamedImage> list;
  for (const auto& image : images) {
    for (const auto& name : image.names) {
      const auto reference = image::parse_reference(name);
      list.push_back(
          {familiar_repository(reference), reference.tag, digest_for(image, reference), &image});
    }
    if (!image.names.empty()) continue;
    for (auto& named : unnamed(image)) list.push_back(std::move(named));
  }
  return list;
}

const Fields& image_headings() {
  static const Fields headings{{"Containers", "CONTAINERS"},
                               {"CreatedAt", "CREATED AT"},
                               {"CreatedSince", "CREATED"},
                               {"Digest", "DIGEST"},
                               {"ID", "IMAGE ID"},
                               {"Repository", "REPOSITORY"},
                               {"SharedSize", "SHARED SIZE"},
                               {"Size", "SIZE"},
                               {"Tag", "TAG"},
                               {"UniqueSize", "UNIQUE SIZE"},
                               {"VirtualSize", "VIRTUAL SIZE"}};
  return headings;
}

Fields image_fields(const NamedImage& named, int containers, bool whole_ids, Time now) {
  const image::Image& image = *named.image;
  const std::string size = human_size(image.size);
  return {{"Containers", std::to_string(containers)},
          {"CreatedAt", calendar_text(image.created, calendar_format)},
          {"CreatedSince", ago_text(image.created, now)},
          {"Digest", named.digest},
          {"ID", whole_ids ? image.id : short_id(image.id)},
          {"Repository", named.repository},
          {"SharedSize", "N/A"},
          {"Size", size},
          {"Tag", named.tag},
          {"UniqueSize", "N/A"},
          {"VirtualSize", size}};
}

ImageFilter::ImageFilter(const std::vector<std::string>& texts,
                         const std::vector<image::Image>& images, Time now) {
  constexpr std::array keys{"before", "dangling", "label", "label!", "reference", "since", "until"};
  for (const auto& text : texts) {
    const auto equals = text.find('=');
    Wish wish{text.substr(0, equals), equals == std::string::npos ? "" : text.substr(equals + 1)};
    if (equals == std::string::npos || std::find(keys.begin(), keys.end(), wish.key) == keys.end())
      throw Error(fmt::format("invalid filter {}", stack::quoted(text)))
          .with_hint("KEY=VALUE, where KEY is before, dangling, label, reference, since or until")
          .with_exit_code(ExitCode::usage);
    if (wish.key == "until") {
      const auto time = parse_moment(wish.value, now);
      if (!time)
        throw Error(fmt::format("--filter until: {} is no point in time", printable(wish.value)))
            .with_exit_code(ExitCode::usage);
      wish.time = *time;
    }
    if (wish.key == "before" || wish.key == "since")
      wish.time = created_of(wish.value, images, wish.key);
    wishes_.push_back(std::move(wish));
  }
}

bool ImageFilter::asks_for_dangling() const {
  return std::any_of(wishes_.begin(), wishes_.end(),
                     [](const Wish& wish) { return wish.key == "dangling"; });
}

bool ImageFilter::passes(const NamedImage& named) const {
  // Of `reference`, one is enough; of the others, all count.
  bool asks_for_name = false;
  bool has_name = false;
  for (const Wish& wish : wishes_) {
    const auto& image = *named.image;
    bool passes = true;
    if (wish.key == "reference") {
      asks_for_name = true;
      has_name = has_name || fits_reference(named, wish.value);
    } else if (wish.key == "dangling") {
      passes = image.names.empty() == (wish.value == "true" || wish.value == "1");
    } else if (wish.key == "label") {
      passes = has_label(image.config.labels, wish.value);
    } else if (wish.key == "label!") {
      passes = !has_label(image.config.labels, wish.value);
    } else if (wish.key == "since") {
      passes = image.created > wish.time;
    } else {
      passes = image.created < wish.time;
    }
    if (!passes) return false;
  }
  return !asks_for_name || has_name;
}

namespace {

/// The uppermost layer is docker's UpperDir; nothing is mounted for an image.
Json layers_json(const image::Image& image) {
  Json data = Json::object();
  if (image.layers.empty()) return data;
  std::vector<std::string> lower;
  for (auto layer = image.layers.begin() + 1; layer != image.layers.end(); ++layer)
    lower.push_back(layer->native());
  if (!lower.empty()) data["LowerDir"] = join(lower, ":");
  data["MergedDir"] = "";
  data["UpperDir"] = image.layers.front().native();
  data["WorkDir"] = "";
  return data;
}

/// Of a container's life, which images of old builders have and containers do not inherit.
Json inherited(const Json& config) {
  if (!config.contains("config") || !config["config"].is_object()) return Json::object();
  Json kept = config["config"];
  for (const char* key : {"Hostname", "Domainname", "AttachStdin", "AttachStdout", "AttachStderr",
                          "Tty", "OpenStdin", "StdinOnce", "Image"})
    kept.erase(key);
  return kept;
}

/// When a name was last given by a pull; what else gives names is not written down.
std::string last_tag_time(const image::Image& image) {
  if (image.pulled == std::chrono::system_clock::time_point{}) return "0001-01-01T00:00:00Z";
  return image::to_rfc3339(image.pulled);
}

}  // namespace

Json image_json(const image::Image& image, const std::string& config_text) {
  const Json config = parse_or_empty(config_text);
  Json tags = Json::array();
  for (const auto& name : image.names)
    tags.push_back(image::familiar(image::parse_reference(name)));
  Json digests = Json::array();
  for (const auto& digest : image.digests)
    digests.push_back(image::familiar(image::parse_reference(digest)));
  Json json{{"Id", image.id},
            {"RepoTags", tags},
            {"RepoDigests", digests},
            {"Parent", ""},
            {"Comment", comment_of(config)},
            {"Created", text_at(config, "created")},
            {"DockerVersion", text_at(config, "docker_version")},
            {"Author", text_at(config, "author")},
            {"Architecture", text_at(config, "architecture")},
            {"Os", text_at(config, "os")},
            {"Size", image.size},
            {"GraphDriver", {{"Name", "overlay2"}, {"Data", layers_json(image)}}},
            {"RootFS", {{"Type", "layers"}, {"Layers", Json::array()}}},
            {"Metadata", {{"LastTagTime", last_tag_time(image)}}},
            {"Config", inherited(config)}};
  if (const auto variant = text_at(config, "variant"); !variant.empty()) json["Variant"] = variant;
  if (config.contains("rootfs") && config["rootfs"].contains("diff_ids"))
    json["RootFS"]["Layers"] = config["rootfs"]["diff_ids"];
  return json;
}

std::vector<HistoryRow> history_rows(const image::Image& image,
                                     const std::vector<image::HistoryEntry>& history,
                                     const std::vector<std::uint64_t>& layer_bytes) {
  std::vector<HistoryRow> rows;
  std::size_t layer = 0;
  for (const auto& entry : history) {
    const bool has_layer = !entry.empty_layer && layer < layer_bytes.size();
    rows.push_back({entry, "<missing>", has_layer ? layer_bytes[layer++] : 0});
  }
  // Some tools write no history: the layers are there all the same.
  for (; layer < layer_bytes.size(); ++layer) rows.push_back({{}, "<missing>", layer_bytes[layer]});
  std::reverse(rows.begin(), rows.end());
  if (!rows.empty()) rows.front().id = image.id;
  return rows;
}

const Fields& history_headings() {
  static const Fields headings{{"Comment", "COMMENT"},
                               {"CreatedAt", "CREATED AT"},
                               {"CreatedBy", "CREATED BY"},
                               {"CreatedSince", "CREATED"},
                               {"ID", "IMAGE"},
                               {"Size", "SIZE"}};
  return headings;
}

Fields history_fields(const HistoryRow& row, bool whole, bool human, Time now) {
  const auto created = image::parse_rfc3339(row.entry.created);
  const bool is_id = row.id.starts_with("sha256:");
  const std::string date = calendar_text(created, "%Y-%m-%dT%H:%M:%SZ");
  return {
      {"Comment", row.entry.comment},
      {"CreatedAt", date},
      {"CreatedBy", whole ? row.entry.created_by : shortened(row.entry.created_by, short_command)},
      {"CreatedSince", row.entry.created.empty() ? "N/A"
                       : human                   ? ago_text(created, now)
                                                 : date},
      {"ID", is_id && !whole ? short_id(row.id) : row.id},
      {"Size", human ? human_size(row.bytes) : std::to_string(row.bytes)}};
}

}  // namespace stack::cli
