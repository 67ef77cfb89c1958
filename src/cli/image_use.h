// SPDX-License-Identifier: Apache-2.0
// Which images containers need.
#pragma once

#include <map>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>
#include <vector>

#include "image/image_store.h"
#include "supervisor/status.h"

namespace stack::cli {

image::ImageStore open_store();

/// Of the image that a container was made from; empty when nobody can tell.
std::string image_id_of(const supervisor::ObservedContainer& container);

/// How many containers of any stack were made from an image or have it mounted, by id.
std::map<std::string, int> image_users(const std::vector<image::Image>& images);
/// The ids alone.
std::vector<std::string> images_in_use(const std::vector<image::Image>& images);

/// What is known of containers' images, each looked up once.
class ImagesOfContainers {
 public:
  ImagesOfContainers() : store_(open_store()) {}
  /// Null when it is not there any more.
  const image::Image* find(const supervisor::ObservedContainer& container);
  /// Of the image that is called so, by any of its names or its id; empty when there is none.
  std::string id_of(const std::string& image) const;
  /// What the image and its file expose: "80/tcp", "3000-3005/udp".
  std::vector<std::string> exposed(const supervisor::ObservedContainer& container);
  /// The same of its wish_of().
  std::vector<std::string> exposed(const nlohmann::json& wish);

 private:
  const image::Image* find(const std::string& id);

  image::ImageStore store_;
  std::map<std::string, std::optional<image::Image>> known_;  ///< by id
};

}  // namespace stack::cli
