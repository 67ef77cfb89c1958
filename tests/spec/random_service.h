// SPDX-License-Identifier: Apache-2.0
// Random but valid stack files, as JSON, which is YAML too; and for each key of a service the rule
// by which a later file goes over an earlier one, written down once more, independently of
// src/spec.
#pragma once

#include <functional>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

namespace stack::spec {

using Json = nlohmann::json;

struct Attribute {
  std::string key;
  /// A random value, as `config` prints it.
  std::function<Json()> any;
  /// `over` on `base`, which is null when there was nothing. `over` is never null.
  std::function<Json(const Json& base, const Json& over)> merged;
  /// The same value in another notation.
  std::function<Json(const Json& value)> written = [](const Json& value) { return value; };
  /// Whether null takes the earlier value away, rather than leaving it.
  bool null_replaces = false;
};

const std::vector<Attribute>& attributes();

/// Some of the attributes in canonical form.
Json any_service();
/// The same to go over `base`: what is said there may be null here.
Json any_override(const Json& base);
/// The same service, each value in a random notation.
Json written(const Json& service);
/// `over` on `base`, by the rules of the attributes.
Json merged(const Json& base, const Json& over);

/// A whole file with `web` as its service and everything that it may refer to.
Json file_with(const Json& web);
/// Keys of all kinds at the top level, and what of a service has no rule of its own.
Json any_file();

/// Text of `value` with the keys of every mapping in random order.
std::string shuffled_text(const Json& value);

}  // namespace stack::spec
