// SPDX-License-Identifier: Apache-2.0
// One shaped document over another, by the rules of the tables (features of override files).
#pragma once

#include "spec/reporter.h"
#include "spec/shape.h"
#include "spec/tree.h"

namespace stack::spec {

struct Merging {
  Reporter& reporter;
  Variables variables = Variables::replaced;
};

/// Puts `over` on `base`, both shaped documents (`base` may be null: the first file). Values that
/// win keep their own place. `!reset` and `!override` take effect and are gone afterwards.
void merge_documents(Node& base, Node over, const Merging& merging);

/// The same for one service: `extends`.
void merge_services(Node& base, Node over, const Merging& merging);

}  // namespace stack::spec
