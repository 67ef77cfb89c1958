// SPDX-License-Identifier: Apache-2.0
#include "image/debian.h"

#include <fcntl.h>
#include <unistd.h>

#include <deque>
#include <optional>

#include "base/error.h"
#include "base/files.h"
#include "base/text.h"
#include "image/apt_setup.h"
#include "image/changes.h"
#include "image/debian_recipe.h"
#include "image/image_document.h"
#include "image/reference.h"
#include "image/store_writer.h"
#include "image/tar_stream.h"
#include "image/tool.h"

namespace stack::image {
namespace {

namespace fs = std::filesystem;
using Progress = std::function<void(const std::string&)>;

constexpr std::size_t lines_of_failure = 15;

std::vector<std::string> changed_files(const fs::path& directory, const AptSetup& apt,
                                       const std::string& suite) {
  std::vector<std::string> files;
  for (const fs::path& source : apt.sources) {
    const std::string before = read_file(source);
    const std::string after = retarget_sources(before, apt.suite, suite);
    if (after == before) continue;
    files.push_back((directory / source.filename()).native());
    write_file_atomically(files.back(), after, Durability::survives_crash, 0644);
  }
  return files;
}

/// The sources for another suite than the host's: copies in which it is replaced.
AptSetup retarget(const AptSetup& apt, const std::string& suite, const fs::path& scratch) {
  if (apt.suite.empty() || apt.suite == suite) return apt;
  const fs::path directory = scratch / "sources";
  make_directories(directory);
  AptSetup result = apt;
  const auto files = changed_files(directory, apt, suite);
  if (files.empty())
    fail("the apt sources of this host do not say where its own suite \"{}\" comes from",
         apt.suite);
  result.sources.assign(files.begin(), files.end());
  return result;
}

/// What was said of a failure: the last lines, and before them those that speak of an error. A
/// package's own script may have said what was wrong long before the end.
class Complaints {
 public:
  void take(const std::string& line) {
    last_.push_back(printable(line));
    if (last_.size() <= lines_of_failure) return;
    if (last_.front().find("error") != std::string::npos && told_.size() < lines_of_failure)
      told_.push_back(std::move(last_.front()));
    last_.pop_front();
  }

  std::string text() const {
    std::string text;
    for (const auto* lines : {&told_, &last_})
      for (const std::string& line : *lines) text += "\n  " + line;
    return text;
  }

 private:
  std::deque<std::string> told_;
  std::deque<std::string> last_;
};

void run_mmdebstrap(const DebianHost& host, const std::vector<std::string>& arguments,
                    const fs::path& scratch, const Progress& progress) {
  Complaints complaints;
  const Tool tool{host.mmdebstrap, arguments, {"TMPDIR=" + scratch.native()}};
  const int code = run_tool(tool, [&](const std::string& line) {
    complaints.take(line);
    if (const auto step = progress_of(line); step && progress) progress(*step);
  });
  if (code == 0) return;
  throw Error(fmt::format("mmdebstrap ended with code {}{}", code, complaints.text()));
}

std::optional<Fd> open_directory_in(int root, const std::string& path) {
  try {
    return open_in_root(root, path, O_RDONLY | O_DIRECTORY);
  } catch (const Error& error) {
    if (error.error_number() == ENOENT) return std::nullopt;
    throw;
  }
}

void remove_in(int root, const fs::path& path) {
  const auto parent = open_directory_in(root, path.parent_path());
  if (parent) remove_tree(parent->get(), path.filename());
}

void empty_in(int root, const std::string& path) {
  const auto directory = open_directory_in(root, path);
  if (!directory) return;
  for (const std::string& name : list_directory(fmt::format("/proc/self/fd/{}", directory->get())))
    remove_tree(directory->get(), name);
}

/// Takes away what is left of the building, and of this host.
void tidy(int root) {
  // The way to the mirror (proxies, their passwords) is this host's business.
  remove_in(root, "etc/apt/apt.conf.d/99mmdebstrap");
  for (const char* log : {"dpkg.log", "alternatives.log", "bootstrap.log"})
    remove_in(root, fs::path("var/log") / log);
  remove_in(root, "var/cache/ldconfig/aux-cache");
  for (const char* directory : {"var/cache/apt", "var/lib/apt/lists", "var/log/apt", "dev", "tmp"})
    empty_in(root, directory);
  // mmdebstrap copied the host's; each container gets its own.
  for (const char* file : {"etc/hostname", "etc/resolv.conf"})
    open_in_root(root, file, O_WRONLY | O_CREAT | O_TRUNC, 0644);
}

/// The layer that was built by the same recipe before: the lowest one, also of images that were
/// built upon it and have inherited its labels.
std::optional<std::vector<std::string>> built_before(const ImageStore& store,
                                                     const std::string& key) {
  for (const Image& image : store.list()) {
    const auto label = image.config.labels.find(recipe_label);
    if (label == image.config.labels.end() || label->second != key) continue;
    auto layers =
        parse_config_document(read_file(StorePaths{store.root()}.blob(image.id))).diff_ids;
    if (layers.empty()) continue;
    layers.resize(1);
    return layers;
  }
  return std::nullopt;
}

NewLayer build_layer(const DebianHost& host, const DebianRecipe& recipe, const AptSetup& apt,
                     const fs::path& scratch, const Progress& progress) {
  const fs::path tree = scratch / "tree";
  const auto arguments = mmdebstrap_arguments(recipe, retarget(apt, recipe.suite, scratch), tree);
  run_mmdebstrap(host, arguments, scratch, progress);
  const Fd root = open_file(tree, O_RDONLY | O_DIRECTORY);
  tidy(root.get());
  const TreeDigest digest = digest_tree(root.get());
  return {tree, digest.diff_id, {digest.stream_bytes, digest.file_bytes}};
}

std::string apt_config_dump() {
  std::string text;
  const auto program = find_program("apt-config");
  if (!program) return text;
  run_tool({*program, {"dump"}, {}}, [&](const std::string& line) { text += line + "\n"; });
  return text;
}

}  // namespace

DebianHost find_debian_host() {
  if (::geteuid() != 0) fail("images from Debian packages can only be made by root");
  const auto program = find_program("mmdebstrap");
  if (!program) throw Error("mmdebstrap is not installed").with_hint("apt-get install mmdebstrap");
  return {*program, "/", apt_config_dump()};
}

Image build_debian_image(ImageStore& store, const DebianRequest& request,
                         const Progress& progress) {
  return build_debian_image(store, request, find_debian_host(), progress);
}

Image build_debian_image(ImageStore& store, const DebianRequest& request, const DebianHost& host,
                         const Progress& progress) {
  const AptSetup apt = read_apt_setup(host.root, host.apt_config);
  const DebianRecipe recipe = make_recipe(request.suite.empty() ? apt.suite : request.suite,
                                          request.packages, oci_architecture());
  NewImage image{canonical(parse_reference(request.name)), debian_config(recipe),
                 "debian packages: " + join(recipe.packages, " ")};
  for (const std::string& change : request.changes) apply_change(image.config, change);
  const StorePaths paths{store.root()};
  if (!request.rebuild) {
    const auto layers = built_before(store, recipe_key(recipe));
    if (layers) {
      if (auto made = commit_image_on(paths, *layers, image)) return *made;
    }
  }
  return during("making image " + request.name + " from Debian packages", [&] {
    const ScratchDirectory scratch = begin_layer(paths);
    return commit_image(paths, build_layer(host, recipe, apt, scratch.path(), progress), image);
  });
}

}  // namespace stack::image
