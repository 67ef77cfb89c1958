// SPDX-License-Identifier: Apache-2.0
// stack image ls, inspect, history.
#include <algorithm>
#include <iostream>
#include <nlohmann/json.hpp>

#include "base/error.h"
#include "base/files.h"
#include "base/text.h"
#include "cli/change.h"
#include "cli/command.h"
#include "cli/image_use.h"
#include "cli/image_view.h"
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

}  // namespace

int run_image_list(const Options& options) {
  const auto images = open_store().list();
  const auto now = std::chrono::system_clock::now();
  std::vector<std::string> wishes = options.filters;
  for (const auto& name : options.arguments) wishes.push_back("reference=" + name);
  const ImageFilter filter(wishes, images, now);
  auto users = image_users(images);
  std::vector<Fields> rows;
  for (const auto& named : by_name(images)) {
    if (!filter.passes(named)) continue;
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
