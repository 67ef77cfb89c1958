// SPDX-License-Identifier: Apache-2.0
#include "build/cache_key.h"

#include "base/format.h"
#include "base/text.h"
#include "image/digest.h"

namespace stack::build {
namespace {

/// Raised whenever the same key would no longer stand for the same result.
constexpr int format = 1;

}  // namespace

CacheKey::CacheKey(std::string_view kind, std::string_view below) {
  text_ = fmt::format("build step {}\n", format);
  add("kind", kind);
  add("below", below);
}

CacheKey& CacheKey::add(std::string_view name, std::string_view value) {
  // The length, so that no value can look like the next line.
  text_ += fmt::format("{} {} {}\n", name, value.size(), value);
  return *this;
}

CacheKey& CacheKey::add(std::string_view name, std::span<const std::string> values) {
  text_ += fmt::format("{} list {}\n", name, values.size());
  for (const std::string& value : values) add("-", value);
  return *this;
}

CacheKey& CacheKey::add(std::string_view name, const std::map<std::string, std::string>& values) {
  text_ += fmt::format("{} map {}\n", name, values.size());
  for (const auto& [key, value] : values) add("-", key).add("=", value);
  return *this;
}

std::string CacheKey::digest() const {
  return image::digest_of(text_);
}

}  // namespace stack::build
