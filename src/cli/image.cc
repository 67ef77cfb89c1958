// SPDX-License-Identifier: Apache-2.0
// stack image import, debian, rm, tag, prune.
#include <algorithm>
#include <iostream>

#include "base/error.h"
#include "base/host_paths.h"
#include "base/text.h"
#include "cli/change.h"
#include "cli/command.h"
#include "cli/image_use.h"
#include "cli/image_view.h"
#include "cli/prune.h"
#include "image/debian.h"
#include "image/image_store.h"
#include "image/reference.h"
#include "image/store_index.h"

namespace stack::cli {
namespace {

constexpr const char* prune_question[] = {
    "This will remove all images without a name that no container uses.",
    "This will remove all images that no container uses."};

void tell_removed(const image::ImageStore::Removed& removed) {
  for (const auto& name : removed.untagged)
    std::cout << "Untagged: " << image::familiar(image::parse_reference(name)) << '\n';
  for (const auto& id : removed.deleted) std::cout << "Deleted: " << id << '\n';
}

/// A name that none can have is for the removal to refuse.
bool is_image(const image::ImageStore& store, const std::string& reference) {
  try {
    return store.find(reference).has_value();
  } catch (const Error&) {
    return true;
  }
}

std::uint64_t bytes_of(const image::ImageStore& store) {
  std::uint64_t bytes = 0;
  for (const auto& layer : image::list_layers(image::StorePaths{store.root()}))
    bytes += layer.file_bytes;
  return bytes;
}

void refuse_address(const std::string& source) {
  if (!source.starts_with("http://") && !source.starts_with("https://")) return;
  throw Error("image import does not fetch: " + stack::quoted(source))
      .with_hint(fmt::format("curl -L {} | stack image import - NAME", source));
}

}  // namespace

int run_image_import(const Options& options) {
  if (options.arguments.size() > 2)
    throw Error("image import takes a source and a name").with_exit_code(ExitCode::usage);
  const std::string& source = options.arguments.front();
  const std::string name = options.arguments.size() == 2 ? options.arguments[1] : "";
  refuse_address(source);
  const image::Image image =
      open_store().import(source, name, options.changes, {}, options.message);
  std::cout << image.id << '\n';
  return 0;
}

int run_image_debian(const Options& options) {
  image::DebianRequest request;
  request.name = options.arguments.front();
  for (const auto& package : split(options.packages, ',')) {
    if (!trim(package).empty()) request.packages.emplace_back(trim(package));
  }
  request.suite = options.suite;
  request.changes = options.changes;
  request.rebuild = options.no_cache;
  request.cache = HostPaths::from_environment().cache() / "debian";
  auto store = open_store();
  const image::Image image = image::build_debian_image(
      store, request, [&](const std::string& line) { std::cerr << ' ' << line << '\n'; });
  std::cout << image.id << '\n';
  return 0;
}

int run_image_remove(const Options& options) {
  auto store = open_store();
  const auto in_use = images_in_use(store.list());
  return each_of(options.arguments, [&](const std::string& reference) {
    if (options.force && !is_image(store, reference))
      return tell_error(Error(fmt::format("No such image: {}", printable(reference))));
    tell_removed(store.remove(reference, in_use, options.force));
  });
}

int run_image_tag(const Options& options) {
  if (options.arguments.size() != 2)
    throw Error("image tag takes an image and a name").with_exit_code(ExitCode::usage);
  open_store().tag(options.arguments[0], options.arguments[1]);
  return 0;
}

Pruned prune_images(const Options& options) {
  auto store = open_store();
  const auto images = store.list();
  const ImageFilter filter(options.filters, images, std::chrono::system_clock::now());
  const auto in_use = images_in_use(images);
  std::vector<std::string> doomed;
  for (const auto& image : images) {
    const bool is_wanted = std::find(in_use.begin(), in_use.end(), image.id) != in_use.end() ||
                           (!image.names.empty() && !options.all);
    if (!is_wanted && filter.passes({"", "", "", &image})) doomed.push_back(image.id);
  }
  const std::uint64_t before = bytes_of(store);
  // Without any, too: what a command that was killed left is removed by this.
  const auto removed = store.remove_all(doomed);
  if (!removed.untagged.empty() || !removed.deleted.empty()) {
    std::cout << "Deleted Images:\n";
    tell_removed(removed);
    std::cout << '\n';
  }
  const std::uint64_t after = bytes_of(store);
  return {0, before - std::min(before, after)};
}

int run_image_prune(const Options& options) {
  if (!options.force && !is_agreed_to(prune_question[options.all ? 1 : 0])) return 0;
  const Pruned pruned = prune_images(options);
  tell_reclaimed(pruned.bytes);
  return pruned.code;
}

}  // namespace stack::cli
