// SPDX-License-Identifier: Apache-2.0
// What the result of a step depends on, all of it, as one digest. Pure. The same work on the same
// files has the same key in whichever project, Dockerfile or stage it stands.
#pragma once

#include <map>
#include <span>
#include <string>
#include <string_view>

namespace stack::build {

class CacheKey {
 public:
  /// `kind`: "run", "copy"; `below`: chain id of the layers that it works on, empty without any.
  CacheKey(std::string_view kind, std::string_view below);

  CacheKey& add(std::string_view name, std::string_view value);
  CacheKey& add(std::string_view name, std::span<const std::string> values);
  CacheKey& add(std::string_view name, const std::map<std::string, std::string>& values);

  /// What the key stands for, for people and tests.
  const std::string& text() const { return text_; }
  /// "sha256:..."
  std::string digest() const;

 private:
  std::string text_;
};

}  // namespace stack::build
