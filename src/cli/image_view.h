// SPDX-License-Identifier: Apache-2.0
// Images as lists show them: docker's words and fields. Pure; the clock comes in.
#pragma once

#include <chrono>
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <vector>

#include "cli/field_template.h"
#include "image/image_document.h"
#include "image/image_store.h"

namespace stack::cli {

/// An image by one of its names; without any, "<none>".
struct NamedImage {
  std::string repository;
  std::string tag;
  std::string digest;  ///< of the repository's registry, or "<none>"
  const image::Image* image = nullptr;
};
/// One for each name. `images` must outlive them.
std::vector<NamedImage> by_name(const std::vector<image::Image>& images);

const Fields& image_headings();
Fields image_fields(const NamedImage& named, int containers, bool whole_ids,
                    std::chrono::system_clock::time_point now);

/// --filter of `image ls` and `image prune`: before, dangling, label, label!, reference, since,
/// until. Throws Error (usage) for others, or when before or since name no image.
class ImageFilter {
 public:
  ImageFilter(const std::vector<std::string>& texts, const std::vector<image::Image>& images,
              std::chrono::system_clock::time_point now);
  bool passes(const NamedImage& named) const;
  bool asks_for_dangling() const;

 private:
  struct Wish {
    std::string key;
    std::string value;
    std::chrono::system_clock::time_point time = {};
  };
  std::vector<Wish> wishes_;
};

/// docker's `image inspect`. `config` is the image's own document.
nlohmann::ordered_json image_json(const image::Image& image, const std::string& config);

struct HistoryRow {
  image::HistoryEntry entry;
  std::string id;  ///< "<missing>" for all but the newest
  std::uint64_t bytes = 0;
};
/// Newest first. `layer_bytes`: of each layer, lowest first.
std::vector<HistoryRow> history_rows(const image::Image& image,
                                     const std::vector<image::HistoryEntry>& history,
                                     const std::vector<std::uint64_t>& layer_bytes);
const Fields& history_headings();
/// `whole`: nothing is shortened; `human`: sizes and dates for people.
Fields history_fields(const HistoryRow& row, bool whole, bool human,
                      std::chrono::system_clock::time_point now);

}  // namespace stack::cli
