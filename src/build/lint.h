// SPDX-License-Identifier: Apache-2.0
// Habits in Dockerfiles that cause trouble, by the names that docker's builder gives them, so that
// `# check=skip=NAME` means the same. Pure.
#pragma once

#include <set>
#include <string>
#include <vector>

#include "build/dockerfile.h"

namespace stack::build {

/// What `# check=skip=NAME,NAME;error=true` says: which rules are left out, and whether a finding
/// is an error.
struct LintOptions {
  std::set<std::string> skipped;
  bool skips_all = false;
  bool is_error = false;
};

/// Throws Error for what is no such option. "experimental" is read, and has no effect.
LintOptions parse_lint_options(const std::string& text);

/// What is found in `file`, each with its rule, in the order of lines. Rules that need more than
/// the Dockerfile (UndefinedVar: the base image; CopyIgnoredFile: the context) are not among them.
std::vector<Problem> lint(const Dockerfile& file);

}  // namespace stack::build
