// SPDX-License-Identifier: Apache-2.0
// Whose mistakes count: those in values that the project still has when its files are merged; and
// what no container could run with is nobody's concern as long as no container is made of it.
#pragma once

#include <cstddef>

#include "spec/counts.h"
#include "spec/diagnostics.h"
#include "spec/normalize.h"
#include "spec/reporter.h"
#include "spec/tree.h"

namespace stack::spec {

/// Why a file is read.
enum class FileUse { of_project, only_extended };

/// Decides how long what was said of `document` since there were `from` diagnostics counts. What
/// stands at no value of it any more, because it could not be read, counts always.
void weigh(const Node& document, FileUse use, std::size_t from, const Reporter& reporter);

/// Takes back what counts only by `counts` (if_merged: `root` is merged from all files; if_active:
/// it has lost the services of inactive profiles) and stands in no value of `root`.
void settle(const Node& root, Counts counts, const Reporter& reporter);

/// Takes back what is said of services that are not `needed`, and of networks, volumes, configs and
/// secrets that only they use. What stands in a needed one too, by an alias or an extension of the
/// same lines, stays said. `whole`: the tree with the services that their profiles left out;
/// `root`: the finished one.
void forgive_unneeded(const Node& whole, const Node& root, const Names& needed,
                      const Reporter& reporter, Diagnostics& diagnostics);

}  // namespace stack::spec
