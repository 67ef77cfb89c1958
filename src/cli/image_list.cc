// SPDX-License-Identifier: Apache-2.0
// stack image ls, inspect, history.
#include <algorithm>
#include <iostream>
#include <nlohmann/json.hpp>

#include "base/error.h"
#include "base/files.h"
#include "base/ids.h"
#include "base/text.h"
#include "cli/change.h"
#include "cli/command.h"
#include "cli/image_use.h"
#include "cli/image_view.h"
#include "cli/table.h"
#include "image/store_index.h"

namespace stack::cli {
namespace {

using Json = nlohmann::ordered_json;

std::string config_of(const image::ImageStore& store, const image::Image& image) {
  return read_file(image::StorePaths{store.root()}.blob(image.id));
}

image::Image need_image(const image::ImageStore& store, const std::string& reference) {
  auto image = store.find(reference);
  if (!image) fail("no such image: {}", printable(reference));
  return std::move(*image);
}

std::vector<std::uint64_t> layer_bytes(const image::ImageStore& store,
                                       const std::vector<std::string>& diff_ids) {
  std::vector<std::uint64_t> bytes;
  for (const auto& chain : image::chain_ids(diff_ids))
    bytes.push_back(image::read_layer_record(image::StorePaths{store.root()}, chain).file_bytes);
  return bytes;
}

/// "linux/amd64", "linux/arm/v7"
std::string platform_of(const image::ImageStore& store, const image::Image& image) {
  const Json json = image_json(image, config_of(store, image));
  std::string text =
      fmt::format("{}/{}", json["Os"].get<std::string>(), json["Architecture"].get<std::string>());
  if (json.contains("Variant")) text += fmt::format("/{}", json["Variant"].get<std::string>());
  return text;
}

/// An image under all of its names, and what it is for below.
std::string tree_of(const image::ImageStore& store, const std::vector<NamedImage>& shown,
                    std::map<std::string, int>& users) {
  std::vector<Row> rows;
  for (std::size_t i = 0; i < shown.size(); ++i) {
    const image::Image& image = *shown[i].image;
    const std::string id = short_id(image.id);
    const std::string size = human_size(image.size);
    const std::string used = users[image.id] > 0 ? "in use" : "";
    rows.push_back({fmt::format("{}:{}", shown[i].repository, shown[i].tag), id, size, used});
    const bool has_more_names = i + 1 < shown.size() && shown[i + 1].image == shown[i].image;
    if (!has_more_names)
      rows.push_back({fmt::format("└─ {}", platform_of(store, image)), id, size, used});
  }
  return table({"IMAGE", "ID", "DISK USAGE", "EXTRA"}, rows);
}

}  // namespace

int run_image_list(const Options& options) {
  if (options.tree && (options.quiet || options.digests || !options.format.empty()))
    throw Error("--tree goes without --quiet, --digests and --format")
        .with_exit_code(ExitCode::usage);
  const auto store = open_store();
  const auto images = store.list();
  const auto now = std::chrono::system_clock::now();
  std::vector<std::string> wishes = options.filters;
  for (const auto& name : options.arguments) wishes.push_back("reference=" + name);
  const ImageFilter filter(wishes, images, now);
  auto users = image_users(images);
  std::vector<NamedImage> shown = by_name(images);
  std::erase_if(shown, [&](const NamedImage& named) { return !filter.passes(named); });
  if (options.tree) {
    std::cout << tree_of(store, shown, users);
    return 0;
  }
  std::vector<Fields> rows;
  for (const auto& named : shown) {
    Fields row = image_fields(named, users[named.image->id], options.no_trunc, now);
    const bool is_repeated =
        options.quiet && std::find(rows.begin(), rows.end(), row) != rows.end();
    if (!is_repeated) rows.push_back(std::move(row));
  }
  std::vector<std::string> columns{"Repository", "Tag", "ID", "CreatedSince", "Size"};
  if (options.digests) columns.insert(columns.begin() + 2, "Digest");
  std::cout << format_rows(options.quiet ? "{{.ID}}" : options.format, image_headings(), columns,
                           rows);
  return 0;
}

int run_image_inspect(const Options& options) {
  const auto store = open_store();
  std::vector<Json> all;
  const int code = each_of(options.arguments, [&](const std::string& reference) {
    const auto image = need_image(store, reference);
    all.push_back(image_json(image, config_of(store, image)));
  });
  std::cout << format_inspected(options.format, all);
  return code;
}

int run_image_history(const Options& options) {
  const auto store = open_store();
  const auto image = need_image(store, options.arguments.front());
  const auto document = image::parse_config_document(config_of(store, image));
  std::vector<Fields> rows;
  for (const auto& row :
       history_rows(image, document.history, layer_bytes(store, document.diff_ids)))
    rows.push_back(
        history_fields(row, options.no_trunc, options.human, std::chrono::system_clock::now()));
  std::cout << format_rows(options.quiet ? "{{.ID}}" : options.format, history_headings(),
                           {"ID", "CreatedSince", "CreatedBy", "Size", "Comment"}, rows);
  return 0;
}

}  // namespace stack::cli
