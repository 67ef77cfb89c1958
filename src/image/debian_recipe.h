// SPDX-License-Identifier: Apache-2.0
// What a Debian image is made of, decided without touching anything: the command line, the key
// under which its content is found again, and what of the tool's output is worth showing.
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "image/apt_setup.h"
#include "image/image_store.h"

namespace stack::image {

struct DebianRecipe {
  std::string suite;
  std::vector<std::string> packages;  ///< sorted, each once
  std::string architecture;           ///< as in OCI documents
};

/// Throws Error for a package that is not "name", "name:arch", "name=version" or "name/suite".
DebianRecipe make_recipe(const std::string& suite, const std::vector<std::string>& packages,
                         const std::string& architecture);

/// Depends on everything that decides the content, except the state of the mirror.
std::string recipe_key(const DebianRecipe& recipe);

/// Arguments of mmdebstrap that unpack and configure the packages into `tree`.
std::vector<std::string> mmdebstrap_arguments(const DebianRecipe& recipe, const AptSetup& apt,
                                              const std::filesystem::path& tree);

/// What containers of such an image inherit: a search path, a shell, labels that say what is in it.
ImageConfig debian_config(const DebianRecipe& recipe);
/// The label that holds the key.
inline constexpr const char* recipe_label = "stack.debian.recipe";

/// A line of the tool's output as a step of progress; nothing when it is only noise.
std::optional<std::string> progress_of(const std::string& line);

}  // namespace stack::image
