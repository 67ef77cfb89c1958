// SPDX-License-Identifier: Apache-2.0
#include "build/context.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>

#include "base/error.h"
#include "base/files.h"
#include "base/scratch.h"
#include "base/text.h"
#include "base/truth.h"
#include "build/downloads.h"
#include "image/layer.h"
#include "image/store_writer.h"
#include "image/tar_reader.h"

namespace stack::build {
namespace {

namespace fs = std::filesystem;

constexpr std::uint64_t largest_dockerfile = 16ULL << 20;

/// Standard input in a file without a name, from its beginning.
Fd buffer_input(const fs::path& directory) {
  Fd file = nameless_file(directory);
  std::array<char, 1 << 16> buffer;
  for (;;) {
    const ssize_t got = ::read(STDIN_FILENO, buffer.data(), buffer.size());
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) throw_errno("read standard input");
    if (got == 0) break;
    write_all(file.get(), {buffer.data(), static_cast<std::size_t>(got)});
  }
  if (::lseek(file.get(), 0, SEEK_SET) != 0) throw_errno("seek");
  return file;
}

bool holds_archive(int file) {
  bool is_archive = false;
  try {
    image::TarReader reader(file, image::Compressions::any);
    is_archive = reader.next().has_value();
  } catch (const Error&) {
    // It is something else.
  }
  if (::lseek(file, 0, SEEK_SET) != 0) throw_errno("seek");
  return is_archive;
}

void unpack(int archive, ScratchDirectory& place) {
  const fs::path tree = place.path() / "context";
  make_directories(tree, 0755);
  const Fd root = open_file(tree, O_RDONLY | O_DIRECTORY);
  image::LayerLimits limits;
  limits.compressions = image::Compressions::any;
  during("unpacking the build context",
         [&] { image::unpack_layer(archive, root.get(), image::LayerPlace::bottom, limits); });
}

class Opener {
 public:
  Opener(const ContextWish& wish, const BuildSurroundings& with, BuildRequest& request)
      : wish_(wish), with_(with), request_(request) {}

  OpenedContext open() {
    opened_.agents = start_agents(request_, with_.store);
    open_source();
    if (wish_.dockerfile_text) {
      request_.dockerfile = *wish_.dockerfile_text;
      request_.dockerfile_name = "dockerfile_inline";
    } else if (!has_text_) {
      read_dockerfile();
    }
    read_ignore();
    return std::move(opened_);
  }

 private:
  void open_source() {
    const std::string& source = wish_.source;
    if (const auto repository = parse_git_reference(source, ShortNames::are_repositories))
      return open_repository(*repository);
    if (is_url(source)) return open_download();
    if (source == "-") return open_input();
    struct stat info {};
    if (::stat(source.c_str(), &info) != 0)
      throw_errno("unable to prepare context: path {}", source);
    if (S_ISDIR(info.st_mode)) {
      request_.context = fs::canonical(source);
      return;
    }
    const Fd file = open_file(source, O_RDONLY);
    if (!holds_archive(file.get()))
      throw Error(fmt::format("unable to prepare context: {} is neither a directory nor an archive",
                              source))
          .with_hint("give the directory, and its Dockerfile with -f");
    open_archive(file.get());
  }

  void open_input() {
    if (wish_.dockerfile == "-")
      throw Error("standard input cannot be both the context and the Dockerfile")
          .with_exit_code(ExitCode::usage);
    opened_.unpacked.emplace(image::begin_layer(with_.store));
    open_either(buffer_input(opened_.unpacked->path()));
  }

  void open_download() {
    opened_.unpacked.emplace(image::begin_layer(with_.store));
    open_either(during(wish_.source, [&] {
      return download_once(with_, wish_.source, opened_.unpacked->path());
    }));
  }

  void open_repository(const GitReference& repository) {
    GitRequest wanted{repository, repository.keeps_git_dir.value_or(false)};
    const auto asked = request_.arguments.find("BUILDKIT_CONTEXT_KEEP_GIT_DIR");
    if (asked != request_.arguments.end() && parse_truth(asked->second) == true)
      wanted.keeps_git_dir = true;
    opened_.commit = tell_check_out(0, fmt::format("load git source {}", repository.shown), wanted,
                                    request_, with_);
    request_.context = opened_.commit->directory;
  }

  /// A stranger's: its links lead nowhere else, and everything is seen from its top.
  bool is_foreign() const { return opened_.unpacked || opened_.commit; }

  /// An archive, or else a Dockerfile.
  void open_either(const Fd& input) {
    if (holds_archive(input.get())) return open_archive(input.get());
    request_.dockerfile = read_all(input.get(), largest_dockerfile);
    request_.dockerfile_name = "Dockerfile";
    has_text_ = true;
  }

  void open_archive(int archive) {
    if (!opened_.unpacked) opened_.unpacked.emplace(image::begin_layer(with_.store));
    unpack(archive, *opened_.unpacked);
    request_.context = opened_.unpacked->path() / "context";
  }

  void read_dockerfile() {
    if (wish_.dockerfile == "-") {
      request_.dockerfile = read_all(STDIN_FILENO, largest_dockerfile);
      request_.dockerfile_name = "Dockerfile";
      return;
    }
    const std::string name = wish_.dockerfile.empty() ? "Dockerfile" : wish_.dockerfile;
    const bool in_context =
        wish_.dockerfile.empty() || wish_.dockerfile_base.empty() || is_foreign();
    const fs::path base = in_context ? request_.context : wish_.dockerfile_base;
    for (const std::string& each : spellings_of(name)) {
      path_ = base / each;
      const auto text = read_inside(in_context && !fs::path(each).is_absolute(), each);
      if (!text) continue;
      request_.dockerfile = *text;
      request_.dockerfile_name = each;
      return;
    }
    throw Error(fmt::format("failed to read dockerfile: open {}", (base / name).native()), ENOENT)
        .with_hint(wish_.dockerfile_base.empty()
                       ? "`dockerfile:` below `build:` names another one"  // -f is the stack file
                       : "name another one with -f");
  }

  /// As docker: one that is called Dockerfile may be called dockerfile instead.
  static std::vector<std::string> spellings_of(const std::string& name) {
    const fs::path path(name);
    if (path.filename() != "Dockerfile") return {name};
    return {name, path.parent_path() / "dockerfile"};
  }

  std::optional<std::string> read_inside(bool in_context, const std::string& name) const {
    if (!in_context || !is_foreign()) return read_file_if_exists(path_, largest_dockerfile);
    try {
      const Fd root = open_file(request_.context, O_RDONLY | O_DIRECTORY);
      return read_regular(open_in_root(root.get(), name, O_RDONLY | O_NONBLOCK), name,
                          largest_dockerfile);
    } catch (const Error& error) {
      if (error.error_number() == ENOENT) return std::nullopt;
      throw;
    }
  }

  /// Of a directory of this machine: what comes from elsewhere is taken as it comes, as BuildKit
  /// does.
  void read_ignore() {
    if (request_.context.empty() || is_foreign()) return;
    if (!path_.empty()) {
      const fs::path own = path_.native() + ".dockerignore";
      if (auto text = read_regular_if_exists(own, largest_dockerfile)) {
        request_.ignore = std::move(*text);
        return;
      }
    }
    const Fd root = open_file(request_.context, O_RDONLY | O_DIRECTORY);
    try {
      request_.ignore =
          read_regular(open_in_root(root.get(), ".dockerignore", O_RDONLY | O_NONBLOCK),
                       (request_.context / ".dockerignore").native(), largest_dockerfile);
    } catch (const Error& error) {
      if (error.error_number() != ENOENT) throw;
    }
  }

  const ContextWish& wish_;
  const BuildSurroundings& with_;
  BuildRequest& request_;
  OpenedContext opened_;
  bool has_text_ = false;
  fs::path path_;  ///< of the Dockerfile
};

}  // namespace

OpenedContext open_context(const ContextWish& wish, const BuildSurroundings& with,
                           BuildRequest& request) {
  return Opener(wish, with, request).open();
}

}  // namespace stack::build
