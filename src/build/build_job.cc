// SPDX-License-Identifier: Apache-2.0
#include "build/build_job.h"

#include <fcntl.h>

#include <algorithm>

#include "base/error.h"
#include "base/files.h"
#include "base/text.h"
#include "build/layers.h"
#include "build/told_step.h"
#include "image/digest.h"

namespace stack::build {
namespace {

/// The files of layers, mounted as long as somebody looks at them.
struct LayeredSource {
  Workspace workspace;
  runtime::ContainerTree tree;
  FileSource source;

  LayeredSource(const image::StorePaths& paths, const std::vector<std::string>& diff_ids,
                const std::string& name)
      : workspace(paths, diff_ids), tree(workspace.mount()) {
    source.root = open_beneath(tree.root(), ".", O_PATH | O_DIRECTORY);
    source.name = name;
  }
};

/// The files of a commit, which nobody removes meanwhile.
struct CommitSource {
  GitTree tree;
  FileSource source;

  CommitSource(GitTree of, const std::string& name) : tree(std::move(of)) {
    source.root = open_file(tree.directory, O_RDONLY | O_DIRECTORY);
    source.name = name;
  }
};

std::shared_ptr<const FileSource> open_directory(const std::filesystem::path& path,
                                                 const std::string& ignore, const std::string& name,
                                                 const BuildSurroundings& with) {
  auto source = std::make_shared<FileSource>();
  source->root = open_file(path, O_RDONLY | O_DIRECTORY);
  source->name = name;
  source->attributes = image::Attributes::left_out;
  // An unpacked archive is another directory each time, as is a commit.
  source->is_sent_in_part = !path.native().starts_with(with.store.root.native()) &&
                            !path.native().starts_with(with.cache.native());
  if (source->is_sent_in_part)
    source->memory = std::make_shared<ContentMemory>(
        with.cache / digests_name / image::hex_of(image::digest_of(path.native())));
  source->ignore =
      during(fmt::format("{}: .dockerignore", name), [&] { return IgnoreRules(ignore); });
  return source;
}

}  // namespace

BuildJob::BuildJob(const BuildRequest& asked, BuildSurroundings& surroundings,
                   const Dockerfile& dockerfile, const BuildGraph& stages)
    : request(asked),
      with(surroundings),
      file(dockerfile),
      graph(stages),
      guard([network = with.network] {
        if (network) network->take_away();
      }) {
  const auto given = request.arguments.find("SOURCE_DATE_EPOCH");
  if (given == request.arguments.end() || given->second.empty()) return;
  const auto seconds = parse_integer<std::int64_t>(given->second);
  if (!seconds || *seconds < 0)
    fail("SOURCE_DATE_EPOCH is a number of seconds since 1970, not {}",
         stack::quoted(given->second));
  epoch = std::chrono::system_clock::time_point(std::chrono::seconds(*seconds));
}

image::ConfigDocument read_document(const BuildSurroundings& with, const image::Image& image) {
  return image::parse_config_document(read_file(with.store.blob(image.id)));
}

image::ConfigDocument BuildJob::image_of(const std::string& reference, std::string* id) {
  const image::Image found = with.find_image(reference, request.pull);
  if (id != nullptr) *id = found.id;
  return read_document(with, found);
}

std::vector<std::string> BuildJob::layers_of(const Origin& origin) {
  switch (origin.kind) {
    case OriginKind::scratch:
      return {};
    case OriginKind::stage:
      return done.at(origin.stage).diff_ids;
    case OriginKind::image:
      return image_of(origin.name).diff_ids;
    case OriginKind::context:
      return image_of(request.contexts.at(origin.name).image).diff_ids;
  }
  return {};
}

bool BuildJob::is_directory(const Origin& origin) const {
  return origin.kind == OriginKind::context && request.contexts.at(origin.name).image.empty();
}

std::shared_ptr<const FileSource> BuildJob::files_of(const Origin& origin) {
  const std::string key =
      fmt::format("{}/{}/{}", static_cast<int>(origin.kind), origin.stage, origin.name);
  auto& known = directories_[key];
  if (known) return known;
  if (is_directory(origin)) return known = open_named(origin.name);
  const std::string name =
      origin.kind == OriginKind::stage
          ? fmt::format("stage {}",
                        shown_name(graph.stages[static_cast<std::size_t>(origin.stage)]))
          : fmt::format("image {}", origin.name);
  auto layered = std::make_shared<LayeredSource>(with.store, layers_of(origin), name);
  known = std::shared_ptr<const FileSource>(layered, &layered->source);
  return known;
}

std::shared_ptr<const FileSource> BuildJob::open_named(const std::string& name) {
  const NamedContext& context = request.contexts.at(name);
  if (context.repository)
    return check_out({*context.repository, context.repository->keeps_git_dir.value_or(false)});
  const auto ignore = read_regular_if_exists(context.directory / ".dockerignore", 1 << 20);
  return open_directory(context.directory, ignore.value_or(""), fmt::format("context {}", name),
                        with);
}

std::shared_ptr<const FileSource> BuildJob::context() {
  auto& known = directories_[""];
  if (known) return known;
  if (request.context.empty())
    throw Error("there is no build context").with_hint("give a directory to build from");
  known = open_directory(request.context, request.ignore, "the build context", with);
  return known;
}

Download BuildJob::download(const std::string& url, const std::string& checksum) {
  return tell_step(with.report, ++steps, url, [&] {
    return during(url, [&] { return build::download(with, {url, checksum, request.no_cache}); });
  });
}

std::shared_ptr<const FileSource> BuildJob::check_out(const GitRequest& wanted) {
  GitTree tree = tell_check_out(++steps, wanted.what.shown, wanted, request, with);
  auto source = std::make_shared<CommitSource>(std::move(tree), wanted.what.shown);
  return {source, &source->source};
}

Origin BuildJob::origin_of(const std::string& name, const Stage& stage) const {
  return find_origin(graph.stages, stage.number, name, context_names(request));
}

std::chrono::system_clock::time_point BuildJob::now() const {
  return epoch ? *epoch : std::chrono::system_clock::now();
}

}  // namespace stack::build
