// SPDX-License-Identifier: Apache-2.0
#include "image/debian_recipe.h"

#include <algorithm>
#include <array>
#include <string_view>

#include "base/error.h"
#include "base/search_path.h"
#include "base/text.h"
#include "image/digest.h"

namespace stack::image {
namespace {

/// Essential packages and apt: small, and `apt-get install` works in a container of it.
constexpr std::string_view variant = "apt";
/// To be raised when the same packages would be unpacked to something else.
constexpr int recipe_format = 2;

/// Documentation and translations are half of what small packages unpack to. Copyright files stay:
/// licences ask for them. So do the directories of manual pages: packages link to some there when
/// they are configured (update-alternatives(1)), as java's do, and fail without.
constexpr std::array<std::string_view, 7> dpkg_options = {
    "path-exclude=/usr/share/doc/*",
    "path-include=/usr/share/doc/*/copyright",
    "path-exclude=/usr/share/man/*/*",
    "path-exclude=/usr/share/info/*",
    "path-exclude=/usr/share/locale/*",
    "path-exclude=/usr/share/lintian/*",
    "force-unsafe-io",  // the tree is synced once, when it is complete
};

constexpr std::array<std::string_view, 4> progress_prefixes = {"I: ", "Unpacking ", "Setting up ",
                                                               "E: "};

void check_package(const std::string& package) {
  const bool fine =
      package.size() > 1 &&
      ((package[0] >= 'a' && package[0] <= 'z') || (package[0] >= '0' && package[0] <= '9')) &&
      package.find_first_not_of(
          "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
          "0123456789+-.:=/~_") == std::string::npos;
  if (!fine) fail("invalid package name \"{}\"", printable(package));
}

void check_suite(const std::string& suite) {
  const bool fine =
      !suite.empty() && suite.front() != '-' && suite.front() != '.' &&
      suite.find_first_not_of("abcdefghijklmnopqrstuvwxyz0123456789-.") == std::string::npos;
  if (!fine) fail("invalid suite \"{}\"", printable(suite));
}

}  // namespace

DebianRecipe make_recipe(const std::string& suite, const std::vector<std::string>& packages,
                         const std::string& architecture) {
  check_suite(suite);
  for (const std::string& package : packages) check_package(package);
  DebianRecipe recipe{suite, packages, architecture};
  std::sort(recipe.packages.begin(), recipe.packages.end());
  recipe.packages.erase(std::unique(recipe.packages.begin(), recipe.packages.end()),
                        recipe.packages.end());
  return recipe;
}

std::string recipe_key(const DebianRecipe& recipe) {
  return digest_of(fmt::format("{}\n{}\n{}\n{}\n{}\n", recipe_format, recipe.suite,
                               recipe.architecture, variant, join(recipe.packages, ",")));
}

std::vector<std::string> mmdebstrap_arguments(const DebianRecipe& recipe, const AptSetup& apt,
                                              const std::filesystem::path& tree) {
  std::vector<std::string> arguments = {
      "--mode=root", fmt::format("--variant={}", variant), "--format=directory", "--verbose",
      // Directories in /run that packages made (/run/postgresql) are part of their set-up.
      "--skip=cleanup/run",
      // The store is closed to apt's own user.
      "--aptopt=APT::Sandbox::User \"root\";"};
  if (!recipe.packages.empty()) arguments.push_back("--include=" + join(recipe.packages, ","));
  for (const std::string& option : apt.options) arguments.push_back("--aptopt=" + option);
  for (const std::string_view option : dpkg_options)
    arguments.push_back("--dpkgopt=" + std::string(option));
  arguments.push_back(recipe.suite);
  arguments.push_back(tree.native());
  for (const std::filesystem::path& source : apt.sources) arguments.push_back(source.native());
  return arguments;
}

ImageConfig debian_config(const DebianRecipe& recipe) {
  ImageConfig config;
  config.command = {"bash"};
  config.environment = {fmt::format("PATH={}", default_search_path)};
  config.labels = {{recipe_label, recipe_key(recipe)},
                   {"stack.debian.suite", recipe.suite},
                   {"stack.debian.packages", join(recipe.packages, ",")}};
  return config;
}

std::optional<std::string> progress_of(const std::string& line) {
  if (!starts_with_any(line, progress_prefixes)) return std::nullopt;
  return printable(line.starts_with("I: ") ? line.substr(3) : line);
}

}  // namespace stack::image
