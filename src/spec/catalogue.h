// SPDX-License-Identifier: Apache-2.0
// Every kind of mistake and doubt that the front end tells of, by its stable id, with a longer text
// than a line of output has room for (`stack explain ID`). tests/spec/catalogue_test.cc checks that
// it is complete.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "spec/diagnostics.h"

namespace stack::spec {

struct Explanation {
  std::string_view id;
  Severity severity;        ///< error, or warning for what runs all the same
  std::string_view title;   ///< a few words
  std::string_view text;    ///< what it means and what to do, in sentences
  std::string_view before;  ///< lines of a file that cause it; empty when there is nothing to show
  std::string_view after;   ///< the same lines, right
};

/// Sorted by id.
std::span<const Explanation> catalogue();
/// nullptr when there is no such id.
const Explanation* find_explanation(std::string_view id);

}  // namespace stack::spec
